package ldaptest

import (
	"errors"
	"maps"
	"slices"
	"strconv"
)

var errNoReplica = errors.New("only an Active Directory domain has further domain controllers")

// Replicate returns another domain controller's copy of an AD domain as it is
// now: the same entries, GUIDs, SIDs and passwords, but update sequence numbers
// of its own. Edits of one do not reach the other, as if it lagged behind.
func (d *Directory) Replicate() *Directory {
	replica := newDirectory(d.flavor, d.suffix)
	if d.err != nil || d.forest == nil {
		replica.err = d.err
		if d.err == nil {
			replica.err = errNoReplica
		}
		return replica
	}
	d.forest.mu.Lock()
	d.forest.replicas++
	replica.server = "DC" + strconv.Itoa(d.forest.replicas+1)
	d.forest.mu.Unlock()
	replica.forest, replica.netbios = d.forest, d.netbios

	d.mu.Lock()
	defer d.mu.Unlock()
	if replica.err = d.addServer(replica); replica.err != nil {
		return replica
	}
	replica.mu.Lock()
	defer replica.mu.Unlock()
	for _, t := range d.schema.types {
		replica.schema.add(*t)
	}
	replica.contexts = slices.Clone(d.contexts)
	replica.passwords, replica.issued = maps.Clone(d.passwords), maps.Clone(d.issued)
	replica.domainSID = slices.Clone(d.domainSID)
	replica.nextRID = d.nextRID + 500 // each DC takes from a pool of its own
	replica.usn = d.usn / 2
	for _, e := range d.list {
		replica.place(e.copy(replica), nil)
	}
	return replica
}

// copy returns an entry for another domain controller. Its DN values are not
// yet tied to that one's entries.
func (e *entry) copy(to *Directory) *entry {
	copied := &entry{dn: e.dn, key: e.key, context: e.context, guid: e.guid, builtIn: e.builtIn}
	for _, a := range e.attrs {
		copied.attrs = append(copied.attrs, attribute{to.schema.types[a.typ.key], a.name, a.key, slices.Clone(a.values), untied(a.links)})
	}
	to.usn++
	for _, name := range []string{"uSNCreated", "uSNChanged"} {
		copied.set(to.schema, name, strconv.FormatInt(to.usn, 10))
	}
	return copied
}
