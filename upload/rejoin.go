package upload

import (
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// lostMemberships are the groups of ours that lose a member because it is
// deleted, by the member's id. What the plan takes out of groups by itself, and
// groups that are deleted too, have images of their own.
func (p *Plan) lostMemberships(state *State, mark *Mark, keep func(ChangeState) bool) map[string][]Member {
	type membership struct{ group, member string }
	deleted, gone, out := map[string]bool{}, map[string]bool{}, map[membership]bool{}
	for i := range p.Changes {
		switch c := &p.Changes[i]; {
		case !keep(c.State):
		case c.Verb == Delete && c.Kind == User:
			deleted[c.Before.ID] = true
		case c.Verb == Delete && c.Kind == Group:
			gone[c.Before.ID] = true
		case c.Verb == RemoveMembers:
			for _, m := range c.Members {
				out[membership{c.Before.ID, m.ID}] = true
			}
		}
	}
	lost := map[string][]Member{}
	if len(deleted) == 0 {
		return lost
	}
	for i := range state.Groups {
		g := &state.Groups[i]
		_, a, ours := mark.Owner(g.ExternalID)
		if !ours || gone[g.ID] {
			continue
		}
		for _, id := range g.Members {
			if deleted[id] && !out[membership{g.ID, id}] {
				lost[id] = append(lost[id], Member{Anchor: a, ID: g.ID, Name: g.Name})
			}
		}
	}
	return lost
}

// rejoin plans that a user who comes back is in the groups again that lost him
// with his deletion.
func (u *undoer) rejoin(m *Image) {
	for _, g := range m.Groups {
		r, source := u.group(g.Anchor)
		if r == nil {
			u.warn(m, fmt.Sprintf("was in group %s, which is no longer at the service", printable(g.Name)))
			continue
		}
		member := Member{Anchor: m.Anchor, Name: m.Name}
		same := func(c Change) bool { return c.Verb == AddMembers && c.Before != nil && c.Before.ID == r.ID }
		if i := slices.IndexFunc(u.plan.Changes, same); i >= 0 {
			c := u.plan.Changes[i]
			c.Members = append(slices.Clone(c.Members), member)
			u.plan.Changes = slices.Delete(u.plan.Changes, i, i+1)
			u.addMembers(c) // two requests about one group are never under way together
			continue
		}
		u.addMembers(Change{Verb: AddMembers, Kind: Group, Name: r.Name, Source: source, Anchor: g.Anchor, Before: r, Members: []Member{member}, Reason: "undo of " + string(m.Verb)})
	}
}

// group finds a group of ours by its anchor, and whose it is.
func (u *undoer) group(a directory.Anchor) (r *Resource, source string) {
	for _, source := range u.Mark.ids {
		if r := u.bearer(Group, source, a); r != nil {
			return r, source
		}
	}
	return nil, ""
}
