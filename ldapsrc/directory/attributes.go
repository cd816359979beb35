package directory

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Names is the set of attributes that one read asks for. All entries of the
// read share it, so that an entry holds its values and nothing else.
type Names struct {
	list  []string
	index map[string]int
}

// NewNames returns the set of the given attribute names: first spelling kept,
// repetitions in any case dropped.
func NewNames(names ...string) *Names {
	n := &Names{index: make(map[string]int, len(names))}
	for _, name := range names {
		folded := strings.ToLower(name)
		if _, ok := n.index[folded]; !ok {
			n.index[folded] = len(n.list)
			n.index[name] = len(n.list)
			n.list = append(n.list, name)
		}
	}
	return n
}

// List returns the names in the order in which they were given.
func (n *Names) List() []string { return slices.Clone(n.list) }

// Len is the number of names.
func (n *Names) Len() int { return len(n.list) }

// Index returns the place of a name in the list. Case is ignored
// (RFC 4512 2.5). The spelling of NewNames is found without allocation.
func (n *Names) Index(name string) (int, bool) {
	if i, ok := n.index[name]; ok {
		return i, true
	}
	i, ok := n.index[strings.ToLower(name)]
	return i, ok
}

// Attributes are the values of one entry, by attribute name. Text values are
// as the directory sent them, binary values are base64 text. The zero value
// has no attributes; an Attributes is never changed once made.
//
// A company has a hundred thousand of them in memory, so that all values of
// an entry are one string: for each name in turn the number of its values, and
// each value behind its length, numbers as unsigned varints.
type Attributes struct {
	names  *Names
	packed string
}

// AppendCount appends how many values the next name has to a packed text. As
// many calls of AppendValue follow.
func AppendCount(text []byte, n int) []byte { return binary.AppendUvarint(text, uint64(n)) }

// AppendValue appends one value to a packed text.
func AppendValue[T string | []byte](text []byte, value T) []byte {
	return append(binary.AppendUvarint(text, uint64(len(value))), value...)
}

// Packed makes the attributes of one entry from a packed text, which
// AppendCount and AppendValue made name by name in the order of List. It may
// end before the last name.
func (n *Names) Packed(text string) Attributes { return Attributes{names: n, packed: text} }

// Attributes makes the attributes of one entry from its values, which stand
// at the index of their name. All are copied.
func (n *Names) Attributes(values [][]string) Attributes {
	var text []byte
	for _, v := range values[:min(len(values), len(n.list))] {
		text = AppendCount(text, len(v))
		for _, one := range v {
			text = AppendValue(text, one)
		}
	}
	return n.Packed(string(text))
}

// AttributesOf makes attributes from a map, for tests and small sources.
func AttributesOf(m map[string][]string) Attributes {
	names := slices.Sorted(maps.Keys(m))
	values := make([][]string, len(names))
	for i, name := range names {
		values[i] = m[name]
	}
	return NewNames(names...).Attributes(values)
}

// Get returns the values of an attribute, nil when there are none.
func (a Attributes) Get(name string) []string {
	values := a.find(name)
	var list []string
	for range values.count {
		list = append(list, values.next())
	}
	return list
}

// First returns the first value of an attribute, or "".
func (a Attributes) First(name string) string {
	if values := a.find(name); values.count > 0 {
		return values.next()
	}
	return ""
}

// All goes through the attributes that have values, in the order of their
// names.
func (a Attributes) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for name := range a.Present() {
			if !yield(name, a.Get(name)) {
				return
			}
		}
	}
}

// Present goes through the names that have values.
func (a Attributes) Present() iter.Seq[string] {
	return func(yield func(string) bool) {
		rest := packed{text: a.packed}
		for i := 0; len(rest.text) > 0; i++ {
			n := rest.number()
			for range n {
				rest.next()
			}
			if n > 0 && !yield(a.names.list[i]) {
				return
			}
		}
	}
}

// Note sets has, at the index of each name that has values.
func (a Attributes) Note(has []bool) {
	rest := packed{text: a.packed}
	for i := 0; len(rest.text) > 0; i++ {
		n := rest.number()
		has[i] = has[i] || n > 0
		for range n {
			rest.next()
		}
	}
}

// Empty reports whether no attribute has a value.
func (a Attributes) Empty() bool {
	for range a.Present() {
		return false
	}
	return true
}

// Names returns the names that were asked for, whether or not the entry has
// values for them.
func (a Attributes) Names() []string {
	if a.names == nil {
		return nil
	}
	return a.names.List()
}

// A View reads the attributes of one entry after another, for those who look at
// several of each: an entry is gone through once. One goroutine uses it.
type View struct {
	names  *Names
	values []string
	first  []int // of each name, the place of its first value; and the end

	asked []place // what was asked of the last entries, in this order
	turn  int     // how many were asked of this one
}

// A place is where a name stands, -1 for one that is in no entry.
type place struct {
	name  string
	index int
}

// ViewOf is a View of one entry.
func ViewOf(a Attributes) *View {
	v := &View{}
	v.Read(a)
	return v
}

// Read makes it the view of another entry.
func (v *View) Read(a Attributes) {
	if a.names != nil && v.first == nil {
		v.values, v.first = make([]string, 0, a.names.Len()+4), make([]int, 0, a.names.Len()+1)
	}
	if v.turn = 0; v.names != a.names {
		v.asked = v.asked[:0]
	}
	v.names, v.values, v.first = a.names, v.values[:0], v.first[:0]
	for at := 0; at < len(a.packed); {
		v.first = append(v.first, len(v.values))
		var count, size int
		count, at = number(a.packed, at)
		for range count {
			size, at = number(a.packed, at)
			v.values = append(v.values, a.packed[at:at+size])
			at += size
		}
	}
	v.first = append(v.first, len(v.values))
}

// Get returns the values of an attribute, nil when there are none. The list
// is the view's own until its next Read.
func (v *View) Get(name string) []string {
	if v.names == nil {
		return nil
	}
	i := v.place(name)
	if i < 0 || i+1 >= len(v.first) || v.first[i] == v.first[i+1] {
		return nil
	}
	return slices.Clip(v.values[v.first[i]:v.first[i+1]])
}

// place finds a name. Entry by entry the same names are asked for in the same
// order, so that the next one is mostly the one that came next before.
func (v *View) place(name string) int {
	if v.turn < len(v.asked) && v.asked[v.turn].name == name {
		v.turn++
		return v.asked[v.turn-1].index
	}
	i, ok := v.names.Index(name)
	if !ok {
		i = -1
	}
	if v.turn <= v.names.Len() {
		v.asked = append(v.asked[:v.turn], place{name, i})
		v.turn++
	}
	return i
}

// find goes to the values of a name.
func (a Attributes) find(name string) packed {
	if a.names == nil {
		return packed{}
	}
	i, ok := a.names.Index(name)
	if !ok {
		return packed{}
	}
	at := 0
	for range i {
		var count int
		count, at = number(a.packed, at)
		for range count {
			var size int
			size, at = number(a.packed, at)
			at += size
		}
	}
	p := packed{text: a.packed[at:]}
	p.count = p.number()
	return p
}

// number reads the varint at a place of a text, 0 behind its end, and returns
// the place behind it.
func number(text string, at int) (n, behind int) {
	if at < len(text) && text[at] < 0x80 {
		return int(text[at]), at + 1
	}
	return longNumber(text, at)
}

func longNumber(text string, at int) (n, behind int) {
	for shift := 0; at < len(text); shift += 7 {
		c := text[at]
		at++
		n |= int(c&0x7f) << shift
		if c < 0x80 {
			return n, at
		}
	}
	return 0, len(text)
}

// packed is a place in a packed text.
type packed struct {
	text  string
	count int // values of the name at which it stands
}

// number takes a varint.
func (p *packed) number() int {
	n, behind := number(p.text, 0)
	p.text = p.text[behind:]
	return n
}

func (p *packed) next() string {
	n := p.number()
	value := p.text[:n]
	p.text = p.text[n:]
	return value
}
