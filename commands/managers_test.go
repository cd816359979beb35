package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// A company of managers under managers, two of whom manage each other, is made
// with as few requests as the service allows, and is whole in every case.
func TestManagersAreThereAfterTheFirstRun(t *testing.T) {
	h := memoryHouse(t, ldaptest.OpenLDAP, true)
	var want strings.Builder
	staff := make([]string, 60)
	for i := range staff {
		login := fmt.Sprintf("p%02d", i)
		staff[i] = h.hire(h.base, login, "P", login, nil)
		above := max(0, i-1) / 4
		if i == 0 {
			above = 59 // a ring, through 14, 3 and 0
		}
		fmt.Fprintf(&want, "user %s, P %s, active, under p%02d\n", login, login, above)
	}
	for i, dn := range staff {
		above := staff[max(0, i-1)/4]
		if i == 0 {
			above = staff[59]
		}
		h.SetAttr(dn, "manager", above)
	}
	for _, row := range []struct {
		name    string
		service *service
		want    string // writes by kind; SCIMMY does not tell them
	}{
		{"at SCIMMY", scimmyService(t), "0 POST /Users, 0 POST /Bulk, 0 PATCH /Users"},
		{"at a service with bulk", memoryService(t), "2 POST /Users, 2 POST /Bulk, 1 PATCH /Users"},
		{"at a service without", quirkyService(t, scimtest.Quirks{Bulk: scimtest.BulkOff}), "60 POST /Users, 0 POST /Bulk, 1 PATCH /Users"},
		{"at one that takes references for ids", quirkyService(t, scimtest.Quirks{BulkReferences: scimtest.ReferencesStored}), "2 POST /Users, 3 POST /Bulk, 1 PATCH /Users"},
		{"at one that takes no manager from the start", quirkyService(t, scimtest.Quirks{PostManager: scimtest.PostManagerDropped}), "2 POST /Users, 2 POST /Bulk, 1 PATCH /Users"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := install(t, row.service, h.source("corp"))
			row.service.writes()
			p.succeeds(t, "sync")
			writes := strings.Join(row.service.writes(), "\n") + "\n"
			got := fmt.Sprintf("%d POST /Users, %d POST /Bulk, %d PATCH /Users", strings.Count(writes, "POST /Users "), strings.Count(writes, "POST /Bulk "), strings.Count(writes, "PATCH /Users/"))
			same(t, "the requests are", got, row.want)
			same(t, "the service holds", row.service.holds(t, "corp:"), want.String())
			p.succeeds(t, "sync", "--dry-run", "--exit-code")
		})
	}
}
