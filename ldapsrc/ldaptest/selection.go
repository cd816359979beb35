package ldaptest

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// selection is what a search wants to see of each entry. Equal selections of a
// directory are one, so that an entry's encoded form can be kept for it.
type selection struct {
	all         bool // "*" or nothing
	operational bool // "+"
	wanted      []wanted
	view        view
	computed    []*attributeType // constructed attributes to add
}

// view is what besides the attribute list decides how entries look.
type view struct {
	typesOnly  bool
	extendedDN extendedDN
	partial    bool     // a Global Catalog's attributes only
	maxRange   int      // values after which an attribute comes in ranges, 0 never
	hidden     []string // attributes that are not shown, in lower case
	dropRanges bool     // ranges but the first are not answered
}

// wanted is one attribute asked for by name.
type wanted struct {
	key   string // in lower case, without a range option
	slice *valueRange
}

type extendedDN int

const (
	plainDN extendedDN = iota
	hexDN              // <GUID=hex>;<SID=hex>;dn
	textDN             // <GUID=8-4-4-4-12>;<SID=S-1-...>;dn
)

// encoded is an entry as SearchResultEntry, good until the directory changes.
type encoded struct {
	selection *selection
	edits     uint64
	body      []byte
}

// selection returns the one selection for these attributes and view. The lock
// is held at least for reading.
func (d *Directory) selection(attrs []string, v view) *selection {
	text := fmt.Sprint(strings.ToLower(strings.Join(attrs, ",")), v)
	if known, ok := d.selections.Load(text); ok {
		return known.(*selection)
	}
	s := &selection{view: v, all: len(attrs) == 0}
	for _, name := range attrs {
		switch name {
		case "*":
			s.all = true
		case "+":
			s.operational = d.flavor == OpenLDAP
		case "1.1":
		default:
			key, slice := parseRange(name)
			if typ := d.schema.lookup(key); typ != nil && !strings.Contains(key, ";") {
				key = typ.key
			}
			s.wanted = append(s.wanted, wanted{key, slice})
		}
	}
	for _, typ := range d.schema.types {
		if typ.is(constructed) && s.shows(typ, typ.key) {
			s.computed = append(s.computed, typ)
		}
	}
	slices.SortFunc(s.computed, func(a, b *attributeType) int { return strings.Compare(a.key, b.key) })
	known, _ := d.selections.LoadOrStore(text, s)
	return known.(*selection)
}

// shows tells whether an attribute of this type, whose key may have options,
// is part of the answer.
func (s *selection) shows(typ *attributeType, key string) bool {
	switch {
	case typ.is(secret), s.view.partial && !typ.is(inGC), slices.Contains(s.view.hidden, typ.key):
		return false
	case typ.is(byNameOnly):
	case typ.is(onRequest):
		if s.operational {
			return true
		}
	case s.all:
		return true
	}
	for i := range s.wanted {
		if w := s.wanted[i].key; w == key || w == typ.key {
			return true
		}
	}
	return false
}

// sliceOf returns the range asked for an attribute, nil if none was.
func (s *selection) sliceOf(key string) *valueRange {
	for i := range s.wanted {
		if s.wanted[i].key == key && s.wanted[i].slice != nil {
			return s.wanted[i].slice
		}
	}
	return nil
}

// encode returns the entry as SearchResultEntry. The lock is held at least for reading.
func (d *Directory) encode(e *entry, s *selection) []byte {
	if c := e.cache.Load(); c != nil && c.selection == s && c.edits == d.edits {
		return c.body
	}
	var attrs []byte
	for i := range e.attrs {
		if a := &e.attrs[i]; s.shows(a.typ, a.key) && !(s.view.partial && hiddenInGC(e, a)) {
			attrs = d.appendAttribute(attrs, a, s)
		}
	}
	for _, typ := range s.computed {
		if a := d.construct(e, typ); a != nil {
			attrs = d.appendAttribute(attrs, a, s)
		}
	}
	self := link{target: e}
	body := appendElement(nil, tagOctetString, d.showDN(&self, s.view.extendedDN))
	body = appendElement(body, tagSequence, attrs)
	body = appendElement(nil, opSearchEntry, body)
	e.cache.Store(&encoded{s, d.edits, body})
	return body
}

// appendAttribute appends a PartialAttribute, or the two that a DC sends for an
// attribute with more values than it returns at once.
func (d *Directory) appendAttribute(b []byte, a *attribute, s *selection) []byte {
	count := len(a.values) + len(a.links)
	if slice := s.sliceOf(a.key); slice != nil {
		low, high := slice.of(count, s.view.maxRange)
		if s.view.dropRanges && low > 0 {
			return b
		}
		return d.appendValues(b, a, rangeName(a.name, low, high, count), low, high, s)
	}
	if most := s.view.maxRange; most > 0 && count > most {
		b = d.appendValues(b, a, a.name, 0, 0, s)
		return d.appendValues(b, a, rangeName(a.name, 0, most, count), 0, most, s)
	}
	return d.appendValues(b, a, a.name, 0, count, s)
}

func (d *Directory) appendValues(b []byte, a *attribute, name string, low, high int, s *selection) []byte {
	var values []byte
	if !s.view.typesOnly {
		for i := low; i < high; i++ {
			if a.typ.syntax == dn {
				values = appendElement(values, tagOctetString, d.showDN(&a.links[i], s.view.extendedDN))
			} else {
				values = appendElement(values, tagOctetString, a.values[i])
			}
		}
	}
	inner := appendElement(nil, tagOctetString, name)
	inner = appendElement(inner, tagSet, values)
	return appendElement(b, tagSequence, inner)
}

// showDN returns a DN value in the form asked for ([MS-ADTS] section 3.1.1.3.4.1.5).
func (d *Directory) showDN(l *link, form extendedDN) string {
	e := l.target
	if form == plainDN || e == nil {
		return l.String()
	}
	sid := []byte(e.text("objectsid"))
	shown, who := hex.EncodeToString(e.guid[:]), hex.EncodeToString(sid)
	if form == textDN {
		shown, who = guidText(e.guid), sidText(sid)
	}
	if len(sid) == 0 {
		return "<GUID=" + shown + ">;" + e.dn
	}
	return "<GUID=" + shown + ">;<SID=" + who + ">;" + e.dn
}

// hiddenInGC tells whether a Global Catalog leaves out an attribute that it
// has of other entries: only universal groups show their members.
func hiddenInGC(e *entry, a *attribute) bool {
	if a.typ.key != "member" {
		return false
	}
	kind, _ := parseInt([]byte(e.text("grouptype")))
	return kind&8 == 0
}
