package ldapsrc

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A Probe is what can be said of a source without reading it.
type Probe struct {
	Kind       string // "Active Directory", "OpenLDAP", ...
	Server     string // the URL that answered
	Name       string // the name that the server gives itself
	BoundAs    string
	Encryption string // "TLS 1.3", ..., "none"
	Issuer     string // of the server's certificate
	Expires    time.Time
	ClockSkew  time.Duration // how far the server is ahead; zero when it does not say
	Domains    []ProbedDomain
	Trusts     []Trust
}

// A ProbedDomain is one domain of a forest, or the one of a source.
type ProbedDomain struct {
	Name, Base  string
	Controllers []string // URLs, in the order in which they would be tried
	Server      string   // the one that answered
	Err         error    // why none did
}

// A Trust is a domain outside the source that one of its domains trusts or is
// trusted by (MS-ADTS 6.1.6.7). It is shown, never followed.
type Trust struct {
	Domain       string // the domain of ours
	Partner      string
	Direction    string // "inbound", "outbound", "both ways"
	Forest       bool   // between two forests
	WithinForest bool
}

// Probe connects to every domain of the source. What cannot be reached is in
// its ProbedDomain.Err; the error is for a source of which nothing answers.
func (s *Source) Probe(ctx context.Context) (Probe, error) {
	var p Probe
	domains, err := s.open(ctx)
	if err != nil {
		return p, err
	}
	defer closeAll(domains)
	first := domains[0]
	p.Kind, p.Server = "LDIF file", first.name
	if l, ok := first.first.(*link); ok {
		p.describe(l.peer(), s.env.now())
	}
	p.Domains = make([]ProbedDomain, len(domains))
	trusts := make([][]Trust, len(domains))
	var wg sync.WaitGroup
	for i, d := range domains {
		wg.Go(func() { p.Domains[i], trusts[i] = d.probe(ctx) })
	}
	wg.Wait()
	p.Trusts = slices.Concat(trusts...)
	return p, nil
}

func (p *Probe) describe(other peer, now time.Time) {
	p.Kind, p.Server, p.Name, p.BoundAs, p.Encryption = other.Kind, other.Server, other.Name, other.As, other.Encryption
	if len(other.Certificates) > 0 {
		p.Issuer, p.Expires = other.Certificates[0].Issuer.String(), other.Certificates[0].NotAfter
	}
	if !other.Clock.IsZero() {
		// The server's clock has whole seconds.
		p.ClockSkew = other.Clock.Sub(now).Round(time.Second)
	}
}

func (d *domain) probe(ctx context.Context) (ProbedDomain, []Trust) {
	result := ProbedDomain{Name: d.name, Base: d.base}
	if d.servers == nil {
		result.Server = d.name
		return result, nil
	}
	servers, err := d.servers(ctx)
	if err != nil {
		result.Err = err
		return result, nil
	}
	for _, server := range servers {
		result.Controllers = append(result.Controllers, server.String())
	}
	if result.Err = d.connect(ctx); result.Err != nil {
		return result, nil
	}
	result.Server = d.server.String()
	if d.src.cfg.Type != AD {
		return result, nil
	}
	trusts, err := d.trusts(ctx)
	result.Err = err
	return result, trusts
}

var trustNames = directory.NewNames("trustPartner", "trustDirection", "trustAttributes")

// Bits of trustAttributes (MS-ADTS 6.1.6.7.9).
const (
	trustForest = 0x8
	trustWithin = 0x20
)

func (d *domain) trusts(ctx context.Context) ([]Trust, error) {
	var list []Trust
	req := request{base: "CN=System," + d.base, scope: ldap.ScopeSingleLevel, filter: "(objectClass=trustedDomain)", names: trustNames}
	_, err := d.first.search(ctx, req, func(e *entry) error {
		direction, _ := strconv.Atoi(string(e.first(1)))
		attributes, _ := strconv.Atoi(string(e.first(2)))
		names := [...]string{"disabled", "inbound", "outbound", "both ways"}
		list = append(list, Trust{Domain: d.name, Partner: string(e.first(0)), Direction: names[direction&3],
			Forest: attributes&trustForest != 0, WithinForest: attributes&trustWithin != 0})
		return nil
	})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, nil // not readable, or no such container
	}
	slices.SortFunc(list, func(a, b Trust) int { return strings.Compare(a.Partner, b.Partner) })
	return list, err
}
