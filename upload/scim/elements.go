package scim

import (
	"slices"
	"strings"
)

// elements is the room for reading one element of a multi-valued attribute,
// whose type may come after its value.
type elements struct {
	id      []byte
	address []byte
	text    [][]byte // by sub-attribute
	here    []bool
	kept    [][]byte // those of another element, nil for what it has not
}

// primary reports whether the element just read is the primary one.
func (e *elements) primary(f *field) bool {
	i := slices.Index(f.subs, "primary")
	return i >= 0 && e.here[i] && strings.EqualFold(string(e.text[i]), "true")
}

// keep puts the element just read by, and restore takes it out again.
func (e *elements) keep() {
	e.kept = e.kept[:0]
	for i, here := range e.here {
		if e.kept = append(e.kept, nil); here {
			e.kept[i] = append([]byte{}, e.text[i]...)
		}
	}
}

func (e *elements) restore() {
	for i, text := range e.kept {
		e.here[i] = text != nil
		e.text[i] = append(e.text[i][:0], text...)
	}
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
	untyped, typed, primary := 0, false, false
	err := d.array(func() error {
		c, err := d.peek()
		if err != nil {
			return err
		}
		switch c {
		case '[':
			return d.skip()
		case '{':
			plain, err := d.element(f)
			if typed = typed || !plain; plain {
				untyped++
			}
			if is := plain && d.elements.primary(f); is || plain && untyped == 1 {
				primary = primary || is
				d.elements.keep()
			}
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
	// A service that keeps no types shows an untyped element for whichever type
	// was written. Several cannot be told apart, but for the primary one.
	if typed && !f.typed.Load() {
		f.typed.Store(true)
	}
	if untyped > 0 && !typed {
		f.noteUntyped()
		if untyped == 1 || primary {
			d.elements.restore()
			d.only(f)
		}
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

// only gives the element just read to the selections of one type: work, which
// most have, or the first that is mapped.
func (d *decoder) only(f *field) {
	chosen := -1
	for i, s := range f.selects {
		if s.by >= 0 && (chosen < 0 || strings.EqualFold(s.is, "work") && !strings.EqualFold(f.selects[chosen].is, "work")) {
			chosen = i
		}
	}
	for _, s := range f.selects {
		if chosen >= 0 && s.by == f.selects[chosen].by && s.is == f.selects[chosen].is {
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
		f.noteUntyped()
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
