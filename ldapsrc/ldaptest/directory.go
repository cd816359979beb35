// Package ldaptest is an LDAP directory inside the process. It speaks the real
// protocol (RFC 4511 to 4517, and of [MS-ADTS] what a reader of Active
// Directory meets) on loopback, and can be told to go wrong in many ways. The
// tests and the demo run against it.
//
// A Directory holds the entries of one domain or one OpenLDAP database. It is
// filled from LDIF or entry by entry and may be edited while it is served. A
// Server serves one over plain LDAP, StartTLS and LDAPS; several servers and
// directories live side by side, so that a forest is a few calls. What it does
// not have: access control beyond hiding, schema rules, SASL but EXTERNAL.
package ldaptest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Flavor says whose habits a directory has.
type Flavor int

const (
	// ActiveDirectory is a domain controller of Windows Server: objectGUID,
	// linked attributes, primary groups, pages of 1,000, ranges of 1,500.
	ActiveDirectory Flavor = iota + 1
	// OpenLDAP is slapd with the memberof and refint overlays: entryUUID,
	// operational attributes on request, no limits unless set.
	OpenLDAP
)

// Directory is the content of a server. Its methods may be called at any time
// from any goroutine; each edit is visible to searches as a whole or not at
// all, and a paged search that is under way keeps to the entries it found.
type Directory struct {
	flavor  Flavor
	suffix  string // as given
	key     string
	netbios string
	server  string // of AD: DC1, DC2, ...
	err     error  // of the suffix; returned by the first call that can
	schema  *schema
	forest  *forest // of AD

	mu        sync.RWMutex
	entries   map[string]*entry
	list      []*entry       // in the order they came
	children  map[string]int // canonical name: entries directly below
	byGUID    map[[16]byte]*entry
	bySID     map[string]*entry
	dangling  map[string]map[*entry]struct{} // canonical DN that is not here: who links to it
	contexts  []string                       // canonical names of the naming contexts
	passwords map[string]string              // by canonical DN, of entries and others
	usn       int64
	edits     uint64 // counts changes; what was encoded before one is stale
	domainSID []byte
	nextRID   uint32
	issued    map[[16]byte]bool // GUIDs ever given out here

	selections sync.Map // text of a selection: *selection
}

// forest is what the domains of one AD forest share.
type forest struct {
	mu       sync.Mutex
	root     *Directory
	domains  []*Directory
	replicas int
}

// NewDirectory returns a directory with the given suffix, "DC=example,DC=com"
// or the like. An AD one has the objects that every domain has: the root, the
// usual containers and built-in accounts, the configuration container with its
// crossRefs. An OpenLDAP one is empty but for the suffix itself. A suffix that
// is no DN is reported by LoadLDIF, Add or Start.
func NewDirectory(flavor Flavor, suffix string) *Directory {
	d := newDirectory(flavor, suffix)
	if d.err != nil {
		return d
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if flavor == ActiveDirectory {
		d.forest = &forest{root: d, domains: []*Directory{d}}
		d.err = d.addBuiltIns()
		return d
	}
	d.err = d.addSuffix()
	return d
}

// NewDomain adds a domain to the forest of d, below it or as a tree of its
// own, and returns its directory, to be served by a server of its own.
func (d *Directory) NewDomain(suffix string) *Directory {
	domain := newDirectory(ActiveDirectory, suffix)
	switch {
	case domain.err != nil:
		return domain
	case d.forest == nil:
		domain.err = fmt.Errorf("%s is no Active Directory and cannot have further domains", d.suffix)
		return domain
	}
	domain.forest = d.forest
	d.forest.mu.Lock()
	defer d.forest.mu.Unlock()
	domain.netbios = d.forest.freeName(domain.netbios)
	d.forest.domains = append(d.forest.domains, domain)
	domain.mu.Lock()
	domain.err = domain.addBuiltIns()
	domain.mu.Unlock()
	for _, other := range d.forest.domains {
		for _, listed := range d.forest.domains {
			other.mu.Lock()
			err := errors.Join(other.addCrossRef(listed), other.addServer(listed))
			other.mu.Unlock()
			if err != nil && domain.err == nil {
				domain.err = err
			}
		}
	}
	return domain
}

// freeName returns a NETBIOS name that no domain of the forest has, by adding
// a number if need be.
func (f *forest) freeName(name string) string {
	free := name
	for n := 2; slices.ContainsFunc(f.domains, func(d *Directory) bool { return d.netbios == free }); n++ {
		free = fmt.Sprint(name, n)
	}
	return free
}

func newDirectory(flavor Flavor, suffix string) *Directory {
	key, err := parseName(suffix)
	if err == nil && key == "" {
		err = fmt.Errorf("the suffix of a directory is empty")
	}
	first, _, _ := strings.Cut(dnsName(suffix), ".")
	d := &Directory{
		flavor: flavor, suffix: suffix, key: key, err: err, netbios: strings.ToUpper(first), server: "DC1",
		schema: newSchema(flavor), entries: map[string]*entry{}, children: map[string]int{}, byGUID: map[[16]byte]*entry{}, bySID: map[string]*entry{},
		dangling: map[string]map[*entry]struct{}{}, contexts: []string{key}, passwords: map[string]string{},
		usn: 4096, nextRID: 1103, issued: map[[16]byte]bool{},
	}
	sum := sha256.Sum256([]byte(key))
	d.domainSID = append([]byte{1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0}, sum[:12]...)
	return d
}

// addSuffix creates the entry at the top of an OpenLDAP database.
func (d *Directory) addSuffix() error {
	rdn, err := firstRDN(d.suffix)
	if err != nil {
		return err
	}
	class := map[string]string{"dc": "domain", "o": "organization", "ou": "organizationalUnit", "c": "country"}[strings.ToLower(rdn[0].Type)]
	if class == "" {
		class = "extensibleObject"
	}
	_, err = d.insert(d.suffix, fields("objectClass", "top", "objectClass", class), true)
	return err
}

// Flavor returns the flavor given to NewDirectory.
func (d *Directory) Flavor() Flavor { return d.flavor }

// Suffix returns the DN of the directory's top, as given to NewDirectory.
func (d *Directory) Suffix() string { return d.suffix }

// SetPassword lets dn bind with password. The DN need not be an entry, as with
// the rootdn of slapd. In LDIF, userPassword in plain text does the same.
func (d *Directory) SetPassword(dn, password string) error {
	key, err := parseName(dn)
	if err != nil {
		return ldap.NewError(ldap.LDAPResultInvalidDNSyntax, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.passwords[key] = password
	return nil
}

// configuration returns the DN of the forest's configuration container.
func (d *Directory) configuration() string {
	return "CN=Configuration," + d.forest.root.suffix
}

// contextOf returns the innermost naming context that a canonical name is in.
func (d *Directory) contextOf(key string) (string, bool) {
	best, found := "", false
	for _, context := range d.contexts {
		if isBelow(key, context) && len(context) >= len(best) {
			best, found = context, true
		}
	}
	return best, found
}

// newGUID makes a GUID from the DN, so that the same LDIF has the same ones in
// each run. An entry that is created again after a delete gets another.
func (d *Directory) newGUID(key string) [16]byte {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", key, n))
		id := [16]byte(sum[:16])
		id[7] = id[7]&0x0F | 0x40 // version 4, in AD's byte order
		id[8] = id[8]&0x3F | 0x80
		if !d.issued[id] {
			return id
		}
	}
}

func generalizedTime(t time.Time, flavor Flavor) string {
	if flavor == ActiveDirectory {
		return t.UTC().Format("20060102150405.0Z")
	}
	return t.UTC().Format("20060102150405Z")
}
