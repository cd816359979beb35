package ldapsrc

import (
	"context"
	"strings"
)

// Count is how many users a scope has, counted exactly as Read does. A scope
// without users is no error, one that is not read to its end is.
func (s *Source) Count(ctx context.Context, scope UserScope) (int, error) {
	counting, err := s.counting(scope)
	if err != nil {
		return 0, err
	}
	snapshot, err := counting.read(ctx, Want{})
	if err != nil {
		return 0, err
	}
	return len(snapshot.Users), nil
}

// counting is the source with a scope of its own, for which nothing is
// expected and nobody is no error.
func (s *Source) counting(scope UserScope) (*Source, error) {
	cfg := s.cfg
	cfg.Users, cfg.AllowEmpty, cfg.Expect = scope, true, Expect{}
	cfg.Groups, cfg.Computers = GroupScope{}, ComputerScope{}
	return New(cfg, s.env)
}

// A Tally is how many users one domain has, and where in its tree they are.
type Tally struct {
	Domain Node
	Err    error // why it could not be read completely; then there are no numbers
	Users  int
	below  map[string]int // by the folded DN of a place
}

// Tallies are those of a source's domains.
type Tallies []Tally

// Tally counts the users of each domain in one reading of it, exactly as Read
// does. Base and MemberOf of the scope do not count.
func (s *Source) Tally(ctx context.Context, scope UserScope) (Tallies, error) {
	scope.Base, scope.MemberOf = nil, nil
	counting, err := s.counting(scope)
	if err != nil {
		return nil, err
	}
	domains, err := counting.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	var all Tallies
	for _, d := range domains {
		all = append(all, counting.tally(ctx, d))
	}
	return all, nil
}

func (s *Source) tally(ctx context.Context, d *domain) Tally {
	t := Tally{Domain: d.node()}
	r := s.reading([]*domain{d}, Want{})
	if t.Err = r.entries(ctx); t.Err != nil {
		return t
	}
	snapshot, err := r.join(ctx)
	if err != nil {
		t.Err = d.failure(err)
		return t
	}
	t.Users = len(snapshot.Users)
	parents := map[string]int{}
	for i := range snapshot.Users {
		_, parent := splitRDN(snapshot.Users[i].DN)
		parents[parent]++
	}
	t.below = map[string]int{}
	for parent, n := range parents {
		for at := foldDN(parent); isBelow(at, d.key); {
			t.below[at] += n
			var more bool
			if _, at, more = strings.Cut(at, ","); !more {
				break
			}
		}
	}
	return t
}

// Below is how many users are below a place: as many as it would have as the
// only base. Where its domain was not counted it is not known.
func (all Tallies) Below(dn string) (n int, known bool) {
	folded, longest := foldDN(dn), -1
	var owner *Tally
	for i := range all {
		if key := foldDN(all[i].Domain.DN); isBelow(folded, key) && len(key) > longest {
			owner, longest = &all[i], len(key)
		}
	}
	if owner == nil || owner.Err != nil {
		return 0, false
	}
	return owner.below[folded], true
}

// GroupSizes are how many users groups have, by the folded DN.
type GroupSizes map[string]int

// GroupSizes counts the users of a scope in every group of the source, the
// members of member groups among them: as many as the group would leave as the
// only one of MemberOf.
func (s *Source) GroupSizes(ctx context.Context, scope UserScope) (GroupSizes, error) {
	scope.MemberOf = nil
	counting, err := s.counting(scope)
	if err != nil {
		return nil, err
	}
	counting.cfg.Groups = GroupScope{Sync: true}
	domains, err := counting.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	r := counting.reading(domains, Want{})
	if err := r.entries(ctx); err != nil {
		return nil, err
	}
	for _, row := range r.rows {
		row.inScope = true // built-in groups too: their members can be chosen
	}
	snapshot, err := r.join(ctx)
	if err != nil {
		return nil, err
	}
	sizes := GroupSizes{}
	for i := range snapshot.Groups {
		sizes[foldDN(snapshot.Groups[i].DN)] = len(snapshot.Groups[i].Members)
	}
	return sizes, nil
}

// Of is how many users a group has, if that is known.
func (sizes GroupSizes) Of(dn string) (n int, known bool) {
	n, known = sizes[foldDN(dn)]
	return n, known
}
