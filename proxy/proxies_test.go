package proxy_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"adsync/proxy"
	"adsync/proxy/proxytest"
)

// the secret that no output may hold.
const secret = proxytest.Password

// httpProxy is an HTTP proxy in the process that counts what it carries.
type httpProxy struct {
	*httptest.Server
	user, password string
	// refuse answers instead of connecting.
	refuse func(w http.ResponseWriter, target string) bool
	// opensTLS is who the proxy claims every target to be.
	opensTLS *tls.Certificate

	mu      sync.Mutex
	carried []string        // "CONNECT host:port" or "GET url"
	peers   map[string]bool // local addresses of its connections to targets
}

func startHTTPProxy(t *testing.T, p *httpProxy) *httpProxy {
	t.Helper()
	p.peers = map[string]bool{}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *httpProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
	if p.user != "" && r.Header.Get("Proxy-Authorization") != want {
		w.Header().Add("Proxy-Authenticate", `Basic realm="proxy"`)
		w.Header().Add("Proxy-Authenticate", "NTLM")
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if p.refuse != nil && p.refuse(w, r.Host) {
		return
	}
	p.mu.Lock()
	p.carried = append(p.carried, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	if r.Method == http.MethodConnect {
		p.tunnel(w, r)
		return
	}
	r.Header.Del("Proxy-Authorization")
	transport := &http.Transport{Proxy: nil, DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}
	r.Header.Set("Via", "1.1 in-process")
	resp, err := transport.RoundTrip(r)
	if err != nil {
		http.Error(w, "no connection", http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func (p *httpProxy) tunnel(w http.ResponseWriter, r *http.Request) {
	client, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if p.opensTLS != nil {
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		secure := tls.Server(client, &tls.Config{Certificates: []tls.Certificate{*p.opensTLS}})
		_ = secure.Handshake()
		return
	}
	target, err := net.Dial("tcp", r.Host)
	if err != nil {
		_, _ = io.WriteString(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer target.Close()
	p.mu.Lock()
	p.peers[target.LocalAddr().String()] = true
	p.mu.Unlock()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	proxytest.Splice(client, buffered.Reader, target)
}

func (p *httpProxy) log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.carried...)
}

func (p *httpProxy) opened(peer string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peers[peer]
}

// target is an HTTP service that remembers who connected.
type target struct {
	*httptest.Server
	mu       sync.Mutex
	peers    map[string]bool
	via      []string
	protocol string
	requests int
}

func startTarget(t *testing.T, secure bool) *target {
	t.Helper()
	s := &target{peers: map[string]bool{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests++
		s.peers[r.RemoteAddr] = true
		s.via = append(s.via, r.Header.Get("Via"))
		s.protocol = r.Proto
		if r.Header.Get("Proxy-Authorization") != "" {
			t.Error("the proxy's credentials reached the target")
		}
		fmt.Fprint(w, "here")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are the point
	if secure {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *target) seen() (peers []string, via []string, protocol string, requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for peer := range s.peers {
		peers = append(peers, peer)
	}
	return peers, s.via, s.protocol, s.requests
}

// roots trusts the target's certificate.
func (s *target) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// lineServer answers each line with itself, standing for a directory. It counts
// its connections.
type lineServer struct {
	net.Listener
	mu    sync.Mutex
	peers []string
}

func startLineServer(t *testing.T) *lineServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &lineServer{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.peers = append(s.peers, conn.RemoteAddr().String())
			s.mu.Unlock()
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return s
}

func (s *lineServer) connections() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.peers...)
}

// echo proves that conn leads to a lineServer.
func echo(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, "bind\n"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "bind\n" {
		t.Fatalf("got %q, %v", line, err)
	}
}

// authority makes certificates in the name of a CA.
func certificateFor(t *testing.T, issuer string, hosts ...string) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key := newKey(t)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: issuer},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	leafKey := newKey(t)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: hosts}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		}
	}
	rawLeaf, err := x509.CreateCertificate(rand.Reader, leaf, parsed, leafKey.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{rawLeaf}, PrivateKey: leafKey}, parsed
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func mustNew(t *testing.T, s proxy.Setting) *proxy.Proxy {
	t.Helper()
	p, err := proxy.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// relay hands connections on and counts them.
type relay struct {
	net.Listener
	mu sync.Mutex
	n  int
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.n++
			r.mu.Unlock()
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer server.Close()
				proxytest.Splice(client, client, server)
			}()
		}
	}()
	return r
}

func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// startSOCKS is a SOCKS5 proxy in the process (RFC 1928, RFC 1929) that knows
// one user. With a reply other than 0 it connects to nothing.
func startSOCKS(t *testing.T, reply byte) (addr string, carried func() []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var mu sync.Mutex
	var targets []string
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				name, err := socksRequest(client)
				if err != nil {
					return
				}
				mu.Lock()
				targets = append(targets, name)
				mu.Unlock()
				_, _ = client.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
				if reply != 0 {
					return
				}
				server, err := net.Dial("tcp", name)
				if err != nil {
					return
				}
				defer server.Close()
				proxytest.Splice(client, client, server)
			}()
		}
	}()
	return listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), targets...)
	}
}

// socksRequest reads a client's greeting, sign-in and request.
func socksRequest(client net.Conn) (target string, err error) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(client, b)
		}
		return b
	}
	read(int(read(2)[1]))
	_, _ = client.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	if err != nil || user != "svc" || password != secret {
		_, _ = client.Write([]byte{1, 1})
		return "", fmt.Errorf("signed in as %q: %w", user, err)
	}
	_, _ = client.Write([]byte{1, 0})
	var host string
	switch read(4)[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = string(read(int(read(1)[0])))
	case 4:
		host = net.IP(read(16)).String()
	}
	port := read(2)
	return net.JoinHostPort(host, fmt.Sprint(int(port[0])<<8|int(port[1]))), err
}
