// Package proxy is the one way out of the network. From one Setting come the
// HTTP transport for the service, the dialer for the directory and a check
// that goes the way to a target step by step and says in words where it ends.
//
// A request is carried by an HTTP proxy (CONNECT for https and LDAP, the
// absolute form of RFC 9112 section 3.2.2 for http), by a SOCKS5 proxy
// (RFC 1928, names resolved there), or goes directly where Setting.NoProxy
// says so. There is no fallback from the proxy to the direct way: a request
// that the proxy does not carry fails.
//
// What is sent over the connection is left to the callers.
package proxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
)

// ContextDialer opens connections. *net.Dialer is one.
type ContextDialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Proxy knows the way out. It is safe for use by several goroutines and never
// prints a secret.
type Proxy struct {
	setting  Setting
	ways     ways
	noProxy  exceptions
	warnings []string
}

// ways holds the proxy for each kind of target; nil is the direct way.
type ways struct {
	http, https, ldap *hop
	// loopback says that targets on this machine go through the proxy too.
	loopback bool
}

// New makes a Proxy of a setting, or says what is wrong with the setting. It
// opens no connection.
func New(s Setting) (*Proxy, error) {
	p := &Proxy{setting: s}
	var err error
	if p.noProxy, err = parseExceptions(s.NoProxy); err != nil {
		return nil, err
	}
	switch s.URL {
	case "":
		err = s.validDirect()
	case "system":
		err = p.useSystem(s.environment())
	default:
		err = p.useURL(s)
	}
	if err != nil {
		return nil, err
	}
	// From here on only the hops know the password, behind their pointers, where
	// not even %+v of a struct that holds a Proxy finds it.
	p.setting.Password = ""
	if s.URL != "" {
		p.setting.URL = withoutCredentials(s.URL)
	}
	return p, nil
}

func (p *Proxy) useURL(s Setting) error {
	h, warning, err := s.hop()
	if err != nil {
		return err
	}
	if warning != "" {
		p.warnings = append(p.warnings, warning)
	}
	p.ways = ways{http: h, https: h, loopback: true}
	if s.LDAP {
		p.ways.ldap = h
	}
	return nil
}

// Warnings are remarks about the setting for whoever keeps it, one line each.
func (p *Proxy) Warnings() []string { return p.warnings }

// Route is the way a request to u takes: "direct", or the proxy's URL without
// credentials. An ldap or ldaps URL is asked for the way of Dialer.
func (p *Proxy) Route(u *url.URL) string {
	h := p.way(u.Scheme, targetAddr(u))
	if h == nil {
		return "direct"
	}
	return h.String()
}

// way finds the proxy for an address, nil for the direct way.
func (p *Proxy) way(scheme, addr string) *hop {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	var h *hop
	switch scheme {
	case "http":
		h = p.ways.http
	case "ldap", "ldaps":
		h = p.ways.ldap
	default:
		h = p.ways.https
	}
	if h == nil || p.noProxy.match(host, port) || (!p.ways.loopback && isLoopback(host)) {
		return nil
	}
	return h
}

// Format prints the setting without its secret, whatever the verb.
func (p Proxy) Format(f fmt.State, verb rune) { _, _ = io.WriteString(f, p.setting.String()) }

// targetAddr is host:port of a URL, with the port its scheme implies.
func targetAddr(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ldap": "389", "ldaps": "636"}[u.Scheme]
	}
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}
