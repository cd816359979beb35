package scim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scimtest"
)

func TestSigningIn(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		server scimtest.Auth
		auth   func(s *scimtest.Server) Auth
		refuse bool
	}{
		{"nothing is asked", scimtest.Auth{Anyone: true}, func(*scimtest.Server) Auth { return Auth{} }, false},
		{"a bearer token", scimtest.Auth{Token: "t"}, func(*scimtest.Server) Auth { return Auth{Bearer: "t"} }, false},
		{"a wrong bearer token", scimtest.Auth{Token: "t"}, func(*scimtest.Server) Auth { return Auth{Bearer: "hunter2"} }, true},
		{"a user name and a password", scimtest.Auth{Username: "u", Password: "p:q"}, func(*scimtest.Server) Auth { return Auth{Basic: &Basic{"u", "p:q"}} }, false},
		{"a client secret", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", ClientSecret: "hunter2"}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", ClientSecret: "hunter2"}}
		}, false},
		{"a client secret in the form", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", ClientSecret: "hunter2", Scope: "scim"}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", ClientSecret: "hunter2", Scopes: []string{"scim"}, SecretInBody: true}}
		}, false},
		{"a wrong client secret", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", ClientSecret: "right"}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", ClientSecret: "hunter2"}}
		}, true},
		{"a key on P-256", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", PublicKey: ec.Public()}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", PrivateKey: pemOf(t, ec), KeyID: "k"}}
		}, false},
		{"an RSA key", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", PublicKey: rs.Public()}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", PrivateKey: pemOf(t, rs)}}
		}, false},
		{"another key", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", PublicKey: rs.Public()}}, func(s *scimtest.Server) Auth {
			return Auth{OAuth2: &OAuth2{TokenURL: s.TokenURL(), ClientID: "c", PrivateKey: pemOf(t, ec)}}
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, err := scimtest.Start(scimtest.Options{Auth: row.server})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			var log strings.Builder
			target, err := New(Config{URL: server.URL(), Auth: row.auth(server)}, Env{Sleep: new(clock).sleep, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			if err != nil {
				t.Fatal(err)
			}
			_, err = target.Read(t.Context(), want())
			gone := new(upload.Unavailable)
			if row.refuse != errors.As(err, &gone) || !row.refuse && err != nil {
				t.Errorf("read: %v", err)
			}
			if shown := fmt.Sprintf("%v %+v %#v %s", err, row.auth(server), row.auth(server), log.String()); strings.Contains(shown, "hunter2") || strings.Contains(shown, "PRIVATE KEY") {
				t.Errorf("a secret is shown: %s", shown)
			}
		})
	}
}

func pemOf(t *testing.T, key any) Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestATokenIsRenewedInMidRun(t *testing.T) {
	server, err := scimtest.Start(scimtest.Options{Auth: scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "c", ClientSecret: "s", Lifetime: time.Second}}, Quirks: scimtest.Quirks{Bulk: scimtest.BulkOff}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	target, err := New(Config{URL: server.URL(), Auth: Auth{OAuth2: &OAuth2{TokenURL: server.TokenURL(), ClientID: "c", ClientSecret: "s"}}}, Env{})
	if err != nil {
		t.Fatal(err)
	}
	read(t, target)
	// Each user takes a moment, so that the token ends on the way.
	server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: 50 * time.Millisecond, Method: "POST", Path: "/Users"})
	must(t, write(t, target, people(400)...))
	if got := len(server.Users()); got != 400 {
		t.Errorf("%d users", got)
	}
}

func TestTheTokenStaysWithItsHost(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++ }))
	defer other.Close()
	for _, status := range []int{301, 302, 307, 308} {
		first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL+r.URL.Path, status) }))
		target, err := New(Config{URL: first.URL, Auth: Auth{Bearer: "hunter2"}}, Env{Sleep: new(clock).sleep})
		if err != nil {
			t.Fatal(err)
		}
		_, err = target.Read(t.Context(), want())
		if err == nil || !strings.Contains(err.Error(), "redirect to another host") {
			t.Errorf("%d: %v", status, err)
		}
		first.Close()
	}
	if asked > 0 {
		t.Errorf("the other host was asked %d times", asked)
	}
}

func TestAddresses(t *testing.T) {
	for _, row := range []struct{ url, err string }{
		{"https://scim.example.com/v2", ""},
		{"https://scim.example.com/v2/", ""},
		{"http://127.0.0.1:8080", ""},
		{"http://localhost/scim", ""},
		{"http://[::1]:80/scim", ""},
		{"http://scim.example.com/v2", "use https"},
		{"http://localhost.example.com/v2", "use https"},
		{"https://user:hunter2@scim.example.com/v2", "credentials do not belong in the URL"},
		{"https://scim.example.com/v2?x=1", "without a query"},
		{"ftp://scim.example.com/v2", "want https"},
		{"scim.example.com/v2", "want https://host/path"},
		{"", "want https://host/path"},
	} {
		_, err := New(Config{URL: row.url}, Env{})
		if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %q", row.url, err, row.err)
		}
	}
}

func TestProfiles(t *testing.T) {
	for address, want := range map[string]string{
		"https://scim.eu-west-1.amazonaws.com/abc/scim/v2":                                       "aws",
		"https://graph.microsoft.com/rp/scim":                                                    "entra-scim",
		"https://graph.microsoft.com/v1.0/servicePrincipals/1/synchronization/jobs/2/bulkUpload": "entra-bulk",
		"https://api.github.com/scim/v2/enterprises/example":                                     "github",
		"https://api.slack.com/scim/v2":                                                          "slack",
		"https://api.atlassian.com/scim/directory/1":                                             "atlassian",
		"https://gitlab.com/api/scim/v2/groups/example":                                          "gitlab",
		"https://accounts.cloud.databricks.com/api/2.1/accounts/1/scim/v2":                       "databricks",
		"https://example.snowflakecomputing.com/scim/v2":                                         "snowflake",
		"https://api.zoom.us/scim2":                                                              "zoom",
		"https://example.okta.com/1/scim/v2":                                                     "okta",
		"https://id.example.com/realms/main/scim/v2":                                             "keycloak",
		"https://auth.example.com/source/scim/directory/v2":                                      "authentik",
		"https://example.zitadel.cloud/scim/v2/1":                                                "zitadel",
		"https://cloudidentityscim.googleapis.com/v1/customers/1/v2":                             "google",
		"https://scim.example.com/v2":                                                            "generic",
		"https://notgithub.com.example.com/scim/v2/":                                             "generic",
		"not a url at all\x7f":                                                                   "generic",
	} {
		if got := GuessProfile(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if _, err := ProfileNamed("keyclaok"); err == nil || err.Error() != `no profile "keyclaok": did you mean "keycloak"` {
		t.Error(err)
	}
	for _, p := range Profiles() {
		if p.Source == "" || p.Title == "" || p.PageSize == 0 || p.Width == 0 || p.AddMembers == 0 {
			t.Errorf("%s lacks something: %+v", p.Name, p)
		}
	}
}

func TestProbing(t *testing.T) {
	server, err := scimtest.Start(scimtest.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if _, err := server.Seed(3); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CACertPEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	target, err := New(Config{URL: server.URL(), Auth: Auth{Bearer: Secret(server.Token())}}, Env{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	p, err := target.Probe(t.Context())
	if err != nil || !p.Authenticated || !p.Discovery || p.Users != 3 || p.CertificateExpires.IsZero() || p.Skew.Abs() > time.Minute || p.Profile != "generic" {
		t.Errorf("%+v, %v", p, err)
	}
	stranger, err := New(Config{URL: server.URL(), Auth: Auth{Bearer: "wrong"}}, Env{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := stranger.Probe(t.Context()); err == nil || p.Authenticated {
		t.Errorf("a stranger is let in: %+v", p)
	}
	unknown, err := New(Config{URL: server.URL()}, Env{Sleep: new(clock).sleep})
	if err != nil {
		t.Fatal(err)
	}
	gone := new(upload.Unavailable)
	if _, err := unknown.Probe(t.Context()); !errors.As(err, &gone) || !strings.Contains(gone.Hint, "known authority") {
		t.Errorf("an unknown authority: %v", err)
	}
}

func TestATokenThatIsAJWTSaysWhenItEnds(t *testing.T) {
	at, ok := expiry("e30.eyJleHAiOjE5MDAwMDAwMDB9.x")
	if !ok || at.Unix() != 1900000000 {
		t.Errorf("%v %t", at, ok)
	}
	for _, token := range []string{"", "opaque", "a.b.c", "e30.e30.x"} {
		if _, ok := expiry(token); ok {
			t.Errorf("%q has an end", token)
		}
	}
}

func TestASecretIsNeverShown(t *testing.T) {
	s := Auth{Bearer: "hunter2"}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%s %v %+v %#v %q %s", s.Bearer, s, s, s, s.Bearer, text); strings.Contains(shown, "hunter2") {
		t.Error(shown)
	}
}

// Some services repeat the token that they refuse. What they say ends in
// logs, in reports and on the screen.
func TestASecretThatTheServiceRepeatsIsNotShown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := r.Header.Get("Authorization")
		if user, password, ok := r.BasicAuth(); ok {
			said = user + " with " + password
		}
		body, _ := json.Marshal(map[string]string{"error": "invalid_client", "error_description": "who is " + r.FormValue("client_secret") + "?", "detail": "who is " + said + "?"})
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	long := Secret(strings.Repeat("hunter2.", 60))
	for name, auth := range map[string]Auth{
		"a bearer token":  {Bearer: long},
		"a password":      {Basic: &Basic{"u", "hunter2"}},
		"a client secret": {OAuth2: &OAuth2{TokenURL: server.URL, ClientID: "c", ClientSecret: "hunter2", SecretInBody: true}},
	} {
		target, err := New(Config{URL: server.URL, Profile: "generic", Auth: auth}, Env{Sleep: new(clock).sleep})
		if err != nil {
			t.Fatal(err)
		}
		_, err = target.Read(t.Context(), want())
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), redacted) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
