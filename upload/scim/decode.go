package scim

import (
	"slices"
	"strings"

	"adsync/upload"
)

// A decoder reads resources of one shape. It is used by one goroutine.
type decoder struct {
	*scanner
	shape    *shape
	strings  map[string]string // values seen before, shared; nil for a single resource
	ids      map[string]string // of members
	values   [][]string        // by slot, of the resource being read
	elements elements
	r        upload.Resource
}

// maxShared is how many different values are remembered; more are unlikely
// to come again.
const maxShared = 4096

func newDecoder(s *scanner, shape *shape) *decoder {
	return &decoder{scanner: s, shape: shape, strings: map[string]string{}, values: make([][]string, len(shape.paths))}
}

// resource reads one resource. seen reports whether the members attribute
// was there.
func (d *decoder) resource() (r upload.Resource, members bool, err error) {
	for i := range d.values {
		d.values[i] = d.values[i][:0]
	}
	d.r = upload.Resource{Kind: d.shape.kind, Active: true}
	err = d.object(func(name []byte) error {
		f := d.shape.top.find(name)
		if f == nil {
			f = d.dotted(name)
		}
		return d.field(f)
	})
	d.r.Attributes = d.attributes()
	slices.Sort(d.r.Members)
	return d.r, d.r.MembersKnown, err
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

// attributes are the values read, in the order of the mapping, in two
// allocations.
func (d *decoder) attributes() []upload.Attribute {
	used, total := 0, 0
	for _, v := range d.values {
		if len(v) > 0 {
			used++
			total += len(v)
		}
	}
	if used == 0 {
		return nil
	}
	out := make([]upload.Attribute, 0, used)
	flat := make([]string, 0, total)
	for slot, v := range d.values {
		if len(v) > 0 {
			from := len(flat)
			flat = append(flat, v...)
			out = append(out, upload.Attribute{Path: d.shape.paths[slot], Values: flat[from:len(flat):len(flat)]})
		}
	}
	return out
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
		return d.members(c)
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
	switch f.role {
	case roleActive:
		d.r.Active = !strings.EqualFold(string(text), "false") && string(text) != "0"
		text = []byte(boolText(d.r.Active))
	case roleID:
		d.r.ID = string(text)
	case roleExternalID:
		d.r.ExternalID = string(text)
	case roleName:
		d.r.Name = string(text)
		if f.slot >= 0 && d.r.Name != "" {
			d.values[f.slot] = append(d.values[f.slot], d.r.Name)
		}
		return
	case roleVersion:
		d.r.Version = d.share(text)
	}
	switch {
	case f.slot >= 0 && len(text) > 0:
		d.values[f.slot] = append(d.values[f.slot], d.share(text))
	case len(text) > 0:
		// A simple value where elements are expected is the value of one.
		for _, s := range f.selects {
			if f.subs[s.sub] == "value" {
				d.values[s.slot] = append(d.values[s.slot], d.share(text))
				break
			}
		}
	}
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// share returns the text as a string, the same one for the same text where
// that is likely to come again.
func (d *decoder) share(text []byte) string {
	if d.strings == nil {
		return string(text)
	}
	if s, ok := d.strings[string(text)]; ok {
		return s
	}
	s := string(text)
	if len(d.strings) >= maxShared {
		clear(d.strings)
	}
	d.strings[s] = s
	return s
}

// members reads the members of a group: their ids. null and an empty string
// stand for none.
func (d *decoder) members(c byte) error {
	d.r.MembersKnown = true
	if c != '[' {
		return d.skip()
	}
	return d.array(func() error {
		id, err := d.reference()
		if err == nil && len(id) > 0 {
			d.r.Members = append(d.r.Members, d.memberID(id))
		}
		return err
	})
}

func (d *decoder) memberID(id []byte) string {
	if s, ok := d.ids[string(id)]; ok {
		return s
	}
	if d.ids == nil {
		d.ids = map[string]string{}
	}
	s := string(id)
	d.ids[s] = s
	return s
}

// manager reads {"value": id}, an array of one such, or a bare id.
func (d *decoder) manager(c byte) error {
	if c == '[' {
		return d.array(func() error {
			id, err := d.reference()
			d.r.Manager = string(id)
			return err
		})
	}
	id, err := d.reference()
	d.r.Manager = string(id)
	return err
}

// reference reads the id in {"value": id}, or a bare id.
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
	err = d.object(func(name []byte) error {
		if !strings.EqualFold(string(name), "value") {
			return d.skip()
		}
		c, err := d.peek()
		if err != nil || c == '{' || c == '[' {
			return d.skip()
		}
		text, present, err := d.scalar()
		if present {
			id = append(id, text...)
		}
		return err
	})
	d.elements.id = id
	return id, err
}
