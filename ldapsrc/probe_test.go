package ldapsrc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

func TestProbeShowsTrustsAndClocks(t *testing.T) {
	server := serveLDIF(t, ldaptest.ActiveDirectory, tree+`dn: CN=System,DC=example,DC=com
objectClass: container

dn: CN=partner.test,CN=System,DC=example,DC=com
objectClass: trustedDomain
trustPartner: partner.test
flatName: PARTNER
trustDirection: 2
trustType: 2
trustAttributes: 8

`, ldaptest.Options{})
	cfg := sourceOf(server)
	s, err := New(cfg, Env{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(p.Trusts), "[{example.com partner.test outbound true false}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if skew := p.ClockSkew.Round(time.Minute); skew != time.Hour {
		t.Errorf("the clock is %s ahead", skew)
	}
	if p.Kind != "Active Directory" || p.BoundAs == "" || p.Encryption != "none" {
		t.Errorf("%+v", p)
	}
	if d := p.Domains[0]; d.Name != "example.com" || d.Server != server.URL() || len(d.Controllers) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestProbeOfSlapd(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{})
	cfg := companyConfig(server)
	cfg.URLs, cfg.TLS.CAFile = []string{server.LDAPSURL()}, server.CAFile()
	s, err := New(cfg, Env{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Probe(t.Context())
	if err != nil || !strings.Contains(p.Kind, "OpenLDAP") || !strings.HasPrefix(p.Encryption, "TLS 1.") || p.Issuer == "" || p.Expires.IsZero() {
		t.Errorf("%+v %v", p, err)
	}
	nodes, err := s.Browse(t.Context(), servers.SlapdBase)
	if err != nil || len(nodes) != 2 {
		t.Errorf("%+v %v", nodes, err)
	}
}
