package upload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// Undo plans what takes the changes of a run back: the plan whose images
// these are, seen from the service as it is now. It is a plan like any other
// and passes the same limits. A value that somebody else has changed since is
// not overwritten; the plan's warnings name it. What never took effect, or was
// taken back already, needs no change, so that the images of a run that was
// killed can be undone too.
//
// Of the policy it takes UserGone and GroupGone, for what the run created.
func Undo(in Input, images []Image) *Plan {
	in.Sources = nil // what the directory holds does not matter
	d := &differ{Input: in, plan: &Plan{}, traits: map[traitKey]Trait{}}
	d.prepare()
	u := &undoer{differ: d, byAnchor: map[imageKey]*Image{}, going: map[string]bool{}}
	u.countOwned(func(string) bool { return true })
	u.note(images)
	for i := range images {
		u.take(&images[i])
	}
	for i := range images {
		if m := &images[i]; m.Verb == Delete && m.Kind == User && u.comesAnew(m) {
			u.rejoin(m)
		}
	}
	d.holdUnproven()
	d.plan.sort()
	return d.plan
}

// undoer holds what one Undo needs beside the state.
type undoer struct {
	*differ
	byID     [3]map[string]*Resource // by kind, as kinds has them
	byAnchor map[imageKey]*Image     // deleted resources, which come back
	going    map[string]bool         // externalIds of groups that go again
}

type imageKey struct {
	kind   Kind
	anchor directory.Anchor
}

var kinds = [3]Kind{User, Group, Device}

// note notes who is there, who comes back and which groups go.
func (u *undoer) note(images []Image) {
	for i, k := range kinds {
		resources := u.State.Of(k)
		u.byID[i] = make(map[string]*Resource, len(resources))
		for j := range resources {
			u.byID[i][resources[j].ID] = &resources[j]
		}
	}
	for i := range images {
		switch m := &images[i]; {
		case m.Verb == Delete && u.resource(m) == nil:
			u.byAnchor[imageKey{m.Kind, m.Anchor}] = m
		case m.Verb == Create && m.Kind == Group && u.Policy.GroupGone == Remove:
			u.going[u.mark(m)] = true
		}
	}
}

func (u *undoer) mark(m *Image) string { return u.Mark.ExternalID(m.Source, m.Anchor) }

// resource finds what an image is of, as it is now: by our mark, else by the
// service's id, where it is still the same entry's or nobody's.
func (u *undoer) resource(m *Image) *Resource {
	if r := u.bearer(m.Kind, m.Source, m.Anchor); r != nil {
		return r
	}
	if r := u.byID[slices.Index(kinds[:], m.Kind)][m.ID]; r != nil && r.ExternalID == m.ExternalID {
		return r
	}
	return nil
}

// take plans the reverse of one change.
func (u *undoer) take(m *Image) {
	r := u.resource(m)
	switch {
	case m.Verb == Delete:
		if r == nil {
			u.bringBack(m)
		}
	case r == nil && m.Verb == Create:
		// It never came to be, or is gone again.
	case r == nil:
		if !u.comesAnew(m) {
			u.warn(m, "is no longer at the service")
		}
	case m.Verb == Create:
		u.removeAgain(m, r)
	case m.Verb == Deactivate:
		if !r.Active {
			u.add(u.change(m, r, Reactivate))
		}
	case m.Verb == AddMembers:
		u.takeOut(m, r)
	case m.Verb == RemoveMembers:
		u.putBack(m, r, u.change(m, r, AddMembers))
	default:
		u.restore(m, r)
	}
}

// comesAnew reports whether another image brings the resource back whole.
func (u *undoer) comesAnew(m *Image) bool { return u.byAnchor[imageKey{m.Kind, m.Anchor}] != nil }

func (u *undoer) warn(m *Image, what string) {
	u.plan.Warnings = append(u.plan.Warnings, fmt.Sprintf("%s %s %s: it stays as it is", m.Kind, printable(m.Name), what))
}

func (u *undoer) change(m *Image, r *Resource, verb Verb) Change {
	c := Change{Verb: verb, Kind: m.Kind, Name: m.Name, Source: m.Source, Anchor: m.Anchor, Before: r, Reason: "undo of " + string(m.Verb)}
	if r != nil {
		c.Name = r.Name
	}
	return c
}

// removeAgain takes back a create, as the policy has it for those who leave.
func (u *undoer) removeAgain(m *Image, r *Resource) {
	kept := u.kept[m.Kind]
	verb, ok := u.leaving(m.Kind, r)
	switch {
	case ok:
		u.add(u.change(m, r, verb))
	case u.kept[m.Kind] > kept:
		u.kept[m.Kind] = kept
		u.warn(m, fmt.Sprintf("was created, and the service cannot deactivate %ss", m.Kind))
	case r.Active && m.Kind == Device && u.deactivates(Device):
		u.add(u.change(m, r, Deactivate))
	case m.Kind != User || r.Active:
		u.warn(m, "was created, and the policy keeps what is gone")
	}
}

// restore gives an updated, adopted or reactivated resource its values back.
func (u *undoer) restore(m *Image, r *Resource) {
	c := u.change(m, r, Update)
	for _, a := range m.Attributes {
		now := r.Get(a.Path)
		switch t := u.trait(m.Kind, a.Path); {
		case t.same(a.Old, now):
		case t.same(a.New, now):
			c.set = append(c.set, AttributeChange{Path: a.Path, Old: now, New: a.Old})
			if a.Path == nameOf(m.Kind) {
				c.Name = first(a.Old)
			}
		default:
			u.warn(m, fmt.Sprintf("has %s %q, which somebody else has written since", ShortPath(a.Path), strings.Join(now, ", ")))
		}
	}
	c.manager = u.managerBack(m, r)
	if m.Verb == Adopt && r.ExternalID == u.mark(m) {
		c.Verb, c.externalID = Release, m.ExternalID
	}
	if c.Verb == Release || len(c.set) > 0 || c.manager != nil {
		u.add(c)
	}
	if r.Active && (m.Verb == Reactivate || m.Verb == Adopt && !m.Active) {
		u.add(u.change(m, r, Deactivate))
	}
}

// managerBack is the manager of before, where the one that was written is
// still there.
func (u *undoer) managerBack(m *Image, r *Resource) *managerChange {
	if m.Manager == nil {
		return nil
	}
	before, _ := u.person(m.Manager.Old)
	written, _ := u.person(m.Manager.New)
	switch {
	case r.Manager != written.ID:
		if r.Manager != before.ID {
			u.warn(m, fmt.Sprintf("has the manager %s, whom somebody else has written since", u.nameOfID(r.Manager)))
		}
		return nil
	case before.ID == "" && before.Anchor == "" && m.Manager.Old != nil:
		u.warn(m, fmt.Sprintf("had the manager %s, who is no longer at the service", m.Manager.Old.Name))
		return nil
	case r.Manager == before.ID && (before.ID != "" || before.Anchor == ""):
		return nil
	}
	return &managerChange{anchor: before.Anchor, id: before.ID, name: before.Name, old: u.nameOfID(r.Manager)}
}

// person is who a reference of an image means now: by anchor, for a resource
// may have come back under another id. ok is false when nobody is there, nor
// comes back.
func (u *undoer) person(m *Member) (now Member, ok bool) {
	if m == nil {
		return Member{}, false
	}
	for _, k := range []Kind{User, Group} {
		if m.Anchor == "" {
			break
		}
		for _, source := range u.Mark.ids {
			if r := u.bearer(k, source, m.Anchor); r != nil {
				return Member{Anchor: m.Anchor, ID: r.ID, Name: r.Name}, true
			}
		}
		if u.byAnchor[imageKey{k, m.Anchor}] != nil {
			return Member{Anchor: m.Anchor, Name: m.Name}, true
		}
	}
	if r := u.differ.byID(m.ID); r != nil {
		return Member{ID: r.ID, Name: r.Name}, true
	}
	return Member{}, false
}

// takeOut removes the members that were added and are still there.
func (u *undoer) takeOut(m *Image, r *Resource) {
	if u.going[u.mark(m)] {
		return
	}
	if !r.MembersKnown {
		u.warn(m, "does not show its members")
		return
	}
	c := u.change(m, r, RemoveMembers)
	for _, member := range m.Members {
		if now, ok := u.person(&member); ok && slices.Contains(r.Members, now.ID) {
			c.Members = append(c.Members, now)
		}
	}
	u.addMembers(c)
}

// addMembers plans a change of members, sorted as in any plan, if there are
// any.
func (u *undoer) addMembers(c Change) {
	slices.SortFunc(c.Members, func(a, b Member) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	if len(c.Members) > 0 {
		u.add(c)
	}
}

// putBack adds the members that were there before and are not now.
func (u *undoer) putBack(m *Image, r *Resource, c Change) {
	for _, member := range m.Members {
		now, ok := u.person(&member)
		switch {
		case !ok:
			u.warn(m, fmt.Sprintf("had the member %s, who is no longer at the service", printable(member.Name)))
		case r == nil || now.ID == "" || !slices.Contains(r.Members, now.ID):
			c.Members = append(c.Members, now)
		}
	}
	u.addMembers(c)
}

// bringBack creates a deleted resource with the attributes that it had as
// far as the mapping manages them.
func (u *undoer) bringBack(m *Image) {
	c := u.change(m, nil, Create)
	attributes := make([]AttributeChange, 0, len(m.Attributes))
	for _, a := range m.Attributes {
		if t := u.trait(m.Kind, a.Path); !t.ReadOnly && len(a.Old) > 0 {
			attributes = append(attributes, AttributeChange{Path: a.Path, New: a.Old})
		}
	}
	c.create = func(*room) []AttributeChange { return attributes }
	c.inactive = !m.Active
	if m.Manager != nil {
		if manager, ok := u.person(m.Manager.Old); ok {
			c.manager = &managerChange{anchor: manager.Anchor, id: manager.ID, name: manager.Name}
		}
	}
	u.add(c)
	if m.Kind == Group && len(m.Members) > 0 {
		u.putBack(m, nil, u.change(m, nil, AddMembers))
	}
}
