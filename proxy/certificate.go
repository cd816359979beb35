package proxy

import (
	"crypto/x509"
	"time"
)

// Certificate is what a person needs to recognise one of a chain.
type Certificate struct {
	Subject  string
	Issuer   string
	NotAfter time.Time
	// Trusted says that the chain from here up ends in an authority that the
	// system trusts, whatever the setting trusts besides.
	Trusted bool
}

// certificates describes a chain as the other side sent it.
func certificates(chain []*x509.Certificate) []Certificate {
	var list []Certificate
	for i, c := range chain {
		list = append(list, Certificate{
			Subject:  name(c.Subject.CommonName, c.Subject.String(), c.DNSNames),
			Issuer:   name(c.Issuer.CommonName, c.Issuer.String(), nil),
			NotAfter: c.NotAfter,
			Trusted:  trustedBySystem(c, chain[i+1:]),
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

// name is the shortest text that says who: the common name, the first DNS name,
// or the whole distinguished name.
func name(common, dn string, dns []string) string {
	switch {
	case common != "":
		return common
	case len(dns) > 0:
		return dns[0]
	}
	return dn
}
