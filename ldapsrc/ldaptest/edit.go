package ldaptest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"adsync/ldapsrc/ldif"

	"github.com/go-ldap/ldap/v3"
)

// Mod is one step of Modify.
type Mod = ldif.Mod

// Replace sets an attribute's values; without values it removes the attribute.
func Replace(name string, values ...string) Mod { return newMod("replace", name, values) }

// AddValues adds values to an attribute.
func AddValues(name string, values ...string) Mod { return newMod("add", name, values) }

// DeleteValues takes values from an attribute; without values it removes the attribute.
func DeleteValues(name string, values ...string) Mod { return newMod("delete", name, values) }

func newMod(op, name string, values []string) Mod {
	mod := Mod{Op: op, Attribute: ldif.Attribute{Name: name}}
	for _, value := range values {
		mod.Values = append(mod.Values, []byte(value))
	}
	return mod
}

// Add creates an entry. The parent must be there. RDN, identifiers, times and,
// in AD, the account attributes are filled in where attrs does not have them.
// The error is an *ldap.Error with the result code a server would send.
func (d *Directory) Add(dn string, attrs map[string][]string) error {
	var list []ldif.Attribute
	for name, values := range attrs {
		list = append(list, newMod("add", name, values).Attribute)
	}
	slices.SortFunc(list, func(a, b ldif.Attribute) int { return strings.Compare(a.Name, b.Name) })
	return d.add(dn, list)
}

func (d *Directory) add(dn string, attrs []ldif.Attribute) error {
	if d.err != nil {
		return d.err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, err := d.insert(dn, attrs, false)
	return err
}

// insert is Add with the lock held. It replaces a built-in entry.
func (d *Directory) insert(dn string, attrs []ldif.Attribute, builtIn bool) (*entry, error) {
	key, err := parseName(dn)
	if err != nil {
		return nil, ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	context, ok := d.contextOf(key)
	if !ok {
		return nil, fail(ldap.LDAPResultNoSuchObject, "add %q: not below %s", dn, d.suffix)
	}
	if key != context && d.entries[parentKey(key)] == nil {
		return nil, fail(ldap.LDAPResultNoSuchObject, "add %q: no entry above it", dn)
	}
	e := &entry{dn: dn, key: key, context: context, builtIn: builtIn}
	for _, a := range attrs {
		if err := d.apply(e, Mod{Op: "add", Attribute: a}); err != nil {
			return nil, err
		}
	}
	if err := d.setRDN(e); err != nil {
		return nil, err
	}
	old := d.entries[key]
	if old != nil && !old.builtIn {
		return nil, fail(ldap.LDAPResultEntryAlreadyExists, "add %q: already there", dn)
	}
	d.identify(e, old)
	if d.flavor == ActiveDirectory {
		d.complete(e)
	} else {
		d.completeOpenLDAP(e)
	}
	d.place(e, old)
	return e, nil
}

// identify gives a new entry its GUID: the one it brings, else its
// predecessor's, else one made from its name.
func (d *Directory) identify(e, old *entry) {
	name := "objectguid"
	if d.flavor == OpenLDAP {
		name = "entryuuid"
	}
	given := e.text(name)
	if id, ok := parseUUID(given); ok && d.flavor == OpenLDAP {
		e.guid = id
	} else if len(given) == 16 {
		e.guid = [16]byte([]byte(given))
	} else if old != nil {
		e.guid = old.guid
	} else {
		e.guid = d.newGUID(e.key)
	}
	d.issued[e.guid] = true
	if old != nil && old.attr("objectsid") != nil && e.attr("objectsid") == nil {
		e.set(d.schema, "objectSid", old.text("objectsid"))
	}
}

func (d *Directory) completeOpenLDAP(e *entry) {
	now := generalizedTime(time.Now(), d.flavor)
	e.set(d.schema, "entryUUID", uuidText(e.guid))
	e.setDefault(d.schema, "createTimestamp", now)
	e.setDefault(d.schema, "modifyTimestamp", now)
	if a := e.attr("objectclass"); a != nil && len(a.values) > 0 {
		e.setDefault(d.schema, "structuralObjectClass", string(a.values[len(a.values)-1]))
	}
}

// place enters a finished entry into the indexes.
func (d *Directory) place(e, old *entry) {
	if old != nil {
		links := old.back
		d.remove(old, false)
		for _, back := range links {
			for i := range back.source.attrs {
				for j := range back.source.attrs[i].links {
					if l := &back.source.attrs[i].links[j]; l.target == old {
						l.target = e
					}
				}
			}
		}
		e.back = links
	}
	d.entries[e.key] = e
	d.list = append(d.list, e)
	d.byGUID[e.guid] = e
	if sid := e.text("objectsid"); sid != "" {
		d.bySID[sid] = e
		if e.key == d.key {
			d.rebase([]byte(sid))
		}
	}
	for i := range e.attrs {
		d.link(e, &e.attrs[i])
	}
	e.attrs = slices.DeleteFunc(e.attrs, func(a attribute) bool { return a.empty() })
	d.adopt(e)
	if password := e.text("userpassword"); password != "" {
		d.passwords[e.key] = password
	}
	d.edits++
}

// Modify changes an entry: all steps in their order, or none.
func (d *Directory) Modify(dn string, mods ...Mod) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.modify(dn, mods)
}

func (d *Directory) modify(dn string, mods []Mod) error {
	e, err := d.find(dn)
	if err != nil {
		return fmt.Errorf("modify %q: %w", dn, err)
	}
	changed := &entry{dn: e.dn, key: e.key}
	for _, a := range e.attrs {
		a.values, a.links = slices.Clone(a.values), slices.Clone(a.links)
		changed.attrs = append(changed.attrs, a)
	}
	for _, mod := range mods {
		if err := d.apply(changed, mod); err != nil {
			return err
		}
	}
	oldGroup := e.text("primarygroupid")
	for i := range e.attrs {
		d.unlink(e, &e.attrs[i])
	}
	e.attrs = changed.attrs
	for i := range e.attrs {
		d.link(e, &e.attrs[i])
	}
	e.attrs = slices.DeleteFunc(e.attrs, func(a attribute) bool { return a.empty() })
	if password := e.text("userpassword"); password != "" {
		d.passwords[e.key] = password
	}
	d.movePrimaryGroup(e, oldGroup)
	d.touch(e)
	return nil
}

// movePrimaryGroup writes the old primary group's membership into its member
// attribute and takes the new one's out, as a DC does ([MS-SAMR] section
// 3.1.1.8.2).
func (d *Directory) movePrimaryGroup(e *entry, old string) {
	if old == "" || old == e.text("primarygroupid") {
		return
	}
	for _, group := range d.list {
		if !group.hasClass("group") {
			continue
		}
		a := group.attr("member")
		switch rid([]byte(group.text("objectsid"))) {
		case old:
			if err := d.apply(group, AddValues("member", e.dn)); err != nil {
				continue // a member already
			}
			added := group.attr("member")
			added.links[len(added.links)-1].target = e
			e.back = append(e.back, backLink{group, added.typ})
		case e.text("primarygroupid"):
			if a != nil {
				d.unlink(group, a)
				d.link(group, a)
			}
		}
	}
}

// apply carries out one step on an entry that is not yet linked.
func (d *Directory) apply(e *entry, mod Mod) error {
	typ := d.schema.learn(mod.Name)
	if typ.is(constructed) {
		// LDIF exports have them; a server computes them.
		return nil
	}
	_, options, _ := strings.Cut(mod.Name, ";")
	name, key := typ.name, typ.key
	if options != "" {
		name, key = name+";"+options, key+";"+strings.ToLower(options)
	}
	a := e.attr(key)
	if a == nil {
		if mod.Op == "delete" {
			return fail(ldap.LDAPResultNoSuchAttribute, "modify %q: has no %s", e.dn, name)
		}
		e.attrs = append(e.attrs, attribute{typ: typ, name: name, key: key})
		a = &e.attrs[len(e.attrs)-1]
	}
	if mod.Op == "replace" || mod.Op == "delete" && len(mod.Values) == 0 {
		a.values, a.links = nil, nil
	}
	var err error
	switch {
	case mod.Op == "delete":
		err = a.deleteValues(mod.Values)
	case typ.syntax == dn:
		err = a.addLinks(mod.Values)
	default:
		err = a.addValues(mod.Values)
	}
	if err != nil {
		return fmt.Errorf("modify %q: %w", e.dn, err)
	}
	if a.empty() {
		e.remove(key)
	}
	return nil
}

func (a *attribute) addValues(values [][]byte) error {
	for _, value := range values {
		if len(values) < 100 && slices.ContainsFunc(a.values, func(have []byte) bool { return a.typ.equal(have, value) }) {
			return fail(ldap.LDAPResultAttributeOrValueExists, "%s already has %q", a.name, value)
		}
		a.values = append(a.values, slices.Clone(value))
	}
	return nil
}

func (a *attribute) addLinks(values [][]byte) error {
	have := make(map[string]bool, len(a.links))
	for i := range a.links {
		have[a.links[i].canonical()] = true
	}
	for _, value := range values {
		key, err := parseName(string(value))
		if err != nil {
			return ldap.NewError(ldap.LDAPResultInvalidAttributeSyntax, err)
		}
		if have[key] {
			return fail(ldap.LDAPResultAttributeOrValueExists, "%s already has %q", a.name, value)
		}
		have[key] = true
		a.links = append(a.links, link{dn: string(value), key: key})
	}
	return nil
}

func (a *attribute) deleteValues(values [][]byte) error {
	for _, value := range values {
		var at int
		if a.typ.syntax == dn {
			key, err := parseName(string(value))
			if err != nil {
				return ldap.NewError(ldap.LDAPResultInvalidAttributeSyntax, err)
			}
			if at = slices.IndexFunc(a.links, func(l link) bool { return l.canonical() == key }); at >= 0 {
				a.links = slices.Delete(a.links, at, at+1)
			}
		} else if at = slices.IndexFunc(a.values, func(have []byte) bool { return a.typ.equal(have, value) }); at >= 0 {
			a.values = slices.Delete(a.values, at, at+1)
		}
		if at < 0 {
			return fail(ldap.LDAPResultNoSuchAttribute, "%s has no value %q", a.name, value)
		}
	}
	return nil
}

// Rename gives an entry another DN, which may have another parent; what is
// below goes with it, and links to all of them show the new names.
func (d *Directory) Rename(dn, newDN string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.find(dn)
	if err != nil {
		return fmt.Errorf("rename %q: %w", dn, err)
	}
	newKey, err := parseName(newDN)
	if err != nil {
		return ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	switch other := d.entries[newKey]; {
	case other != nil && other != e:
		return fail(ldap.LDAPResultEntryAlreadyExists, "rename to %q: already there", newDN)
	case d.entries[parentKey(newKey)] == nil:
		return fail(ldap.LDAPResultNoSuchObject, "rename to %q: no entry above it", newDN)
	case newKey != e.key && isBelow(newKey, e.key):
		return fail(ldap.LDAPResultUnwillingToPerform, "rename to %q: below itself", newDN)
	}
	if err := d.clearRDN(e); err != nil {
		return err
	}
	d.move(e, newDN, newKey)
	if err := d.setRDN(e); err != nil {
		return err
	}
	d.touch(e)
	return nil
}

// move gives an entry and all below it their new names.
func (d *Directory) move(e *entry, newDN, newKey string) {
	oldDN, oldKey := e.dn, e.key
	var moved []*entry
	for _, below := range d.list {
		if isBelow(below.key, oldKey) {
			moved = append(moved, below)
			delete(d.entries, below.key)
		}
	}
	for _, below := range moved {
		was := below.key
		if below != e {
			below.dn = childDN(below.dn, oldDN) + newDN
			below.key = strings.TrimSuffix(below.key, oldKey) + newKey
		} else {
			below.dn, below.key = newDN, newKey
		}
		d.entries[below.key] = below
		if password, ok := d.passwords[was]; ok {
			delete(d.passwords, was)
			d.passwords[below.key] = password
		}
	}
	for _, below := range moved {
		d.adopt(below)
	}
}

// childDN returns the RDNs of dn above which the entry named ancestor stands,
// with the comma after them. Both may spell the ancestor differently.
func childDN(dn, ancestor string) string {
	rest := dn
	for i := countRDNs(dn) - countRDNs(ancestor); i > 0; i-- {
		rest = parentDN(rest)
	}
	return strings.TrimSuffix(dn, rest)
}

func countRDNs(dn string) int {
	n := 0
	for ; dn != ""; dn = parentDN(dn) {
		n++
	}
	return n
}

// Delete removes an entry that has none below it, and the links to it.
func (d *Directory) Delete(dn string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.find(dn)
	if err != nil {
		return fmt.Errorf("delete %q: %w", dn, err)
	}
	for _, other := range d.list {
		if other != e && isBelow(other.key, e.key) {
			return fail(ldap.LDAPResultNotAllowedOnNonLeaf, "delete %q: has entries below it", dn)
		}
	}
	d.remove(e, true)
	d.usn++
	d.edits++
	return nil
}

// remove takes an entry out of the indexes, and the links to it if asked.
func (d *Directory) remove(e *entry, links bool) {
	for i := range e.attrs {
		d.unlink(e, &e.attrs[i])
	}
	if links {
		d.dropLinksTo(e)
	}
	e.deleted = true
	delete(d.entries, e.key)
	delete(d.passwords, e.key)
	delete(d.byGUID, e.guid)
	delete(d.bySID, e.text("objectsid"))
	if at := slices.Index(d.list, e); at >= 0 {
		d.list = slices.Delete(d.list, at, at+1)
	}
}

// touch records that an entry changed.
func (d *Directory) touch(e *entry) {
	d.usn++
	d.edits++
	now := generalizedTime(time.Now(), d.flavor)
	if d.flavor == ActiveDirectory {
		e.set(d.schema, "uSNChanged", strconv.FormatInt(d.usn, 10))
		e.set(d.schema, "whenChanged", now)
		return
	}
	e.set(d.schema, "modifyTimestamp", now)
}

// find returns the entry with this DN, GUID or SID.
func (d *Directory) find(dn string) (*entry, error) {
	if d.err != nil {
		return nil, d.err
	}
	if e, special := d.findSpecial(dn); special {
		if e == nil {
			return nil, fail(ldap.LDAPResultNoSuchObject, "no such entry")
		}
		return e, nil
	}
	key, err := parseName(dn)
	if err != nil {
		return nil, ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	if e := d.entries[key]; e != nil {
		return e, nil
	}
	return nil, fail(ldap.LDAPResultNoSuchObject, "no such entry")
}

// setRDN adds the values of the first RDN to the attributes.
func (d *Directory) setRDN(e *entry) error {
	parts, err := firstRDN(e.dn)
	if err != nil {
		return ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	for _, part := range parts {
		typ := d.schema.learn(part.Type)
		a := e.attr(typ.key)
		switch {
		case a == nil, typ.is(single):
			e.set(d.schema, typ.name, part.Value)
		case !slices.ContainsFunc(a.values, func(v []byte) bool { return typ.equal(v, []byte(part.Value)) }):
			a.values = append(a.values, []byte(part.Value))
		}
	}
	return nil
}

func (d *Directory) clearRDN(e *entry) error {
	parts, err := firstRDN(e.dn)
	if err != nil {
		return ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	for _, part := range parts {
		typ := d.schema.learn(part.Type)
		if a := e.attr(typ.key); a != nil {
			a.values = slices.DeleteFunc(a.values, func(v []byte) bool { return typ.equal(v, []byte(part.Value)) })
		}
	}
	return nil
}

func fail(code uint16, format string, args ...any) error {
	return ldap.NewError(code, fmt.Errorf(format, args...))
}

// resultCode returns the code of an error from here.
func resultCode(err error) uint16 {
	var e *ldap.Error
	if errors.As(err, &e) {
		return e.ResultCode
	}
	return ldap.LDAPResultOther
}
