package ldapsrc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// An entry is one SearchResultEntry (RFC 4511 4.5.2). All of it are slices of
// the message, valid only while the function that was given it runs.
type entry struct {
	dn     []byte
	values [][]byte
	spans  []span       // values[from:to] by index of the wanted name
	ranges []valueRange // of attributes that came in part
}

type span struct{ from, to int }

// A valueRange is an attribute that came in part, as "member;range=0-1499"
// (MS-ADTS 3.1.1.3.1.3.3). The server says which part it is, whatever was
// asked for; the attribute without the option comes beside it, empty.
type valueRange struct {
	index  int // of the wanted name
	lo, hi int // hi is -1 in the last part
	values [][]byte
}

// last reports whether there is no more to come.
func (r *valueRange) last() bool { return r.hi < 0 }

// get returns the values of the wanted name at index i.
func (e *entry) get(i int) [][]byte {
	return e.values[e.spans[i].from:e.spans[i].to]
}

// first returns the first value of the wanted name at index i, nil when there
// is none.
func (e *entry) first(i int) []byte {
	if v := e.get(i); len(v) > 0 {
		return v[0]
	}
	return nil
}

// nameFirst puts the value that the entry is named by before the others of the
// wanted name at index i, the attribute of its RDN. Values have no order of
// their own (RFC 4512 2.2), and after a rename that kept the old name it is the
// old one that many servers send first.
func (e *entry) nameFirst(i int) {
	if i < 0 || e.spans[i].to-e.spans[i].from < 2 {
		return
	}
	dn, err := ldap.ParseDN(string(e.dn))
	if err != nil {
		return
	}
	values, name := e.get(i), dn.RDNs[0].Attributes[0].Value
	at := slices.IndexFunc(values, func(v []byte) bool { return strings.EqualFold(string(v), name) })
	if at > 0 {
		named := values[at]
		copy(values[1:], values[:at])
		values[0] = named
	}
}

// A decoder takes entries out of the bytes of messages. Its entry is used
// again for the next one, so that nothing is allocated once it is warm.
type decoder struct {
	names *directory.Names
	known map[string]*known // descriptions that came
	last  *known            // the one that came last
	entry entry
}

// known is an attribute description that came. In the next entry mostly the
// same one follows.
type known struct {
	text  string
	index int // of the name that it stands for, or unwanted
	next  *known
}

const (
	unwanted = -1
	ranged   = -2
	// knownLimit keeps a server that invents descriptions from filling memory.
	knownLimit = 4096
)

func newDecoder(names *directory.Names) *decoder {
	return &decoder{names: names, known: map[string]*known{}, last: &known{}, entry: entry{spans: make([]span, names.Len())}}
}

// decode reads the content of a SearchResultEntry:
//
//	objectName LDAPDN,
//	attributes SEQUENCE OF SEQUENCE { type, vals SET OF value }
func (d *decoder) decode(body []byte) (*entry, error) {
	e := &d.entry
	e.values, e.ranges = e.values[:0], e.ranges[:0]
	clear(e.spans)
	var err error
	if e.dn, body, err = expect(body, tagOctetString, "an entry's DN"); err != nil {
		return nil, err
	}
	list, _, err := expect(body, tagSequence, "an entry's attributes")
	if err != nil {
		return nil, err
	}
	for len(list) > 0 {
		var attribute []byte
		if attribute, list, err = expect(list, tagSequence, "an attribute"); err != nil {
			return nil, err
		}
		description, rest, err := expect(attribute, tagOctetString, "an attribute description")
		if err != nil {
			return nil, err
		}
		set, _, err := expect(rest, tagSet, "the values of an attribute")
		if err != nil {
			return nil, err
		}
		if err := d.attribute(description, set); err != nil {
			return nil, err
		}
	}
	if kind, _, ok := bytes.Cut(e.dn, []byte{'='}); ok {
		e.nameFirst(d.index(kind))
	}
	return e, nil
}

func (d *decoder) attribute(description, set []byte) error {
	index := d.index(description)
	e := &d.entry
	from := len(e.values)
	for len(set) > 0 {
		value, rest, err := expect(set, tagOctetString, "a value")
		if err != nil {
			return err
		}
		set = rest
		if index != unwanted {
			e.values = append(e.values, value)
		}
	}
	switch {
	case index == unwanted:
	case index == ranged:
		d.rangedValues(description, e.values[from:])
		e.values = e.values[:from]
	case e.spans[index].from == e.spans[index].to:
		e.spans[index] = span{from, len(e.values)}
	default:
		// The same attribute twice, as with and without ";binary": one list.
		old := e.get(index)
		joined := len(e.values)
		e.values = append(append(e.values, old...), e.values[from:joined]...)
		e.spans[index] = span{joined, len(e.values)}
	}
	return nil
}

// index finds the wanted name that an attribute description (RFC 4512 2.5)
// stands for. Options make subtypes; of these only the transfer option
// ";binary" is the attribute itself, others must be wanted by name.
func (d *decoder) index(description []byte) int {
	if next := d.last.next; next != nil && next.text == string(description) {
		d.last = next
		return next.index
	}
	if k := d.known[string(description)]; k != nil {
		d.last.next, d.last = k, k
		return k.index
	}
	i := unwanted
	text := string(description)
	name, options, _ := strings.Cut(text, ";")
	if wanted, ok := d.names.Index(text); ok {
		i = wanted
	} else if wanted, ok := d.names.Index(name); ok {
		if strings.EqualFold(options, "binary") {
			i = wanted
		} else if _, _, ok := parseRange(options); ok {
			return ranged
		}
	}
	if len(d.known) < knownLimit {
		d.known[text] = &known{text: text, index: i}
	}
	return i
}

func (d *decoder) rangedValues(description []byte, values [][]byte) {
	name, options, _ := bytes.Cut(description, []byte{';'})
	index, _ := d.names.Index(string(name))
	lo, hi, _ := parseRange(string(options))
	d.entry.ranges = append(d.entry.ranges, valueRange{index: index, lo: lo, hi: hi, values: slices.Clone(values)})
}

// parseRange reads the option "range=LO-HI" or "range=LO-*", in any case, with
// or without other options beside it. hi is -1 for "*".
func parseRange(options string) (lo, hi int, ok bool) {
	for option := range strings.SplitSeq(options, ";") {
		const prefix = "range="
		if len(option) < len(prefix) || !strings.EqualFold(option[:len(prefix)], prefix) {
			continue
		}
		from, to, found := strings.Cut(option[len(prefix):], "-")
		if !found {
			return 0, 0, false
		}
		low, err := strconv.ParseUint(from, 10, 31)
		if err != nil {
			return 0, 0, false
		}
		if to == "*" {
			return int(low), -1, true
		}
		high, err := strconv.ParseUint(to, 10, 31)
		if err != nil || high < low {
			return 0, 0, false
		}
		return int(low), int(high), true
	}
	return 0, 0, false
}
