package proxy_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"adsync/proxy"
	"adsync/proxy/proxytest"
)

func TestRefusalsAreExplained(t *testing.T) {
	refused := func(status int, squid, page string) *httpProxy {
		return &httpProxy{refuse: func(w http.ResponseWriter, _ string) bool {
			if squid != "" {
				w.Header().Set("X-Squid-Error", squid)
			}
			w.WriteHeader(status)
			fmt.Fprint(w, page)
			return true
		}}
	}
	for _, tt := range []struct {
		name     string
		proxy    *httpProxy
		password string
		kind     proxy.Kind
		text     string
		hint     string
	}{
		{"no credentials", &httpProxy{user: "svc", password: secret}, "", proxy.ProxyAuth,
			"the proxy wants a user and password, it offers Basic, NTLM (407 Proxy Authentication Required)",
			"set proxy.username and proxy.password"},
		{"a wrong password", &httpProxy{user: "svc", password: "another"}, secret, proxy.ProxyAuth,
			"the proxy does not accept the user and password, it offers Basic, NTLM (407 Proxy Authentication Required)",
			"check proxy.username and proxy.password"},
		{"a forbidden target", refused(403, "", ""), "", proxy.Forbidden,
			"connecting to scim.example.com:8443 is forbidden (403 Forbidden)",
			"ask whoever runs the proxy to allow CONNECT to scim.example.com:8443 (many proxies allow port 443 only)"},
		{"squid without DNS", refused(503, "ERR_DNS_FAIL 0", ""), "", proxy.TargetNameNotFound,
			"the name of scim.example.com:8443 cannot be resolved from the proxy (503 Service Unavailable, ERR_DNS_FAIL)",
			"check the name; if only this network knows it, the proxy cannot: add it to proxy.no_proxy"},
		{"another proxy without DNS", refused(502, "", "<p>Could not resolve host</p>"), "", proxy.TargetNameNotFound,
			"the name of scim.example.com:8443 cannot be resolved from the proxy (502 Bad Gateway)",
			"check the name; if only this network knows it, the proxy cannot: add it to proxy.no_proxy"},
		{"a target that refuses", refused(503, "ERR_CONNECT_FAIL 111", ""), "", proxy.TargetRefused,
			"no connection to scim.example.com:8443 from the proxy (503 Service Unavailable, ERR_CONNECT_FAIL)",
			"check the target's name and port; if it is inside this network, add it to proxy.no_proxy"},
		{"a target that is silent", refused(504, "", ""), "", proxy.Timeout,
			"no answer in time on the way to scim.example.com:8443 (504 Gateway Timeout)",
			"try again; if it stays, a firewall drops the connection: check proxy.url, or ask for the target to be allowed"},
		{"a web server instead of a proxy", refused(400, "", ""), "", proxy.ProxyProtocol,
			"unexpected answer (400 Bad Request)",
			"check the scheme and port in proxy.url: http for most proxies, https only if the proxy itself speaks TLS, socks5 for SOCKS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			via := startHTTPProxy(t, tt.proxy)
			setting := proxy.Setting{URL: via.URL}
			if tt.password != "" {
				setting.Username, setting.Password = "svc", tt.password
			}
			p := mustNew(t, setting)
			_, err := p.Check(context.Background(), mustURL(t, "https://scim.example.com:8443/v2"), nil)
			e := wantKind(t, err, tt.kind)
			if want := "proxy " + via.URL + ": " + tt.text; e.Error() != want {
				t.Errorf("got  %s\nwant %s", e, want)
			}
			if e.Hint() != tt.hint {
				t.Errorf("got  %s\nwant %s", e.Hint(), tt.hint)
			}
			_, err = (&http.Client{Transport: p.Transport(nil)}).Get("https://scim.example.com:8443/v2")
			wantKind(t, err, tt.kind)
		})
	}
}

func TestADeadProxyIsNotReachable(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5"} {
		p := mustNew(t, proxy.Setting{URL: scheme + "://" + proxytest.ClosedAddr(t), Username: "svc", Password: secret, LDAP: true})
		report, err := p.Check(context.Background(), mustURL(t, "https://scim.example.com/"), nil)
		wantKind(t, err, proxy.ProxyNotReachable)
		if n := len(report.Steps); n != 2 || report.Steps[1].Err == nil {
			t.Errorf("%s: steps %v", scheme, report.Steps)
		}
		_, err = p.Dialer().DialContext(context.Background(), "tcp", "ldap.example.com:389")
		wantKind(t, err, proxy.ProxyNotReachable)
	}
}

func TestAProxyNameThatIsUnknownIsSaid(t *testing.T) {
	p := mustNew(t, proxy.Setting{URL: "http://proxy.invalid:3128"})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := p.Check(ctx, mustURL(t, "https://scim.example.com/"), nil)
	wantKind(t, err, proxy.ProxyNameNotFound)
}

func TestASilentProxyTimesOut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, scheme := range []string{"http", "https", "socks5"} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		p := mustNew(t, proxy.Setting{URL: scheme + "://" + listener.Addr().String()})
		_, err := p.Check(ctx, mustURL(t, "https://scim.example.com/"), nil)
		cancel()
		wantKind(t, err, proxy.Timeout)
	}
}

func TestInterceptionShowsItsIssuer(t *testing.T) {
	cert, ca := certificateFor(t, "Example Inspection CA", "scim.example.com")
	via := startHTTPProxy(t, &httpProxy{opensTLS: &cert})
	p := mustNew(t, proxy.Setting{URL: via.URL})
	report, err := p.Check(context.Background(), mustURL(t, "https://scim.example.com/v2"), nil)
	e := wantKind(t, err, proxy.TargetCertificate)
	if got := report.Intercepted(); got != "Example Inspection CA" {
		t.Errorf("intercepted by %q", got)
	}
	want := "the proxy may be opening TLS to inspect it: if \"Example Inspection CA\" is your organisation's, " +
		"add its certificate to this machine's trusted authorities or name it as proxy.ca_file"
	if e.Hint() != want {
		t.Errorf("got  %s\nwant %s", e.Hint(), want)
	}
	if !strings.Contains(e.Error(), `the certificate of scim.example.com:443 is not trusted, it is issued by "Example Inspection CA"`) {
		t.Error(e)
	}
	_, err = (&http.Client{Transport: p.Transport(nil)}).Get("https://scim.example.com/v2")
	wantKind(t, err, proxy.TargetCertificate)

	// Trusted by the setting, it is still shown.
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	report, _ = mustNew(t, proxy.Setting{URL: via.URL, RootCAs: roots}).Check(context.Background(), mustURL(t, "https://scim.example.com/v2"), nil)
	if got := report.Intercepted(); got != "Example Inspection CA" {
		t.Errorf("intercepted by %q", got)
	}
}

// A connection that broke is tried again, whatever the system's number for it.
func TestABrokenConnectionIsNotLasting(t *testing.T) {
	for _, number := range []syscall.Errno{syscall.ECONNRESET, 10053, 10054} {
		e := &proxy.Error{Kind: proxy.TargetTLS, Err: &net.OpError{Op: "read", Err: os.NewSyscallError("read", number)}}
		if e.Lasting() {
			t.Errorf("%v is taken for an answer", e)
		}
	}
	if e := (&proxy.Error{Kind: proxy.TargetTLS, Err: errors.New("first record does not look like a TLS handshake")}); !e.Lasting() {
		t.Errorf("%v is tried again", e)
	}
}

// That no name server answers says nothing about the name.
func TestNameServersThatDoNotAnswerAreTakenForThat(t *testing.T) {
	const silent = "this machine's name servers give no answer: check its DNS settings, or write an address instead of the name"
	for _, tt := range []struct {
		name, way string
		dns       net.DNSError
		hint      string
	}{
		{"an unknown name", "", net.DNSError{IsNotFound: true}, "check the name, and that this machine's DNS knows it"},
		{"silence", "", net.DNSError{IsTimeout: true, IsTemporary: true}, silent},
		{"no name server", "", net.DNSError{IsTemporary: true}, silent},
		{"silence about the proxy", "http://proxy.example.com:3128", net.DNSError{IsTimeout: true}, silent},
		{"an unknown proxy", "http://proxy.example.com:3128", net.DNSError{IsNotFound: true}, "check the host in proxy.url, and that this machine's DNS knows it"},
	} {
		kind := proxy.TargetNameNotFound
		if tt.way != "" {
			kind = proxy.ProxyNameNotFound
		}
		e := &proxy.Error{Kind: kind, Proxy: tt.way, Err: &net.OpError{Op: "dial", Err: &tt.dns}}
		if got := e.Hint(); got != tt.hint {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
