package ldaptest

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// find runs a search over what the connection serves.
func (a *searchAnswer) find() (*matches, *result) {
	d := a.conn.srv.dir
	if special := a.conn.special(a.request); special != nil {
		return a.only(d, special)
	}
	if a.conn.kind.catalog {
		return a.findInForest()
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	base, res := d.base(a.request.base)
	if res != nil {
		return nil, res
	}
	found := &matches{}
	if err := a.collect(d, base, base.context, found); err != nil {
		return nil, &result{code: ldap.LDAPResultProtocolError, message: err.Error()}
	}
	if a.request.scope == ldap.ScopeWholeSubtree && !a.request.controls.domainScope {
		found.references = d.references(base.key)
	}
	return found, nil
}

// only matches a search on an entry that is not in the tree.
func (a *searchAnswer) only(d *Directory, e *entry) (*matches, *result) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	m, err := d.compile(a.request.filter)
	if err != nil {
		return nil, &result{code: ldap.LDAPResultProtocolError, message: err.Error()}
	}
	found := &matches{}
	if m(e) == yes {
		found.entries = []match{{d, e}}
	}
	return found, nil
}

// findInForest searches all domains of the forest, as a Global Catalog does;
// an empty base is the forest.
func (a *searchAnswer) findInForest() (*matches, *result) {
	found := &matches{}
	var refused *result
	a.conn.srv.dir.forest.mu.Lock()
	domains := append([]*Directory(nil), a.conn.srv.dir.forest.domains...)
	a.conn.srv.dir.forest.mu.Unlock()
	hit := false
	for _, d := range domains {
		d.mu.RLock()
		base := d.entries[d.key]
		if a.request.base != "" {
			var res *result
			if base, res = d.base(a.request.base); res != nil {
				if d == a.conn.srv.dir {
					refused = res
				}
				d.mu.RUnlock()
				continue
			}
		}
		if base.context != d.key && d != a.conn.srv.dir {
			d.mu.RUnlock()
			continue // each domain has the configuration; once is enough
		}
		hit = true
		err := a.collect(d, base, base.context, found)
		d.mu.RUnlock()
		if err != nil {
			return nil, &result{code: ldap.LDAPResultProtocolError, message: err.Error()}
		}
	}
	if !hit {
		return nil, refused
	}
	return found, nil
}

// collect adds the entries in scope that match. A subtree ends where another
// naming context begins.
func (a *searchAnswer) collect(d *Directory, base *entry, context string, found *matches) error {
	m, err := d.compile(a.request.filter)
	if err != nil {
		return err
	}
	hidden := a.hiddenSubtrees()
	inScope := func(e *entry) bool {
		switch a.request.scope {
		case ldap.ScopeBaseObject:
			return e == base
		case ldap.ScopeSingleLevel:
			return e != base && e.context == context && parentKey(e.key) == base.key
		}
		return e.context == context && isBelow(e.key, base.key)
	}
	list := d.list
	if a.request.scope == ldap.ScopeBaseObject {
		list = []*entry{base}
	}
next:
	for _, e := range list {
		if !inScope(e) || m(e) != yes {
			continue
		}
		for _, top := range hidden {
			if isBelow(e.key, top) {
				continue next
			}
		}
		found.entries = append(found.entries, match{d, e})
	}
	return nil
}

func (a *searchAnswer) hiddenSubtrees() []string {
	var hidden []string
	for _, f := range a.faults {
		if f.fault.Do.kind == hidingSubtree {
			if key, err := parseName(f.strike().text); err == nil {
				hidden = append(hidden, key)
			}
		}
	}
	return hidden
}

// base finds the entry a search starts from, or says why there is none.
func (d *Directory) base(name string) (*entry, *result) {
	if e, special := d.findSpecial(name); special {
		if e == nil {
			return nil, d.noSuchObject("")
		}
		return e, nil
	}
	key, err := parseName(name)
	if err != nil {
		message := "invalid DN"
		if d.flavor == ActiveDirectory {
			message = "0000208F: NameErr: DSID-03100225, problem 2006 (BAD_NAME), data 8350, best match of:\n\t'" + name + "'\n"
		}
		return nil, &result{code: ldap.LDAPResultInvalidDNSyntax, message: message}
	}
	if e := d.entries[key]; e != nil {
		return e, nil
	}
	if uri := d.foreign(key, name); uri != "" {
		return nil, &result{code: ldap.LDAPResultReferral, message: "0000202B: RefErr: DSID-0310084A, data 0, 1 access points\n\tref 1: '" + uri + "'\n", referral: []string{uri}}
	}
	for above := parentKey(key); above != ""; above = parentKey(above) {
		if e := d.entries[above]; e != nil {
			return nil, d.noSuchObject(e.dn)
		}
	}
	return nil, d.noSuchObject("")
}

func (d *Directory) noSuchObject(matched string) *result {
	r := &result{code: ldap.LDAPResultNoSuchObject, matched: matched}
	if d.flavor == ActiveDirectory {
		r.message = fmt.Sprintf("0000208D: NameErr: DSID-0310028D, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'%s'\n", matched)
	}
	return r
}

// findSpecial finds an entry by AD's <GUID=...> and <SID=...> forms of a name
// ([MS-ADTS] section 3.1.1.3.1.2.4); special is false for any other name.
func (d *Directory) findSpecial(name string) (e *entry, special bool) {
	if d.flavor != ActiveDirectory || !strings.HasPrefix(name, "<") || !strings.HasSuffix(name, ">") {
		return nil, false
	}
	kind, value, ok := strings.Cut(name[1:len(name)-1], "=")
	switch {
	case ok && strings.EqualFold(kind, "GUID"):
		id, ok := parseGUID(value)
		if !strings.Contains(value, "-") {
			id, ok = parseUUID(value) // the hex form is the bytes as they are
		}
		if ok {
			return d.byGUID[id], true
		}
		return nil, true
	case ok && strings.EqualFold(kind, "SID"):
		if sid, ok := parseSID(value); ok {
			return d.bySID[string(sid)], true
		}
		return nil, true
	}
	return nil, false
}

// foreign returns the URI of the server that a DC refers to for a name outside
// its naming contexts, or in another domain of its forest.
func (d *Directory) foreign(key, name string) string {
	if d.flavor != ActiveDirectory || !strings.Contains(key, "dc=") {
		return ""
	}
	for _, partition := range d.crossRefs() {
		if nc, err := parseName(partition.nc); err == nil && nc != d.key && isBelow(key, nc) && len(nc) > len(d.key) {
			return "ldap://" + partition.host + "/" + name
		}
	}
	if _, ours := d.contextOf(key); ours {
		return ""
	}
	return "ldap://" + dnsName(name) + "/" + name
}

type crossRef struct{ nc, host string }

// crossRefs returns the naming contexts of the forest that this server does
// not hold.
func (d *Directory) crossRefs() []crossRef {
	var refs []crossRef
	for _, e := range d.list {
		if e.hasClass("crossref") {
			key, err := parseName(e.text("ncname"))
			if _, held := d.entries[key]; err == nil && !held {
				refs = append(refs, crossRef{e.text("ncname"), e.text("dnsroot")})
			}
		}
	}
	return refs
}

// references returns the continuations of a subtree search from the domain's
// root: the naming contexts below it ([MS-ADTS] section 3.1.1.4.6).
func (d *Directory) references(base string) []string {
	if d.flavor != ActiveDirectory || base != d.key {
		return nil
	}
	domain := dnsName(d.suffix)
	refs := []string{
		"ldap://ForestDnsZones." + dnsName(d.forest.root.suffix) + "/DC=ForestDnsZones," + d.forest.root.suffix,
		"ldap://DomainDnsZones." + domain + "/DC=DomainDnsZones," + d.suffix,
		"ldap://" + domain + "/CN=Configuration," + d.suffix,
	}
	if d != d.forest.root {
		refs = refs[1:2]
	}
	for _, partition := range d.crossRefs() {
		if key, err := parseName(partition.nc); err == nil && isBelow(key, d.key) {
			refs = append(refs, "ldap://"+partition.host+"/"+partition.nc)
		}
	}
	return refs
}
