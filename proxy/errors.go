package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Kind says what stands in the way, for code that branches on it.
type Kind int

// The kinds of Error.
const (
	ProxyNameNotFound  Kind = iota + 1 // the proxy's name cannot be resolved
	ProxyNotReachable                  // nothing answers at the proxy's address
	ProxyAuth                          // the proxy wants other credentials (407, RFC 1929)
	SignIn                             // ntlm or negotiate could not be prepared: no ticket, no such account, a broken challenge
	ProxyCertificate                   // the TLS of an https proxy is not trusted
	ProxyProtocol                      // what answers is not this kind of proxy
	Forbidden                          // the proxy may not or will not connect to the target
	TargetNameNotFound                 // the proxy cannot resolve the target's name
	TargetRefused                      // the proxy cannot connect to the target
	TargetCertificate                  // the target's certificate is not trusted: an own CA, or TLS interception
	TargetTLS                          // no TLS with the target
	Timeout                            // no answer in time
)

// Error is what stood in the way of a request. Its text is one lower-case line
// without secrets; Hint says what to do.
type Error struct {
	Kind    Kind
	Proxy   string   // the proxy's URL without credentials, empty on the direct way
	Target  string   // host:port
	Status  string   // what an HTTP proxy answered, such as "407 Proxy Authentication Required", with its page's title
	Schemes []string // ProxyAuth: what the proxy offers, such as Basic, NTLM, Negotiate
	// SignedIn says that credentials were sent and not taken.
	SignedIn bool
	// Chain is what the other side showed, its own certificate first, for the
	// two kinds about certificates.
	Chain []Certificate
	// Err is what the network said; it may be nil.
	Err error
}

// Error is one line, lower case.
func (e *Error) Error() string {
	text := e.what()
	if e.Proxy != "" {
		text = "proxy " + e.Proxy + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) what() string {
	switch e.Kind {
	case ProxyNameNotFound:
		return "the proxy's name cannot be resolved"
	case ProxyNotReachable:
		return "no connection to the proxy"
	case ProxyAuth:
		return e.authText()
	case SignIn:
		return "cannot sign in"
	case ProxyCertificate:
		return "the proxy's certificate is not trusted" + e.issued()
	case ProxyProtocol:
		return "unexpected answer" + e.answered()
	case Forbidden:
		return fmt.Sprintf("connecting to %s is forbidden%s", e.Target, e.answered())
	case TargetNameNotFound:
		return fmt.Sprintf("the name of %s cannot be resolved%s%s", e.Target, e.atProxy(), e.answered())
	case TargetRefused:
		return fmt.Sprintf("no connection to %s%s%s", e.Target, e.atProxy(), e.answered())
	case TargetCertificate:
		return fmt.Sprintf("the certificate of %s is not trusted%s", e.Target, e.issued())
	case TargetTLS:
		return fmt.Sprintf("no tls with %s", e.Target)
	case Timeout:
		return fmt.Sprintf("no answer in time on the way to %s%s", e.Target, e.answered())
	}
	return "cannot reach " + e.Target
}

func (e *Error) authText() string {
	text := "the proxy wants a user and password"
	if e.SignedIn {
		text = "the proxy does not accept the user and password"
	}
	if len(e.Schemes) > 0 {
		text += ", it offers " + strings.Join(e.Schemes, ", ")
	}
	return text + e.answered()
}

func (e *Error) answered() string {
	if e.Status == "" {
		return ""
	}
	return " (" + e.Status + ")"
}

func (e *Error) atProxy() string {
	if e.Proxy == "" {
		return ""
	}
	return " from the proxy"
}

func (e *Error) issued() string {
	if len(e.Chain) == 0 {
		return ""
	}
	return fmt.Sprintf(", it is issued by %q", e.Chain[len(e.Chain)-1].Issuer)
}

// Unwrap is what the network said.
func (e *Error) Unwrap() error { return e.Err }

// dialError is a failed connection to the proxy itself or, on the direct way, to
// the target.
func dialError(via *hop, target string, err error) error {
	e := &Error{Kind: TargetRefused, Target: target, Err: err}
	noName := TargetNameNotFound
	if via != nil {
		e.Proxy, e.Kind, noName = via.String(), ProxyNotReachable, ProxyNameNotFound
	}
	var dns *net.DNSError
	switch {
	case canceled(err):
		return err
	case errors.As(err, &dns):
		e.Kind = noName
	case timedOut(err):
		e.Kind = Timeout
	}
	return e
}

// handshakeError is a connection to the proxy that broke while asking for the
// target.
func (h *hop) handshakeError(target string, err error) error {
	var known *Error
	switch {
	case canceled(err), errors.As(err, &known):
		return err
	case timedOut(err):
		return &Error{Kind: Timeout, Proxy: h.String(), Target: target, Err: err}
	}
	return &Error{Kind: ProxyProtocol, Proxy: h.String(), Target: target, Err: err}
}

// tlsError is a failed handshake, with the proxy or with the target through it.
func tlsError(kind Kind, via *hop, target string, err error) error {
	e := &Error{Kind: kind, Target: target, Err: err}
	if via != nil {
		e.Proxy = via.String()
	}
	var verification *tls.CertificateVerificationError
	switch {
	case canceled(err):
		return err
	case errors.As(err, &verification):
		e.Chain = certificates(verification.UnverifiedCertificates)
	case timedOut(err):
		e.Kind = Timeout
	case kind == TargetCertificate:
		e.Kind = TargetTLS
	default:
		e.Kind = ProxyProtocol
	}
	return e
}

func canceled(err error) bool { return errors.Is(err, context.Canceled) }

func timedOut(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		(errors.As(err, &timeout) && timeout.Timeout())
}

// Lasting reports whether trying again at once would end the same way. It also
// keeps a wrong password from being shown until its account is locked.
func (e *Error) Lasting() bool {
	switch e.Kind {
	case ProxyAuth, SignIn, Forbidden, ProxyCertificate, TargetCertificate:
		return true
	case ProxyProtocol, TargetTLS:
		return e.otherProtocol()
	}
	return false
}

// The numbers that Windows has for a broken connection (winsock2.h); no other
// system uses them.
const (
	wsaeConnAborted = syscall.Errno(10053)
	wsaeConnReset   = syscall.Errno(10054)
)

// otherProtocol says that something answered, and not in the language that was
// expected, rather than that the connection broke.
func (e *Error) otherProtocol() bool {
	if e.Err == nil || timedOut(e.Err) {
		return false
	}
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, wsaeConnAborted, wsaeConnReset} {
		if errors.Is(e.Err, broken) {
			return false
		}
	}
	return true
}

// wrongName says that a certificate is trusted but belongs to another host.
func (e *Error) wrongName() bool {
	var name x509.HostnameError
	return errors.As(e.Err, &name)
}

func (e *Error) expired() bool {
	var invalid x509.CertificateInvalidError
	return errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired
}
