package ldapsrc

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
)

// encrypt makes a TLS connection of conn, after StartTLS on a plain one.
func (l *link) encrypt(ctx context.Context, conn net.Conn) (*tls.Conn, error) {
	config, err := l.cfg.tlsConfig(l.server.host)
	if err != nil {
		return nil, err
	}
	if l.server.scheme == "ldap" {
		if err := startTLS(conn); err != nil {
			return nil, &handshakeError{startTLS: true, err: err}
		}
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err: err}
	}
	return secure, nil
}

// startTLS asks the server to go over to TLS (RFC 4511 4.14). Bytes that come
// with the answer are not from the server we are about to authenticate, and
// end the connection.
func startTLS(conn net.Conn) error {
	const oid = "1.3.6.1.4.1.1466.20037"
	request := []byte{tagSequence, 29, tagInteger, 1, 1, 0x77, 24, 0x80, 22}
	if _, err := conn.Write(append(request, oid...)); err != nil {
		return err
	}
	s := stream{conn: conn, limit: maxMessage}
	b, err := s.message()
	if err != nil {
		return err
	}
	m, err := parseMessage(b)
	if err != nil {
		return err
	}
	if m.op != opExtendedResponse || m.id != 1 && m.id != 0 {
		return errors.New("the server answered StartTLS with something else")
	}
	r, err := parseResult(m.body)
	if err != nil {
		return err
	}
	if r.code != 0 {
		return &startTLSError{r}
	}
	if s.r != s.w {
		return errors.New("the server sent more than the answer to StartTLS: the connection is tampered with")
	}
	return nil
}

// A startTLSError is a server that refuses to encrypt.
type startTLSError struct{ result result }

func (e *startTLSError) Error() string { return "the server refuses StartTLS: " + e.result.String() }

// A pinError is a server whose certificate is not the pinned one.
type pinError struct{ certificate *x509.Certificate }

func (e *pinError) Error() string {
	return fmt.Sprintf("the certificate is not the pinned one; this one has sha256 %s (public key: %s)",
		fingerprint(e.certificate.Raw), fingerprint(e.certificate.RawSubjectPublicKeyInfo))
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// tlsConfig is how the server of the given name must prove itself: by the
// system's roots or those of ca_file, or by a pinned certificate, whose name
// and issuer then do not matter.
func (c *Config) tlsConfig(host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if c.TLS.ServerName != "" {
		config.ServerName = c.TLS.ServerName
	}
	if c.TLS.CAFile != "" {
		pem, err := os.ReadFile(c.TLS.CAFile)
		if err != nil {
			return nil, &ConfigError{Key: c.key("tls.ca_file"), Problem: "cannot be read", Err: err,
				Advice: "give the path of a PEM file with the certificate of the authority that signed the server's"}
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &ConfigError{Key: c.key("tls.ca_file"), Problem: fmt.Sprintf("%s holds no PEM certificate", c.TLS.CAFile),
				Advice: "convert a DER file with: openssl x509 -inform der -in ca.cer -out ca.pem"}
		}
	}
	if c.TLS.CertFile != "" || c.TLS.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return nil, &ConfigError{Key: c.key("tls.cert_file"), Problem: "the client certificate cannot be used", Err: err,
				Advice: "cert_file and key_file are PEM files that belong together; the key must not be encrypted"}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if len(c.TLS.PinSHA256) > 0 {
		pins, err := c.pins()
		if err != nil {
			return nil, err
		}
		config.InsecureSkipVerify = true // the pin is the proof
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pins, state) }
	}
	if c.TLS.InsecureSkipVerify {
		config.InsecureSkipVerify = true
	}
	return config, nil
}

func checkPin(pins [][]byte, state tls.ConnectionState) error {
	leaf := state.PeerCertificates[0]
	for _, der := range [][]byte{leaf.Raw, leaf.RawSubjectPublicKeyInfo} {
		sum := sha256.Sum256(der)
		if slices.ContainsFunc(pins, func(pin []byte) bool { return string(pin) == string(sum[:]) }) {
			return nil
		}
	}
	return &pinError{leaf}
}

func (c *Config) pins() ([][]byte, error) {
	var list [][]byte
	for _, text := range c.TLS.PinSHA256 {
		pin, ok := ParsePin(text)
		if !ok {
			return nil, &ConfigError{Key: c.key("tls.pin_sha256"), Problem: fmt.Sprintf("%q is no SHA-256 fingerprint", strings.TrimSpace(text)),
				Advice: "give 64 hexadecimal digits, with or without colons, or base64; openssl x509 -noout -fingerprint -sha256 -in cert.pem prints them"}
		}
		list = append(list, pin)
	}
	return list, nil
}

// ParsePin reads the SHA-256 of a certificate or of its public key as people
// have it at hand: 64 hexadecimal digits with or without colons, or base64
// (RFC 7469 2.4), bare or behind the name of the digest.
func ParsePin(text string) (pin []byte, ok bool) {
	text = strings.TrimSpace(text)
	// Base64 may itself begin with a slash, so every reading is tried.
	for _, prefix := range []string{"", "sha256:", "sha256/", "sha256//"} { // of OpenSSL, HPKP and curl
		if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
			continue
		}
		bare := text[len(prefix):]
		pin, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(bare))
		if err != nil || len(pin) != sha256.Size {
			pin, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(bare, "="))
		}
		if err == nil && len(pin) == sha256.Size {
			return pin, true
		}
	}
	return nil, false
}
