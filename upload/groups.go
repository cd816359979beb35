package upload

import (
	"cmp"
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// groupCandidate is a group of a complete source on the way into the plan.
type groupCandidate struct {
	group  *directory.Group
	source *Source
	id     string // externalId
	name   string // displayName
	held   *Resource

	add, remove []Member
}

func (d *differ) groups() {
	candidates := d.groupCandidates()
	d.settleNames(d.groupRenamings(candidates))
	for i := range candidates {
		d.placeGroup(&candidates[i])
	}
	spread(len(candidates), 16, func(from, to int) {
		for i := from; i < to; i++ {
			d.compareMembers(&candidates[i])
		}
	})
	d.inferUnmarked(candidates)
	for i := range candidates {
		if c := &candidates[i]; !d.quarantined[c.group.Anchor] {
			d.group(c)
		}
	}
	d.leavers(Group)
}

// groupCandidates are the groups of the complete sources with their names;
// those that cannot be right are quarantined.
func (d *differ) groupCandidates() []groupCandidate {
	var out []groupCandidate
	names := map[string][]*directory.Group{}
	for _, s := range d.complete {
		if !s.Groups {
			continue
		}
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Groups {
			g := &snapshot.Groups[i]
			c := groupCandidate{group: g, source: s, id: d.Mark.ExternalID(s.ID, g.Anchor), held: d.bearer(Group, s.ID, g.Anchor), name: d.nameFor(s, Group, g.Attributes)}
			var why string
			if c.held == nil {
				c.held, why = d.moved(Group, s, g.Anchor)
			}
			if q, ok := s.Blocked[g.Anchor]; ok {
				d.quarantine(q)
			}
			if why != "" {
				d.quarantineGroup(&c, "dup-id", why)
			}
			if c.name == "" {
				d.quarantineGroup(&c, "missing-group-name", "group has no name: the source of displayName is empty")
			} else {
				names[foldName(c.name)] = append(names[foldName(c.name)], g)
			}
			out = append(out, c)
		}
	}
	if !slices.Contains(d.Capabilities.Unique[Group], KeyDisplayName) {
		return out
	}
	for i := range out {
		if same := names[foldName(out[i].name)]; len(same) > 1 {
			d.quarantineGroup(&out[i], "dup-group-name", fmt.Sprintf("displayName %q is also that of %s", out[i].name, otherGroup(same, out[i].group)))
		}
	}
	return out
}

// groupRenamings are the groups whose resource has another name than they,
// where names of groups are unique.
func (d *differ) groupRenamings(all []groupCandidate) []renaming {
	var out []renaming
	if !d.renameable(Group) || !slices.Contains(d.Capabilities.Unique[Group], KeyDisplayName) {
		return nil
	}
	for i := range all {
		c := &all[i]
		if c.held == nil || d.twice[Group][c.id] || sameName(c.held.Name, c.name) {
			continue
		}
		out = append(out, renaming{Group, c.name, c.held, c.group.Anchor, func(why string) { d.quarantineGroup(c, "name-taken", why) }})
	}
	return out
}

// placeGroup finds the resource that a group has at the service, so that
// groups which keep it as a member can name it.
func (d *differ) placeGroup(c *groupCandidate) {
	g := c.group
	if d.twice[Group][c.id] {
		d.quarantineGroup(c, "dup-id", d.sharers(Group, c.id))
		return
	}
	if c.held == nil && !d.quarantined[g.Anchor] {
		if why := d.cutOff(Group, c.source.ID, g.Anchor, c.name); why != "" {
			d.quarantineGroup(c, "cut-mark", why)
			return
		}
		var why string
		if c.held, why = d.claim(Group, c.name, d.stumpOf(Group, c.source.ID, g.Anchor)); why != "" {
			d.quarantineGroup(c, "name-taken", why)
		}
	}
	if why, unseen := d.State.Unseen[g.Anchor]; unseen && c.held == nil {
		d.quarantineGroup(c, "unseen", "it may be at the service already, whose list is not proven complete: "+why)
	}
	switch {
	case c.held != nil:
		if c.held.ExternalID != c.id && d.byID(c.held.ID) == c.held { // and not a user of the same id
			d.adopters[c.held.ID] = g.Anchor
		}
		d.present.put(presence{Member{Anchor: g.Anchor, ID: c.held.ID, Name: c.name, group: true}, c.held.place})
	case !d.quarantined[g.Anchor]:
		d.present.put(presence{Member: Member{Anchor: g.Anchor, Name: c.name, group: true}})
	}
}

func otherGroup(same []*directory.Group, but *directory.Group) string {
	for _, g := range same {
		if g.Anchor != but.Anchor {
			return fmt.Sprintf("%s (%s)", g.DN, g.Anchor)
		}
	}
	return "another group"
}

func (d *differ) quarantineGroup(c *groupCandidate, rule, detail string) {
	g, name := c.group, c.name
	if name == "" {
		name = g.Login
	}
	if !d.quarantined[g.Anchor] {
		d.quarantine(Quarantine{Source: c.source.ID, Kind: Group, Name: name, DN: g.DN, Anchor: g.Anchor, Rule: rule, Detail: detail})
	}
}

// group plans what one group needs.
func (d *differ) group(c *groupCandidate) {
	s, g, r := c.source, c.group, c.held
	change := Change{Kind: Group, Name: c.name, Source: s.ID, Anchor: g.Anchor, DN: g.DN, Before: r}
	if r == nil {
		mapping, attributes := s.Mapping, g.Attributes
		change.Verb, change.Reason = Create, "new in scope"
		change.create = func(in *room) []AttributeChange { return created(mapping, Group, attributes, in) }
	} else if change.set = d.changed(s, Group, g.Attributes, r); r.ExternalID != c.id && !d.Capabilities.Unmarked[Group] {
		change.Verb, change.Reason = Adopt, d.adoption(r)
	} else if len(change.set) > 0 {
		change.Verb, change.Reason = Update, differs
	}
	if change.Verb != "" {
		d.add(change)
	}
	change = Change{Kind: Group, Name: c.name, Source: s.ID, Anchor: g.Anchor, DN: g.DN, Before: r}
	if len(c.add) > 0 {
		change.Verb, change.Members, change.Reason = AddMembers, c.add, "in the directory's group"
		d.add(change)
	}
	if len(c.remove) > 0 {
		change.Verb, change.Members, change.Reason = RemoveMembers, c.remove, "no longer in the directory's group"
		d.add(change)
	}
}

// compareMembers finds out who joins and who leaves a group. Members that are
// not ours, or whose source was not read completely, stay. Of several groups at
// once it changes nothing but them.
func (d *differ) compareMembers(c *groupCandidate) {
	g, r := c.group, c.held
	members := g.Members
	if d.Capabilities.Nested {
		members = slices.Concat(members, g.Groups)
	}
	want, have := make([]int32, 0, len(members)), d.members[r] // places
	if r == nil {
		c.add = make([]Member, 0, len(members))
	}
	next := 0
	for _, a := range members {
		switch m := d.present.after(a, &next); {
		case m == nil:
		case m.ID == "":
			c.add = append(c.add, m.Member)
		default:
			want = append(want, m.place)
		}
	}
	slices.Sort(want)
	for _, place := range without(want, have) {
		c.add = append(c.add, d.member(d.placed[place]))
	}
	// Whom a foreign SID means only a source that was not read may know.
	if r != nil && r.MembersKnown && (len(g.Foreign) == 0 || len(d.sources) == len(d.Mark.sources)) {
		for _, place := range without(have, want) {
			if m := d.placed[place]; d.removable(m.ID) && !d.mayBelong(m) {
				c.remove = append(c.remove, d.member(m))
			}
		}
	}
	byName := func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) }
	slices.SortFunc(c.add, byName)
	slices.SortFunc(c.remove, byName)
}

// without returns the elements of one sorted list that another lacks.
func without(list, other []int32) (out []int32) {
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

// member names a user or group of ours, or one to be adopted.
func (d *differ) member(r *Resource) Member {
	_, a, ok := d.Mark.Owner(r.ExternalID)
	if !ok {
		a = d.adopters[r.ID]
	}
	if m := d.present.of(a); m != nil && m.ID == r.ID {
		return m.Member
	}
	return Member{Anchor: a, ID: r.ID, Name: r.Name, group: r.Kind == Group}
}

// mayBelong reports whether a member is perhaps meant by a login that several
// users have.
func (d *differ) mayBelong(r *Resource) bool {
	_, a, _ := d.Mark.Owner(r.ExternalID)
	return d.unsure[a]
}

// removable reports whether a member may be taken out of a group of ours, or a
// manager away from a user: it is owned, or taken over in this run, its source
// was read completely, and its entry is neither in doubt for more than its name
// nor, by policy or as it may be elsewhere, kept as it is though it is gone.
func (d *differ) removable(id string) bool {
	r := d.byID(id)
	if r == nil || !d.ours(id) {
		return false
	}
	source, a, _ := d.Mark.Owner(r.ExternalID)
	if adopter, adopted := d.adopters[id]; adopted {
		a = adopter
	}
	gone := r.Kind == User && !d.holds(User, a)
	return (!d.quarantined[a] || d.nameless[a]) && !(gone && (d.Policy.UserGone == Keep || d.perhapsMoved(source, a) != ""))
}
