package upload

import (
	"fmt"
	"iter"
	"slices"

	"adsync/ldapsrc/directory"
)

// An Image is one change with what its resource was before it: all that Undo
// needs to take it back. It is data to be stored as JSON; fields are only ever
// added. It holds values of mapped attributes and never a secret.
type Image struct {
	Verb   Verb             `json:"verb"`
	Kind   Kind             `json:"kind"`
	Name   string           `json:"name"`
	Source string           `json:"source"`
	Anchor directory.Anchor `json:"anchor"`
	// ID, ExternalID and Active are the resource's before the change; of a
	// create they are empty.
	ID         string `json:"id,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	Active     bool   `json:"active,omitempty"`
	// Attributes are those written, before and after; of a delete all that
	// are managed, before.
	Attributes []ImageAttribute `json:"attributes,omitempty"`
	Manager    *ImageManager    `json:"manager,omitempty"`
	// Members are those added or removed; of a deleted group all it had.
	Members []Member `json:"members,omitempty"`
	// Groups are those that a deleted user was in until the deletion.
	Groups []Member `json:"groups,omitempty"`
}

// An ImageAttribute is a path with the values before and after a change.
type ImageAttribute struct {
	Path string   `json:"path"`
	Old  []string `json:"old,omitempty"`
	New  []string `json:"new,omitempty"`
}

// An ImageManager is who the manager was and who was written; nil for none.
type ImageManager struct {
	Old *Member `json:"old,omitempty"`
	New *Member `json:"new,omitempty"`
}

// Images are the images of the plan's changes in a state that keep accepts.
// Before Apply they are of what would be done, after it of what was.
func (p *Plan) Images(state *State, mark *Mark, keep func(ChangeState) bool) iter.Seq[Image] {
	return func(yield func(Image) bool) {
		people := map[string]*Resource{}
		for _, k := range []Kind{Group, User} {
			resources := state.Of(k)
			for i := range resources {
				people[resources[i].ID] = &resources[i]
			}
		}
		lost := p.lostMemberships(state, mark, keep)
		for i := range p.Changes {
			c := &p.Changes[i]
			if !keep(c.State) {
				continue
			}
			m := c.image(people, mark)
			if c.Verb == Delete && c.Kind == User {
				m.Groups = lost[m.ID]
			}
			if !yield(m) {
				return
			}
		}
	}
}

func (c *Change) image(people map[string]*Resource, mark *Mark) Image {
	m := Image{Verb: c.Verb, Kind: c.Kind, Name: c.Name, Source: c.Source, Anchor: c.Anchor, Members: c.Members}
	before := c.Before
	if c.taken != nil {
		m.Verb, before = Adopt, c.taken
		if c.taken.ExternalID == mark.ExternalID(c.Source, c.Anchor) {
			m.Verb = Update
		}
	}
	if before == nil {
		return m
	}
	m.ID, m.ExternalID, m.Active = before.ID, before.ExternalID, before.Active
	who := func(id string) *Member {
		if id == "" {
			return nil
		}
		member := memberOf(id, people, mark)
		return &member
	}
	if c.Verb == Delete {
		for path, values := range before.Attributes.All() {
			m.Attributes = append(m.Attributes, ImageAttribute{Path: path, Old: values})
		}
		if before.Manager != "" {
			m.Manager = &ImageManager{Old: who(before.Manager)}
		}
		for _, id := range slices.Sorted(slices.Values(before.Members)) {
			m.Members = append(m.Members, memberOf(id, people, mark))
		}
		return m
	}
	set := c.set
	if c.taken != nil {
		set = c.create(new(room))
	}
	for _, a := range set {
		m.Attributes = append(m.Attributes, ImageAttribute{Path: a.Path, Old: before.Get(a.Path), New: a.New})
	}
	if c.manager != nil {
		m.Manager = &ImageManager{Old: who(before.Manager)}
		if c.manager.anchor != "" || c.manager.id != "" {
			m.Manager.New = &Member{Anchor: c.manager.anchor, ID: c.manager.id, Name: c.manager.name}
		}
	}
	return m
}

// memberOf names a resource by the service's id.
func memberOf(id string, people map[string]*Resource, mark *Mark) Member {
	m := Member{ID: id, Name: id}
	if r := people[id]; r != nil {
		m.Name = r.Name
		if _, a, ok := mark.Owner(r.ExternalID); ok {
			m.Anchor = a
		}
	}
	return m
}

// Check reports an image that Undo cannot read: one of an unknown verb or
// kind, or without an entry.
func (m *Image) Check() error {
	switch m.Verb {
	case Create, Adopt, Update, Reactivate, Deactivate, Release, Delete, AddMembers, RemoveMembers:
	default:
		return fmt.Errorf("unknown verb %q", m.Verb)
	}
	if !slices.Contains(kinds[:], m.Kind) {
		return fmt.Errorf("unknown kind %q", m.Kind)
	}
	if !directory.IsAnchor(string(m.Anchor)) || m.Source == "" {
		return fmt.Errorf("no source and anchor of the entry")
	}
	for _, a := range m.Attributes {
		if _, err := ParsePath(a.Path); err != nil {
			return err
		}
	}
	return nil
}
