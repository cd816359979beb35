package ldapsrc

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

// A handshakeError is a failure on the way to TLS.
type handshakeError struct {
	startTLS bool // before the handshake proper
	err      error
}

func (e *handshakeError) Error() string {
	if e.startTLS {
		return "StartTLS: " + e.err.Error()
	}
	return "TLS handshake: " + e.err.Error()
}

func (e *handshakeError) Unwrap() error { return e.err }

// connectError explains why there is no connection, or no trust in it.
func (l *link) connectError(ctx context.Context, err error) error {
	var setting *ConfigError
	if errors.As(err, &setting) {
		return setting
	}
	if ctx.Err() != nil {
		return fmt.Errorf("connect to %s: %w", l.server, ctx.Err())
	}
	e := l.explainConnect(err)
	return &ConnectError{Key: l.cfg.key(e.setting), Server: l.server.String(), Problem: e.problem, Advice: e.advice, Err: err}
}

func (l *link) explainConnect(err error) explanation {
	var (
		hinted    interface{ Hint() string }
		dns       *net.DNSError
		refused   *startTLSError
		pin       *pinError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		handshake *handshakeError
	)
	switch {
	case errors.As(err, &hinted):
		return explanation{"url", err.Error(), hinted.Hint()}
	case errors.As(err, &dns):
		return explanation{"url", fmt.Sprintf("look up %s: %s", dns.Name, dns.Err),
			"check the name and this machine's DNS servers, or give the server's address in hosts"}
	case errors.As(err, &refused):
		return explanation{"tls.starttls", err.Error(), "the server may lack a certificate; use ldaps://, or bind.method kerberos, which needs no TLS"}
	case errors.As(err, &pin):
		return explanation{"tls.pin_sha256", pin.Error(), "if the server's certificate was renewed, pin the new one; else something stands between here and the server"}
	case errors.As(err, &verify):
		return l.explainCertificate(verify)
	case errors.As(err, &record):
		return explanation{"url", "the server does not speak TLS on this port", l.tlsPortAdvice()}
	case strings.Contains(err.Error(), "remote error: tls:"):
		return explanation{"tls", err.Error(), "the server may demand a client certificate, or an older version of TLS than 1.2"}
	case strings.Contains(err.Error(), "protocol version not supported"):
		return explanation{"tls", "the server speaks no TLS 1.2 or later", "update the server"}
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &handshake) && errors.Is(err, net.ErrClosed):
		return explanation{"url", fmt.Sprintf("no answer for %s", l.cfg.timeout()), l.tlsPortAdvice()}
	case errors.As(err, &handshake) && connectionEnded(err):
		return explanation{"url", "the server ended the connection when asked for TLS", l.tlsPortAdvice()}
	case connectionEnded(err):
		return explanation{"url", "the server ended the connection", "check host, port and firewall"}
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaeConnRefused) || strings.Contains(err.Error(), "refused"):
		return explanation{"url", "nothing listens there (connection refused)", "check host and port, and that the directory service runs"}
	}
	return explanation{"url", err.Error(), "check host, port and firewall"}
}

// explainCertificate says which certificate was not believed, and why.
func (l *link) explainCertificate(e *tls.CertificateVerificationError) explanation {
	leaf := e.UnverifiedCertificates[0]
	seen := fmt.Sprintf("it is for %s, issued by %q, sha256 %s", strings.Join(certificateNames(leaf), ", "), leaf.Issuer.String(), fingerprint(leaf.Raw))
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(e.Err, &host):
		return explanation{"tls.server_name", fmt.Sprintf("the server's certificate is not for %q: %s", host.Host, seen),
			"use one of these names in url, or set tls.server_name to it"}
	case errors.As(e.Err, &authority):
		return explanation{"tls.ca_file", "the server's certificate is signed by an unknown authority: " + seen,
			"put the certificate of the authority that issued it into a PEM file and set tls.ca_file, or pin the server's with tls.pin_sha256"}
	case errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired:
		return explanation{"url", fmt.Sprintf("the server's certificate is valid from %s to %s: %s",
			leaf.NotBefore.UTC().Format("2006-01-02 15:04"), leaf.NotAfter.UTC().Format("2006-01-02 15:04"), seen), "renew it, or correct this machine's clock"}
	}
	return explanation{"tls.ca_file", fmt.Sprintf("the server's certificate cannot be trusted: %v; %s", e.Err, seen), "have a proper certificate issued for the server"}
}

// certificateNames are the names a certificate is valid for.
func certificateNames(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = append(names, "no name (subject "+c.Subject.String()+")")
	}
	return names
}

// tlsPortAdvice recognises the usual mix-up of the two ports.
func (l *link) tlsPortAdvice() string {
	switch {
	case l.server.scheme == "ldaps" && (l.server.port == "389" || l.server.port == "3268"):
		return "port " + l.server.port + " is for plain LDAP: use ldaps:// with port 636, or ldap:// with tls.starttls"
	case l.server.scheme == "ldap" && (l.server.port == "636" || l.server.port == "3269"):
		return "port " + l.server.port + " is for TLS from the start: use ldaps:// without tls.starttls"
	}
	return "check host and port (ldaps:// has 636, ldap:// has 389); a domain controller without a certificate closes such connections, and then bind.method kerberos over ldap:// is the safe way"
}

// What Windows says is in its own language and has numbers of its own, which
// no other system uses (winsock2.h).
const (
	wsaeConnAborted = syscall.Errno(10053)
	wsaeConnReset   = syscall.Errno(10054)
	wsaeConnRefused = syscall.Errno(10061)
)

// connectionEnded reports whether the other side closed or reset.
func connectionEnded(err error) bool {
	for _, ended := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, wsaeConnAborted, wsaeConnReset} {
		if errors.Is(err, ended) {
			return true
		}
	}
	return strings.Contains(err.Error(), "EOF")
}
