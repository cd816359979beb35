package ldapsrc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// A Peer is what a connection tells about its other end, for people.
type Peer struct {
	Server       string              // the URL
	As           string              // who we are bound as
	Kind         string              // "Active Directory", "OpenLDAP", ... as far as the server says
	Name         string              // the name that the server gives itself
	Encryption   string              // "TLS 1.3", "Kerberos, sealed", "none"
	Certificates []*x509.Certificate // as sent, the server's own first
	Clock        time.Time           // the server's time, zero when it does not say
}

// Probe connects to the first server of the source that answers, binds, and
// says what it found. It reads nothing but the rootDSE.
func (s *Source) Probe(ctx context.Context) (Peer, error) {
	servers, err := locateServers(ctx, &s.cfg, &s.env)
	if err != nil {
		return Peer{}, err
	}
	l, err := dialFirst(ctx, &s.cfg, &s.env, servers)
	if err != nil {
		return Peer{}, err
	}
	defer l.close()
	return l.peer(), nil
}

// peer describes the server that the link is bound to.
func (l *link) peer() Peer {
	p := Peer{Server: l.server.String(), As: l.as, Encryption: "none"}
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
