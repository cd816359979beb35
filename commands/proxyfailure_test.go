package commands

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
	"adsync/proxy/proxytest"
	"adsync/upload/scimtest"
)

// opener is a proxy that opens TLS: whoever is asked for, it shows a
// certificate of its own authority, whose PEM it returns, and answers 401.
func opener(t *testing.T) (url string, authorityPEM []byte) {
	t.Helper()
	authority, err := ldaptest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.ServerCertificate("scim.example.test", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		opened := tls.Server(client, &tls.Config{Certificates: []tls.Certificate{certificate}})
		if _, err := http.ReadRequest(bufio.NewReader(opened)); err == nil {
			_, _ = io.WriteString(opened, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, authority.CertPEM()
}

// website is a server that answers whatever it is asked with a page.
func website(t *testing.T, status int, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestASyncThatCannotGetThroughTheProxySaysWhy(t *testing.T) {
	squid := proxytest.StartSquid(t, proxytest.SquidOptions{More: "acl closed port 444\nhttp_access deny closed"}).Addr
	opening, _ := opener(t)
	socks := proxytest.StartMicrosocks(t, proxytest.MicrosocksOptions{})
	dead := proxytest.ClosedAddr(t)
	service, err := scimtest.Start(scimtest.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	const svc, right, wrong = "svc", proxytest.Password, "planted-wrong"
	for _, tt := range []struct {
		name, service, proxy, user, password string
		says, hint                           string
	}{
		{"a wrong password", service.URL(), "http://" + squid, svc, wrong,
			"the proxy does not accept the user and password, it offers Basic (407 Proxy Authentication Required, ERR_CACHE_ACCESS_DENIED)",
			"check proxy.username and proxy.password"},
		{"no password", service.URL(), "http://" + squid, "", "",
			"the proxy wants a user and password, it offers Basic (407 Proxy Authentication Required, ERR_CACHE_ACCESS_DENIED)",
			"set proxy.username and proxy.password"},
		{"a wrong password at a SOCKS proxy", service.URL(), "socks5://" + socks, svc, wrong,
			"the proxy does not accept the user and password: username/password authentication failed",
			"check proxy.username and proxy.password"},
		{"a service that the proxy may not reach", "https://scim.example.test:444/v2", "http://" + squid, svc, right,
			"connecting to scim.example.test:444 is forbidden (403 Forbidden, ERR_ACCESS_DENIED)",
			"ask whoever runs the proxy to allow CONNECT to scim.example.test:444 (many proxies allow port 443 only)"},
		{"a name that the proxy does not know", "https://scim.invalid/v2", "http://" + squid, svc, right,
			"the name of scim.invalid:443 cannot be resolved from the proxy (500 Internal Server Error, ERR_CANNOT_FORWARD)",
			"check the name; if only this network knows it, the proxy cannot: add it to proxy.no_proxy"},
		{"a name that the SOCKS proxy does not know", "https://scim.invalid/v2", "socks5://" + socks, svc, right,
			"no connection to scim.invalid:443 from the proxy: general SOCKS server failure",
			"check the target's name and port; if it is inside this network, add it to proxy.no_proxy"},
		{"a service that is down", "https://" + dead + "/v2", "http://" + squid, svc, right,
			"no connection to " + dead + " from the proxy (503 Service Unavailable, ERR_CONNECT_FAIL)",
			"check the target's name and port; if it is inside this network, add it to proxy.no_proxy"},
		{"a proxy that is down", service.URL(), "http://" + dead, svc, right,
			"no connection to the proxy: dial tcp " + dead + ": connect: connection refused",
			"check host and port in proxy.url, and that a firewall lets this machine connect to it"},
		{"a proxy that opens TLS", service.URL(), opening, "", "",
			`the certificate of SERVICE is not trusted, it is issued by "ldaptest authority": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			`the proxy may be opening TLS to inspect it: if "ldaptest authority" is your organisation's, add its certificate to this machine's trusted authorities or name it as proxy.ca_file`},
		{"a web server instead of a proxy", service.URL(), website(t, 200, "<html>welcome</html>"), "", "",
			"no tls with SERVICE: tls: first record does not look like a TLS handshake",
			"check proxy.url: what answers there may be a web server and no proxy; else check that the target's port speaks TLS"},
		{"a network that wants a sign-in first", service.URL(), website(t, 511, "<title>Welcome to the\n guest &amp; visitor network</title>"), "", "",
			`unexpected answer (511 Network Authentication Required, "Welcome to the guest & visitor network")`,
			"this network wants somebody to sign in with a browser first (RFC 6585 section 6)"},
		{"a proxy's page about a rule", service.URL(), website(t, 403, "<html><head><TITLE>Blocked by policy 7</TITLE></head></html>"), "", "",
			`connecting to SERVICE is forbidden (403 Forbidden, "Blocked by policy 7")`,
			"ask whoever runs the proxy to allow CONNECT to SERVICE (many proxies allow port 443 only)"},
		{"a proxy's page about a name", "https://scim.example.test/v2", website(t, 502, "<p>The host name could not be resolved."), "", "",
			"the name of scim.example.test:443 cannot be resolved from the proxy (502 Bad Gateway)",
			"check the name; if only this network knows it, the proxy cannot: add it to proxy.no_proxy"},
		{"HTTP spoken to a SOCKS proxy", service.URL(), "http://" + socks, svc, right,
			`unexpected answer: malformed HTTP response "\x05\xff"`, protocolHint},
		{"TLS spoken to an HTTP proxy", service.URL(), "https://" + squid, svc, right,
			"unexpected answer: tls: first record does not look like a TLS handshake", protocolHint},
	} {
		t.Run(tt.name, func(t *testing.T) {
			way := "proxy: {url: '" + tt.proxy + "'"
			if tt.user != "" {
				way += ", username: " + tt.user + ", password: {file: password}"
			}
			dir := t.TempDir()
			for name, text := range map[string]string{
				"adsync.yaml": strings.ReplaceAll(proxyConfig, "SERVICE", tt.service) + way + "}\n",
				"token":       "planted-token", "password": tt.password, "people.ldif": proxyPeople,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var printed bytes.Buffer
			env := Env{Stdout: &printed, Stderr: &printed, Getenv: func(string) string { return "" }, Now: time.Now,
				sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
			code := execute(context.Background(), []string{"adsync", "sync", "--config", filepath.Join(dir, "adsync.yaml")}, env)
			address := strings.TrimSuffix(strings.TrimPrefix(service.URL(), "https://"), "/v2")
			want := strings.ReplaceAll("adsync: target: discover the service: proxy "+tt.proxy+": "+tt.says+"\nadsync: hint: "+tt.hint+"\n", "SERVICE", address)
			if code != ExitTarget || printed.String() != want {
				t.Errorf("exit code %d\ngot\n%swant\n%s", code, printed.String(), want)
			}
		})
	}
}

const protocolHint = "check the scheme and port in proxy.url: http for most proxies, https only if the proxy itself speaks TLS, socks5 for SOCKS"

// A password that the proxy refuses is shown to it by few requests: each one
// counts towards the account being locked.
func TestARefusedPasswordIsNotTriedAgainAndAgain(t *testing.T) {
	env, config, _, _, printed := proxyWorld(t)
	var tries atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries.Add(1)
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(s.Close)
	text := strings.ReplaceAll(proxyConfig, "SERVICE", "https://scim.example.test/v2") + "proxy: {url: '" + s.URL + "', username: ada, password: {env: PASSWORD}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env.Getenv = func(name string) string { return map[string]string{"PASSWORD": "hunter2-pass"}[name] }
	if code := execute(context.Background(), []string{"adsync", "sync", "--config", config}, env); code != ExitTarget {
		t.Errorf("exit code %d\n%s", code, printed.String())
	}
	if n := tries.Load(); n == 0 || n > 3 {
		t.Errorf("the proxy was asked %d times with a password that it refuses", n)
	}
}
