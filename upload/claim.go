package upload

import (
	"cmp"
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// claim finds the resource that an entry without one is to take over: the
// one of its name that nobody owns. why is not empty when the name is taken,
// so that the entry can neither have a resource nor make one.
func (d *differ) claim(k Kind, name string) (r *Resource, why string) {
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
	return false, fmt.Sprintf("%s %q at the service belongs to another entry, %s of source %s", nameOf(r.Kind), r.Name, a, source)
}

// renamedAway reports whether the owner of a resource has another name by
// now, so that its present one becomes free.
func (d *differ) renamedAway(source string, a directory.Anchor, r *Resource) bool {
	s := d.sources[source]
	if s == nil || d.quarantined[a] {
		return false
	}
	snapshot, _ := s.Reading.Snapshot()
	attributes, found := find(snapshot, r.Kind, a)
	return found && foldName(d.nameFor(s, r.Kind, attributes)) != foldName(r.Name)
}

// find returns the attributes of an entry, by kind and anchor.
func find(s *directory.Snapshot, k Kind, a directory.Anchor) (directory.Attributes, bool) {
	switch k {
	case User:
		if i, ok := slices.BinarySearchFunc(s.Users, a, func(u directory.User, a directory.Anchor) int { return cmp.Compare(u.Anchor, a) }); ok {
			return s.Users[i].Attributes, true
		}
	case Group:
		if i, ok := slices.BinarySearchFunc(s.Groups, a, func(g directory.Group, a directory.Anchor) int { return cmp.Compare(g.Anchor, a) }); ok {
			return s.Groups[i].Attributes, true
		}
	case Device:
		if i, ok := slices.BinarySearchFunc(s.Computers, a, func(c directory.Computer, a directory.Anchor) int { return cmp.Compare(c.Anchor, a) }); ok {
			return s.Computers[i].Attributes, true
		}
	}
	return directory.Attributes{}, false
}

func holds(s *directory.Snapshot, k Kind, a directory.Anchor) bool {
	_, ok := find(s, k, a)
	return ok
}
