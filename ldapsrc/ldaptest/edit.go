package ldaptest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
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
		a.values, a.links = slices.Clone(a.values), untied(a.links)
		changed.attrs = append(changed.attrs, a)
	}
	for _, mod := range mods {
		if err := d.apply(changed, mod); err != nil {
			return err
		}
	}
	if err := errors.Join(d.checkSingle(changed), d.checkPrimaryGroup(e, changed)); err != nil {
		return err
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

// checkSingle refuses a second value of an attribute that AD has once only. An
// entry that is loaded with two keeps them until it is modified.
func (d *Directory) checkSingle(e *entry) error {
	for _, a := range e.attrs {
		if d.flavor == ActiveDirectory && a.typ.is(single) && len(a.values)+len(a.links) > 1 {
			return fail(ldap.LDAPResultAttributeOrValueExists, "modify %q: %s has one value only", e.dn, a.name)
		}
	}
	return nil
}

// checkPrimaryGroup refuses a primary group that the account is not yet in.
func (d *Directory) checkPrimaryGroup(e, changed *entry) error {
	was, is := e.text("primarygroupid"), changed.text("primarygroupid")
	if d.flavor != ActiveDirectory || was == is || is == "" || was == "" {
		return nil
	}
	for _, back := range e.back {
		if back.typ.key == "member" && rid([]byte(back.source.text("objectsid"))) == is {
			return nil
		}
	}
	return fail(ldap.LDAPResultUnwillingToPerform, "modify %q: not a member of group %s", e.dn, is)
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

// Delete removes an entry that has none below it, and the links to it.
func (d *Directory) Delete(dn string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, err := d.find(dn)
	if err != nil {
		return fmt.Errorf("delete %q: %w", dn, err)
	}
	if d.children[e.key] > 0 {
		return fail(ldap.LDAPResultNotAllowedOnNonLeaf, "delete %q: has entries below it", dn)
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
	d.children[parentKey(e.key)]--
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
