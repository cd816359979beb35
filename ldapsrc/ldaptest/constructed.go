package ldaptest

import (
	"strconv"
	"strings"
	"time"
)

// construct computes an attribute that is not stored; nil if the entry has none.
func (d *Directory) construct(e *entry, typ *attributeType) *attribute {
	if e.context == "" {
		return nil // rootDSE and subschema have only what they were made with
	}
	a := &attribute{typ: typ, name: typ.name, key: typ.key}
	one := func(value string) {
		if value != "" {
			a.values = [][]byte{[]byte(value)}
		}
	}
	switch typ.key {
	case "distinguishedname", "entrydn":
		a.links = []link{{target: e}}
	case "memberof", "directreports", "managedobjects":
		a.links = e.linkedBy(typ.name)
	case "name":
		if parts, err := firstRDN(e.dn); err == nil && len(parts) > 0 {
			one(parts[0].Value)
		}
	case "canonicalname":
		one(d.canonicalName(e))
	case "parentguid":
		if parent := d.entries[parentKey(e.key)]; parent != nil {
			one(string(parent.guid[:]))
		}
	case "primarygrouptoken":
		if e.hasClass("group") {
			one(rid([]byte(e.text("objectsid"))))
		}
	case "tokengroups":
		a.values = d.tokenGroups(e)
	case "msds-user-account-control-computed":
		if control, ok := parseInt([]byte(e.text("useraccountcontrol"))); ok {
			one(strconv.FormatInt(d.computedControl(e, control, time.Now()), 10))
		}
	case "msds-principalname":
		if name := e.text("samaccountname"); name != "" {
			one(d.netbios + `\` + name)
		}
	case "subschemasubentry":
		a.links = []link{{dn: d.subschemaDN()}}
	case "hassubordinates":
		one(strings.ToUpper(strconv.FormatBool(d.children[e.key] > 0)))
	}
	if a.empty() {
		return nil
	}
	return a
}

// canonicalName is example.com/People/Ada ([MS-ADTS] section 3.1.1.4.5.7).
func (d *Directory) canonicalName(e *entry) string {
	if e.key == d.key {
		return dnsName(d.suffix) + "/"
	}
	parts, err := firstRDN(e.dn)
	if err != nil || len(parts) == 0 {
		return ""
	}
	path := strings.ReplaceAll(parts[0].Value, "/", `\/`)
	for parent := d.entries[parentKey(e.key)]; parent != nil && parent.key != d.key; parent = d.entries[parentKey(parent.key)] {
		parts, err := firstRDN(parent.dn)
		if err != nil || len(parts) == 0 {
			return ""
		}
		path = parts[0].Value + "/" + path
	}
	return dnsName(d.suffix) + "/" + path
}

// tokenGroups returns the SIDs of all groups that an entry is in, nested and
// primary ones too.
func (d *Directory) tokenGroups(e *entry) [][]byte {
	groups := closure([]*entry{e}, func(e *entry) []*entry {
		var next []*entry
		for _, back := range e.back {
			if back.typ.back == "memberOf" {
				next = append(next, back.source)
			}
		}
		if group := d.primaryGroup(e); group != nil {
			next = append(next, group)
		}
		return next
	})
	var sids [][]byte
	for _, group := range d.list {
		if groups[group] {
			if sid := group.text("objectsid"); sid != "" {
				sids = append(sids, []byte(sid))
			}
		}
	}
	return sids
}

func (d *Directory) primaryGroup(e *entry) *entry {
	id, ok := parseInt([]byte(e.text("primarygroupid")))
	own := e.text("objectsid")
	if !ok || len(own) < 12 {
		return nil
	}
	sid := []byte(own)
	for i := range 4 {
		sid[len(sid)-4+i] = byte(id >> (8 * i))
	}
	return d.bySID[string(sid)]
}

// closure returns what can be reached from the start, which is not in it unless
// a circle leads back.
func closure(start []*entry, next func(*entry) []*entry) map[*entry]bool {
	reached := map[*entry]bool{}
	for len(start) > 0 {
		e := start[len(start)-1]
		start = start[:len(start)-1]
		for _, other := range next(e) {
			if !reached[other] {
				reached[other] = true
				start = append(start, other)
			}
		}
	}
	return reached
}
