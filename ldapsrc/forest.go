package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// open connects to the source and finds its domains. Only the first one is
// connected.
func (s *Source) open(ctx context.Context) ([]*domain, error) {
	if len(s.cfg.URLs) > 0 && isLDIF(s.cfg.URLs[0]) {
		return s.openLDIF(ctx)
	}
	d := &domain{name: s.cfg.ID, src: s, servers: func(ctx context.Context) ([]serverAddr, error) { return locateServers(ctx, &s.cfg, &s.env) }}
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	domains, err := s.domains(ctx, d)
	if err != nil {
		d.close()
		return nil, err
	}
	return domains, nil
}

// domains lists the naming contexts to read, the connected one being first.
func (s *Source) domains(ctx context.Context, d *domain) ([]*domain, error) {
	if s.cfg.Type != AD {
		return s.suffixes(d)
	}
	if !d.dse.activeDirectory() {
		return nil, &ReadError{Where: s.cfg.key("type"), Problem: fmt.Sprintf("%s is not a domain controller of Active Directory", d.server),
			Advice: "set type: ldap"}
	}
	d.setBase(d.dse.first("defaultNamingContext"))
	d.name = domainName(d.base)
	if !s.cfg.Forest {
		return []*domain{d}, nil
	}
	others, err := s.crossRefs(ctx, d.first, d.dse)
	if err != nil {
		return nil, fmt.Errorf("find the domains of the forest: %w", err)
	}
	domains := []*domain{d}
	for _, other := range others {
		if other.key != d.key {
			domains = append(domains, other)
		}
	}
	return domains, nil
}

// suffixes are the naming contexts of a server that is no domain controller.
// Each is read by itself; all are on the one server.
func (s *Source) suffixes(d *domain) ([]*domain, error) {
	var contexts []string
	for _, c := range d.dse.get("namingContexts") {
		// Configuration and logs: cn=config, cn=changelog, cn=accesslog.
		if c != "" && !strings.HasPrefix(foldDN(c), "cn=") {
			contexts = append(contexts, c)
		}
	}
	if len(contexts) == 0 {
		if base := d.dse.first("defaultNamingContext"); base != "" {
			contexts = []string{base}
		} else if len(s.cfg.Users.Base) == 0 {
			return nil, &ReadError{Where: s.cfg.key("users.base"), Problem: fmt.Sprintf("%s does not say which suffix it has", d.server),
				Advice: "name the base to search under"}
		} else {
			contexts = []string{""}
		}
	}
	d.setBase(contexts[0])
	d.name = contexts[0]
	domains := []*domain{d}
	for _, c := range contexts[1:] {
		other := &domain{name: c, src: s, servers: d.servers}
		other.setBase(c)
		domains = append(domains, other)
	}
	return domains, nil
}

// crossRefNames are what a crossRef object says of a domain (MS-ADTS
// 6.1.1.2.1.1).
var crossRefNames = directory.NewNames("nCName", "dnsRoot")

// crossRefs lists the domains of the forest from its configuration: the
// crossRef objects with both FLAG_CR_NTDS_NC and FLAG_CR_NTDS_DOMAIN.
func (s *Source) crossRefs(ctx context.Context, conn searcher, dse *rootDSE) ([]*domain, error) {
	req := request{base: "CN=Partitions," + dse.first("configurationNamingContext"), scope: ldap.ScopeWholeSubtree,
		filter: "(&(objectClass=crossRef)(systemFlags:" + bitAnd + ":=3))", names: crossRefNames}
	var domains []*domain
	_, err := conn.search(ctx, req, func(e *entry) error {
		d := &domain{name: string(e.first(1)), src: s}
		d.setBase(string(e.first(0)))
		if d.name == "" {
			d.name = domainName(d.base)
		}
		d.servers = func(ctx context.Context) ([]serverAddr, error) { return s.controllers(ctx, d.name) }
		domains = append(domains, d)
		return nil
	})
	if err == nil && len(domains) == 0 {
		err = errors.New("the configuration of the forest names none: it may not be readable for the bind account")
	}
	slices.SortFunc(domains, func(a, b *domain) int { return strings.Compare(a.key, b.key) })
	return domains, err
}

// controllers are the domain controllers of a domain: from DNS, or else
// whatever the domain's own name leads to, which in AD is each of them.
func (s *Source) controllers(ctx context.Context, name string) ([]serverAddr, error) {
	list, err := locateDomain(ctx, &s.cfg, &s.env, name)
	if err == nil {
		return list, nil
	}
	scheme := s.cfg.domainScheme()
	fallback := s.cfg.address(scheme, name, defaultPort(scheme))
	if _, overridden := s.cfg.override(name); overridden {
		return []serverAddr{fallback}, nil
	}
	if _, lookup := net.DefaultResolver.LookupHost(ctx, name); lookup != nil {
		return nil, err
	}
	return []serverAddr{fallback}, nil
}
