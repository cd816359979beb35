package proxy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// The values of Setting.Auth.
const (
	AuthBasic     = "basic"
	AuthNTLM      = "ntlm"
	AuthNegotiate = "negotiate"
)

// Setting is how the network is left: the proxy key of the configuration, with
// its secret resolved. However it is printed, the password is not.
type Setting struct {
	// URL is empty for the direct way, "system" for what the environment (and on
	// Windows the system) says, or the proxy: http://, https://, socks5:// or
	// socks5h://. A missing scheme is http. Both SOCKS schemes let the proxy
	// resolve names.
	URL string
	// Username and Password sign in at the proxy. With ntlm the name may be
	// DOMAIN\user or user@domain. With negotiate both may be empty: the ticket
	// of the account that runs the program is used.
	Username string
	Password string
	// NoProxy lists what is reached directly, written as in the NO_PROXY
	// variable: example.com (that host and all below it), .example.com or
	// *.example.com (all below it), an IP address, a CIDR range, any of the
	// names and addresses with :port, <local> (names without a dot), * (all).
	// Names are compared as they are, they are not resolved.
	NoProxy []string
	// LDAP carries the directory's connections through the proxy too. An HTTP
	// proxy must allow CONNECT to the directory's port.
	LDAP bool
	// RootCAs are trusted for the TLS of an https proxy, and for the targets
	// where the caller's own TLS configuration names none. Nil is the system's;
	// for the system's and one more, start from x509.SystemCertPool.
	RootCAs *x509.CertPool
	// Auth is how to sign in at an HTTP proxy: basic (also when empty), ntlm or
	// negotiate.
	Auth string
	// Getenv looks up the variables of a "system" setting; nil is os.Getenv.
	Getenv func(string) string
}

// String is the setting without its secret, in one line.
func (s Setting) String() string {
	if s.URL == "" {
		return "direct"
	}
	var b strings.Builder
	b.WriteString(withoutCredentials(s.URL))
	if s.Username != "" {
		fmt.Fprintf(&b, " as %q", s.Username)
	}
	if len(s.NoProxy) > 0 {
		fmt.Fprintf(&b, ", not for %s", strings.Join(s.NoProxy, " "))
	}
	if s.LDAP {
		b.WriteString(", ldap too")
	}
	return b.String()
}

// GoString is String, so that %#v prints no secret.
func (s Setting) GoString() string { return s.String() }

// Format prints String for every verb.
func (s Setting) Format(f fmt.State, verb rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is what log/slog records.
func (s Setting) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText keeps the secret out of encoders.
func (s Setting) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Setting) environment() func(string) string {
	if s.Getenv != nil {
		return s.Getenv
	}
	return os.Getenv
}

func (s Setting) validDirect() error {
	switch {
	case s.Username != "" || s.Password != "":
		return errors.New("proxy.username and proxy.password need a proxy.url")
	case s.LDAP:
		return errors.New("proxy.ldap needs a proxy.url")
	}
	return nil
}

// hop reads the setting's URL and credentials; the warning is for whoever wrote
// a password into the URL.
func (s Setting) hop() (h *hop, warning string, err error) {
	u, err := parseURL(s.URL)
	if err != nil {
		return nil, "", err
	}
	h = &hop{
		scheme:   u.Scheme,
		addr:     net.JoinHostPort(u.Hostname(), u.Port()),
		username: s.Username,
		password: s.Password,
		auth:     strings.ToLower(s.Auth),
		roots:    s.RootCAs,
	}
	if u.User != nil {
		if s.Username != "" || s.Password != "" {
			return nil, "", errors.New("proxy.url holds credentials and proxy.username or proxy.password is set: keep one of them")
		}
		h.username = u.User.Username()
		if password, ok := u.User.Password(); ok {
			h.password = password
			warning = "proxy.url holds a password that everyone who reads the configuration sees: move it to proxy.password"
		}
	}
	return h, warning, h.validCredentials()
}

var schemes = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// parseURL reads a proxy's URL and completes it with scheme and port. The text
// is never repeated in an error, since a part of it may be a password.
func parseURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("proxy.url is not a URL such as http://proxy.example.com:3128 (special characters of a password belong into proxy.password)")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	port, known := schemes[u.Scheme]
	switch {
	case !known:
		return nil, fmt.Errorf("proxy.url: %q is not a kind of proxy, use http, https, socks5 or socks5h", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("proxy.url names no host")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("proxy.url has something after the host and port (an automatic configuration script is not a proxy: name the proxy it chooses)")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if n, err := strconv.Atoi(u.Port()); err != nil || n < 1 || n > 65535 {
		return nil, errors.New("proxy.url has a port outside 1 to 65535")
	}
	u.Path = ""
	return u, nil
}

func (h *hop) validCredentials() error {
	if h.auth == "" {
		h.auth = AuthBasic
	}
	switch {
	case !slices.Contains([]string{AuthBasic, AuthNTLM, AuthNegotiate}, h.auth):
		return fmt.Errorf("proxy.auth: %q is none of basic, ntlm and negotiate", h.auth)
	case h.socks() && h.auth != AuthBasic:
		return fmt.Errorf("proxy.auth: a SOCKS5 proxy knows no %s, only user and password", h.auth)
	case h.username == "" && h.password != "":
		return errors.New("proxy.password is set and proxy.username is not")
	case h.auth == AuthNTLM && (h.username == "" || h.password == ""):
		return errors.New("proxy.auth ntlm needs proxy.username and proxy.password")
	case h.auth == AuthBasic && !h.socks() && strings.Contains(h.username, ":"):
		return errors.New("proxy.username holds a colon, which basic authentication cannot carry (RFC 7617 section 2)")
	case h.socks() && (len(h.username) > 255 || len(h.password) > 255):
		return errors.New("proxy.username or proxy.password is longer than 255 bytes, which SOCKS5 cannot carry (RFC 1929 section 2)")
	case h.socks() && h.username != "" && h.password == "":
		return errors.New("proxy.username is set and proxy.password is not, which SOCKS5 cannot carry (RFC 1929 section 2)")
	}
	return nil
}

// withoutCredentials is a URL as it may be shown.
func withoutCredentials(text string) string {
	if text == "system" {
		return text
	}
	u, err := parseURL(text)
	if err != nil {
		return "(not a proxy URL)"
	}
	return u.Scheme + "://" + u.Host
}
