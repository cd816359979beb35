package upload

import (
	"cmp"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// An index is what is looked up in a state: its resources by mark, by name and
// by id.
type index struct {
	mark      *Mark
	owned     map[Kind][]owned                // in the order of their anchors
	twice     map[Kind]map[string]bool        // externalIds that two resources have
	stumps    map[Kind]map[string]*Resource   // by the beginning of a mark, where that is all there is
	byName    map[Kind]map[string]*Resource   // by folded name
	namesakes map[Kind]map[string][]*Resource // where several have one name
	unowned   map[Kind][]*Resource            // without the mark of a configured source
	counts    map[string]*Owned               // of each configured source

	// Users and groups have a place each, by which members are compared.
	places  map[string]int32      // by id
	placed  []*Resource           // by place
	members map[*Resource][]int32 // of groups, in order; without those that have no place
}

// owned is a resource that bears the mark of a configured source.
type owned struct {
	anchor   directory.Anchor
	source   string
	resource *Resource
}

// Index prepares a state for LookUp, Missing, Diff and Undo, which do so
// themselves where it was not done. To do it as soon as the state is there uses
// the time until the directory is.
func (s *State) Index(mark *Mark) {
	x := &index{
		mark:  mark,
		owned: map[Kind][]owned{}, twice: map[Kind]map[string]bool{}, stumps: map[Kind]map[string]*Resource{},
		byName: map[Kind]map[string]*Resource{}, namesakes: map[Kind]map[string][]*Resource{}, counts: map[string]*Owned{}, unowned: map[Kind][]*Resource{},
		places: make(map[string]int32, len(s.Users)), members: make(map[*Resource][]int32, len(s.Groups)),
	}
	for _, k := range kinds {
		x.take(k, s.Of(k))
	}
	x.place(s.Users)
	x.place(s.Groups)
	for i := range s.Groups {
		x.placeMembers(&s.Groups[i])
	}
	s.index = x
}

// place gives resources a place. A user and a group may share an id where the
// service counts each kind by itself; it is the user's then.
func (x *index) place(resources []Resource) {
	for i := range resources {
		r := &resources[i]
		place, taken := x.places[r.ID]
		if !taken {
			place = int32(len(x.placed))
			x.places[r.ID] = place
			x.placed = append(x.placed, r)
		}
		r.place = place
	}
}

func (x *index) placeMembers(group *Resource) {
	if len(group.Members) == 0 {
		return
	}
	places := make([]int32, 0, len(group.Members))
	next := int32(0) // members often come in the order of the list
	for _, id := range group.Members {
		place, ok := next, int(next) < len(x.placed) && x.placed[next].ID == id
		if !ok {
			place, ok = x.places[id]
		}
		if ok {
			places = append(places, place)
			next = place + 1
		}
	}
	slices.Sort(places)
	x.members[group] = slices.Compact(places)
}

// byID is a user, or a group where it can be a member; nil for none.
func (d *differ) byID(id string) *Resource {
	place, ok := d.places[id]
	if !ok || d.placed[place].Kind == Group && !d.Capabilities.Nested {
		return nil
	}
	return d.placed[place]
}

// indexed is the index for a mark.
func (s *State) indexed(mark *Mark) *index {
	if s.index == nil || s.index.mark != mark {
		s.Index(mark)
	}
	return s.index
}

// Unowned are the resources of a kind that no source of a mark owns.
func (s *State) Unowned(k Kind, mark *Mark) []*Resource { return s.indexed(mark).unowned[k] }

// Owned reports whether a resource of a kind bears the mark of an entry.
func (s *State) Owned(k Kind, mark *Mark, source string, a directory.Anchor) bool {
	return s.indexed(mark).bearer(k, source, a) != nil
}

func (x *index) take(k Kind, resources []Resource) {
	all := make([]owned, 0, len(resources))
	byName := make(map[string]*Resource, len(resources))
	x.byName[k], x.namesakes[k], x.stumps[k], x.twice[k] = byName, map[string][]*Resource{}, map[string]*Resource{}, map[string]bool{}
	for i := range resources {
		r := &resources[i]
		name := foldName(r.Name)
		if other := byName[name]; other != nil {
			if len(x.namesakes[k][name]) == 0 {
				x.namesakes[k][name] = []*Resource{other}
			}
			x.namesakes[k][name] = append(x.namesakes[k][name], r)
		}
		byName[name] = r
		if source, a, ok := x.mark.Owner(r.ExternalID); ok {
			all = append(all, owned{a, source, r})
			x.count(r, source)
			continue
		}
		x.unowned[k] = append(x.unowned[k], r)
		if x.mark.stump(r.ExternalID) {
			x.stumps[k][r.ExternalID] = r
		}
	}
	for _, same := range x.namesakes[k] {
		slices.SortFunc(same, func(a, b *Resource) int { return cmp.Compare(a.ID, b.ID) })
	}
	slices.SortFunc(all, func(a, b owned) int {
		if c := a.compare(b.anchor, b.source); c != 0 {
			return c
		}
		return cmp.Compare(a.resource.ID, b.resource.ID)
	})
	for i := 1; i < len(all); i++ {
		if all[i].compare(all[i-1].anchor, all[i-1].source) == 0 {
			x.twice[k][all[i].resource.ExternalID] = true
		}
	}
	x.owned[k] = all
}

func (o *owned) compare(a directory.Anchor, source string) int {
	if c := strings.Compare(string(o.anchor), string(a)); c != 0 {
		return c
	}
	return strings.Compare(o.source, source)
}

// count adds an owned resource to what the limits are percentages of.
func (x *index) count(r *Resource, source string) {
	of := x.counts[source]
	if of == nil {
		of = &Owned{}
		x.counts[source] = of
	}
	switch {
	case r.Kind == User && r.Active:
		of.ActiveUsers++
	case r.Kind == Device && r.Active:
		of.Devices++
	case r.Kind == Group:
		of.Groups++
		of.Memberships += len(r.Members)
	}
}

// bearer is the resource that bears the mark of an entry, nil for none.
func (x *index) bearer(k Kind, source string, a directory.Anchor) *Resource {
	if !x.mark.sourced {
		source = x.mark.only
	}
	all := x.owned[k]
	i, found := slices.BinarySearchFunc(all, a, func(o owned, a directory.Anchor) int { return o.compare(a, source) })
	if !found {
		return nil
	}
	return all[i].resource
}

// anySource reports whether a resource bears the mark of an entry in any source.
func (x *index) anySource(k Kind, a directory.Anchor) bool {
	_, found := slices.BinarySearchFunc(x.owned[k], a, func(o owned, a directory.Anchor) int { return cmp.Compare(o.anchor, a) })
	return found
}

// A cursor finds the resources of one source's entries, which it is asked for
// in the order of their anchors.
type cursor struct {
	source string
	rest   []owned
}

// from is a cursor for a source's entries from one on.
func (x *index) from(k Kind, source string, a directory.Anchor) cursor {
	all := x.owned[k]
	i, _ := slices.BinarySearchFunc(all, a, func(o owned, a directory.Anchor) int { return cmp.Compare(o.anchor, a) })
	return cursor{source, all[i:]}
}

// of is the resource that bears the mark of an entry, nil for none.
func (c *cursor) of(a directory.Anchor) *Resource {
	for ; len(c.rest) > 0 && c.rest[0].anchor <= a; c.rest = c.rest[1:] {
		if c.rest[0].anchor == a && c.rest[0].source == c.source {
			return c.rest[0].resource
		}
	}
	return nil
}

// anchors are those of a snapshot's entries of one kind, in their order.
type anchors struct {
	n, next int
	at      func(i int) directory.Anchor
}

func anchorsOf(s *directory.Snapshot, k Kind) anchors {
	switch k {
	case User:
		return anchors{n: len(s.Users), at: func(i int) directory.Anchor { return s.Users[i].Anchor }}
	case Group:
		return anchors{n: len(s.Groups), at: func(i int) directory.Anchor { return s.Groups[i].Anchor }}
	}
	return anchors{n: len(s.Computers), at: func(i int) directory.Anchor { return s.Computers[i].Anchor }}
}

// has reports whether an anchor is among them. It is asked in their order.
func (all *anchors) has(a directory.Anchor) bool {
	for ; all.next < all.n; all.next++ {
		if c := strings.Compare(string(all.at(all.next)), string(a)); c >= 0 {
			return c == 0
		}
	}
	return false
}
