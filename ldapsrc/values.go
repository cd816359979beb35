package ldapsrc

import (
	"bytes"
	"encoding/base64"
	"slices"
	"unicode/utf8"

	"adsync/ldapsrc/directory"
)

// A selection is which attributes one read asks for, and where the ones that
// the mapping wants stand among them.
type selection struct {
	names  *directory.Names // asked for
	list   []string         // the same, as a list
	wanted *directory.Names // kept in the model
	at     []int            // index in names of each wanted name, -1 for the DN
	forms  []form           // of each wanted name
}

// entryName is the attribute name by which a mapping may ask for the DN; no
// server needs to have it.
const entryName = "dn"

func newSelection(wanted []string, own ...string) *selection {
	s := &selection{wanted: directory.NewNames(wanted...)}
	ask := slices.Clone(own)
	for _, name := range s.wanted.List() {
		if name != entryName {
			ask = append(ask, name)
		}
	}
	s.names = directory.NewNames(ask...)
	s.list = s.names.List()
	for _, name := range s.wanted.List() {
		at, ok := s.names.Index(name)
		if !ok {
			at = -1
		}
		s.at = append(s.at, at)
		s.forms = append(s.forms, formOf(name))
	}
	return s
}

// indexes returns where names stand among the names that are asked for.
func (s *selection) indexes(names []string) []int {
	list := make([]int, 0, len(names))
	for _, name := range names {
		if i, ok := s.names.Index(name); ok {
			list = append(list, i)
		}
	}
	return list
}

// index is where one name stands, or -1.
func (s *selection) index(name string) int {
	if i, ok := s.names.Index(name); ok {
		return i
	}
	return -1
}

// firstOf returns the first value of the first attribute that has one.
func (e *entry) firstOf(indexes []int) []byte {
	for _, i := range indexes {
		if v := e.first(i); len(v) > 0 {
			return v
		}
	}
	return nil
}

// at is first, and nil for the index -1.
func (e *entry) at(i int) []byte {
	if i < 0 {
		return nil
	}
	return e.first(i)
}

// A packer copies what is kept of an entry out of the message: all of it into
// one string, which identity and attributes then share.
type packer struct {
	sel   *selection
	text  []byte
	value []byte // being brought into its form
}

// reset begins another entry.
func (p *packer) reset() { p.text = p.text[:0] }

// add takes a text as it is and returns its place.
func (p *packer) add(text []byte) span {
	from := len(p.text)
	p.text = append(p.text, text...)
	return span{from, len(p.text)}
}

// addForm takes a value in the form in which the model has it.
func (p *packer) addForm(b []byte, f form) span {
	from := len(p.text)
	p.text = appendForm(p.text, b, f)
	return span{from, len(p.text)}
}

// appendForm appends a value in the form in which the model has it.
func appendForm(text, b []byte, f form) []byte {
	switch {
	case len(b) == 0:
		return text
	case f == asSID:
		if with, err := appendSID(text, b); err == nil {
			return with
		}
		f = asBase64
	case f == asGUID && len(b) == 16:
		if a, err := directory.AnchorFromGUID(b); err == nil {
			return append(text, a...)
		}
	case f == asText && !utf8.Valid(b):
		f = asBase64
	case f == asWords && !utf8.Valid(b):
		return append(text, bytes.ToValidUTF8(b, []byte("\uFFFD"))...)
	}
	if f == asBase64 {
		return base64.StdEncoding.AppendEncode(text, b)
	}
	return append(text, b...)
}

// addWanted takes the values of the wanted attributes and returns the place
// of all of them.
func (p *packer) addWanted(e *entry, dn []byte) span {
	from := len(p.text)
	for w, at := range p.sel.at {
		if at < 0 {
			p.text = directory.AppendValue(directory.AppendCount(p.text, 1), dn)
			continue
		}
		values := e.get(at)
		p.text = directory.AppendCount(p.text, len(values))
		for _, v := range values {
			p.value = appendForm(p.value[:0], v, p.sel.forms[w])
			p.text = directory.AppendValue(p.text, p.value)
		}
	}
	return span{from, len(p.text)}
}

// of is the part of a text at a place.
func (s span) of(text string) string { return text[s.from:s.to] }
