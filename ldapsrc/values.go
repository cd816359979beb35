package ldapsrc

import (
	"bytes"
	"encoding/base64"
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
	repeat []repeats        // of each wanted name
}

// entryName is the attribute name by which a mapping may ask for the DN; no
// server needs to have it.
const entryName = "dn"

func newSelection(wanted []string, own ...string) *selection {
	s := &selection{wanted: directory.NewNames(wanted...)}
	ask := own
	for _, name := range s.wanted.List() {
		if name != entryName {
			ask = append(ask[:len(ask):len(ask)], name)
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
	s.repeat = make([]repeats, len(s.at))
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
// one string, which the values then share, and values that many entries have
// (departments, cities, titles) once for all of them.
type packer struct {
	sel     *selection
	text    []byte
	pieces  []piece
	scratch [][]string
	flat    []string
}

// A piece is a value of an entry being packed: a part of the text, or a string
// that exists already.
type piece struct {
	from, to int
	known    string
}

// reset begins another entry.
func (p *packer) reset() { p.text, p.pieces = p.text[:0], p.pieces[:0] }

// add takes a text as it is and returns its place.
func (p *packer) add(b []byte) int {
	from := len(p.text)
	p.text = append(p.text, b...)
	return p.place(from)
}

func (p *packer) place(from int) int {
	p.pieces = append(p.pieces, piece{from: from, to: len(p.text)})
	return len(p.pieces) - 1
}

// addForm takes a value in the form in which the model has it.
func (p *packer) addForm(b []byte, f form) int {
	from := len(p.text)
	switch {
	case f == asSID:
		if text, err := appendSID(p.text, b); err == nil {
			p.text = text
			return p.place(from)
		}
		f = asBase64
	case f == asGUID && len(b) == 16:
		if a, err := directory.AnchorFromGUID(b); err == nil {
			p.text = append(p.text, a...)
			return p.place(from)
		}
	case f == asText && !utf8.Valid(b):
		f = asBase64
	case f == asWords && !utf8.Valid(b):
		p.text = append(p.text, bytes.ToValidUTF8(b, []byte("\uFFFD"))...)
		return p.place(from)
	}
	if f == asBase64 {
		p.text = base64.StdEncoding.AppendEncode(p.text, b)
	} else {
		p.text = append(p.text, b...)
	}
	return p.place(from)
}

// addWanted takes the values of the wanted attributes; it must be called last.
// It returns the place of the first one.
func (p *packer) addWanted(e *entry, dn []byte) int {
	first := len(p.pieces)
	for w, at := range p.sel.at {
		if at < 0 {
			p.add(dn)
			continue
		}
		for _, v := range e.get(at) {
			if f := p.sel.forms[w]; f == asText || f == asWords {
				if known, ok := p.sel.repeat[w].find(v); ok {
					p.pieces = append(p.pieces, piece{known: known})
					continue
				}
			}
			p.addForm(v, p.sel.forms[w])
		}
	}
	return first
}

// attributes makes the attributes out of the pieces from first on.
func (p *packer) attributes(e *entry, all string, first int) directory.Attributes {
	p.scratch, p.flat = p.scratch[:0], p.flat[:0]
	for _, piece := range p.pieces[first:] {
		p.flat = append(p.flat, piece.string(all))
	}
	used := 0
	for _, at := range p.sel.at {
		n := 1
		if at >= 0 {
			n = len(e.get(at))
		}
		p.scratch = append(p.scratch, p.flat[used:used+n])
		used += n
	}
	return p.sel.wanted.Attributes(p.scratch)
}

func (p piece) string(all string) string {
	if p.known != "" || p.from == p.to {
		return p.known
	}
	return all[p.from:p.to]
}

const (
	repeatLimit  = 512 // different values of an attribute that are kept
	repeatLength = 64
)

// repeats finds the values of one attribute that come again and again. An
// attribute whose values hardly repeat, like mail, is soon left alone.
type repeats struct {
	values map[string]string
	hits   int
	off    bool
}

func (r *repeats) find(b []byte) (string, bool) {
	if r.off || len(b) == 0 || len(b) > repeatLength || !utf8.Valid(b) {
		return "", false
	}
	if v, ok := r.values[string(b)]; ok {
		r.hits++
		return v, true
	}
	if len(r.values) == repeatLimit {
		if r.hits < repeatLimit {
			r.values, r.off = nil, true
		}
		return "", false
	}
	if r.values == nil {
		r.values = map[string]string{}
	}
	v := string(b)
	r.values[v] = v
	return v, true
}
