package upload

import (
	"cmp"
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

func (d *differ) groups() {
	names := map[string][]*directory.Group{}
	for _, s := range d.complete() {
		if !s.Groups {
			continue
		}
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Groups {
			g := &snapshot.Groups[i]
			if name := foldName(d.nameFor(s, Group, g.Attributes)); name != "" {
				names[name] = append(names[name], g)
			}
		}
	}
	unique := slices.Contains(d.Capabilities.Unique[Group], KeyDisplayName)
	for _, s := range d.complete() {
		if !s.Groups {
			continue
		}
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Groups {
			g := &snapshot.Groups[i]
			name := d.nameFor(s, Group, g.Attributes)
			switch same := names[foldName(name)]; {
			case name == "":
				d.quarantineGroup(s, g, g.Login, "missing-group-name", "group has no name: the source of displayName is empty")
			case len(same) > 1 && unique:
				d.quarantineGroup(s, g, name, "dup-group-name", fmt.Sprintf("displayName %q is also that of %s", name, otherGroup(same, g)))
			default:
				d.group(s, g, name)
			}
		}
	}
	d.leavers(Group)
}

func otherGroup(same []*directory.Group, but *directory.Group) string {
	for _, g := range same {
		if g.Anchor != but.Anchor {
			return fmt.Sprintf("%s (%s)", g.DN, g.Anchor)
		}
	}
	return "another group"
}

func (d *differ) quarantineGroup(s *Source, g *directory.Group, name, rule, detail string) {
	if d.quarantined[g.Anchor] {
		return
	}
	d.quarantine(Quarantine{Source: s.ID, Kind: Group, Name: name, DN: g.DN, Anchor: g.Anchor, Rule: rule, Detail: detail})
}

// group plans what one group needs.
func (d *differ) group(s *Source, g *directory.Group, name string) {
	if q, ok := s.Blocked[g.Anchor]; ok {
		d.quarantine(q)
		return
	}
	id := d.Mark.ExternalID(s.ID, g.Anchor)
	if d.twice[Group][id] {
		d.quarantineGroup(s, g, name, "dup-id", fmt.Sprintf("two groups at the service have the externalId %s", id))
		return
	}
	r := d.owned[Group][id]
	if r == nil {
		var why string
		if r, why = d.claim(Group, name); why != "" {
			d.quarantineGroup(s, g, name, "name-taken", why)
			return
		}
	}
	change := Change{Kind: Group, Name: name, Source: s.ID, Anchor: g.Anchor, DN: g.DN, Before: r}
	switch {
	case r == nil:
		mapping, attributes := s.Mapping, g.Attributes
		change.Verb, change.Reason = Create, "new in scope"
		change.create = func() []AttributeChange { return created(mapping, Group, attributes) }
	default:
		change.set = d.changed(s, Group, g.Attributes, r)
		switch {
		case r.ExternalID != id:
			change.Verb, change.Reason = Adopt, "same displayName, not owned by anyone"
		case len(change.set) > 0:
			change.Verb = Update
		}
	}
	if change.Verb != "" {
		d.add(change)
	}
	d.members(s, g, name, r)
}

// members plans who joins and who leaves a group. Members that are not ours,
// or whose source was not read completely, stay.
func (d *differ) members(s *Source, g *directory.Group, name string, r *Resource) {
	want := make(map[string]bool, len(g.Members)) // ids
	var add, remove []Member
	have := map[string]bool{}
	if r != nil {
		for _, id := range r.Members {
			have[id] = true
		}
	}
	for _, a := range g.Members {
		m, ok := d.present[a]
		if !ok {
			continue
		}
		if m.ID != "" {
			want[m.ID] = true
		}
		if m.ID == "" || !have[m.ID] {
			add = append(add, m)
		}
	}
	if r != nil && r.MembersKnown {
		for _, id := range r.Members {
			if !want[id] && d.removable(id) {
				other := d.byID[id]
				_, a, _ := d.Mark.Owner(other.ExternalID)
				remove = append(remove, Member{Anchor: a, ID: id, Name: other.Name})
			}
		}
	}
	base := Change{Kind: Group, Name: name, Source: s.ID, Anchor: g.Anchor, DN: g.DN, Before: r}
	byName := func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }
	if len(add) > 0 {
		slices.SortFunc(add, byName)
		base.Verb, base.Members, base.Reason = AddMembers, add, "in the directory's group"
		d.add(base)
	}
	if len(remove) > 0 {
		slices.SortFunc(remove, byName)
		base.Verb, base.Members, base.Reason = RemoveMembers, remove, "no longer in the directory's group"
		d.add(base)
	}
}

// removable reports whether a member may be taken out of a group of ours: it
// is owned, its source was read completely, and its entry is not in doubt.
func (d *differ) removable(id string) bool {
	if !d.ours(id) {
		return false
	}
	_, a, _ := d.Mark.Owner(d.byID[id].ExternalID)
	return !d.quarantined[a]
}
