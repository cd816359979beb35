package scim

import (
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// company is people of whom each but the first has a manager made earlier in
// the same call, ten to a manager.
func company(n int) []upload.Write {
	out := people(n)
	for i := 1; i < n; i++ {
		at := (i - 1) / 10
		out[i].ManagerFrom = &at
	}
	return out
}

func TestManagersAreWrittenWithTheirUsers(t *testing.T) {
	for _, row := range []struct {
		name       string
		quirks     scimtest.Quirks
		missing    int // users who are left without a manager
		references int // requests that hold one
		stored     int // references that the service took for ids
	}{
		{"one by one", scimtest.Quirks{Bulk: scimtest.BulkOff}, 0, 0, 0},
		{"in bulk, referring to each other", scimtest.Quirks{}, 0, 2, 0},
		{"in small bulk requests", scimtest.Quirks{BulkMaxOperations: 7}, 0, 1, 0},
		{"in bulk where answers are old-fashioned", scimtest.Quirks{BulkStatusObject: true}, 0, 2, 0},
		{"where references are refused", scimtest.Quirks{BulkReferences: scimtest.ReferencesRefused}, 73, 1, 0},
		{"where references are taken for ids", scimtest.Quirks{BulkReferences: scimtest.ReferencesStored}, 74, 1, 1},
		{"where references are dropped", scimtest.Quirks{BulkReferences: scimtest.ReferencesDropped}, 74, 1, 0},
		{"where a create drops the manager", scimtest.Quirks{PostManager: scimtest.PostManagerDropped}, 149, 0, 0},
		{"where a create with a manager is refused", scimtest.Quirks{PostManager: scimtest.PostManagerRefused}, 149, 0, 0},
		{"one by one where a create drops the manager", scimtest.Quirks{Bulk: scimtest.BulkOff, PostManager: scimtest.PostManagerDropped}, 149, 0, 0},
		{"one by one where a create with a manager is refused", scimtest.Quirks{Bulk: scimtest.BulkOff, PostManager: scimtest.PostManagerRefused}, 149, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, err := scimtest.Start(scimtest.Options{Quirks: row.quirks, KeepBodies: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			target := connect(t, server, "generic")
			read(t, target)
			writes := company(150)
			results := must(t, write(t, target, writes...))
			users := read(t, target).Users
			missing, references, stored := 0, 0, 0
			for i, w := range writes {
				u := find(t, users, results[i].ID)
				if strings.HasPrefix(u.Manager, "bulkId:") {
					stored++
				}
				switch {
				case w.ManagerFrom == nil:
				case !results[i].Manager:
					missing++
				case u.Manager != results[*w.ManagerFrom].ID:
					t.Errorf("%s has the manager %q, want %q", u.Name, u.Manager, results[*w.ManagerFrom].ID)
				}
			}
			for _, r := range server.Requests() {
				if strings.Contains(string(r.Body), `"bulkId:`) {
					references++
				}
			}
			if missing != row.missing || references != row.references || stored != row.stored {
				t.Errorf("%d managers missing, %d requests with references, %d of them stored, want %d, %d and %d", missing, references, stored, row.missing, row.references, row.stored)
			}
		})
	}
}

// A manager who cannot be made takes nobody with him: the reference to him
// fails with him, and the user is made all the same.
func TestAReferenceToAManagerWhoCannotBeMade(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	if _, err := server.Put("User", map[string]any{"userName": "p12@example.org"}); err != nil {
		t.Fatal(err)
	}
	read(t, target)
	writes := company(30)
	under := 11 // in the same bulk request as p13, whose manager that makes
	writes[12].ManagerFrom = &under
	results := write(t, target, writes...)
	for i, r := range results {
		if want := i == 11; conflict(r.Err) != want || r.Err != nil && !want {
			t.Errorf("p%d: %v", i+1, r.Err)
		}
	}
	if results[12].ID == "" || results[12].Manager {
		t.Errorf("who is under the one that is missing: %+v", results[12])
	}
}
