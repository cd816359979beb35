package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

const (
	resultReferral     = ldap.LDAPResultReferral
	resultNoSuchObject = ldap.LDAPResultNoSuchObject
)

// resultCode finds the result code in an error.
func resultCode(err error) (int, bool) {
	var refused *ldap.Error
	if errors.As(err, &refused) {
		return int(refused.ResultCode), true
	}
	return 0, false
}

// A domain is one naming context of a source, and the one server that it is
// read from during a run: another would be a little behind or ahead, and what
// it does not have yet would look as if it had left.
type domain struct {
	name      string // corp.example.com; the suffix where it is no DNS name
	base, key string // the naming context, as it came and folded
	netbios   string
	parent    string // the crossRef of the parent domain

	src     *Source
	servers func(context.Context) ([]serverAddr, error)

	mu     sync.Mutex
	first  searcher
	server serverAddr
	dse    *rootDSE
	more   []searcher
	idle   []searcher // the ones that nobody uses
}

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
		if other.key == d.key {
			d.netbios, d.parent = other.netbios, other.parent
			continue
		}
		domains = append(domains, other)
	}
	return domains, nil
}

func (d *domain) setBase(base string) { d.base, d.key = base, foldDN(base) }

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
var crossRefNames = directory.NewNames("nCName", "dnsRoot", "nETBIOSName", "trustParent", "systemFlags")

// crossRefs lists the domains of the forest from its configuration: the
// crossRef objects with both FLAG_CR_NTDS_NC and FLAG_CR_NTDS_DOMAIN.
func (s *Source) crossRefs(ctx context.Context, conn searcher, dse *rootDSE) ([]*domain, error) {
	req := request{base: "CN=Partitions," + dse.first("configurationNamingContext"), scope: ldap.ScopeWholeSubtree,
		filter: "(&(objectClass=crossRef)(systemFlags:" + bitAnd + ":=3))", names: crossRefNames}
	var domains []*domain
	_, err := conn.search(ctx, req, func(e *entry) error {
		d := &domain{name: string(e.first(1)), netbios: string(e.first(2)), parent: string(e.first(3)), src: s}
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

// connect opens the domain's first connection, to the first of its servers
// that can be reached.
func (d *domain) connect(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		return nil
	}
	servers, err := d.servers(ctx)
	if err != nil {
		return err
	}
	l, err := dialFirst(ctx, &d.src.cfg, &d.src.env, d.src.prefer(d.name, servers))
	if err != nil {
		return err
	}
	return d.use(ctx, l)
}

// prefer puts the server first that the domain was read from before: a later
// look-up must not meet a controller that is a little behind.
func (s *Source) prefer(domain string, servers []serverAddr) []serverAddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.used[domain]
	at := slices.Index(servers, last)
	if !ok || at <= 0 {
		return servers
	}
	return append([]serverAddr{last}, slices.Delete(slices.Clone(servers), at, at+1)...)
}

// use makes a connection the domain's first one.
func (d *domain) use(ctx context.Context, l *link) error {
	dse, err := l.rootDSE(ctx)
	if err == nil && d.base != "" && d.src.cfg.Type == AD && foldDN(dse.first("defaultNamingContext")) != d.key {
		err = fmt.Errorf("%s is a domain controller of %q, not of %q", l.server, dse.first("defaultNamingContext"), d.base)
	}
	if err != nil {
		l.close()
		return err
	}
	d.src.mu.Lock()
	d.src.used[d.name] = l.server
	d.src.mu.Unlock()
	d.src.env.log().Debug("connected", "source", d.src.cfg.ID, "domain", d.name, "server", l.server.String(), "name", dse.first("dnsHostName"), "usn", dse.first("highestCommittedUSN"))
	d.first, d.server, d.dse, d.idle = l, l.server, dse, []searcher{l}
	return nil
}

// session returns a connection to the domain's server that nobody else uses,
// or shares the first one where there can be no other: searches then take
// turns.
func (d *domain) session(ctx context.Context) (searcher, error) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		defer d.mu.Unlock()
		s := d.idle[n-1]
		d.idle = d.idle[:n-1]
		return s, nil
	}
	d.mu.Unlock()
	if d.server.dial == "" {
		return d.first, nil // an LDIF file
	}
	l, err := dial(ctx, &d.src.cfg, &d.src.env, d.server)
	if err != nil {
		var unreachable *ConnectError
		if errors.As(err, &unreachable) && ctx.Err() == nil {
			return d.first, nil
		}
		return nil, err
	}
	// The same name may lead to several domain controllers in turn.
	if dse, err := l.rootDSE(ctx); err != nil || dse.first("dnsHostName") != d.dse.first("dnsHostName") {
		l.close()
		return d.first, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.more = append(d.more, l)
	return l, nil
}

// release gives a session back.
func (d *domain) release(s searcher) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, s)
}

func (d *domain) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.more {
		l.close()
	}
	if d.first != nil {
		d.first.close()
	}
	d.first, d.more, d.idle = nil, nil, nil
}

func closeAll(domains []*domain) {
	for _, d := range domains {
		d.close()
	}
}

// failure says in which domain of several something went wrong.
func (d *domain) failure(err error) error {
	if err == nil || !d.src.cfg.Forest {
		return err
	}
	return fmt.Errorf("domain %s: %w", d.name, err)
}

// extendedDN is the control that makes DNs come with their GUIDs (MS-ADTS
// 3.1.1.3.4.1.5), in the text form. nil where the server does not know it.
func (d *domain) extendedDN() []ldap.Control {
	if d.src.cfg.Type != AD || !d.dse.supports(controlExtendedDN) {
		return nil
	}
	return []ldap.Control{ldap.NewControlString(controlExtendedDN, true, "\x30\x03\x02\x01\x01")}
}
