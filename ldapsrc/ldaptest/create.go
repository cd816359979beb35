package ldaptest

import (
	"slices"
	"strings"
	"time"

	"adsync/ldapsrc/ldif"

	"github.com/go-ldap/ldap/v3"
)

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
	d.children[parentKey(e.key)]++
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
