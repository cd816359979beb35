package scim

import (
	"net/http"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

func TestListing(t *testing.T) {
	for _, row := range []struct {
		name     string
		quirks   scimtest.Quirks
		users    int
		unproven string // part of the sentence; "" proven
		listed   int    // -1: not looked at
	}{
		{"nobody is there", scimtest.Quirks{}, 0, "", 0},
		{"one page holds all", scimtest.Quirks{}, 7, "", 7},
		{"the page cap is smaller than asked for", scimtest.Quirks{PageCap: 10}, 95, "", 95},
		{"the last page is full", scimtest.Quirks{PageCap: 10}, 100, "", 100},
		{"a page holds one", scimtest.Quirks{PageCap: 1}, 12, "", 12},
		{"there is no projection", scimtest.Quirks{NoProjection: true, PageCap: 10}, 35, "", 35},
		{"Resources is written in lower case", scimtest.Quirks{LowerCaseResources: true, PageCap: 10}, 35, "", 35},
		{"only cursors lead on", scimtest.Quirks{Cursor: scimtest.CursorOnly, PageCap: 10}, 95, "", 95},
		{"every answer is paged by cursor", scimtest.Quirks{Cursor: scimtest.CursorMust, PageCap: 10}, 95, "", 95},
		{"there are no cursors", scimtest.Quirks{Cursor: scimtest.IndexOnly, PageCap: 10}, 95, "", 95},
		{"there is no discovery", scimtest.Quirks{NoDiscovery: true, PageCap: 10}, 35, "", 35},
		{"behind the end the list starts again", scimtest.Quirks{WrapPastEnd: true, PageCap: 10}, 35, "", 35},
		{"the number is one short", scimtest.Quirks{TotalResults: scimtest.TotalShort, PageCap: 10}, 35, "", 35},
		{"the number is that of the page", scimtest.Quirks{TotalResults: scimtest.TotalPage, PageCap: 10}, 35, "", 35},
		{"there is no number", scimtest.Quirks{TotalResults: scimtest.TotalMissing, PageCap: 10}, 35, "", 35},
		{"the number changes all the time, and two readings agree", scimtest.Quirks{TotalResults: scimtest.TotalChanging, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"the order is another for each page", scimtest.Quirks{UnstableOrder: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 60, "repeat", -1},
		{"pages overlap", scimtest.Quirks{RepeatRows: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "repeats", -1},
		{"paging is ignored", scimtest.Quirks{IgnorePaging: true, PageSize: 20, PageCap: 20, Cursor: scimtest.IndexOnly}, 35, "asked for the page", 20},
		{"paging is ignored but all fits", scimtest.Quirks{IgnorePaging: true, PageSize: 50, PageCap: 50, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"page numbers stand for indexes", scimtest.Quirks{PageNumbers: true, PageSize: 20, PageCap: 20, Cursor: scimtest.IndexOnly}, 90, "asked for the page", -1},
		{"no list without a filter", scimtest.Quirks{NoUnfilteredList: true}, 9, "cannot list", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			if _, err := server.Seed(row.users); err != nil {
				t.Fatal(err)
			}
			state := read(t, target)
			if got := state.Unproven[upload.User]; !strings.Contains(got, row.unproven) || (got != "") != (row.unproven != "") {
				t.Errorf("unproven: %q, want %q", got, row.unproven)
			}
			if row.listed >= 0 && len(state.Users) != row.listed {
				t.Errorf("%d users listed, want %d", len(state.Users), row.listed)
			}
			seen := map[string]bool{}
			for _, u := range state.Users {
				if seen[u.ID] || !strings.HasSuffix(u.Name, "@example.com") {
					t.Errorf("user %q (%s) twice or unnamed", u.Name, u.ID)
				}
				seen[u.ID] = true
			}
			for _, q := range server.Requests() {
				if q.Method != http.MethodGet {
					t.Errorf("%s %s while reading", q.Method, q.Path)
				}
			}
		})
	}
}
