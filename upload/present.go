package upload

import "adsync/ldapsrc/directory"

// presence is who is, or will be, at the service.
type presence struct {
	Member
	place int32 // of the resource, if the Member has an ID
}

// presences are users and groups by anchor.
type presences struct {
	list  []presence
	at    map[directory.Anchor]int32
	twice bool // an anchor was put twice; the second time counts
}

func newPresences(n int) presences {
	return presences{list: make([]presence, 0, n), at: make(map[directory.Anchor]int32, n)}
}

func (p *presences) put(who presence) {
	n := len(p.list)
	p.list = append(p.list, who)
	p.at[who.Anchor] = int32(n)
	p.twice = p.twice || len(p.at) <= n
}

// of is the presence of an anchor, nil for none.
func (p *presences) of(a directory.Anchor) *presence {
	next := len(p.list)
	return p.after(a, &next)
}

// after is of for one of several anchors: it looks first at who was put after
// the one before, for both are mostly in order.
func (p *presences) after(a directory.Anchor, next *int) *presence {
	at := *next
	if at >= len(p.list) || p.twice || p.list[at].Anchor != a {
		n, ok := p.at[a]
		if !ok {
			return nil
		}
		at = int(n)
	}
	*next = at + 1
	return &p.list[at]
}
