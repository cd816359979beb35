package directory

import (
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
type Attributes struct {
	names  *Names
	ends   []uint32 // values[ends[i-1]:ends[i]] belong to names.list[i]
	values []string
}

// Attributes makes the attributes of one entry from its values, which stand
// at the index of their name. The slices are copied, the strings shared.
func (n *Names) Attributes(values [][]string) Attributes {
	total := 0
	for _, v := range values {
		total += len(v)
	}
	a := Attributes{names: n, ends: make([]uint32, len(n.list)), values: make([]string, 0, total)}
	for i := range a.ends {
		if i < len(values) {
			a.values = append(a.values, values[i]...)
		}
		a.ends[i] = uint32(len(a.values))
	}
	return a
}

// AttributesOf makes attributes from a map, for tests and small sources.
func AttributesOf(m map[string][]string) Attributes {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	values := make([][]string, len(names))
	for i, name := range names {
		values[i] = m[name]
	}
	return NewNames(names...).Attributes(values)
}

// Get returns the values of an attribute, nil when there are none. The slice
// must not be changed.
func (a Attributes) Get(name string) []string {
	if a.names == nil {
		return nil
	}
	i, ok := a.names.Index(name)
	if !ok {
		return nil
	}
	from := uint32(0)
	if i > 0 {
		from = a.ends[i-1]
	}
	if from == a.ends[i] {
		return nil
	}
	return a.values[from:a.ends[i]:a.ends[i]]
}

// First returns the first value of an attribute, or "".
func (a Attributes) First(name string) string {
	if v := a.Get(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Names returns the names that were asked for, whether or not the entry has
// values for them.
func (a Attributes) Names() []string {
	if a.names == nil {
		return nil
	}
	return a.names.List()
}
