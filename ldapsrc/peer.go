package ldapsrc

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// A peer is what a connection tells about its other end, for people.
type peer struct {
	Server       string              // the URL
	As           string              // who we are bound as
	Kind         string              // "Active Directory", "OpenLDAP", ... as far as the server says
	Name         string              // the name that the server gives itself
	Encryption   string              // "TLS 1.3", "Kerberos, sealed", "none"
	Certificates []*x509.Certificate // as sent, the server's own first
	Clock        time.Time           // the server's time, zero when it does not say
}

// peer describes the server that the link is bound to.
func (l *link) peer() peer {
	p := peer{Server: l.server.String(), As: l.as, Encryption: "none"}
	if l.tls != nil {
		state := l.tls.ConnectionState()
		p.Encryption = tls.VersionName(state.Version)
		p.Certificates = state.PeerCertificates
	}
	if l.seal.keys != nil {
		p.Encryption = "Kerberos, signed"
		if l.seal.layer == layerSeal {
			p.Encryption = "Kerberos, sealed"
		}
	}
	if l.dse != nil {
		p.Kind, p.Name, p.Clock = l.dse.kind(), l.dse.first("dnsHostName"), l.dse.clock()
	}
	return p
}
