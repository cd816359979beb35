package scimtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// resource is one stored user, group or device. Its attributes are kept encoded, so that a hundred thousand of
// them are cheap to hold and a page of them is mostly copied; id, meta, members and groups are kept apart.
type resource struct {
	kind     *resourceType
	id       string
	seq      int64
	raw      []byte // the attributes as a compact JSON object
	urns     []string
	keys     indexKeys
	active   bool
	deleted  bool // soft-deleted: not listed, but its userName is taken
	created  time.Time
	modified time.Time
	version  int64
	members  map[string]member
}

// indexKeys are the values a resource is found by without a scan.
type indexKeys struct{ userName, displayName, externalID string }

// member is one value of a group's members, by the member's id.
type member struct {
	seq   int64
	count int // more than one only where a service lists a member twice
}

// attributes decodes the stored attributes into maps of the caller's own.
func (r *resource) attributes() map[string]any {
	var m map[string]any
	if json.Unmarshal(r.raw, &m) != nil {
		return map[string]any{}
	}
	return m
}

// set replaces the stored attributes and what is derived from them.
func (r *resource) set(doc map[string]any) error {
	raw, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s: %w", r.kind.name, err)
	}
	r.raw = raw
	r.keys = keysOf(doc)
	r.active = doc["active"] != false
	r.urns = []string{r.kind.schema.ID}
	for _, e := range r.kind.extensions {
		if _, ok := doc[e.ID]; ok {
			r.urns = append(r.urns, e.ID)
		}
	}
	return nil
}

func keysOf(doc map[string]any) indexKeys {
	text := func(name string) string { s, _ := doc[name].(string); return s }
	return indexKeys{text("userName"), text("displayName"), text("externalId")}
}

// index finds resources by a key that need not be unique.
type index map[string][]*resource

func (x index) add(key string, r *resource) {
	if key != "" {
		x[key] = append(x[key], r)
	}
}

func (x index) remove(key string, r *resource) {
	rest := slices.DeleteFunc(x[key], func(o *resource) bool { return o == r })
	if len(rest) == 0 {
		delete(x, key)
		return
	}
	x[key] = rest
}

// table holds all resources of one kind.
type table struct {
	rows       []*resource // what a list shows, oldest first
	userName   index       // by lower-case value
	display    index       // by lower-case value
	externalID index
}

// store is the content of the service. The server's lock guards it.
type store struct {
	tables  map[*resourceType]*table
	byID    map[string]*resource
	groups  map[string][]*resource // groups by the id of a member
	lastSeq int64
	newID   func() string
}

func newStore(types []*resourceType, newID func() string) *store {
	s := &store{tables: map[*resourceType]*table{}, byID: map[string]*resource{}, groups: map[string][]*resource{}, newID: newID}
	for _, t := range types {
		s.tables[t] = &table{userName: index{}, display: index{}, externalID: index{}}
	}
	return s
}

func (s *store) next() int64 { s.lastSeq++; return s.lastSeq }

// insert gives a resource its id (unless it has one) and its place.
func (s *store) insert(r *resource, now time.Time) {
	if r.id == "" {
		r.id = s.newID()
	}
	r.seq, r.version, r.created, r.modified = s.next(), 1, now, now
	s.byID[r.id] = r
	s.index(r)
	s.show(r)
}

// update replaces a resource's attributes.
func (s *store) update(r *resource, doc map[string]any, now time.Time) error {
	changed := *r
	if err := changed.set(doc); err != nil {
		return err
	}
	s.unindex(r)
	r.raw, r.urns, r.keys, r.active = changed.raw, changed.urns, changed.keys, changed.active
	s.index(r)
	s.touch(r, now)
	return nil
}

func (s *store) touch(r *resource, now time.Time) { r.version, r.modified = r.version+1, now }

// remove takes a resource out, with its memberships.
func (s *store) remove(r *resource) {
	for id := range r.members {
		s.unlink(r, id)
	}
	for _, g := range slices.Clone(s.groups[r.id]) {
		s.unlink(g, r.id)
	}
	s.unindex(r)
	s.hide(r)
	delete(s.byID, r.id)
}

func (s *store) index(r *resource) {
	t := s.tables[r.kind]
	t.userName.add(strings.ToLower(r.keys.userName), r)
	t.display.add(strings.ToLower(r.keys.displayName), r)
	t.externalID.add(r.keys.externalID, r)
}

func (s *store) unindex(r *resource) {
	t := s.tables[r.kind]
	t.userName.remove(strings.ToLower(r.keys.userName), r)
	t.display.remove(strings.ToLower(r.keys.displayName), r)
	t.externalID.remove(r.keys.externalID, r)
}

// show lists a resource at its place by age; hide takes it off the list.
func (s *store) show(r *resource) {
	t := s.tables[r.kind]
	if i, found := t.find(r.seq); !found {
		t.rows = slices.Insert(t.rows, i, r)
	}
}

func (s *store) hide(r *resource) {
	t := s.tables[r.kind]
	if i, found := t.find(r.seq); found {
		t.rows = slices.Delete(t.rows, i, i+1)
	}
}

// find returns where a sequence number is, or would be.
func (t *table) find(seq int64) (int, bool) {
	i := sort.Search(len(t.rows), func(i int) bool { return t.rows[i].seq >= seq })
	return i, i < len(t.rows) && t.rows[i].seq == seq
}

// link makes id a member of group; it says whether that changed anything.
func (s *store) link(group *resource, id string, duplicate bool) bool {
	m, present := group.members[id]
	if present && !duplicate {
		return false
	}
	if group.members == nil {
		group.members = map[string]member{}
	}
	if !present {
		m.seq = s.next()
		s.groups[id] = append(s.groups[id], group)
	}
	m.count++
	group.members[id] = m
	return true
}

// unlink ends a membership; it says whether there was one.
func (s *store) unlink(group *resource, id string) bool {
	if _, present := group.members[id]; !present {
		return false
	}
	delete(group.members, id)
	rest := slices.DeleteFunc(s.groups[id], func(g *resource) bool { return g == group })
	if s.groups[id] = rest; len(rest) == 0 {
		delete(s.groups, id)
	}
	return true
}

// memberIDs lists a group's members in the order they joined.
func (r *resource) memberIDs() []string {
	type joined struct {
		seq int64
		id  string
	}
	members := make([]joined, 0, len(r.members))
	for id, m := range r.members {
		members = append(members, joined{m.seq, id})
	}
	slices.SortFunc(members, func(a, b joined) int { return cmp.Compare(a.seq, b.seq) })
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.id
	}
	return ids
}
