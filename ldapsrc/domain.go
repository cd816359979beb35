package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-ldap/ldap/v3"
)

// A domain is one naming context of a source, and the one server that it is
// read from during a run: another would be a little behind or ahead, and what
// it does not have yet would look as if it had left.
type domain struct {
	name      string // corp.example.com; the suffix where it is no DNS name
	base, key string // the naming context, as it came and folded

	src     *Source
	servers func(context.Context) ([]serverAddr, error)

	mu     sync.Mutex
	first  searcher
	server serverAddr
	dse    *rootDSE
	more   []searcher
	idle   []searcher        // the ones that nobody uses
	names  map[string]string // of attributes, as the schema publishes them; nil before it is read
	lacks  []string          // attributes that are not in it, in lower case
}

func (d *domain) setBase(base string) { d.base, d.key = base, foldDN(base) }

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
