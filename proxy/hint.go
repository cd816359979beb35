package proxy

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// Hint says what to do about the error, in one line that names the setting.
func (e *Error) Hint() string {
	switch e.Kind {
	case ProxyNameNotFound:
		if e.unasked() {
			return noNameServer
		}
		return "check the host in proxy.url, and that this machine's DNS knows it"
	case ProxyNotReachable:
		return "check host and port in proxy.url, and that a firewall lets this machine connect to it"
	case ProxyAuth:
		return e.authHint()
	case SignIn:
		return "check proxy.auth, proxy.username and proxy.password; negotiate without a user takes the ticket of the account that runs adsync (kinit)"
	case ProxyCertificate, TargetCertificate:
		return e.certificateHint()
	case ProxyProtocol:
		if strings.HasPrefix(e.Status, "511") {
			return "this network wants somebody to sign in with a browser first (RFC 6585 section 6)"
		}
		return "check the scheme and port in proxy.url: http for most proxies, https only if the proxy itself speaks TLS, socks5 for SOCKS"
	case Forbidden:
		return fmt.Sprintf("ask whoever runs the proxy to allow CONNECT to %s%s", e.Target, e.portHint())
	case TargetNameNotFound:
		if e.Proxy == "" && e.unasked() {
			return noNameServer
		}
		if e.Proxy == "" {
			return "check the name, and that this machine's DNS knows it"
		}
		return "check the name; if only this network knows it, the proxy cannot: add it to proxy.no_proxy"
	case TargetRefused:
		if e.Proxy == "" {
			return "check host and port, and whether this network needs a proxy (adsync proxy)"
		}
		return "check the target's name and port; if it is inside this network, add it to proxy.no_proxy"
	case TargetTLS:
		if e.Proxy != "" && e.otherProtocol() {
			return "check proxy.url: what answers there may be a web server and no proxy; else check that the target's port speaks TLS"
		}
		return "check that the target's port speaks TLS; a proxy that opens TLS may also have cut the connection"
	case Timeout:
		if strings.HasPrefix(e.Proxy, "socks5") {
			return "try again; if it stays, check that proxy.url is a SOCKS proxy and not one for HTTP, and that no firewall drops the connection"
		}
		return "try again; if it stays, a firewall drops the connection: check proxy.url, or ask for the target to be allowed"
	}
	return ""
}

const noNameServer = "this machine's name servers give no answer: check its DNS settings, or write an address instead of the name"

// unasked reports whether the name servers could not be asked, which says
// nothing about the name.
func (e *Error) unasked() bool {
	var failed *net.DNSError
	return errors.As(e.Err, &failed) && !failed.IsNotFound && (failed.IsTimeout || failed.IsTemporary)
}

func (e *Error) authHint() string {
	offers := func(scheme string) bool {
		return slices.ContainsFunc(e.Schemes, func(s string) bool { return strings.EqualFold(s, scheme) })
	}
	switch {
	case len(e.Schemes) == 0 || offers("Basic"):
		if e.SignedIn {
			return "check proxy.username and proxy.password"
		}
		return "set proxy.username and proxy.password"
	case offers("NTLM"):
		return "set proxy.auth: ntlm with proxy.username (DOMAIN\\user) and proxy.password; if it is set, check those two"
	case offers("Negotiate"):
		return "set proxy.auth: negotiate and run as an account the proxy allows (elsewhere than on Windows: kinit, or proxy.username as user@REALM)"
	}
	return "the proxy offers only ways to sign in that adsync does not know: ask for Basic, NTLM or Negotiate"
}

func (e *Error) certificateHint() string {
	switch {
	case e.wrongName():
		return "the certificate belongs to another host: check the name in the URL"
	case e.expired():
		return "the certificate is out of its time: check this machine's clock, or have the certificate renewed"
	}
	issuer := "the certificate's authority"
	if len(e.Chain) > 0 {
		issuer = fmt.Sprintf("%q", e.Chain[len(e.Chain)-1].Issuer)
	}
	key := "tls.ca_file"
	if e.Proxy != "" {
		key = "proxy.ca_file"
	}
	text := fmt.Sprintf("if %s is your organisation's, add its certificate to this machine's trusted authorities or name it as %s", issuer, key)
	if e.Kind == TargetCertificate && e.Proxy != "" {
		text = "the proxy may be opening TLS to inspect it: " + text
	}
	return text
}

func (e *Error) portHint() string {
	if strings.HasSuffix(e.Target, ":443") {
		return ""
	}
	return " (many proxies allow port 443 only)"
}
