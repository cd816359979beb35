package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Dialer opens the directory's connections: directly, or through the proxy when
// the setting says LDAP and the host is not among its exceptions. Errors are of
// type *Error, or a context's own.
func (p *Proxy) Dialer() ContextDialer {
	return dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
		return p.dial(ctx, p.way("ldap", addr), network, addr)
	})
}

// Transport is what Proxy.Transport makes. It may be used as *http.Transport is.
type Transport struct {
	*http.Transport
	proxy *Proxy
}

// Transport is the one HTTP transport. It speaks HTTP/2 where the target does,
// keeps connections for the requests to come, many to one host, and sends
// everything the way Route says. What stood in the way, on this side of the
// target, is of type *Error inside the *url.Error that http.Client returns.
//
// The TLS configuration is for the target and may be nil; it is copied.
func (p *Proxy) Transport(config *tls.Config) *Transport {
	return &Transport{p.transport(config), p}
}

// RoundTrip sends a request. A plain http request is answered by the proxy
// itself when it does not carry it on; that is an error here.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	h := t.proxy.ways.http
	plain := req.URL.Scheme == "http" && h != nil && h.absoluteForm()
	if plain && t.proxy.way("http", targetAddr(req.URL)) != nil {
		if err := h.refusedBefore(targetAddr(req.URL)); err != nil {
			if req.Body != nil {
				_ = req.Body.Close()
			}
			return nil, err
		}
	}
	resp, err := t.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := t.proxy.refusal(resp); err != nil {
		h.remember(err)
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (p *Proxy) transport(config *tls.Config) *http.Transport {
	config = p.targetTLS(config)
	return &http.Transport{
		Proxy: p.absoluteForm,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// A plain request in absolute form: addr is the proxy itself.
			if h := p.ways.http; h != nil && h.absoluteForm() && h.addr == addr {
				return h.dial(ctx, addr, unobserved)
			}
			return p.dial(ctx, p.way("http", addr), network, addr)
		},
		DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			h := p.way("https", addr)
			conn, err := p.dial(ctx, h, network, addr)
			if err != nil {
				return nil, err
			}
			return secure(ctx, h, conn, addr, config)
		},
		TLSClientConfig:       config,
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: 2 * time.Minute,
		ExpectContinueTimeout: time.Second,
	}
}

// targetTLS is a copy of a TLS configuration, with the setting's authorities
// where it has none.
func (p *Proxy) targetTLS(config *tls.Config) *tls.Config {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	if config.RootCAs == nil {
		config.RootCAs = p.setting.RootCAs
	}
	if len(config.NextProtos) == 0 {
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	return config
}

func (p *Proxy) dial(ctx context.Context, h *hop, network, addr string) (net.Conn, error) {
	if h != nil {
		return h.open(ctx, addr, unobserved)
	}
	conn, err := netDialer().DialContext(ctx, network, addr)
	if err != nil {
		return nil, dialError(nil, addr, err)
	}
	return conn, nil
}

// secure makes a connection to addr a TLS one; h is the way it came, for errors.
func secure(ctx context.Context, h *hop, conn net.Conn, addr string, config *tls.Config) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, tlsError(TargetCertificate, h, addr, err)
	}
	return secured, nil
}

// absoluteForm reports whether plain http goes through the proxy without a
// tunnel, as proxies expect (squid allows CONNECT to port 443 only). NTLM and
// Negotiate sign in a connection, which only a tunnel keeps to itself.
func (h *hop) absoluteForm() bool { return !h.socks() && h.auth == AuthBasic }

// absoluteForm is http.Transport's Proxy: the proxy for a plain http request,
// nil for all that Transport's dialers see to. The scheme is http for an https
// proxy too, since hop.dial has made the connection secure already.
func (p *Proxy) absoluteForm(req *http.Request) (*url.URL, error) {
	if req.URL.Scheme != "http" {
		return nil, nil
	}
	h := p.way("http", targetAddr(req.URL))
	if h == nil || !h.absoluteForm() {
		return nil, nil
	}
	u := &url.URL{Scheme: "http", Host: h.addr}
	if h.username != "" {
		u.User = url.UserPassword(h.username, h.password)
	}
	return u, nil
}

// refusal is the proxy's own answer to a plain http request as an *Error, nil
// when the answer is the target's. For an https request it is always nil: there
// the proxy's answer is an error of the connection.
func (p *Proxy) refusal(resp *http.Response) error {
	if resp.Request == nil || resp.Request.URL.Scheme != "http" {
		return nil
	}
	addr := targetAddr(resp.Request.URL)
	h := p.way("http", addr)
	if h == nil || !h.absoluteForm() {
		return nil
	}
	if resp.StatusCode != http.StatusProxyAuthRequired && resp.Header.Get("X-Squid-Error") == "" {
		return nil
	}
	return h.refused(resp, addr, h.username != "")
}
