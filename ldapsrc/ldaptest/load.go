package ldaptest

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"adsync/ldapsrc/ldif"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// LoadLDIF adds the entries of an export. They may come in any order; every
// parent must be among them or there already. objectGUID, objectSid, entryUUID,
// times and other attributes that a server sets are taken as given. Change
// records are carried out where they stand.
func (d *Directory) LoadLDIF(r io.Reader) error {
	if d.err != nil {
		return d.err
	}
	reader := ldif.NewReader(r)
	var orphans []*ldif.Record
	for {
		record, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("load LDIF: %w", err)
		}
		err = d.loadRecord(record)
		if record.IsEntry() && resultCode(err) == ldap.LDAPResultNoSuchObject {
			orphans = append(orphans, record)
			continue
		}
		if err != nil {
			return fmt.Errorf("load LDIF: line %d: %w", record.Line, err)
		}
	}
	return d.loadOrphans(orphans)
}

// loadOrphans adds the entries that came before their parents.
func (d *Directory) loadOrphans(orphans []*ldif.Record) error {
	for len(orphans) > 0 {
		var errs []error
		var left []*ldif.Record
		for _, record := range orphans {
			if err := d.loadRecord(record); err != nil {
				left = append(left, record)
				errs = append(errs, fmt.Errorf("load LDIF: line %d: %w", record.Line, err))
			}
		}
		if len(left) == len(orphans) {
			return errors.Join(errs...)
		}
		orphans = left
	}
	return nil
}

func (d *Directory) loadRecord(record *ldif.Record) error {
	switch record.Change {
	case ldif.ChangeDelete:
		return d.Delete(record.DN)
	case ldif.ChangeModify:
		return d.Modify(record.DN, record.Mods...)
	case ldif.ChangeModRDN:
		superior := record.NewSuperior
		if superior == "" {
			superior = parentDN(record.DN)
		}
		return d.Rename(record.DN, record.NewRDN+","+superior)
	}
	return d.add(record.DN, record.Attributes)
}

// Find returns the DNs of the entries below the suffix that match a filter, in
// the order they came to be.
func (d *Directory) Find(filter string) ([]string, error) {
	packet, err := ldap.CompileFilter(filter)
	if err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	// A server gets a filter off the wire; built in memory it lacks the bytes.
	packet, err = ber.DecodePacketErr(packet.Bytes())
	if err != nil {
		return nil, err
	}
	m, err := d.compile(packet)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range d.list {
		if e.context == d.key && m(e) == yes {
			names = append(names, e.dn)
		}
	}
	return names, nil
}

// Entry returns an entry with all its attributes, operational and computed
// ones too but passwords, and whether there is one of that name.
func (d *Directory) Entry(name string) (*ldap.Entry, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, err := d.find(name)
	if err != nil {
		return nil, false
	}
	shown := &ldap.Entry{DN: e.dn}
	show := func(a *attribute) {
		out := &ldap.EntryAttribute{Name: a.name}
		for _, value := range a.values {
			out.Values = append(out.Values, string(value))
			out.ByteValues = append(out.ByteValues, slices.Clone(value))
		}
		for i := range a.links {
			value := a.links[i].String()
			out.Values = append(out.Values, value)
			out.ByteValues = append(out.ByteValues, []byte(value))
		}
		shown.Attributes = append(shown.Attributes, out)
	}
	for i := range e.attrs {
		if !e.attrs[i].typ.is(secret) {
			show(&e.attrs[i])
		}
	}
	for _, key := range sortedKeys(d.schema.types) {
		if typ := d.schema.types[key]; typ.is(constructed) {
			if a := d.construct(e, typ); a != nil {
				show(a)
			}
		}
	}
	return shown, true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
