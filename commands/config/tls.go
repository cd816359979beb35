package config

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"

	"adsync/ldapsrc"
)

// pins are the pinned digests as 64 lower-case hexadecimal digits each.
func (t TLS) pins() []string {
	var pins []string
	for _, text := range t.PinSHA256 {
		if pin, ok := ldapsrc.ParsePin(text); ok {
			pins = append(pins, hex.EncodeToString(pin))
		}
	}
	return pins
}

// TargetTLS is how the service must prove who it is, and we to it: by the
// system's authorities or those of ca_file, or by a pinned certificate or
// public key, whose name and issuer then do not matter.
func (f *File) TargetTLS() (*tls.Config, error) {
	if f.Target == nil {
		return f.trust(TLS{}, "target.tls")
	}
	return f.trust(f.Target.TLS, "target.tls")
}

// SourceTLS is the same of the directory at an index.
func (f *File) SourceTLS(i int) (*tls.Config, error) {
	return f.trust(f.Sources[i].TLS, fmt.Sprintf("sources[%d].tls", i))
}

func (f *File) trust(t TLS, key string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CAFile != "" {
		pool, err := authorities(f.Abs(t.CAFile))
		if err != nil {
			return nil, fmt.Errorf("%s.ca_file: %w", key, err)
		}
		c.RootCAs = pool
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(f.Abs(t.CertFile), f.Abs(t.KeyFile))
		if err != nil {
			return nil, fmt.Errorf("%s.cert_file: %w", key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if pins := t.pins(); len(pins) > 0 {
		c.InsecureSkipVerify = true // the pin is the proof
		c.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pins, state.PeerCertificates[0]) }
	}
	return c, nil
}

func checkPin(pins []string, leaf *x509.Certificate) error {
	for _, der := range [][]byte{leaf.Raw, leaf.RawSubjectPublicKeyInfo} {
		sum := sha256.Sum256(der)
		if slices.Contains(pins, hex.EncodeToString(sum[:])) {
			return nil
		}
	}
	return fmt.Errorf("the certificate is not the pinned one; this one has sha256 %x", sha256.Sum256(leaf.Raw))
}
