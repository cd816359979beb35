package scimtest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"adsync/upload/scimtest"
)

// clock is a time that a test moves.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

// status asks for the users with an Authorization header.
func status(t *testing.T, srv *scimtest.Server, authorization string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL()+"/Users", nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	return resp.StatusCode
}

func TestWhoIsLetIn(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:secret"))
	for _, row := range []struct {
		name, header string
		auth         scimtest.Auth
		want         int
	}{
		{"the default token", "Bearer scimtest-token", scimtest.Auth{}, 200},
		{"the scheme in any case", "bearer scimtest-token", scimtest.Auth{}, 200},
		{"another token", "Bearer other", scimtest.Auth{}, 401},
		{"nobody", "", scimtest.Auth{}, 401},
		{"a chosen token", "Bearer mine", scimtest.Auth{Token: "mine"}, 200},
		{"basic", basic, scimtest.Auth{Username: "ada", Password: "secret"}, 200},
		{"basic with a wrong password", basic, scimtest.Auth{Username: "ada", Password: "other"}, 401},
		{"basic where only tokens go", basic, scimtest.Auth{}, 401},
		{"an empty token where basic goes", "Bearer ", scimtest.Auth{Username: "ada", Password: "secret"}, 401},
		{"anyone", "", scimtest.Auth{Anyone: true}, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t, scimtest.Options{Auth: row.auth})
			if got := status(t, c.srv, row.header); got != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
		})
	}
}

// fetchToken asks the token endpoint.
func fetchToken(t *testing.T, address string, form url.Values) (int, string) {
	t.Helper()
	resp, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body.AccessToken + body.Error
}

func TestClientSecret(t *testing.T) {
	now := newClock()
	c := start(t, scimtest.Options{Now: now.now, Auth: scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "id", ClientSecret: "s&cret", Scope: "scim", Lifetime: time.Minute}}})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"s&cret"}, "scope": {"scim"}}
	code, token := fetchToken(t, c.srv.TokenURL(), form)
	if code != 200 || status(t, c.srv, "Bearer "+token) != 200 {
		t.Fatalf("the token %q (%d) does not work", token, code)
	}
	now.advance(2 * time.Minute)
	if got := status(t, c.srv, "Bearer "+token); got != 401 {
		t.Errorf("an expired token: %d", got)
	}
	_, token = fetchToken(t, c.srv.TokenURL(), form)
	c.srv.RevokeTokens()
	if got := status(t, c.srv, "Bearer "+token); got != 401 {
		t.Errorf("a revoked token: %d", got)
	}
	for _, row := range []struct{ name, key, value, want string }{
		{"a wrong secret", "client_secret", "x", "invalid_client"},
		{"another grant", "grant_type", "password", "unsupported_grant_type"},
		{"another scope", "scope", "x", "invalid_scope"},
	} {
		bad := url.Values{}
		for k, v := range form {
			bad[k] = v
		}
		bad.Set(row.key, row.value)
		if _, got := fetchToken(t, c.srv.TokenURL(), bad); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, c.srv.TokenURL(), strings.NewReader("grant_type=client_credentials&scope=scim"))
	req.SetBasicAuth("id", url.QueryEscape("s&cret"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("the secret by Basic: %d", resp.StatusCode)
	}
}

// assertion makes a signed JWT.
func assertion(t *testing.T, alg string, key crypto.Signer, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if alg == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], nil)
		} else {
			signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		}
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, k, sum[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), signErr
	}
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestClientAssertion(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, alg string
		key       crypto.Signer // signs
		change    map[string]any
		want      string
	}{
		{"RS256", "RS256", rsaKey, nil, ""},
		{"PS256", "PS256", rsaKey, nil, ""},
		{"ES256", "ES256", ecKey, nil, ""},
		{"the audience in a list", "RS256", rsaKey, map[string]any{"aud": []string{"x", "$endpoint"}}, ""},
		{"another audience", "RS256", rsaKey, map[string]any{"aud": "https://example.com"}, "invalid_client"},
		{"another issuer", "RS256", rsaKey, map[string]any{"iss": "x"}, "invalid_client"},
		{"expired", "RS256", rsaKey, map[string]any{"exp": 1}, "invalid_client"},
		{"no jti", "RS256", rsaKey, map[string]any{"jti": ""}, "invalid_client"},
		{"not yet", "RS256", rsaKey, map[string]any{"nbf": int64(9e9)}, "invalid_client"},
		{"no signature", "none", rsaKey, nil, "invalid_client"},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := newClock()
			c := start(t, scimtest.Options{Now: now.now, Auth: scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "id", PublicKey: row.key.Public()}}})
			claims := map[string]any{"iss": "id", "sub": "id", "aud": c.srv.TokenURL(), "exp": now.now().Add(time.Minute).Unix(), "jti": "1"}
			for k, v := range row.change {
				if list, ok := v.([]string); ok {
					list[1] = c.srv.TokenURL()
				}
				claims[k] = v
			}
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_assertion": {assertion(t, row.alg, row.key, claims)},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
			code, got := fetchToken(t, c.srv.TokenURL(), form)
			if row.want != "" {
				if got != row.want {
					t.Errorf("answered %d %s, want %s", code, got, row.want)
				}
				return
			}
			if code != 200 || status(t, c.srv, "Bearer "+got) != 200 {
				t.Fatalf("the token %q (%d) does not work", got, code)
			}
			if _, again := fetchToken(t, c.srv.TokenURL(), form); again != "invalid_client" {
				t.Errorf("the same assertion twice: %s", again)
			}
		})
	}
}

func TestTLSAndHTTP2(t *testing.T) {
	c := start(t, scimtest.Options{TLS: true})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(c.srv.CACertPEM()) {
		t.Fatal("no certificate")
	}
	c.http = &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
	c.do(201, "POST", "/Users", userHead+`"userName":"ada"}`)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.srv.URL()+"/Users", nil)
	req.Header.Set("Authorization", "Bearer "+c.srv.Token())
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("spoken: %s", resp.Proto)
	}
	for _, kind := range []scimtest.FaultKind{scimtest.FaultReset, scimtest.FaultLost, scimtest.FaultTruncate} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			c.srv.Fault(scimtest.Fault{Kind: kind, Times: 1})
			if r, err := c.try("DELETE", "/Users/none", ""); err == nil {
				t.Errorf("answered %d", r.status)
			}
			c.srv.ClearFaults()
			c.do(200, "GET", "/Users", "")
		})
	}
}
