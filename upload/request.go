package upload

import (
	"cmp"
	"fmt"
	"slices"
)

// write makes the request of a change. The manager is left for later, but
// that of a new user may go with the create.
func (a *applier) write(c *Change) (Write, error) {
	if c.whole != nil {
		return a.wholeWrite(c), nil
	}
	w := Write{Kind: c.Kind, Before: c.Before}
	switch c.Verb {
	case Create:
		w.Op, w.ExternalID = OpCreate, a.Mark.ExternalID(c.Source, c.Anchor)
		if on := !c.inactive; c.Kind != Device || !a.can.StaticDevices {
			w.Active = &on
		}
		w.Set = a.values[c]
		a.lead(&w, c.manager)
		w.Members = a.joiners(c)
	case Update, Adopt, Reactivate, Release:
		w.Op = OpUpdate
		for _, s := range c.set {
			w.Set = append(w.Set, Attribute{Path: s.Path, Values: s.New})
		}
		if c.Verb == Adopt && !a.can.Unmarked[c.Kind] {
			w.ExternalID = a.Mark.ExternalID(c.Source, c.Anchor)
		}
		if c.Verb == Release {
			if w.ExternalID = c.externalID; w.ExternalID == "" {
				w.Set = append(w.Set, Attribute{Path: KeyExternalID})
			}
		}
		if c.Verb == Reactivate || (c.Verb == Adopt && c.Kind == User && !c.Before.Active && !c.inactive) {
			on := true
			w.Active = &on
		}
	case Deactivate:
		off := false
		w.Op, w.Active = OpUpdate, &off
	case Delete:
		w.Op = OpDelete
	case AddMembers, RemoveMembers:
		return a.memberWrite(c, w)
	}
	return w, nil
}

// values are the attributes that a create writes.
func (c *Change) values() []Attribute {
	in := rooms.Get().(*room)
	defer rooms.Put(in)
	made := c.create(in)
	n := 0
	for _, s := range made {
		n += len(s.New)
	}
	out, all := make([]Attribute, len(made)), make([]string, 0, n)
	for i, s := range made {
		all = append(all, s.New...)
		out[i] = Attribute{Path: s.Path, Values: slices.Clip(all[len(all)-len(s.New):])}
	}
	return out
}

func (a *applier) memberWrite(c *Change, w Write) (Write, error) {
	w.Op = OpAddMembers
	if c.Verb == RemoveMembers {
		w.Op = OpRemoveMembers
	}
	if w.Before == nil {
		id, ok := a.groups[c.Anchor]
		if !ok {
			return w, fmt.Errorf("the group could not be created")
		}
		w.Before = &Resource{Kind: Group, ID: id, ExternalID: a.Mark.ExternalID(c.Source, c.Anchor), Name: c.Name, MembersKnown: true}
	}
	if a.notTaken[resourceKey{Group, w.Before.ID}] {
		return w, fmt.Errorf("the group could not be adopted")
	}
	for _, m := range c.Members[c.joined:] {
		if c.Verb == RemoveMembers && (a.notTaken[resourceKey{User, m.ID}] || a.can.Nested && a.notTaken[resourceKey{Group, m.ID}]) {
			continue
		}
		id := a.idOf(m)
		if id != "" {
			w.Members = append(w.Members, id)
		}
		if id != "" && m.group {
			w.Groups = append(w.Groups, id)
		}
	}
	switch {
	case len(w.Members) == 0 && c.Verb == RemoveMembers:
		return w, fmt.Errorf("none of the members could be adopted")
	case len(w.Members) == 0:
		return w, fmt.Errorf("none of the members could be created")
	}
	return w, nil
}

// idOf is the id that a member has now, "" while there is none.
func (a *applier) idOf(m Member) string { return cmp.Or(m.ID, a.ids[m.Anchor], a.groups[m.Anchor]) }
