package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"adsync/proxy"
	"adsync/proxy/proxytest"
)

// steps are a report's, one a line.
func steps(r proxy.Report) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s: %v\n", s.Name, s.Err)
	}
	return b.String()
}

func TestCheckGoesTheWholeWay(t *testing.T) {
	service, plain := startTarget(t, true), startTarget(t, false)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	setting := proxy.Setting{URL: via.URL, Username: "svc", Password: secret, RootCAs: service.roots(), LDAP: true}
	through, direct := mustNew(t, setting), mustNew(t, proxy.Setting{RootCAs: service.roots()})
	ldap := strings.Replace(service.URL, "https", "ldaps", 1)
	for _, tt := range []struct {
		name   string
		proxy  *proxy.Proxy
		target string
		want   string
		status string
	}{
		{"https through the proxy", through, service.URL, `resolve the proxy's name: <nil>
connect to the proxy: <nil>
ask the proxy for the target: <nil>
tls with the target: <nil>
first answer: <nil>
`, "200 OK"},
		{"http through the proxy", through, plain.URL, `resolve the proxy's name: <nil>
connect to the proxy: <nil>
first answer: <nil>
`, "200 OK"},
		{"a directory through the proxy", through, ldap, `resolve the proxy's name: <nil>
connect to the proxy: <nil>
ask the proxy for the target: <nil>
tls with the target: <nil>
`, ""},
		{"https directly", direct, service.URL, `connect to the target: <nil>
tls with the target: <nil>
first answer: <nil>
`, "200 OK"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report, err := tt.proxy.Check(context.Background(), mustURL(t, tt.target), nil)
			if err != nil {
				t.Error(err)
			}
			if got := steps(report); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			if report.Status != tt.status {
				t.Errorf("status %q", report.Status)
			}
			if secure := strings.Contains(tt.want, "tls"); secure != (report.Intercepted() != "") {
				t.Errorf("intercepted by %q, chain %v", report.Intercepted(), report.Chain)
			}
		})
	}
}

func TestCheckThatIsCanceledSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	via := startHTTPProxy(t, &httpProxy{refuse: func(http.ResponseWriter, string) bool {
		cancel()
		<-ctx.Done()
		return false
	}})
	_, err := mustNew(t, proxy.Setting{URL: via.URL}).Check(ctx, mustURL(t, "https://scim.invalid/"), nil)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAPlainRequestThatTheProxyRefusesIsAnError(t *testing.T) {
	service := startTarget(t, false)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	p := mustNew(t, proxy.Setting{URL: via.URL, Username: "svc", Password: "wrong"})
	client := &http.Client{Transport: p.Transport(nil)}
	for _, path := range []string{"/v2/Users", "/v2/Groups"} { // the second is not shown the password
		resp, err := client.Post(service.URL+path, "text/plain", strings.NewReader("body"))
		if err == nil {
			resp.Body.Close()
		}
		if e := wantKind(t, err, proxy.ProxyAuth); !e.SignedIn {
			t.Error("credentials were sent")
		}
	}
	if _, _, _, requests := service.seen(); requests != 0 {
		t.Error("the request went around the proxy")
	}

	direct := &http.Client{Transport: mustNew(t, proxy.Setting{}).Transport(nil)}
	get(t, direct, service.URL, 1)
}

func TestTheDirectWaysFailuresAreExplainedToo(t *testing.T) {
	p := mustNew(t, proxy.Setting{})
	_, err := p.Check(context.Background(), mustURL(t, "https://"+proxytest.ClosedAddr(t)), nil)
	wantKind(t, err, proxy.TargetRefused)
	_, err = p.Check(context.Background(), mustURL(t, "https://scim.invalid"), nil)
	wantKind(t, err, proxy.TargetNameNotFound)
	plain := startTarget(t, false)
	_, err = p.Check(context.Background(), mustURL(t, strings.Replace(plain.URL, "http", "https", 1)), nil)
	wantKind(t, err, proxy.TargetTLS)
	service := startTarget(t, true)
	_, err = p.Check(context.Background(), mustURL(t, service.URL), nil)
	e := wantKind(t, err, proxy.TargetCertificate)
	if strings.Contains(e.Hint(), "proxy") {
		t.Errorf("there is no proxy: %s", e.Hint())
	}
	u, _ := url.Parse(service.URL)
	_, err = mustNew(t, proxy.Setting{RootCAs: service.roots()}).Check(context.Background(), &url.URL{Scheme: "https", Host: "localhost:" + u.Port()}, nil)
	if e := wantKind(t, err, proxy.TargetCertificate); e.Hint() != "the certificate belongs to another host: check the name in the URL" {
		t.Error(e.Hint())
	}
}

func TestNegotiateWithoutTicketsSaysWhatToDo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows signs in as the account that runs the program")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "krb5.conf")
	if err := os.WriteFile(conf, []byte("[libdefaults]\ndefault_realm = EXAMPLE.COM\ndns_lookup_kdc = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", conf)
	t.Setenv("KRB5CCNAME", "FILE:"+filepath.Join(dir, "none"))
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	_, err := mustNew(t, proxy.Setting{URL: via.URL, Auth: "negotiate"}).Check(context.Background(), mustURL(t, "https://scim.example.com"), nil)
	e := wantKind(t, err, proxy.SignIn)
	if !strings.Contains(e.Error(), "cannot sign in: no kerberos tickets in "+dir) {
		t.Error(e)
	}
	_, err = mustNew(t, proxy.Setting{URL: via.URL, Auth: "negotiate", Username: "svc", Password: secret}).
		Check(context.Background(), mustURL(t, "https://scim.example.com"), nil)
	wantKind(t, err, proxy.SignIn)
}
