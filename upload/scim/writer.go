package scim

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"adsync/upload"
)

// A writer puts what is mapped into documents as one service wants them: into
// an empty one, which becomes a new resource, or into one that is there.
type writer struct {
	facts  *facts
	kind   upload.Kind
	before *upload.Resource // what is changed; nil for a create
	room   []value          // for what is made, while there is some
}

func (t *Target) writer(k upload.Kind) *writer { return &writer{facts: t.facts, kind: k} }

// roomFor is a list that has room for so many values.
func (w *writer) roomFor(n int) []value {
	if len(w.room) < n {
		return make([]value, 0, n)
	}
	list := w.room[:0:n]
	w.room = w.room[n:]
	return list
}

// within is an object, or a list, in a document.
func (w *writer) within(at *value, name string, kind valueKind) *value {
	m := at.within(name, kind)
	if m.list == nil {
		m.list = w.roomFor(4)
	}
	return m
}

// create makes the document of a new resource.
func (w *writer) create(x *upload.Write) value {
	doc := value{kind: objectValue, list: w.roomFor(16)}
	w.apply(&doc, x)
	if len(x.Members) > 0 {
		doc.put("members", references(x.Members))
	}
	if w.kind == upload.User {
		markPrimary(&doc)
	}
	w.schemas(&doc)
	return doc
}

// apply writes all that a Write changes into a document.
func (w *writer) apply(doc *value, x *upload.Write) {
	w.before = x.Before
	if x.ExternalID != "" {
		doc.put("externalId", textOf(x.ExternalID))
	}
	for _, a := range x.Set {
		if s, ok := w.facts.spot(w.kind, a.Path); ok {
			w.set(doc, s, a.Values)
		}
	}
	if x.Active != nil && w.kind != upload.Group {
		doc.put("active", truthOf(*x.Active))
	}
	if x.Manager != nil {
		extension := w.within(doc, upload.SchemaEnterprise, objectValue)
		if *x.Manager == "" {
			extension.remove("manager")
		} else {
			extension.put("manager", reference(*x.Manager))
		}
		doc.prune(upload.SchemaEnterprise)
	}
}

// set writes the values of a path into a document; none takes it away.
func (w *writer) set(doc *value, s *spot, values []string) {
	at := doc
	if s.URN != "" {
		at = w.within(doc, s.URN, objectValue)
	}
	switch {
	case s.attribute.Multi || s.By != "":
		w.elements(w.within(at, s.Attr, listValue), s, values)
	case s.Sub != "":
		w.within(at, s.Attr, objectValue).set(s.Sub, values, s.sub)
	default:
		at.set(s.Attr, values, s.sub)
	}
	if len(values) == 0 {
		at.prune(s.Attr)
		doc.prune(s.URN)
	}
}

// set writes the value of a member, if there is one.
func (v *value) set(name string, values []string, f fact) {
	if len(values) == 0 {
		v.remove(name)
		return
	}
	v.put(name, typed(values[0], f))
}

// elements writes values into the elements of a multi-valued attribute.
func (w *writer) elements(list *value, s *spot, values []string) {
	switch {
	case s.By != "":
		w.selected(list, s, values)
	case s.Sub == "" && s.simple:
		list.list = list.list[:0]
		for _, v := range values {
			list.list = append(list.list, typed(v, s.sub))
		}
	default:
		w.replaced(list, s, values)
	}
}

func subOf(p upload.Path) string {
	if p.Sub == "" {
		return "value"
	}
	return p.Sub
}

// replaced keeps the elements whose value stays, with all that others keep
// in them, and makes new ones for new values.
func (w *writer) replaced(list *value, s *spot, values []string) {
	had := list.list
	list.list = w.roomFor(len(values))
	for _, text := range values {
		if there := holding(had, s, text); there >= 0 {
			list.list = append(list.list, had[there])
			had = slices.Delete(had, there, there+1)
			continue
		}
		list.list = append(list.list, w.element(s, text))
	}
}

// holding is the place of the last element that has a value, whatever its type;
// -1 if there is none.
func holding(list []value, s *spot, text string) int {
	for i, e := range slices.Backward(list) {
		if e.find(subOf(s.Path)).String() == text {
			return i
		}
	}
	return -1
}

// selected writes into the elements that a value filter selects, and makes those
// that are missing. A value that an element without a type has is there.
func (w *writer) selected(list *value, s *spot, values []string) {
	only, all := untyped(list.list, s.By)
	if all = all && !hasElement(w.before, s.Path); all {
		only = -1
	}
	var chosen []value
	kept := list.list[:0]
	for i, e := range list.list {
		if e.kind == objectValue && (strings.EqualFold(e.find(s.By).String(), s.Is) || i == only) {
			chosen = append(chosen, e)
		} else {
			kept = append(kept, e)
		}
	}
	sub := subOf(s.Path)
	for _, text := range values {
		switch {
		case all && holding(kept, s, text) >= 0:
			continue
		case len(chosen) > 0:
			chosen[0].put(sub, typed(text, s.sub))
			kept, chosen = append(kept, chosen[0]), chosen[1:]
		default:
			kept = append(kept, w.element(s, text))
		}
	}
	if len(values) == 0 && sub != "value" {
		for _, e := range chosen {
			if e.remove(sub); len(e.list) > 1 {
				kept = append(kept, e)
			}
		}
	}
	list.list = kept
}

// untyped reports whether no element of a list has a type, and which stands for
// any: the only one, or the primary one; -1 is none.
func untyped(list []value, by string) (only int, all bool) {
	only = -1
	for i, e := range list {
		if e.kind != objectValue || !e.find(by).absent() {
			return -1, false
		}
		if len(list) == 1 || strings.EqualFold(e.find("primary").String(), "true") {
			only = i
		}
	}
	return only, true
}

// element is a new element of a multi-valued attribute.
func (w *writer) element(s *spot, text string) value {
	e := value{kind: objectValue, list: w.roomFor(3)}
	e.put(subOf(s.Path), typed(text, s.sub))
	switch {
	case strings.EqualFold(s.By, "primary"):
		e.put(s.By, truthOf(strings.EqualFold(s.Is, "true")))
	case s.By != "":
		e.put(s.By, textOf(s.Is))
	}
	return e
}

// typed is a value in the type that the schema gives it.
func typed(v string, f fact) value {
	switch f.Type {
	case "boolean":
		if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil {
			return truthOf(b)
		}
	case "integer":
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return value{kind: literalValue, text: strconv.FormatInt(n, 10)}
		}
	case "decimal":
		// JSON has no NaN and no infinities.
		if n, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			text, _ := json.Marshal(n) // a number is always encoded
			return value{kind: literalValue, text: string(text)}
		}
	}
	return textOf(v)
}

// markPrimary marks one address of a new user as the primary one: that of
// type work, or the first. Several services ask for one (RFC 7643 2.4: at most
// one is).
func markPrimary(doc *value) {
	emails := doc.find("emails")
	if emails == nil || emails.kind != listValue || len(emails.list) == 0 {
		return
	}
	best := 0
	for i, e := range emails.list {
		if e.kind != objectValue || e.find("primary").String() == "true" {
			return
		}
		if strings.EqualFold(e.find("type").String(), "work") {
			best = i
		}
	}
	emails.list[best].put("primary", truthOf(true))
}

// schemas names the schemas that a document uses (RFC 7643 3), those it
// names already included.
func (w *writer) schemas(doc *value) {
	names := w.roomFor(4)
	name := func(urn string) {
		if urn != "" && !slices.ContainsFunc(names, func(n value) bool { return strings.EqualFold(n.text, urn) }) {
			names = append(names, textOf(urn))
		}
	}
	name(w.facts.schema[w.kind])
	for _, had := range doc.find("schemas").elements() {
		name(had.text)
	}
	for _, m := range doc.list {
		if isURN(m.name) {
			name(m.name)
		}
	}
	doc.put("schemas", value{kind: listValue, list: names})
}

// isURN reports whether a member of a document is an extension.
func isURN(name string) bool { return len(name) > 4 && strings.EqualFold(name[:4], "urn:") }
