package ldaptest

import (
	"strings"
	"sync/atomic"
)

// entry is one object. All its fields are guarded by the directory's lock.
type entry struct {
	dn      string // as written
	key     string // canonical
	context string // canonical name of the naming context it is in
	guid    [16]byte
	attrs   []attribute
	back    []backLink
	builtIn bool // made by NewDirectory, to be replaced by what is loaded
	deleted bool
	cache   atomic.Pointer[encoded]
}

// attribute holds values, or links if its syntax is DN.
type attribute struct {
	typ    *attributeType
	name   string // with options, as answered
	key    string // with options, in lower case
	values [][]byte
	links  []link
}

func (a *attribute) empty() bool { return len(a.values) == 0 && len(a.links) == 0 }

// link is a DN value. While its target is in the directory it is shown with
// the target's current name, as AD does, and goes when the target goes.
type link struct {
	dn     string // as written
	key    string
	target *entry // nil if it is not in this directory
}

func (l *link) String() string {
	if l.target != nil {
		return l.target.dn
	}
	return l.dn
}

func (l *link) canonical() string {
	if l.target != nil {
		return l.target.key
	}
	return l.key
}

// backLink says that source has a link of type typ to this entry.
type backLink struct {
	source *entry
	typ    *attributeType
}

// attr returns the attribute with this key, options included.
func (e *entry) attr(key string) *attribute {
	for i := range e.attrs {
		if e.attrs[i].key == key {
			return &e.attrs[i]
		}
	}
	return nil
}

// text returns an attribute's first value.
func (e *entry) text(key string) string {
	a := e.attr(key)
	switch {
	case a == nil:
	case len(a.values) > 0:
		return string(a.values[0])
	case len(a.links) > 0:
		return a.links[0].String()
	}
	return ""
}

// set puts values in the place of an attribute that is no DN.
func (e *entry) set(s *schema, name string, values ...string) {
	typ := s.learn(name)
	a := e.attr(typ.key)
	if a == nil {
		e.attrs = append(e.attrs, attribute{typ: typ, name: typ.name, key: typ.key})
		a = &e.attrs[len(e.attrs)-1]
	}
	a.values = make([][]byte, len(values))
	for i, value := range values {
		a.values[i] = []byte(value)
	}
}

// setDefault is set for an attribute that the entry does not have.
func (e *entry) setDefault(s *schema, name string, values ...string) {
	if e.attr(strings.ToLower(name)) == nil {
		e.set(s, name, values...)
	}
}

func (e *entry) remove(key string) {
	for i := range e.attrs {
		if e.attrs[i].key == key {
			e.attrs = append(e.attrs[:i], e.attrs[i+1:]...)
			return
		}
	}
}

// hasClass tells whether objectClass has a value, given in lower case.
func (e *entry) hasClass(class string) bool {
	if a := e.attr("objectclass"); a != nil {
		for _, value := range a.values {
			if strings.EqualFold(string(value), class) {
				return true
			}
		}
	}
	return false
}
