package scim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A value is one of JSON, to be sent or changed. A document is the object that
// a resource is.
type value struct {
	name string // of a member of an object
	kind valueKind
	text string  // of a text, and of a literal as JSON has it
	list []value // the members of an object in the order of their names; the elements of a list
}

type valueKind byte

const (
	nullValue valueKind = iota
	textValue
	literalValue // true, false or a number
	objectValue
	listValue
)

func textOf(s string) value { return value{kind: textValue, text: s} }

func truthOf(b bool) value { return value{kind: literalValue, text: strconv.FormatBool(b)} }

// reference is how a resource names another one.
func reference(id string) value {
	return value{kind: objectValue, list: []value{{name: "value", kind: textValue, text: id}}}
}

func references(ids []string) value {
	out := value{kind: listValue, list: make([]value, len(ids))}
	for i, id := range ids {
		out.list[i] = reference(id)
	}
	return out
}

// String is a text, true, false or a number, and "" for all else.
func (v *value) String() string {
	if v == nil {
		return ""
	}
	return v.text
}

// absent reports whether a value is null or not there, which is the same
// (RFC 7643 2.5).
func (v *value) absent() bool { return v == nil || v.kind == nullValue }

// find is the member of an object that has a name, in any case (RFC 7643 2.1);
// nil if there is none. Like all that points to a member it is good until
// another one is added or removed.
func (v *value) find(name string) *value {
	if v == nil || v.kind != objectValue {
		return nil
	}
	var found *value
	for i := range v.list {
		m := &v.list[i]
		if m.name == name {
			return m
		}
		if found == nil && len(m.name) == len(name) && strings.EqualFold(m.name, name) {
			found = m
		}
	}
	return found
}

// member is the member of an object that has a name, null if it was not there.
func (v *value) member(name string) *value {
	if m := v.find(name); m != nil {
		return m
	}
	at := len(v.list)
	v.list = append(v.list, value{})
	for ; at > 0 && v.list[at-1].name > name; at-- {
		v.list[at] = v.list[at-1]
	}
	v.list[at] = value{name: name}
	return &v.list[at]
}

func (v *value) put(name string, is value) {
	m := v.member(name)
	is.name = m.name
	*m = is
}

// within is a member that is made an object, or a list, if it is none. Where
// elements should be one may be there by itself.
func (v *value) within(name string, kind valueKind) *value {
	m := v.member(name)
	if m.kind == kind {
		return m
	}
	is := value{name: m.name, kind: kind}
	if kind == listValue {
		is.list = m.elements()
	}
	*m = is
	return m
}

// elements are those of a multi-valued attribute.
func (v *value) elements() []value {
	switch {
	case v == nil:
	case v.kind == listValue:
		return v.list
	case v.kind == objectValue:
		return []value{{kind: objectValue, list: v.list}}
	}
	return nil
}

func (v *value) remove(name string) {
	v.list = slices.DeleteFunc(v.list, func(m value) bool { return strings.EqualFold(m.name, name) })
}

// prune takes a member away that holds nothing.
func (v *value) prune(name string) {
	if m := v.find(name); m != nil && m.kind >= objectValue && len(m.list) == 0 {
		v.remove(name)
	}
}

// readObject reads a text that begins with an object.
func readObject(text []byte) (*value, error) {
	v := new(value)
	if err := v.read(scannerOf(text), 0); err != nil || v.kind != objectValue {
		return nil, errors.New("not a JSON object")
	}
	return v, nil
}

func (v *value) read(s *scanner, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: nested too deeply", errSyntax)
	}
	c, err := s.peek()
	if err != nil {
		return err
	}
	one := func(name []byte) error {
		v.list = append(v.list, value{name: string(name)})
		return v.list[len(v.list)-1].read(s, depth+1)
	}
	var text []byte
	switch c {
	case '{':
		v.kind = objectValue
		err = s.object(one)
		slices.Reverse(v.list) // of two members with one name the last one counts
		slices.SortStableFunc(v.list, func(a, b value) int { return strings.Compare(a.name, b.name) })
		v.list = slices.CompactFunc(v.list, func(a, b value) bool { return a.name == b.name })
		return err
	case '[':
		v.kind = listValue
		return s.array(func() error { return one(nil) })
	case '"':
		v.kind = textValue
		text, err = s.string()
	default:
		if text, err = s.word(); string(text) == "null" {
			return err
		}
		v.kind = literalValue
	}
	v.text = string(text)
	return err
}

// append appends a value as JSON.
func (v *value) append(out []byte) []byte {
	brackets := "{}"
	switch v.kind {
	case nullValue:
		return append(out, "null"...)
	case textValue:
		return AppendText(out, v.text)
	case literalValue:
		return append(out, v.text...)
	case listValue:
		brackets = "[]"
	}
	out = append(out, brackets[0])
	for i := range v.list {
		if i > 0 {
			out = append(out, ',')
		}
		if v.kind == objectValue {
			out = append(AppendText(out, v.list[i].name), ':')
		}
		out = v.list[i].append(out)
	}
	return append(out, brackets[1])
}
