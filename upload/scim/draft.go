package scim

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"adsync/upload"
)

// A draft is the document of a new resource as it comes about: what a writer
// makes of an empty document, in nodes that stand in one list. A first run
// makes little else, and its maps would take longer than all the rest of it.
type draft struct {
	nodes []node // the first is the document
}

// A node is one value. Zero stands for none of its numbers.
type node struct {
	name        string // of a member of an object
	kind        nodeKind
	text        string // of text and of a literal
	refs        []string
	child, next int32
}

type nodeKind byte

const (
	textNode    nodeKind = iota
	literalNode          // true, false or a number
	objectNode           // its members, by child and next, in the order of their names
	listNode             // its elements
	refsNode             // a list of references
)

var drafts = sync.Pool{New: func() any { return new(draft) }}

// appendDraft appends the document of a new resource.
func (w *writer) appendDraft(out []byte, x *upload.Write, password string) []byte {
	d := drafts.Get().(*draft)
	defer drafts.Put(d)
	d.nodes = append(d.nodes[:0], node{kind: objectNode})
	if x.ExternalID != "" {
		d.put(0, "externalId", textNode, x.ExternalID)
	}
	for _, a := range x.Set {
		if s, ok := w.facts.spot(w.kind, a.Path); ok && len(a.Values) > 0 {
			d.set(s, a.Values)
		}
	}
	if x.Active != nil && w.kind != upload.Group {
		d.put(0, "active", literalNode, strconv.FormatBool(*x.Active))
	}
	if x.Manager != nil && *x.Manager != "" {
		d.put(d.member(d.member(0, upload.SchemaEnterprise, objectNode), "manager", objectNode), "value", textNode, *x.Manager)
	}
	if len(x.Members) > 0 {
		d.nodes[d.member(0, "members", refsNode)].refs = x.Members
	}
	if w.kind == upload.User {
		d.markPrimary()
	}
	if password != "" {
		d.put(0, "password", textNode, password)
	}
	d.schemas(w.facts.schema[w.kind])
	return d.appendTo(out, 0)
}

func (d *draft) add(n node) int32 {
	d.nodes = append(d.nodes, n)
	return int32(len(d.nodes) - 1)
}

// member is the member of an object that has a name, in any case, emptied if it
// is of another kind; a new one if there is none.
func (d *draft) member(object int32, name string, kind nodeKind) int32 {
	last := int32(0)
	for at := d.nodes[object].child; at != 0; at = d.nodes[at].next {
		n := &d.nodes[at]
		if len(n.name) == len(name) && strings.EqualFold(n.name, name) {
			if n.kind != kind {
				n.kind, n.child = kind, 0
			}
			return at
		}
		if n.name < name {
			last = at
		}
	}
	made := d.add(node{name: name, kind: kind})
	d.link(object, last, made)
	return made
}

// link puts a node behind another one, or first.
func (d *draft) link(parent, behind, made int32) {
	at := &d.nodes[parent].child
	if behind != 0 {
		at = &d.nodes[behind].next
	}
	d.nodes[made].next, *at = *at, made
}

func (d *draft) put(object int32, name string, kind nodeKind, text string) {
	d.nodes[d.member(object, name, kind)].text = text
}

// find is the text of a member, "" when there is none.
func (d *draft) find(object int32, name string) (text string, found bool) {
	for at := d.nodes[object].child; at != 0; at = d.nodes[at].next {
		if n := &d.nodes[at]; len(n.name) == len(name) && strings.EqualFold(n.name, name) {
			return n.text, true
		}
	}
	return "", false
}

// set writes the values of a path, as writer.set does.
func (d *draft) set(s *spot, values []string) {
	at := int32(0)
	if s.URN != "" {
		at = d.member(at, s.URN, objectNode)
	}
	switch {
	case s.By != "":
		d.selected(d.member(at, s.Attr, listNode), s, values)
	case s.attribute.Multi && s.Sub == "" && s.simple:
		list := d.member(at, s.Attr, listNode)
		d.relist(list, nil)
		for _, v := range values {
			d.append(list, d.value(v, s.sub))
		}
	case s.attribute.Multi:
		d.replaced(d.member(at, s.Attr, listNode), s, values)
	case s.Sub != "":
		d.putTyped(d.member(at, s.Attr, objectNode), s.Sub, values[0], s.sub)
	default:
		d.putTyped(at, s.Attr, values[0], s.sub)
	}
}

func (d *draft) putTyped(object int32, name, value string, f fact) {
	n := node{text: value}
	n.retype(f)
	d.put(object, name, n.kind, n.text)
}

func (d *draft) value(text string, f fact) int32 {
	n := node{text: text}
	n.retype(f)
	return d.add(n)
}

// retype makes of a text what the schema says that it is.
func (n *node) retype(f fact) {
	switch f.Type {
	case "boolean", "integer", "decimal":
		if v := typed(n.text, f); v != any(n.text) {
			text, _ := appendJSON(nil, v) // a number or a truth is always encoded
			n.kind, n.text = literalNode, string(text)
		}
	}
}

func (d *draft) elements(list int32) []int32 {
	var out []int32
	for at := d.nodes[list].child; at != 0; at = d.nodes[at].next {
		out = append(out, at)
	}
	return out
}

// relist makes a list of the given elements.
func (d *draft) relist(list int32, elements []int32) {
	d.nodes[list].child = 0
	for _, e := range elements {
		d.append(list, e)
	}
}

func (d *draft) append(list, element int32) {
	last := int32(0)
	for at := d.nodes[list].child; at != 0; at = d.nodes[at].next {
		last = at
	}
	d.link(list, last, element)
}

// replaced keeps the elements that have one of the values, and makes new ones
// for the others.
func (d *draft) replaced(list int32, s *spot, values []string) {
	have := d.elements(list)
	d.relist(list, nil)
	for _, v := range values {
		there := -1
		for i, e := range have {
			if text, ok := d.find(e, subOf(s.Path)); ok && text == v {
				there = i
			}
		}
		if there < 0 {
			d.append(list, d.element(s, v))
			continue
		}
		d.append(list, have[there])
		have = slices.Delete(have, there, there+1)
	}
}

// selected writes into the elements that a value filter selects, and makes
// those that are missing. A value that an element without a type has is there.
func (d *draft) selected(list int32, s *spot, values []string) {
	sub := subOf(s.Path)
	var kept, chosen []int32
	untyped := true
	for _, e := range d.elements(list) {
		by, ok := d.find(e, s.By)
		untyped = untyped && !ok
		if ok && strings.EqualFold(by, s.Is) {
			chosen = append(chosen, e)
		} else {
			kept = append(kept, e)
		}
	}
	for _, v := range values {
		there := func(e int32) bool { text, ok := d.find(e, sub); return ok && text == v }
		switch {
		case untyped && slices.ContainsFunc(kept, there):
			continue
		case len(chosen) > 0:
			d.putTyped(chosen[0], sub, v, s.sub)
			kept, chosen = append(kept, chosen[0]), chosen[1:]
		default:
			kept = append(kept, d.element(s, v))
		}
	}
	d.relist(list, kept)
}

func (d *draft) element(s *spot, value string) int32 {
	made := d.add(node{kind: objectNode})
	d.putTyped(made, subOf(s.Path), value, s.sub)
	switch {
	case strings.EqualFold(s.By, "primary"):
		d.put(made, s.By, literalNode, strconv.FormatBool(strings.EqualFold(s.Is, "true")))
	case s.By != "":
		d.put(made, s.By, textNode, s.Is)
	}
	return made
}

// markPrimary marks one address as the primary one: that of type work, or the
// first.
func (d *draft) markPrimary() {
	best := int32(0)
	for at := d.nodes[0].child; at != 0; at = d.nodes[at].next {
		if n := &d.nodes[at]; n.kind != listNode || !strings.EqualFold(n.name, "emails") {
			continue
		}
		for e := d.nodes[at].child; e != 0; e = d.nodes[e].next {
			if d.nodes[e].kind != objectNode {
				return
			}
			if primary, _ := d.find(e, "primary"); primary == "true" {
				return
			}
			if kind, _ := d.find(e, "type"); best == 0 || strings.EqualFold(kind, "work") {
				best = e
			}
		}
	}
	if best != 0 {
		d.put(best, "primary", literalNode, "true")
	}
}

// schemas names the schemas that the document uses.
func (d *draft) schemas(own string) {
	list := d.member(0, "schemas", listNode)
	if own != "" {
		d.append(list, d.add(node{text: own}))
	}
	for at := d.nodes[0].child; at != 0; at = d.nodes[at].next {
		if name := d.nodes[at].name; len(name) > 4 && strings.EqualFold(name[:4], "urn:") && !strings.EqualFold(name, own) {
			d.append(list, d.add(node{text: name}))
		}
	}
}

func (d *draft) appendTo(out []byte, at int32) []byte {
	n := &d.nodes[at]
	switch n.kind {
	case textNode:
		return AppendText(out, n.text)
	case literalNode:
		return append(out, n.text...)
	case refsNode:
		for i, id := range n.refs {
			out = appendReference(append(out, "[,"[min(i, 1)]), id)
		}
		return append(out, ']')
	}
	brackets := "{}"
	if n.kind == listNode {
		brackets = "[]"
	}
	out = append(out, brackets[0])
	for e := n.child; e != 0; e = d.nodes[e].next {
		if e != n.child {
			out = append(out, ',')
		}
		if n.kind == objectNode {
			out = append(AppendText(out, d.nodes[e].name), ':')
		}
		out = d.appendTo(out, e)
	}
	return append(out, brackets[1])
}
