package ldaptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

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
			return fail(a.code(ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultEntryAlreadyExists), "%s already has %q", a.name, value)
		}
		have[key] = true
		a.links = append(a.links, link{dn: string(value), key: key})
	}
	return nil
}

// code returns the result code for a value that is there already or not there:
// AD has others for linked attributes.
func (a *attribute) code(usual, linked uint16) uint16 {
	if a.typ.linked {
		return linked
	}
	return usual
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
			return fail(a.code(ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultUnwillingToPerform), "%s has no value %q", a.name, value)
		}
	}
	return nil
}
