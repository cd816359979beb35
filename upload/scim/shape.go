package scim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A shape is which parts of a resource are wanted, compiled from the mapped
// paths, so that decoding looks up each name once.
type shape struct {
	kind    upload.Kind
	paths   *directory.Names // by slot
	top     level
	manager bool
	members bool
	idle    sync.Pool // decoders for one resource at a time

	enterprise *field      // nil when nothing of the extension is wanted
	strayed    atomic.Bool // some of it was seen in another place
}

// A level is the wanted attributes of one schema, by lower-case name.
type level struct {
	fields map[string]*field
}

// A field is one wanted attribute.
type field struct {
	role    role
	slot    int // of the attribute's own value; -1 when not wanted
	subs    []string
	selects []selection
	nested  *level      // of an extension, or of meta
	untyped atomic.Bool // elements were seen that none of the selections can tell apart
	typed   atomic.Bool // and elements that they can
}

// A selection is one wanted sub-attribute: of every element, or of those
// whose By is Is.
type selection struct {
	by   int // index into subs; -1 for none
	is   string
	sub  int // index into subs
	slot int
}

// role is what a field is for besides being mapped.
type role byte

const (
	roleNone role = iota
	roleID
	roleExternalID
	roleName
	roleActive
	roleMeta
	roleVersion
	roleMembers
	roleManager
	roleExtension
)

// newShape compiles the mapped paths of a kind. Paths that cannot be read
// are left out: the configuration has been checked before.
func newShape(kind upload.Kind, paths []string, members bool) *shape {
	s := &shape{kind: kind, members: members, top: level{fields: map[string]*field{}}}
	s.top.field("id").role = roleID
	s.top.field("externalId").role = roleExternalID
	s.top.field("active").role = roleActive
	if kind == upload.User {
		s.top.field("userName").role = roleName
	} else {
		s.top.field("displayName").role = roleName
	}
	meta := s.top.field("meta")
	meta.role, meta.nested = roleMeta, &level{fields: map[string]*field{}}
	meta.nested.field("version").role = roleVersion
	if members {
		s.top.field("members").role = roleMembers
	}
	var slots []string
	for _, text := range paths {
		p, err := upload.ParsePath(text)
		switch {
		case err != nil:
		case p.String() == upload.PathManager:
			s.manager = true
			s.extension(p.URN).field(p.Attr).role = roleManager
		default:
			slots = append(slots, p.String())
		}
	}
	s.paths = directory.NewNames(slots...)
	for slot, text := range s.paths.List() {
		if p, err := upload.ParsePath(text); err == nil {
			s.add(p, slot)
		}
	}
	s.enterprise = s.top.fields[strings.ToLower(upload.SchemaEnterprise)]
	return s
}

func (s *shape) add(p upload.Path, slot int) {
	at := &s.top
	if p.URN != "" {
		at = s.extension(p.URN)
	}
	f := at.field(p.Attr)
	if p.Sub == "" {
		f.slot = slot
		f.subIndex("value")
		return
	}
	if p.By != "" {
		f.subIndex("primary")
	}
	f.selects = append(f.selects, selection{by: f.subIndex(p.By), is: p.Is, sub: f.subIndex(p.Sub), slot: slot})
}

// noteUntyped notes that elements have nothing by which they are selected.
func (f *field) noteUntyped() {
	if !f.untyped.Load() && slices.ContainsFunc(f.selects, func(s selection) bool { return s.by >= 0 }) {
		f.untyped.Store(true)
	}
}

// untyped reports whether elements of a path's attribute were seen without what
// the path selects them by.
func (s *shape) untyped(path string) bool {
	p, err := upload.ParsePath(path)
	if err != nil || p.By == "" {
		return false
	}
	at := &s.top
	if p.URN != "" {
		extension := s.top.fields[strings.ToLower(p.URN)]
		if extension == nil || extension.nested == nil {
			return false
		}
		at = extension.nested
	}
	f := at.fields[strings.ToLower(p.Attr)]
	return f != nil && f.untyped.Load()
}

// mixed warns of the attributes of which several types are wanted and no
// element has one.
func (s *shape) mixed() (warnings []string) {
	types := map[string][]string{}
	for _, path := range s.paths.List() {
		p, err := upload.ParsePath(path)
		if err != nil || !s.untyped(path) || p.URN != "" || s.top.find([]byte(p.Attr)).typed.Load() {
			continue
		}
		if !slices.Contains(types[p.Attr], p.Is) {
			types[p.Attr] = append(types[p.Attr], p.Is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if len(types[name]) > 1 {
			warnings = append(warnings, fmt.Sprintf("the service shows %s without types, so that %s cannot be told apart and are written in vain: map one of them alone", name, strings.Join(types[name], " and ")))
		}
	}
	return warnings
}

func (s *shape) extension(urn string) *level {
	f := s.top.field(urn)
	if f.nested == nil {
		f.role, f.nested = roleExtension, &level{fields: map[string]*field{}}
	}
	return f.nested
}

func (l *level) field(name string) *field {
	folded := strings.ToLower(name)
	f := l.fields[folded]
	if f == nil {
		f = &field{slot: -1}
		l.fields[folded] = f
	}
	return f
}

func (f *field) subIndex(name string) int {
	if name == "" {
		return -1
	}
	folded := strings.ToLower(name)
	for i, sub := range f.subs {
		if sub == folded {
			return i
		}
	}
	f.subs = append(f.subs, folded)
	return len(f.subs) - 1
}

// find looks a name up, in any case, without allocating.
func (l *level) find(name []byte) *field {
	var folded [80]byte
	if len(name) > len(folded) {
		return l.fields[strings.ToLower(string(name))]
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		folded[i] = c
	}
	return l.fields[string(folded[:len(name)])]
}

// schemaEnterprise1 is the URN that the enterprise extension had in SCIM 1.1.
const schemaEnterprise1 = "urn:scim:schemas:extension:enterprise:1.0"

// misplaced finds the enterprise extension under its old URN, and its attributes
// beside those of the core.
func (s *shape) misplaced(name []byte) *field {
	f := s.enterprise
	if f != nil && !strings.EqualFold(string(name), schemaEnterprise1) {
		f = f.nested.find(name)
	}
	if f != nil && !s.strayed.Load() {
		s.strayed.Store(true)
	}
	return f
}

// memberIDs asks for the ids of members without what else is said of each.
const memberIDs = "members.value"

// names are the attributes to ask for with the attributes parameter
// (RFC 7644 3.9), and how members are asked for.
func (s *shape) names(members string) []string {
	out := []string{"externalId", "active"}
	if s.kind == upload.User {
		out = append(out, "userName")
	} else {
		out = append(out, "displayName")
	}
	seen := map[string]bool{"externalid": true, "active": true, "username": s.kind == upload.User, "displayname": s.kind != upload.User}
	add := func(name string) {
		if folded := strings.ToLower(name); !seen[folded] {
			seen[folded] = true
			out = append(out, name)
		}
	}
	for _, text := range s.paths.List() {
		p, err := upload.ParsePath(text)
		switch {
		case err != nil:
		case p.URN != "":
			add(p.URN + ":" + p.Attr)
		default:
			add(p.Attr)
		}
	}
	if s.manager {
		add(upload.PathManager)
	}
	if s.members {
		add(members)
	}
	return out
}
