package scim

import "strings"

// elements is the room for reading one element of a multi-valued attribute,
// whose type may come after its value.
type elements struct {
	id      []byte
	address []byte
	text    [][]byte // by sub-attribute
	here    []bool
}

func (e *elements) clear(n int) {
	for len(e.text) < n {
		e.text = append(e.text, nil)
		e.here = append(e.here, false)
	}
	for i := range n {
		e.text[i], e.here[i] = e.text[i][:0], false
	}
}

// multi reads an array: of simple values, or of elements.
func (d *decoder) multi(f *field) error {
	count := 0
	untyped := false
	err := d.array(func() error {
		count++
		c, err := d.peek()
		if err != nil {
			return err
		}
		switch c {
		case '[':
			return d.skip()
		case '{':
			var err error
			untyped, err = d.element(f)
			return err
		}
		text, present, err := d.scalar()
		if err != nil || !present {
			return err
		}
		d.simple(f, text)
		return nil
	})
	if err != nil {
		return err
	}
	// A service that keeps no types shows one element for whichever type was
	// written; more than one cannot be told apart.
	if count == 1 && untyped {
		d.only(f)
	}
	return nil
}

// element reads one element and gives its sub-attributes to the selections
// it matches. untyped reports that none of the attributes selected by was
// there.
func (d *decoder) element(f *field) (untyped bool, err error) {
	if err := d.subAttributes(f); err != nil {
		return false, err
	}
	untyped = true
	for _, s := range f.selects {
		switch {
		case s.by < 0:
			d.take(s)
		case d.elements.here[s.by]:
			untyped = false
			if strings.EqualFold(string(d.elements.text[s.by]), s.is) {
				d.take(s)
			}
		}
	}
	if f.slot >= 0 {
		if i := f.subIndex("value"); i < len(d.elements.here) && d.elements.here[i] {
			d.values[f.slot] = append(d.values[f.slot], d.keep(d.elements.text[i]))
		}
	}
	return untyped, nil
}

// only gives the element just read to the first selection by each
// sub-attribute.
func (d *decoder) only(f *field) {
	first := -1
	for i, s := range f.selects {
		if s.by < 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		if s.is == f.selects[first].is && s.by == f.selects[first].by {
			d.take(s)
		}
	}
}

func (d *decoder) take(s selection) {
	if text := d.elements.text[s.sub]; d.elements.here[s.sub] && len(text) > 0 {
		d.values[s.slot] = append(d.values[s.slot], d.keep(text))
	}
}

// complex reads a single complex value, such as name; a service may also
// send the one element of a multi-valued attribute so.
func (d *decoder) complex(f *field) error {
	untyped, err := d.element(f)
	if err == nil && untyped {
		d.only(f)
	}
	return err
}

// subAttributes reads the wanted sub-attributes of an object.
func (d *decoder) subAttributes(f *field) error {
	d.elements.clear(len(f.subs))
	return d.object(func(name []byte) error {
		i := -1
		for n, sub := range f.subs {
			if len(sub) == len(name) && strings.EqualFold(sub, string(name)) {
				i = n
			}
		}
		if i < 0 {
			return d.skip()
		}
		c, err := d.peek()
		if err != nil || c == '{' || c == '[' {
			return d.skip()
		}
		text, present, err := d.scalar()
		if present {
			d.elements.text[i] = append(d.elements.text[i][:0], text...)
			d.elements.here[i] = true
		}
		return err
	})
}
