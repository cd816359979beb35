package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"time"

	xproxy "golang.org/x/net/proxy"
)

// The waits on the way out. What a request waits for after that is its
// context's affair.
const (
	dialTimeout = 20 * time.Second // each connection
	openTimeout = 45 * time.Second // a connection through a proxy, signed in
)

// hop is a proxy to go through, with all that signing in takes.
type hop struct {
	scheme   string // http, https, socks5, socks5h
	addr     string // host:port
	username string
	password string
	auth     string
	roots    *x509.CertPool

	// refusal is the proxy's no to the user and password. It is not asked again:
	// each further try counts towards locking the account.
	refusal atomic.Pointer[Error]
}

// String is the proxy's URL without credentials.
func (h *hop) String() string { return h.scheme + "://" + h.addr }

func (h *hop) socks() bool { return strings.HasPrefix(h.scheme, "socks5") }

func (h *hop) host() string {
	host, _, _ := net.SplitHostPort(h.addr)
	return host
}

// observer is told of each step on the way as it ends.
type observer func(step string, began time.Time, err error)

func unobserved(string, time.Time, error) {}

// run makes one step and tells the observer.
func (o observer) run(step string, do func() error) error {
	began := time.Now()
	err := do()
	o(step, began, err)
	return err
}

// open connects to target (host:port) through the proxy.
func (h *hop) open(ctx context.Context, target string, watch observer) (net.Conn, error) {
	if err := h.refusedBefore(target); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	through := h.openHTTP
	if h.socks() {
		through = h.openSOCKS
	}
	conn, err := through(ctx, target, watch)
	h.remember(err)
	return conn, err
}

// remember keeps the proxy's no to the user and password.
func (h *hop) remember(err error) {
	if refused := new(Error); errors.As(err, &refused) && refused.Kind == ProxyAuth && refused.SignedIn {
		h.refusal.Store(refused)
	}
}

// refusedBefore is that no, for another target, or nil.
func (h *hop) refusedBefore(target string) error {
	refused := h.refusal.Load()
	if refused == nil {
		return nil
	}
	again := *refused
	again.Target = target
	return &again
}

func (h *hop) openHTTP(ctx context.Context, target string, watch observer) (net.Conn, error) {
	conn, err := h.dial(ctx, target, watch)
	if err != nil {
		return nil, err
	}
	err = watch.run(StepTunnel, func() error {
		var err error
		conn, err = h.connect(ctx, conn, target)
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// dial connects to the proxy itself; target is for the errors.
func (h *hop) dial(ctx context.Context, target string, watch observer) (net.Conn, error) {
	var conn net.Conn
	err := watch.run(StepConnect, func() (err error) {
		conn, err = netDialer().DialContext(ctx, "tcp", h.addr)
		if err != nil {
			return dialError(h, target, err)
		}
		return nil
	})
	if err != nil || h.scheme != "https" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: h.host(), RootCAs: h.roots})
	err = watch.run(StepProxyTLS, func() error {
		if err := secure.HandshakeContext(ctx); err != nil {
			return tlsError(ProxyCertificate, h, target, err)
		}
		return nil
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

func netDialer() *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
}

// dialFunc is a function as the dialer that x/net/proxy asks for.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}

func (f dialFunc) Dial(network, addr string) (net.Conn, error) {
	return f(context.Background(), network, addr)
}

// openSOCKS hands the target's name to the proxy as it is (RFC 1928 section 5).
func (h *hop) openSOCKS(ctx context.Context, target string, watch observer) (net.Conn, error) {
	raw, err := h.dial(ctx, target, watch)
	if err != nil {
		return nil, err
	}
	var auth *xproxy.Auth
	if h.username != "" {
		auth = &xproxy.Auth{User: h.username, Password: h.password}
	}
	dialer, err := xproxy.SOCKS5("tcp", h.addr, auth, dialFunc(func(context.Context, string, string) (net.Conn, error) {
		return raw, nil
	}))
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	var conn net.Conn
	err = watch.run(StepTunnel, func() (err error) {
		conn, err = dialer.(xproxy.ContextDialer).DialContext(ctx, "tcp", target)
		return h.socksError(target, err)
	})
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// socksReplies are the texts of x/net's SOCKS client, which exports no codes,
// for the replies of RFC 1928 section 6 and RFC 1929 section 2.
var socksReplies = []struct {
	text string
	kind Kind
}{
	{"authentication failed", ProxyAuth},
	{"no acceptable authentication methods", ProxyAuth},
	{"not allowed by ruleset", Forbidden},
	{"network unreachable", TargetRefused},
	{"host unreachable", TargetNameNotFound},
	{"connection refused", TargetRefused},
	{"general SOCKS server failure", TargetRefused},
	{"TTL expired", TargetRefused},
}

func (h *hop) socksError(target string, err error) error {
	if err == nil {
		return nil
	}
	if op := new(net.OpError); errors.As(err, &op) && strings.HasPrefix(op.Op, "socks") {
		err = op.Err
	}
	for _, reply := range socksReplies {
		if !strings.Contains(err.Error(), reply.text) {
			continue
		}
		kind := reply.kind
		// "Host unreachable" is also the answer for a name that does not resolve;
		// an address needs no resolving.
		if kind == TargetNameNotFound && isAddress(target) {
			kind = TargetRefused
		}
		return &Error{Kind: kind, Proxy: h.String(), Target: target, SignedIn: kind == ProxyAuth && h.username != "",
			Err: errors.New(strings.TrimPrefix(err.Error(), "unknown error "))}
	}
	return h.handshakeError(target, err)
}
