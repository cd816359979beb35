package ldapsrc

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A searcher answers searches: a connection, or an LDIF file. Its contract is
// that of link.search.
type searcher interface {
	search(ctx context.Context, req request, each func(*entry) error) (stats, error)
	rootDSE(ctx context.Context) (*rootDSE, error)
	close()
}

// rangeAttempts is how often the values of an attribute are read from the
// start because the entry changed in between.
const rangeAttempts = 3

// searchWhole is search, but every entry that is given to each has all values
// of its attributes: what a server sends in parts (MS-ADTS 3.1.1.3.1.3.3) is
// read to its end. Entries in parts come last.
func searchWhole(ctx context.Context, s searcher, req request, each func(*entry) error) (stats, error) {
	var parts []*entry
	st, err := s.search(ctx, req, func(e *entry) error {
		if len(e.ranges) == 0 {
			return each(e)
		}
		parts = append(parts, e.clone())
		return nil
	})
	if err != nil {
		return st, err
	}
	for i, e := range parts {
		for _, r := range e.ranges {
			values := r.values
			if !r.last() || r.lo != 0 {
				if values, err = readRange(ctx, s, string(parseExtendedName(e.dn).dn), req.names.List()[r.index], req.controls); err != nil {
					return st, err
				}
			}
			e.set(r.index, values)
		}
		e.ranges = nil
		if err := each(e); err != nil {
			return st, err
		}
		parts[i] = nil
	}
	return st, nil
}

// readRange reads all values of one attribute of one entry, part by part. When
// uSNChanged moves in between, values may have been lost or repeated, and it
// starts again.
func readRange(ctx context.Context, s searcher, dn, attribute string, controls []ldap.Control) ([][]byte, error) {
	for range rangeAttempts {
		values, same, err := readRangeOnce(ctx, s, dn, attribute, controls)
		if err != nil {
			return nil, fmt.Errorf("read all values of %s of %q: %w", attribute, dn, err)
		}
		if same {
			return values, nil
		}
	}
	return nil, fmt.Errorf("read all values of %s of %q: the entry changed each of the %d times it was read", attribute, dn, rangeAttempts)
}

func readRangeOnce(ctx context.Context, s searcher, dn, attribute string, controls []ldap.Control) (values [][]byte, same bool, err error) {
	names := directory.NewNames(attribute, "uSNChanged")
	usn := ""
	for lo := 0; ; {
		var got *entry
		req := request{base: dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: names, single: true, controls: controls,
			ask: []string{fmt.Sprintf("%s;range=%d-*", attribute, lo), "uSNChanged"}}
		if _, err := s.search(ctx, req, func(e *entry) error { got = e.clone(); return nil }); err != nil {
			return nil, false, err
		}
		if got == nil {
			return nil, false, fmt.Errorf("the entry is not there any more")
		}
		if now := string(got.first(1)); lo == 0 {
			usn = now
		} else if now != usn {
			return nil, false, nil
		}
		at := slices.IndexFunc(got.ranges, func(r valueRange) bool { return r.index == 0 })
		if at < 0 {
			if plain := got.get(0); lo == 0 || len(plain) > 0 {
				// The server took no notice of the range: that is all of it.
				return plain, true, nil
			}
			return nil, false, fmt.Errorf("the server sent no values from number %d on, and did not say that there are none", lo)
		}
		part := got.ranges[at]
		if part.lo > lo {
			return nil, false, fmt.Errorf("the server left out the values from number %d to %d", lo, part.lo-1)
		}
		if !part.last() && len(part.values) != part.hi-part.lo+1 {
			return nil, false, fmt.Errorf("the server announced the values from number %d to %d and sent %d", part.lo, part.hi, len(part.values))
		}
		// The name of the answer counts, not what was asked for.
		skip := lo - part.lo
		if skip >= len(part.values) && !part.last() {
			return nil, false, fmt.Errorf("the server does not go on after value number %d", lo)
		}
		values = append(values, part.values[min(skip, len(part.values)):]...)
		if part.last() {
			return values, true, nil
		}
		lo = part.lo + len(part.values)
	}
}

// clone copies an entry out of the message.
func (e *entry) clone() *entry {
	c := &entry{dn: slices.Clone(e.dn), values: cloneValues(e.values), spans: slices.Clone(e.spans)}
	for _, r := range e.ranges {
		r.values = cloneValues(r.values)
		c.ranges = append(c.ranges, r)
	}
	return c
}

// set replaces the values of the wanted name at index i.
func (e *entry) set(i int, values [][]byte) {
	from := len(e.values)
	e.values = append(e.values, values...)
	e.spans[i] = span{from, len(e.values)}
}

func cloneValues(values [][]byte) [][]byte {
	c := make([][]byte, len(values))
	for i, v := range values {
		c[i] = slices.Clone(v)
	}
	return c
}
