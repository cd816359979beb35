package proxy

import (
	"cmp"
	"crypto/x509"
)

// Certificate says of one of a chain who vouches for it.
type Certificate struct {
	// Issuer is the common name of the authority, or its whole distinguished
	// name where it has none.
	Issuer string
	// Trusted says that the chain from here up ends in an authority that the
	// system trusts, whatever the setting trusts besides.
	Trusted bool
}

// certificates describes a chain as the other side sent it.
func certificates(chain []*x509.Certificate) []Certificate {
	var list []Certificate
	for i, c := range chain {
		list = append(list, Certificate{
			Issuer:  cmp.Or(c.Issuer.CommonName, c.Issuer.String()),
			Trusted: trustedBySystem(c, chain[i+1:]),
		})
	}
	return list
}

func trustedBySystem(c *x509.Certificate, above []*x509.Certificate) bool {
	pool := x509.NewCertPool()
	for _, other := range above {
		pool.AddCert(other)
	}
	_, err := c.Verify(x509.VerifyOptions{Intermediates: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}
