package commands_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

// editor changes entries as a directory's administrator does; servers.Writer
// is one. A refused change ends the test.
type editor interface {
	Add(dn string, attributes map[string][]string)
	SetAttr(dn, attribute string, values ...string)
	AddValues(dn, attribute string, values ...string)
	RemoveValues(dn, attribute string, values ...string)
	Rename(dn, rdn string) string
	Move(dn, parent string) string
	Delete(dn string)
}

// house is a directory with people, whatever its schema: Active Directory's,
// or inetOrgPerson with groupOfNames.
type house struct {
	editor
	ad   bool
	lock bool   // accounts are switched off by nsAccountLock
	base string // all people and groups are below
	mail string // the domain of logins and addresses; unlike in any other house
	url  string
	tls  string // the source's tls setting
	user string
	word string // the file that holds the user's password

	timeout string
}

// source is the item of the configuration that reads the house.
func (h *house) source(id string) string {
	kind := "ldap"
	if h.ad {
		kind = "ad"
	}
	return fmt.Sprintf(`id: %s
type: %s
url: %s
tls: %s
bind: {username: %q, password: {file: %q}}
users: {base: %q}
groups: {sync: true, base: %q}
timeout: %s`, id, kind, h.url, h.tls, h.user, h.word, h.base, h.base, cmp.Or(h.timeout, "20s"))
}

// disabledReason is what is said of an account that disable was called for.
func (h *house) disabledReason() string {
	switch {
	case h.ad:
		return "disabled (userAccountControl)"
	case h.lock:
		return "locked by an administrator (nsAccountLock)"
	}
	return "expired on 1970-01-02 (shadowExpire)"
}

func (h *house) unit(name string) string {
	dn := "OU=" + name + "," + h.base
	h.Add(dn, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {name}})
	return dn
}

// hire adds a person. more are attributes beside the usual ones.
func (h *house) hire(parent, login, given, family string, more map[string]string) string {
	attributes := map[string][]string{
		"givenName": {given}, "sn": {family}, "displayName": {given + " " + family}, "mail": {login + "@" + h.mail},
	}
	for name, value := range more {
		attributes[name] = []string{value}
	}
	if h.ad {
		attributes["objectClass"] = []string{"user"}
		attributes["sAMAccountName"], attributes["userPrincipalName"] = []string{h.account(login)}, []string{login + "@" + h.mail}
		attributes["userAccountControl"] = []string{"544"}
	} else {
		attributes["objectClass"] = []string{"inetOrgPerson", "shadowAccount"}
		attributes["cn"], attributes["uid"] = []string{given + " " + family}, []string{login}
	}
	dn := h.rdn(login) + "," + parent
	h.Add(dn, attributes)
	return dn
}

// account is a sAMAccountName, of which a domain has each only once.
func (h *house) account(name string) string {
	unit, _, _ := strings.Cut(h.mail, ".")
	return name + "-" + unit
}

func (h *house) rdn(login string) string {
	if h.ad {
		return "CN=" + login
	}
	return "uid=" + login
}

func (h *house) group(name string, members ...string) string {
	dn := "CN=" + name + "," + h.base
	attributes := map[string][]string{"objectClass": {"groupOfNames"}, "member": members}
	if h.ad {
		attributes["objectClass"] = []string{"group"}
		attributes["sAMAccountName"] = []string{h.account(name)}
	} else {
		attributes["cn"] = []string{name}
	}
	h.Add(dn, attributes)
	return dn
}

// rename gives a person another login, and the entry another name with it.
func (h *house) rename(dn, login string) string {
	dn = h.Rename(dn, h.rdn(login))
	if h.ad {
		h.SetAttr(dn, "sAMAccountName", h.account(login))
		h.SetAttr(dn, "userPrincipalName", login+"@"+h.mail)
	}
	return dn
}

// accountDisabled is a normal account that is switched off (MS-ADTS 2.2.16).
const accountDisabled = 0x200 | 0x20 | 2

func (h *house) disable(dn string) {
	switch {
	case h.ad:
		h.SetAttr(dn, "userAccountControl", strconv.Itoa(accountDisabled))
	case h.lock:
		h.SetAttr(dn, "nsAccountLock", "TRUE")
	default:
		h.SetAttr(dn, "shadowExpire", "1")
	}
}

// secret is a file with a password.
func secret(t *testing.T, password string) string {
	path := filepath.Join(t.TempDir(), "password")
	writeFile(t, path, []byte(password))
	return path
}

func slapdHouse(t *testing.T, startTLS bool) *house {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	return slapdOf(t, s, startTLS)
}

func slapdOf(t *testing.T, s *servers.Slapd, startTLS bool) *house {
	h := &house{editor: s, base: servers.SlapdPeople, mail: "example.com", user: servers.SlapdReaderDN, word: secret(t, servers.SlapdReaderPassword)}
	h.reach(s.URL(), s.LDAPSURL(), s.CAFile(), startTLS)
	return h
}

func dirSrvHouse(t *testing.T, startTLS bool) *house {
	s := servers.StartDirSrv(t)
	h := &house{editor: s, lock: true, base: servers.DirSrvPeople, mail: "example.com", user: servers.DirSrvReaderDN, word: secret(t, servers.DirSrvReaderPassword)}
	h.reach(s.URL(), s.LDAPSURL(), s.CAFile(), startTLS)
	return h
}

// units counts the houses of the shared domain.
var units atomic.Int32

// sambaHouse is a unit of its own in the domain that the tests share.
func sambaHouse(t *testing.T, startTLS bool) *house {
	return sambaOf(t, servers.SharedSamba(t), startTLS)
}

func sambaOf(t *testing.T, s *servers.Samba, startTLS bool) *house {
	unit := fmt.Sprintf("unit%d", units.Add(1))
	h := &house{
		editor: s, ad: true, base: s.AddOU(unit), mail: unit + ".example.com",
		user: s.UPN(servers.SambaServiceUser), word: secret(t, servers.SambaServicePassword),
	}
	h.reach(s.URL(), s.LDAPSURL(), s.CAFile(), startTLS)
	return h
}

func (h *house) reach(plain, encrypted, caFile string, startTLS bool) {
	h.url, h.tls = encrypted, fmt.Sprintf("{ca_file: %q}", caFile)
	if startTLS {
		h.url, h.tls = plain, fmt.Sprintf("{starttls: true, ca_file: %q}", caFile)
	}
}

// memoryHouse is a directory in this process.
func memoryHouse(t *testing.T, flavor ldaptest.Flavor, startTLS bool) *house {
	suffix := "DC=corp,DC=example,DC=org"
	d := ldaptest.NewDirectory(flavor, suffix)
	s, err := ldaptest.Start(d, ldaptest.Options{RequireTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h := &house{
		editor: memory{t, d}, ad: flavor == ldaptest.ActiveDirectory, base: "OU=company," + suffix, mail: "example.org",
		user: "CN=reader," + suffix, word: secret(t, "reader-secret"),
	}
	h.Add(h.base, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {"company"}})
	if err := d.SetPassword(h.user, "reader-secret"); err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, caFile, s.CACertPEM())
	h.reach(s.URL(), s.LDAPSURL(), caFile, startTLS)
	return h
}

// memory edits a directory in this process.
type memory struct {
	t *testing.T
	*ldaptest.Directory
}

func (m memory) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m memory) Add(dn string, attributes map[string][]string) {
	m.must(m.Directory.Add(dn, attributes))
}
func (m memory) Delete(dn string) { m.must(m.Directory.Delete(dn)) }

func (m memory) SetAttr(dn, attribute string, values ...string) {
	m.must(m.Modify(dn, ldaptest.Replace(attribute, values...)))
}

func (m memory) AddValues(dn, attribute string, values ...string) {
	m.must(m.Modify(dn, ldaptest.AddValues(attribute, values...)))
}

func (m memory) RemoveValues(dn, attribute string, values ...string) {
	m.must(m.Modify(dn, ldaptest.DeleteValues(attribute, values...)))
}

func (m memory) Rename(dn, rdn string) string {
	_, parent, _ := strings.Cut(dn, ",")
	to := rdn + "," + parent
	m.must(m.Directory.Rename(dn, to))
	return to
}

func (m memory) Move(dn, parent string) string {
	rdn, _, _ := strings.Cut(dn, ",")
	to := rdn + "," + parent
	m.must(m.Directory.Rename(dn, to))
	return to
}
