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
	want := make([]string, 0, len(g.Members)) // ids
	var add, remove []Member
	for _, a := range g.Members {
		switch m, ok := d.present[a]; {
		case !ok:
		case m.ID == "":
			add = append(add, m)
		default:
			want = append(want, m.ID)
		}
	}
	slices.Sort(want)
	var have []string
	known := false
	if r != nil {
		have, known = r.Members, r.MembersKnown
	}
	for _, id := range without(want, have) {
		add = append(add, d.member(id))
	}
	if known {
		for _, id := range without(have, want) {
			if d.removable(id) {
				remove = append(remove, d.member(id))
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

// without returns the elements of one sorted list that another lacks.
func without(list, other []string) []string {
	var out []string
	for _, s := range list {
		for len(other) > 0 && other[0] < s {
			other = other[1:]
		}
		if len(other) == 0 || other[0] != s {
			out = append(out, s)
		}
	}
	return out
}

// member names a user of ours, or one to be adopted, by the service's id.
func (d *differ) member(id string) Member {
	r := d.byID[id]
	_, a, ok := d.Mark.Owner(r.ExternalID)
	if !ok {
		a = d.adopters[id]
	}
	if m, ok := d.present[a]; ok {
		return m
	}
	return Member{Anchor: a, ID: id, Name: r.Name}
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
