package ldapsrc

import (
	"slices"

	"adsync/ldapsrc/directory"
)

// A graph is the groups as sets of numbers: users first, then members that are
// no users, then groups that stay groups.
type graph struct {
	users, members int32
	direct         [][]int32
	children       [][]int32
}

// graph makes the sets out of the rows. With keep, a member group that is in
// scope is an element and not a child.
func (m *memberships) graph(keep bool) graph {
	g := graph{users: int32(len(m.r.users.users)), members: int32(len(m.targets)),
		direct: make([][]int32, len(m.r.rows)), children: make([][]int32, len(m.r.rows))}
	for i, row := range m.r.rows {
		for _, id := range row.members {
			switch t := m.targets[id]; {
			case t.what == isUser:
				g.direct[i] = append(g.direct[i], t.n)
			case t.what == isGroup && keep && m.r.rows[t.n].inScope:
				g.direct[i] = append(g.direct[i], g.users+g.members+t.n)
			case t.what == isGroup:
				g.children[i] = append(g.children[i], t.n)
			default:
				g.direct[i] = append(g.direct[i], g.users+id)
			}
		}
	}
	// The primary group is in no member attribute (MS-ADTS 3.1.1.4.5.28).
	for i, sid := range m.r.users.primary {
		if row, ok := m.rowBySID[sid]; ok && sid != "" {
			g.direct[row] = append(g.direct[row], int32(i))
		}
	}
	return g
}

// apply computes all nested memberships, then the scope by member_of, then the
// groups as they are sent.
func (m *memberships) apply() {
	r := m.r
	flat := m.graph(false)
	all := closures(flat.direct, flat.children)
	if len(r.src.cfg.Users.MemberOf) > 0 {
		r.inScope = make([]bool, len(r.users.users))
		for _, root := range m.roots {
			for _, n := range all[root] {
				if n < flat.users {
					r.inScope[n] = true
				}
			}
		}
		m.shareScope(all, flat)
	}
	if !r.src.cfg.Groups.Sync {
		return
	}
	g := flat
	if r.src.cfg.Groups.Nested == Keep {
		g = m.graph(true)
		all = closures(g.direct, g.children)
	}
	for i, row := range r.rows {
		if row.inScope {
			m.fill(&row.Group, int32(i), all[i], g)
			r.groupList = append(r.groupList, row.Group)
		}
	}
}

// shareScope keeps users in the snapshot who may be meant by a login that they
// share, so that nobody is missed; nobody is sent for it either.
func (m *memberships) shareScope(all [][]int32, flat graph) {
	r := m.r
	for _, root := range m.roots {
		for _, n := range all[root] {
			if n < flat.users || n >= flat.users+flat.members || m.targets[n-flat.users].what != isShared {
				continue
			}
			for _, i := range m.sharers[r.members.list[n-flat.users].text] {
				if !r.inScope[i] {
					r.inScope[i], r.users.users[i].ScopeInDoubt = true, true
				}
			}
		}
	}
}

// fill writes the members of one group.
func (m *memberships) fill(group *directory.Group, self int32, set []int32, g graph) {
	r := m.r
	count := 0
	for _, n := range set {
		if n < g.users && (r.inScope == nil || r.inScope[n]) {
			count++
		}
	}
	group.Members = make([]directory.Anchor, 0, count)
	for _, n := range set {
		switch {
		case n < g.users && (r.inScope == nil || r.inScope[n]):
			group.Members = append(group.Members, r.users.users[n].Anchor)
		case n < g.users:
			group.Outside++
		case n < g.users+g.members:
			if id := n - g.users; m.targets[id].what == isForeign {
				group.Foreign = append(group.Foreign, r.members.list[id].text)
			} else {
				group.Outside++
			}
		case n != g.users+g.members+self:
			group.Groups = append(group.Groups, r.rows[n-g.users-g.members].Anchor)
		}
	}
	slices.Sort(group.Members)
	slices.Sort(group.Groups)
	slices.Sort(group.Foreign)
}
