package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldif"
)

const ldifScheme = "ldif:"

// isLDIF reports whether a URL names a file instead of a server.
func isLDIF(url string) bool {
	return len(url) >= len(ldifScheme) && strings.EqualFold(url[:len(ldifScheme)], ldifScheme)
}

// A store is an LDIF file that answers searches as a server would.
type store struct {
	path    string
	entries []*ldif.Record
	keys    []string // folded DNs, at the same index
	byKey   map[string]int
	top     []string // DNs of the entries that have no parent in the file
	dse     *rootDSE
}

// openLDIF reads the source's file. Change records are refused: a file with
// changes says what happened, not what is there.
func (s *Source) openLDIF(ctx context.Context) ([]*domain, error) {
	path := s.cfg.URLs[0][len(ldifScheme):]
	file, err := openRegular(path)
	if err != nil {
		return nil, &ReadError{Where: s.cfg.key("url"), Problem: "the LDIF file cannot be read", Err: err,
			Advice: "check the path, which starts at the configuration's folder, and who may read the file"}
	}
	defer file.Close()
	st, err := readStore(ctx, path, file)
	if err != nil {
		return nil, &ReadError{Where: s.cfg.key("url"), Problem: "read " + path, Err: err,
			Advice: "export the whole directory again, with ldifde -u, ldapsearch or slapcat"}
	}
	dse, _ := st.rootDSE(ctx)
	var domains []*domain
	for _, base := range st.top {
		d := &domain{name: path, src: s, first: st, dse: dse}
		d.setBase(base)
		domains = append(domains, d)
	}
	if len(domains) == 0 {
		return nil, &ReadError{Where: s.cfg.key("url"), Problem: path + " holds no entries",
			Advice: "export the whole directory, with ldifde -u, ldapsearch or slapcat"}
	}
	return domains, nil
}

// openRegular opens a file that is one: a pipe could be read only once, and to
// open one may take for ever.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

func readStore(ctx context.Context, path string, file io.Reader) (*store, error) {
	st := &store{path: path, byKey: map[string]int{}, dse: &rootDSE{}}
	reader := ldif.NewReader(file)
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			if err := reader.CutShort(); err != nil {
				return nil, err
			}
			break
		}
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !record.IsEntry() {
			return nil, fmt.Errorf("line %d: a change record (%s): an export of entries is needed", record.Line, record.Change)
		}
		if record.DN == "" {
			continue // the rootDSE
		}
		key := foldDN(record.DN)
		if _, twice := st.byKey[key]; twice {
			return nil, fmt.Errorf("line %d: %q is there twice", record.Line, record.DN)
		}
		st.byKey[key] = len(st.entries)
		st.entries = append(st.entries, record)
		st.keys = append(st.keys, key)
	}
	for i, key := range st.keys {
		if !st.hasAncestor(key) {
			st.top = append(st.top, st.suffixOf(st.entries[i].DN))
		}
	}
	st.top = outermost(st.top)
	return st, nil
}

func (st *store) hasAncestor(key string) bool {
	for {
		_, parent, ok := strings.Cut(key, ",")
		if !ok {
			return false
		}
		if _, there := st.byKey[parent]; there {
			return true
		}
		key = parent
	}
}

// suffixOf is the domain of an entry whose parents were not exported: its
// domain components, or else its parent.
func (st *store) suffixOf(dn string) string {
	if _, there := st.byKey[foldDN(dn)]; there && strings.HasPrefix(foldDN(dn), "dc=") {
		return dn
	}
	for rest := dn; rest != ""; {
		if strings.HasPrefix(foldDN(rest), "dc=") {
			return rest
		}
		_, rest = splitRDN(rest)
	}
	return dn
}

func (st *store) rootDSE(context.Context) (*rootDSE, error) { return st.dse, nil }

func (st *store) close() {}

// search answers as a server would, in the order of the file.
func (st *store) search(ctx context.Context, req request, each func(*entry) error) (stats, error) {
	var result stats
	failed := func(err error) (stats, error) {
		return result, &SearchError{Server: st.path, Base: req.base, Filter: req.filter, Entries: result.entries, Err: err}
	}
	packet, err := ldap.CompileFilter(req.filter)
	if err != nil {
		return failed(err)
	}
	match, err := compileMatcher(packet)
	if err != nil {
		return failed(err)
	}
	base := foldDN(req.base)
	if _, there := st.byKey[base]; !there && !st.covers(base) {
		return failed(&ldap.Error{ResultCode: ldap.LDAPResultNoSuchObject, Err: errors.New("the file has no such entry")})
	}
	names := req.names
	if names == nil {
		names = directory.NewNames()
	}
	e := &entry{spans: make([]span, names.Len())}
	for i, record := range st.entries {
		if !inScope(st.keys[i], base, req.scope) || match(record) != matchTrue {
			continue
		}
		if err := ctx.Err(); err != nil {
			return failed(err)
		}
		result.entries++
		fillEntry(e, record, names)
		if err := each(e); err != nil {
			return failed(err)
		}
	}
	result.pages = 1
	return result, nil
}

// covers reports whether a DN is a suffix of the file though it has no entry
// in it.
func (st *store) covers(base string) bool {
	for _, key := range st.keys {
		if isBelow(key, base) {
			return true
		}
	}
	return false
}

func inScope(key, base string, scope int) bool {
	switch scope {
	case ldap.ScopeBaseObject:
		return key == base
	case ldap.ScopeSingleLevel:
		_, parent, _ := strings.Cut(key, ",")
		return parent == base && key != base
	}
	return isBelow(key, base)
}

// fillEntry makes a decoded entry out of a record. Options count as in the
// decoder: ";binary" is the attribute itself, a range is refused by the export
// being incomplete.
func fillEntry(e *entry, record *ldif.Record, names *directory.Names) {
	e.dn = []byte(record.DN)
	e.values, e.ranges = e.values[:0], e.ranges[:0]
	clear(e.spans)
	for _, a := range record.Attributes {
		name, options, _ := strings.Cut(a.Name, ";")
		i, ok := names.Index(a.Name)
		if !ok {
			i, ok = names.Index(name)
			if lo, hi, isRange := parseRange(options); ok && isRange {
				e.ranges = append(e.ranges, valueRange{index: i, lo: lo, hi: hi, values: a.Values})
				continue
			}
			ok = ok && strings.EqualFold(options, "binary")
		}
		if ok && len(a.Values) > 0 {
			e.set(i, append(append([][]byte{}, e.get(i)...), a.Values...))
		}
	}
	kind, _, _ := strings.Cut(record.DN, "=")
	if i, ok := names.Index(kind); ok {
		e.nameFirst(i)
	}
}

// attributeNames lists the attributes that an entry has.
func (st *store) attributeNames(key string) []string {
	i, ok := st.byKey[key]
	if !ok {
		return nil
	}
	var names []string
	for _, a := range st.entries[i].Attributes {
		name, _, _ := strings.Cut(a.Name, ";")
		names = append(names, name)
	}
	return names
}
