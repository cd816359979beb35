package scim

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A decoder reads resources of one shape. It is used by one goroutine. What
// is kept of a resource becomes one string, which its fields share.
type decoder struct {
	*scanner
	shape    *shape
	ids      *idPool  // of members
	kept     []byte   // what was kept of the resource so far
	values   [][]span // by slot
	identity [versionOf + 1]span
	members  []span
	known    bool // the members attribute was there
	nameless bool // and one in it without an id
	active   bool
	packed   []byte
	elements elements
}

// A span is a part of what was kept.
type span struct{ from, to int }

// Where the parts of a resource's identity stand.
const (
	idOf = iota
	externalIDOf
	nameOf
	managerOf
	versionOf
)

func newDecoder(s *scanner, shape *shape, ids *idPool) *decoder {
	return &decoder{scanner: s, shape: shape, ids: ids, values: make([][]span, shape.paths.Len())}
}

// resource reads one resource. seen reports whether the members attribute
// was there.
func (d *decoder) resource() (r upload.Resource, members bool, err error) {
	d.kept, d.members, d.known, d.nameless, d.active = d.kept[:0], d.members[:0], false, false, true
	d.identity = [versionOf + 1]span{}
	for i := range d.values {
		d.values[i] = d.values[i][:0]
	}
	err = d.object(func(name []byte) error {
		f := d.shape.top.find(name)
		if f == nil {
			f = d.dotted(name)
		}
		if f == nil {
			f = d.shape.misplaced(name)
		}
		return d.field(f)
	})
	return d.pack(), d.known, err
}

// keep takes a text into what is kept.
func (d *decoder) keep(text []byte) span {
	from := len(d.kept)
	if more := len(text); from+more > cap(d.kept) { // at once, for a group of everybody
		d.kept = slices.Grow(d.kept, from+more)
	}
	d.kept = append(d.kept, text...)
	return span{from, len(d.kept)}
}

func (d *decoder) of(s span) []byte { return d.kept[s.from:s.to] }

// pack makes the resource of what was kept.
func (d *decoder) pack() upload.Resource {
	defer d.shrink()
	var at [versionOf + 1]span
	out := d.packed[:0]
	for i, s := range d.identity {
		at[i].from = len(out)
		out = append(out, d.of(s)...)
		at[i].to = len(out)
	}
	from := len(out)
	for _, v := range d.values {
		out = directory.AppendCount(out, len(v))
		for _, s := range v {
			out = directory.AppendValue(out, d.of(s))
		}
	}
	d.packed = out
	all := string(out)
	part := func(i int) string { return all[at[i].from:at[i].to] }
	r := upload.Resource{
		Kind: d.shape.kind, ID: part(idOf), ExternalID: part(externalIDOf), Name: part(nameOf), Active: d.active, Manager: part(managerOf),
		Version: part(versionOf), Attributes: d.shape.paths.Packed(all[from:]), MembersKnown: d.known,
	}
	if len(d.members) > 0 {
		r.Members = d.ids.strings(d.kept, d.members)
	}
	return r
}

// muchKept is what a decoder keeps room for. A group of everybody takes more,
// once.
const muchKept = 64 << 10

func (d *decoder) shrink() {
	if cap(d.kept) > muchKept {
		d.kept, d.members = nil, nil
	}
}

// An idPool holds the ids of members, each once for all groups of a list.
// Decoders share it.
type idPool struct {
	mu   sync.Mutex
	at   map[string]int32
	ids  []knownID
	last int32 // the one that came last
}

// A knownID knows which one came after it the last time: groups have their
// members in like order.
type knownID struct {
	id   string
	next int32
}

func (p *idPool) strings(text []byte, at []span) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]string, len(at))
	for i, s := range at {
		out[i] = p.string(text[s.from:s.to])
	}
	return out
}

func (p *idPool) string(text []byte) string {
	if p.at == nil {
		id := string(text)
		p.at, p.ids = map[string]int32{id: 0}, []knownID{{id: id}}
		return id
	}
	last := &p.ids[p.last]
	if guess := p.ids[last.next].id; guess == string(text) {
		p.last = last.next
		return guess
	}
	n, known := p.at[string(text)]
	if !known {
		id := string(text)
		n = int32(len(p.ids))
		p.at[id] = n
		p.ids = append(p.ids, knownID{id: id})
	}
	p.ids[p.last].next, p.last = n, n
	return p.ids[n].id
}

// dotted finds the field of a flat key such as URN:department, as some
// services write extensions.
func (d *decoder) dotted(name []byte) *field {
	if len(name) < 5 || !strings.EqualFold(string(name[:4]), "urn:") {
		return nil
	}
	text := string(name)
	colon := strings.LastIndexByte(text, ':')
	if f := d.shape.top.find(name[:colon]); f != nil && f.nested != nil {
		return f.nested.find(name[colon+1:])
	}
	return nil
}

// field reads the value of a field; nil is one that nobody wants.
func (d *decoder) field(f *field) error {
	if f == nil {
		return d.skip()
	}
	c, err := d.peek()
	if err != nil {
		return err
	}
	switch {
	case f.nested != nil && c == '{':
		return d.object(func(name []byte) error { return d.field(f.nested.find(name)) })
	case f.role == roleMembers:
		return d.group(c)
	case f.role == roleManager:
		return d.manager(c)
	case c == '[':
		return d.multi(f)
	case c == '{':
		return d.complex(f)
	}
	text, present, err := d.scalar()
	if err != nil || !present {
		return err
	}
	d.simple(f, text)
	return nil
}

// simple takes one simple value to where it belongs.
func (d *decoder) simple(f *field, text []byte) {
	if f.role == roleActive {
		d.active = !strings.EqualFold(string(text), "false") && string(text) != "0"
		text = strconv.AppendBool(nil, d.active)
	}
	if len(text) == 0 {
		return
	}
	at := d.keep(text)
	switch f.role {
	case roleID:
		d.identity[idOf] = at
	case roleExternalID:
		d.identity[externalIDOf] = at
	case roleName:
		d.identity[nameOf] = at
	case roleVersion:
		d.identity[versionOf] = at
	}
	if f.slot >= 0 {
		d.values[f.slot] = append(d.values[f.slot], at)
		return
	}
	// A simple value where elements are expected is the value of one.
	for _, s := range f.selects {
		if f.subs[s.sub] == "value" {
			d.values[s.slot] = append(d.values[s.slot], at)
			break
		}
	}
}

// group reads the members of a group: their ids. null and an empty string
// stand for none, and an object for one.
func (d *decoder) group(c byte) error {
	d.known = true
	one := func() error {
		id, err := d.reference()
		if len(id) > 0 {
			d.members = append(d.members, d.keep(id))
		}
		d.nameless = d.nameless || len(id) == 0
		return err
	}
	switch c {
	case '[':
		return d.array(one)
	case '{':
		return one()
	}
	return d.skip()
}

// manager reads {"value": id}, an array of one such, or a bare id.
func (d *decoder) manager(c byte) error {
	if c == '[' {
		return d.array(d.boss)
	}
	return d.boss()
}

func (d *decoder) boss() error {
	id, err := d.reference()
	d.identity[managerOf] = d.keep(id)
	return err
}

// reference reads the id in {"value": id} or, where that is missing, in the
// $ref beside it (RFC 7643 2.4), or a bare id.
func (d *decoder) reference() ([]byte, error) {
	c, err := d.peek()
	if err != nil {
		return nil, err
	}
	if c != '{' {
		if c == '[' {
			return nil, d.skip()
		}
		id, present, err := d.scalar()
		if !present {
			return nil, err
		}
		return id, err
	}
	id := d.elements.id[:0]
	var address []byte
	err = d.object(func(name []byte) error {
		value := strings.EqualFold(string(name), "value")
		if !value && !(len(id) == 0 && strings.EqualFold(string(name), "$ref")) {
			return d.skip()
		}
		c, err := d.peek()
		if err != nil || c == '{' || c == '[' {
			return d.skip()
		}
		text, present, err := d.scalar()
		switch {
		case !present:
		case value:
			id = append(id, text...)
		default:
			address = append(d.elements.address[:0], text...)
			d.elements.address = address
		}
		return err
	})
	if len(id) == 0 && len(address) > 0 {
		id = append(id, lastSegment(string(address))...)
	}
	d.elements.id = id
	return id, err
}
