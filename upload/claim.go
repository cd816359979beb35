package upload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// claim finds the resource that an entry without one is to take over: the
// one of its name that nobody owns. why is not empty when the name is taken,
// so that the entry can neither have a resource nor make one. Where the service
// cuts marks off, stump is the resource of the entry itself.
func (d *differ) claim(k Kind, name string, stump *Resource) (r *Resource, why string) {
	folded := foldName(name)
	same := d.namesakes[k][folded]
	if len(same) == 0 {
		if only := d.byName[k][folded]; only != nil {
			same = []*Resource{only}
		}
	}
	unique := k == User || slices.Contains(d.Capabilities.Unique[k], nameOf(k))
	for _, other := range same {
		if d.claimed[string(k)+other.ID] {
			continue
		}
		free, taken := d.holder(other)
		if other != stump && d.stumps[k][other.ExternalID] != nil {
			free, taken = false, fmt.Sprintf("%s %q at the service belongs to another entry, whose externalId begins with %q", nameOf(k), name, other.ExternalID)
		}
		switch {
		case free && r != nil:
			return nil, fmt.Sprintf("%s %q is that of several resources at the service that nobody owns: %s, %s", nameOf(k), name, r.ID, other.ID)
		case free:
			r = other
		case taken != "" && unique:
			why = taken
		}
	}
	if r != nil && !d.Policy.Adopt {
		if !unique {
			return nil, ""
		}
		return nil, fmt.Sprintf("%s %q is taken at the service by %s %s, which is not ours, and target.adopt is never", nameOf(k), name, k, r.ID)
	}
	if r != nil {
		d.claimed[string(k)+r.ID] = true
		return r, ""
	}
	return nil, why
}

// holder says whose a resource is: free when nobody owns it, taken by whom
// when somebody does, and neither when its owner gives the name up in this
// very run.
func (d *differ) holder(r *Resource) (free bool, taken string) {
	if source, ok := d.Mark.Foreign(r.ExternalID); ok {
		return false, fmt.Sprintf("%s %q at the service belongs to source %q, which is not configured here", nameOf(r.Kind), r.Name, source)
	}
	source, a, ok := d.Mark.Owner(r.ExternalID)
	if !ok {
		return true, ""
	}
	if d.renamedAway(source, a, r) {
		return false, ""
	}
	return false, fmt.Sprintf("%s %q at the service belongs to another entry, %s", nameOf(r.Kind), r.Name, d.entry(source, r.Kind, a))
}

// entry names an entry, with its DN where a complete source has it.
func (d *differ) entry(source string, k Kind, a directory.Anchor) string {
	s := d.home(source, k, a)
	if s == nil {
		return fmt.Sprintf("%s of source %s", a, source)
	}
	snapshot, _ := s.Reading.Snapshot()
	_, dn, _ := find(snapshot, k, a)
	return fmt.Sprintf("%s (%s, source %s)", dn, a, s.ID)
}

// renamedAway reports whether the owner of a resource has another name by
// now, and is given it in this run, so that the present one becomes free.
func (d *differ) renamedAway(source string, a directory.Anchor, r *Resource) bool {
	s := d.home(source, r.Kind, a)
	if s == nil || d.quarantined[a] || d.twice[r.Kind][r.ExternalID] || !d.renameable(r.Kind) {
		return false
	}
	snapshot, _ := s.Reading.Snapshot()
	if r.Kind == User && !d.keepsUp(snapshot, a, r) {
		return false
	}
	attributes, _, found := find(snapshot, r.Kind, a)
	return found && !sameName(d.nameFor(s, r.Kind, attributes), r.Name)
}

// renameable reports whether the service lets the name of a kind be changed.
func (d *differ) renameable(k Kind) bool {
	t := d.trait(k, nameOf(k))
	return !t.ReadOnly && !t.WriteOnce
}

// keepsUp reports whether the attributes of an owned user are written in this
// run: not those of one who is only removed, or who is frozen.
func (d *differ) keepsUp(s *directory.Snapshot, a directory.Anchor, r *Resource) bool {
	i, found := slices.BinarySearchFunc(s.Users, a, func(u directory.User, a directory.Anchor) int { return cmp.Compare(u.Anchor, a) })
	return found && d.written(&s.Users[i], r)
}

func (d *differ) written(u *directory.User, r *Resource) bool {
	return u.Active || !d.deletes(u) && (r.Active || !d.Capabilities.FrozenInactive)
}

// A renaming is an entry whose resource is to be given another name.
type renaming struct {
	kind   Kind
	name   string
	held   *Resource
	anchor directory.Anchor
	refuse func(why string)
}

// settleNames refuses the renamings to names that stay taken. Who is refused
// keeps a name that somebody else may have counted on, so it goes round until
// nobody more is.
func (d *differ) settleNames(all []renaming) {
	for again := true; again; {
		again = false
		for _, n := range all {
			if d.quarantined[n.anchor] {
				continue
			}
			if why := d.takenName(n.kind, n.name, n.held); why != "" {
				n.refuse(why)
				d.nameless[n.anchor] = true
				again = true
			}
		}
	}
}

// takenName says who has a name and keeps it, but for the resource itself.
func (d *differ) takenName(k Kind, name string, but *Resource) string {
	folded := foldName(name)
	same := d.namesakes[k][folded]
	if only := d.byName[k][folded]; len(same) == 0 && only != nil {
		same = []*Resource{only}
	}
	for _, other := range same {
		if other == but {
			continue
		}
		free, taken := d.holder(other)
		if free {
			taken = fmt.Sprintf("%s %q is that of %s %s at the service, which nobody owns", nameOf(k), name, k, other.ID)
		}
		if taken != "" {
			return taken
		}
	}
	return ""
}

// sharers says which resources have one mark.
func (d *differ) sharers(k Kind, externalID string) string {
	var names []string
	all := d.State.Of(k)
	for i := range all {
		if r := &all[i]; r.ExternalID == externalID {
			names = append(names, fmt.Sprintf("%s (%s)", printable(r.Name), r.ID))
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("%d %ss at the service have the externalId %s: %s", len(names), k, externalID, strings.Join(names, ", "))
}

// find returns the attributes and the DN of an entry, by kind and anchor.
func find(s *directory.Snapshot, k Kind, a directory.Anchor) (attributes directory.Attributes, dn string, ok bool) {
	switch k {
	case User:
		if i, ok := slices.BinarySearchFunc(s.Users, a, func(u directory.User, a directory.Anchor) int { return cmp.Compare(u.Anchor, a) }); ok {
			return s.Users[i].Attributes, s.Users[i].DN, true
		}
	case Group:
		if i, ok := slices.BinarySearchFunc(s.Groups, a, func(g directory.Group, a directory.Anchor) int { return cmp.Compare(g.Anchor, a) }); ok {
			return s.Groups[i].Attributes, s.Groups[i].DN, true
		}
	case Device:
		if i, ok := slices.BinarySearchFunc(s.Computers, a, func(c directory.Computer, a directory.Anchor) int { return cmp.Compare(c.Anchor, a) }); ok {
			return s.Computers[i].Attributes, s.Computers[i].DN, true
		}
	}
	return directory.Attributes{}, "", false
}

func holds(s *directory.Snapshot, k Kind, a directory.Anchor) bool {
	_, _, ok := find(s, k, a)
	return ok
}
