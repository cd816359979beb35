package commands_test

import (
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
)

// The proof of the whole: check, apply, check again, on every pair of a
// directory and a service. The texts are the same for all of them.

var pairedDirectories = []struct {
	name string
	open func(t *testing.T, startTLS bool) *house
}{
	{"OpenLDAP", slapdHouse},
	{"389 Directory Server", dirSrvHouse},
	{"Samba", sambaHouse},
	{"the AD in memory", func(t *testing.T, startTLS bool) *house { return memoryHouse(t, ldaptest.ActiveDirectory, startTLS) }},
	{"the OpenLDAP in memory", func(t *testing.T, startTLS bool) *house { return memoryHouse(t, ldaptest.OpenLDAP, startTLS) }},
}

var pairedServices = []struct {
	name     string
	open     func(t *testing.T) *service
	startTLS bool // each directory is read over LDAPS for one service and over StartTLS for the other
}{
	{"SCIMMY", scimmyService, false},
	{"the service in memory", memoryService, true},
}

func TestEveryDirectoryIsKeptInStepWithEveryService(t *testing.T) {
	for _, d := range pairedDirectories {
		for _, s := range pairedServices {
			t.Run(d.name+" to "+s.name, func(t *testing.T) {
				t.Parallel()
				h := d.open(t, s.startTLS)
				proveInStep(t, h, s.open(t))
			})
		}
	}
}

func proveInStep(t *testing.T, h *house, s *service) {
	c := found(h)
	p := install(t, s, h.source("corp"))
	s.writes()
	c.proveRun(t, p, s, foundingChanges, foundingSummary)
	same(t, "the service holds at first", s.holds(t, "corp:"), foundedCompany)

	c.week(h)
	c.proveRun(t, p, s, weekChanges, weekSummary)
	same(t, "the service holds in the end", s.holds(t, "corp:"), weekCompany)
}

// proveRun is the triple: a dry run tells the changes and makes none, a run
// makes just these, and then there are none.
func (c *company) proveRun(t *testing.T, p *program, s *service, changes, summary string) {
	t.Helper()
	plain := strings.NewReplacer("@"+c.mail, "", c.disabledReason(), "DISABLED")
	dry := plain.Replace(p.succeeds(t, "sync", "--dry-run"))
	s.unwritten(t)
	would := ""
	for line := range strings.Lines(changes) {
		would += "would " + line
	}
	same(t, "the dry run tells", dry, would+strings.Replace(summary, "read; ", "read; dry run: ", 1))

	same(t, "the run tells", plain.Replace(p.succeeds(t, "sync")), changes+summary)
	if len(s.writes()) == 0 {
		t.Error("the run wrote nothing")
	}

	read, _, _ := strings.Cut(summary, ";")
	same(t, "the run after it tells", p.succeeds(t, "sync"), read+"; 0 created, 0 updated, 0 deactivated, 0 withheld, 0 failed\n")
	s.unwritten(t)
}

// company is the house with those who work there.
type company struct {
	*house
	sales, ada, bob, cay, dee, fay, gus, staff string
}

func found(h *house) *company {
	c := &company{house: h}
	tech := h.unit("tech")
	c.sales = h.unit("sales")
	c.ada = h.hire(tech, "ada", "Ada", "Lovelace", map[string]string{"title": "Head of Engineering", "telephoneNumber": "+1 555 0100"})
	c.bob = h.hire(tech, "bob", "Bob", "Ürgüp", map[string]string{"title": "Engineer", "manager": c.ada})
	c.cay = h.hire(tech, "cay", "Cay", `O'Hara "Cee", Jr.`, map[string]string{"title": "Engineer", "manager": c.ada})
	c.dee = h.hire(c.sales, "dee", "Dee", "Dahl", map[string]string{"title": "Salesperson"})
	h.disable(h.hire(c.sales, "eve", "Eve", "Engelbart", nil))
	c.fay = h.hire(c.sales, "fay", "Fay", "Floyd", map[string]string{"title": "Salesperson", "manager": c.dee})
	c.gus = h.hire(c.sales, "gus", "Gus", "Gray", nil)
	sellers := h.group("sellers", c.dee, c.fay)
	c.staff = h.group("staff", c.ada, c.bob, sellers)
	return c
}

const foundingChanges = `create user ada: displayName, work emails, name.familyName, name.givenName, work phoneNumbers, title, userName
create user bob: displayName, work emails, name.familyName, name.givenName, title, userName, manager
create user cay: displayName, work emails, name.familyName, name.givenName, title, userName, manager
create user dee: displayName, work emails, name.familyName, name.givenName, title, userName
create user fay: displayName, work emails, name.familyName, name.givenName, title, userName, manager
create user gus: displayName, work emails, name.familyName, name.givenName, userName
create group sellers: displayName
create group staff: displayName
add members to group sellers: dee, fay (in the directory's group)
add members to group staff: ada, bob, dee, fay (in the directory's group)
`

const foundingSummary = "corp: 7 users, 2 groups read; 8 created, 0 updated, 0 deactivated, 6 members added, 0 withheld, 0 failed\n"

const foundedCompany = `group sellers: dee fay
group staff: ada bob dee fay
user ada, Ada Lovelace, active, title Head of Engineering
user bob, Bob Ürgüp, active, title Engineer, under ada
user cay, Cay O'Hara "Cee", Jr., active, title Engineer, under ada
user dee, Dee Dahl, active, title Salesperson
user fay, Fay Floyd, active, title Salesperson, under dee
user gus, Gus Gray, active
`

// week is what happens in a week: one is renamed, one moves to another
// department's unit, one is disabled, one leaves, and a group changes.
func (c *company) week(h *house) {
	c.bob = h.rename(c.bob, "bobby")
	c.cay = h.Move(c.cay, c.sales)
	h.disable(c.dee)
	h.Delete(c.fay)
	h.AddValues(c.staff, "member", c.gus)
	h.RemoveValues(c.staff, "member", c.ada)
}

const weekChanges = `update user bobby: userName "bob" -> "bobby"
add members to group staff: gus (in the directory's group)
remove members from group sellers: fay (no longer in the directory's group)
remove members from group staff: ada, fay (no longer in the directory's group)
deactivate user dee (DISABLED)
deactivate user fay (no longer in the directory)
`

const weekSummary = "corp: 6 users, 2 groups read; 0 created, 1 updated, 2 deactivated, 1 members added, 3 members removed, 0 withheld, 0 failed\n"

const weekCompany = `group sellers: dee
group staff: bobby dee gus
user ada, Ada Lovelace, active, title Head of Engineering
user bobby, Bob Ürgüp, active, title Engineer, under ada
user cay, Cay O'Hara "Cee", Jr., active, title Engineer, under ada
user dee, Dee Dahl, inactive, title Salesperson
user fay, Fay Floyd, inactive, title Salesperson, under dee
user gus, Gus Gray, active
`
