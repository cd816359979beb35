package ldaptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

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
	if err == nil {
		_, err = firstRDN(newDN) // nothing may fail once the entry has lost its old RDN
	}
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
			d.children[parentKey(below.key)]--
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
		d.children[parentKey(below.key)]++
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
