package proxy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"adsync/proxy"
)

// get makes n requests and reads them to the end.
func get(t *testing.T, client *http.Client, url string, n int) {
	t.Helper()
	for range n {
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "here" {
			t.Fatalf("%s: %q", resp.Status, body)
		}
	}
}

func TestHTTPSGoesThroughATunnelWithHTTP2(t *testing.T) {
	service := startTarget(t, true)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	p := mustNew(t, proxy.Setting{URL: via.URL, Username: "svc", Password: secret})
	transport := p.Transport(&tls.Config{RootCAs: service.roots()})
	defer transport.CloseIdleConnections()
	get(t, &http.Client{Transport: transport}, service.URL, 5)
	peers, _, protocol, requests := service.seen()
	if protocol != "HTTP/2.0" || requests != 5 || len(peers) != 1 {
		t.Errorf("%s, %d requests over %d connections", protocol, requests, len(peers))
	}
	for _, peer := range peers {
		if !via.opened(peer) {
			t.Errorf("connection from %s went around the proxy", peer)
		}
	}
}

func TestPlainHTTPGoesInAbsoluteForm(t *testing.T) {
	service := startTarget(t, false)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	p := mustNew(t, proxy.Setting{URL: via.URL, Username: "svc", Password: secret})
	transport := p.Transport(nil)
	defer transport.CloseIdleConnections()
	get(t, &http.Client{Transport: transport}, service.URL+"/v2/Users", 3)
	_, headers, _, _ := service.seen()
	if got := fmt.Sprint(headers); got != "[1.1 in-process 1.1 in-process 1.1 in-process]" {
		t.Errorf("Via headers at the target: %s", got)
	}
	if got := via.log()[0]; got != "GET "+service.URL+"/v2/Users" {
		t.Errorf("the proxy saw %s", got)
	}
}

func TestLDAPGoesThroughTheProxyOnlyWhenAsked(t *testing.T) {
	directory := startLineServer(t)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	for _, tt := range []struct {
		name    string
		setting proxy.Setting
		carried int
	}{
		{"direct by default", proxy.Setting{URL: via.URL, Username: "svc", Password: secret}, 0},
		{"direct for an exception", proxy.Setting{URL: via.URL, Username: "svc", Password: secret, LDAP: true, NoProxy: []string{"127.0.0.0/8"}}, 0},
		{"through it with ldap", proxy.Setting{URL: via.URL, Username: "svc", Password: secret, LDAP: true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := mustNew(t, tt.setting).Dialer().DialContext(context.Background(), "tcp", directory.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			echo(t, conn)
			if got := len(via.log()); got != tt.carried {
				t.Errorf("the proxy carried %d, want %d", got, tt.carried)
			}
		})
	}
}

func TestBytesBehindTheProxysAnswerAreNotLost(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nnotice")
	}()
	p := mustNew(t, proxy.Setting{URL: "http://" + listener.Addr().String(), LDAP: true})
	conn, err := p.Dialer().DialContext(context.Background(), "tcp", "ldap.example.com:389")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, _ := io.ReadAll(conn); string(got) != "notice" {
		t.Errorf("got %q", got)
	}
}

func TestAProxyThatSpeaksTLSIsTrustedThroughItsOwnAuthority(t *testing.T) {
	service := startTarget(t, true)
	plain := startTarget(t, false)
	cert, ca := certificateFor(t, "Example Proxy CA", "127.0.0.1")
	inner := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: inner}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	setting := proxy.Setting{URL: "https://" + listener.Addr().String(), Username: "svc", Password: secret}

	_, err = mustNew(t, setting).Check(context.Background(), mustURL(t, service.URL), nil)
	wantKind(t, err, proxy.ProxyCertificate)

	setting.RootCAs = service.roots()
	setting.RootCAs.AddCert(ca)
	transport := mustNew(t, setting).Transport(nil)
	defer transport.CloseIdleConnections()
	get(t, &http.Client{Transport: transport}, service.URL, 1)
	get(t, &http.Client{Transport: transport}, plain.URL, 1)
	if got := len(inner.log()); got != 2 {
		t.Errorf("the proxy carried %d of 2", got)
	}
}

// wantKind fails unless err is an *Error of that kind, in one line, with a hint
// and without the secret.
func wantKind(t *testing.T, err error, kind proxy.Kind) *proxy.Error {
	t.Helper()
	var e *proxy.Error
	if !errors.As(err, &e) {
		t.Fatalf("not a proxy error: %v", err)
	}
	if e.Kind != kind {
		t.Fatalf("kind %d, want %d: %v", e.Kind, kind, err)
	}
	if e.Hint() == "" || strings.Contains(e.Error(), "\n") {
		t.Errorf("no hint, or more than a line: %q", e.Error())
	}
	if all := fmt.Sprintf("%v %+v %#v %s", err, err, err, e.Hint()); strings.Contains(all, secret) {
		t.Errorf("the secret is in the error: %s", all)
	}
	return e
}
