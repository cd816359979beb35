package commands

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adsync/upload/scimtest"
)

// lockedService is a service that lets in whom auth says, and a directory in
// a file.
func lockedService(t *testing.T, o scimtest.Options) *setUp {
	t.Helper()
	o.Seed = 1
	service, err := scimtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	s := &setUp{t: t, dir: t.TempDir(), service: service}
	s.put("people.ldif", smallLDIF)
	return s
}

// fileAnswers are the answers of an administrator whose directory is a file.
func (s *setUp) fileAnswers(more ...string) map[string]string {
	a := map[string]string{"source-url": "ldif:" + filepath.Join(s.dir, "people.ldif"), "source-type": "ldap", "source-id": "files",
		"target-url": s.service.URL(), "write": "write", "run-as": "hand"}
	for i := 0; i < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return a
}

// clientKey makes a key, and a file of it in the folder.
func clientKey(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Every way of signing in at the service, right at once and after an error.
func TestInitSignsInAtTheService(t *testing.T) {
	const secret = "s3cret-of-the-client"
	key, keyText := clientKey(t)
	_, otherText := clientKey(t)
	bearer := scimtest.Auth{Token: secret}
	basic := scimtest.Auth{Username: "ada", Password: secret}
	client := scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: secret, Scope: "scim"}}
	signed := scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", PublicKey: key.Public()}}
	for _, row := range []struct {
		name    string
		auth    scimtest.Auth
		answers []string
		says    string
		stored  string // the file of the secret
	}{
		{"a token", bearer, []string{"token", secret}, "The service lets us in: 0 users", "target.token"},
		{"a token pasted with a space and a newline", bearer, []string{"token", " " + secret + "\r\n"}, "", "target.token"},
		{"a name and a password", basic, []string{"target-auth", "basic", "target-user", "ada", "target-password", secret}, "", "target.password"},
		{"a wrong password, then the right one", basic, []string{"target-auth", "basic", "target-user", "ada", "target-password", "wrong",
			"service", "secret", "target-password#2", secret}, "status 401", "target.password"},
		{"a token where a password is wanted", basic, []string{"target-auth#1", "bearer", "token", "wrong", "service", "auth",
			"target-auth#2", "basic", "target-user", "ada", "target-password", secret}, "status 401", "target.password"},
		{"a client and its secret", client, []string{"target-auth", "oauth2", "token-url", "TOKEN-URL", "client-id", "adsync", "client-scope", "scim",
			"client-secret", secret}, "", "target.secret"},
		{"another client, then the right one", client, []string{"target-auth", "oauth2", "token-url", "TOKEN-URL", "client-id", "nobody", "client-scope", "scim",
			"client-secret", "wrong", "service", "secret", "client-id#2", "adsync", "client-secret#2", secret}, "get an access token", "target.secret"},
		{"a client and its key", signed, []string{"target-auth", "oauth2-key", "token-url", "TOKEN-URL", "client-id", "adsync", "client-scope", "",
			"client-key-file", "client.key"}, "", ""},
		{"another key, then the right one", signed, []string{"target-auth", "oauth2-key", "token-url", "TOKEN-URL", "client-id", "adsync", "client-scope", "",
			"client-key-file", "other.key", "service", "secret", "client-key-file#2", "client.key"}, "get an access token", ""},
		{"nothing", scimtest.Auth{Anyone: true}, []string{"target-auth", "none"}, "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := lockedService(t, scimtest.Options{Auth: row.auth})
			s.put("client.key", keyText)
			s.put("other.key", otherText)
			answers := s.fileAnswers(row.answers...)
			for name, value := range answers {
				if value == "TOKEN-URL" {
					answers[name] = s.service.TokenURL()
				} else if strings.HasPrefix(name, "client-key-file") {
					answers[name] = filepath.Join(s.dir, value)
				}
			}
			r := s.ok(s.init(answers))
			r.says(t, []string{secret, keyText}, row.says)
			s.becomes("service " + row.name)
			if row.stored != "" && s.read(row.stored) != secret+"\n" {
				t.Errorf("%s holds %q", row.stored, s.read(row.stored))
			}
			if strings.Contains(s.read("adsync.yaml"), secret) {
				t.Error("the secret stands in the configuration")
			}
		})
	}
}

// What is shown to the service can be replaced, whatever it is.
func TestInitReplacesWhatTheServiceIsShown(t *testing.T) {
	const old, fresh = "the-old-secret", "the-new-secret"
	for _, row := range []struct {
		name    string
		auth    func(secret string) scimtest.Auth
		first   []string
		replace []string
		stored  string
	}{
		{"the token", func(secret string) scimtest.Auth { return scimtest.Auth{Token: secret} },
			[]string{"token", old}, []string{"change", "token", "token", fresh}, "target.token"},
		{"the password", func(secret string) scimtest.Auth { return scimtest.Auth{Username: "ada", Password: secret} },
			[]string{"target-auth", "basic", "target-user", "ada", "target-password", old}, []string{"change", "password", "target-password", fresh}, "target.password"},
		{"the client's secret", func(secret string) scimtest.Auth {
			return scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: secret}}
		}, []string{"target-auth", "oauth2", "token-url", "TOKEN-URL", "client-id", "adsync", "client-scope", "", "client-secret", old},
			[]string{"change", "secret", "client-secret", fresh}, "target.secret"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := lockedService(t, scimtest.Options{Auth: row.auth(old)})
			answers := s.fileAnswers(row.first...)
			if answers["token-url"] != "" {
				answers["token-url"] = s.service.TokenURL()
			}
			s.ok(s.init(answers))
			before := s.read("adsync.yaml")
			other := lockedService(t, scimtest.Options{Auth: row.auth(fresh)})
			s.put("adsync.yaml", strings.ReplaceAll(before, strings.TrimPrefix(s.service.URL(), "http://127.0.0.1"), strings.TrimPrefix(other.service.URL(), "http://127.0.0.1")))
			if answers["token-url"] != "" {
				s.put("adsync.yaml", strings.ReplaceAll(s.read("adsync.yaml"), s.service.TokenURL(), other.service.TokenURL()))
			}
			before = s.read("adsync.yaml")
			answers = map[string]string{"change#2": "done", "write": "write", "run-as": "hand"}
			for i := 0; i < len(row.replace); i += 2 {
				answers[row.replace[i]] = row.replace[i+1]
			}
			s.ok(s.init(answers))
			if s.read(row.stored) != fresh+"\n" || s.read("adsync.yaml") != before {
				t.Errorf("%s holds %q, and the file is\n%s", row.stored, s.read(row.stored), s.read("adsync.yaml"))
			}
		})
	}
}

// What may be behind a URL that is not the right one.
func TestInitFindsTheServiceBehindAWrongURL(t *testing.T) {
	s := lockedService(t, scimtest.Options{TLS: true, BasePath: "/tenant/scim/v2"})
	s.put("service.pem", string(s.service.CACertPEM()))
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Welcome</title>"))
	}))
	t.Cleanup(page.Close)
	moved := httptest.NewServer(http.RedirectHandler("https://www.example.com/", http.StatusMovedPermanently))
	t.Cleanup(moved.Close)
	ca := filepath.Join(s.dir, "service.pem")
	url := s.service.URL()
	for _, row := range []struct {
		name    string
		answers []string
		says    []string
	}{
		{"a certificate of an unknown authority", []string{"target-url", url}, []string{"certificate"}},
		{"without its path", []string{"target-url", strings.TrimSuffix(url, "/scim/v2"), "service#2", "found"}, []string{"status 404"}},
		{"a web page", []string{"target-url#1", page.URL, "service#1", "url", "target-url#2", url, "service#2", "ca-file"}, []string{"the answer is a web page and no SCIM"}},
		{"moved", []string{"target-url#1", moved.URL, "service#1", "url", "target-url#2", url, "service#2", "ca-file"}, []string{"That did not work: "}},
		{"nobody there", []string{"target-url#1", "https://127.0.0.1:1/v2", "service#1", "url", "target-url#2", url, "service#2", "ca-file"}, []string{"refused"}},
		{"a proxy that is not there", []string{"target-url", url, "service#1", "proxy", "proxy#1", "http://127.0.0.1:1", "proxy-user", "none", "service#2", "proxy", "proxy#2", "none", "service#3", "ca-file"}, []string{"proxy"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_ = os.Remove(s.config())
			s.t = t
			answers := s.fileAnswers(append([]string{"token", s.service.Token(), "target-ca-file", ca}, row.answers...)...)
			if answers["service#1"] == "" {
				answers["service#1"] = "ca-file"
			}
			if answers["target-url#1"] != "" {
				delete(answers, "target-url")
			}
			r := s.ok(s.init(answers))
			r.says(t, []string{s.service.Token()}, row.says...)
			golden(t, "init/service-over-TLS.yaml", s.neutral(s.read("adsync.yaml")))
		})
	}
}

// A token as editors and pastes leave it in a file.
func TestInitTakesATokenFromAFileAsItWasPasted(t *testing.T) {
	for _, row := range []struct {
		name, before, after string
		code                int
	}{
		{"with empty lines behind", "", "\n\n\n", 0},
		{"with a space around", " ", " \r\n", 0},
		{"with a byte order mark", "\ufeff", "\r\n", 0},
		{"with a line too many", "", "\nand another\n", ExitUsage},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := lockedService(t, scimtest.Options{})
			s.put("token", row.before+s.service.Token()+row.after)
			r := s.init(nil, flags("source-url", "ldif:"+filepath.Join(s.dir, "people.ldif"), "source-type", "ldap", "source-id", "files",
				"target-url", s.service.URL(), "token-file", filepath.Join(s.dir, "token")))
			if r.code != row.code {
				t.Fatalf("exit %d: %v", r.code, r.err)
			}
			r.says(t, []string{s.service.Token()})
			if want := "token of the service: the token holds a space or a line break: it was not copied whole, or something else with it"; row.code != 0 {
				if r.err.Error() != want {
					t.Errorf("says %v", r.err)
				}
				return
			}
			var out bytes.Buffer
			env := Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
			if err := runSync(t.Context(), env, syncOptions{globalOptions: globalOptions{Config: s.config()}}); err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}
