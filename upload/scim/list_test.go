package scim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
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
		{"a large count is refused", scimtest.Quirks{MaxCount: 30}, 95, "", 95},
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
		{"page numbers stand for indexes", scimtest.Quirks{PageNumbers: true, PageSize: 20, PageCap: 20, Cursor: scimtest.IndexOnly}, 90, "", 90},
		{"page numbers stand for indexes and there is no number", scimtest.Quirks{PageNumbers: true, PageSize: 20, PageCap: 20, TotalResults: scimtest.TotalMissing, Cursor: scimtest.IndexOnly}, 90, "asked for the page", -1},
		{"page numbers stand for indexes and the order is another for each page", scimtest.Quirks{PageNumbers: true, PageSize: 20, PageCap: 20, UnstableOrder: true, Cursor: scimtest.IndexOnly}, 90, "asked for the page", -1},
		{"indexes count pages", scimtest.Quirks{Index: scimtest.IndexOfPage, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"indexes count pages and the last is full", scimtest.Quirks{Index: scimtest.IndexOfPage, PageCap: 10, Cursor: scimtest.IndexOnly}, 30, "", 30},
		{"indexes count pages and two are there", scimtest.Quirks{Index: scimtest.IndexOfPage, PageCap: 10, Cursor: scimtest.IndexOnly}, 11, "", 11},
		{"indexes count pages and all fit on one", scimtest.Quirks{Index: scimtest.IndexOfPage, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"indexes count pages and there is no number", scimtest.Quirks{Index: scimtest.IndexOfPage, TotalResults: scimtest.TotalMissing, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"indexes count pages and the number is that of the page", scimtest.Quirks{Index: scimtest.IndexOfPage, TotalResults: scimtest.TotalPage, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "indexes do not count resources", -1},
		{"indexes count pages from 0", scimtest.Quirks{Index: scimtest.IndexOfPageFromZero, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"indexes count pages from 0 and there is no number", scimtest.Quirks{Index: scimtest.IndexOfPageFromZero, TotalResults: scimtest.TotalMissing, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"indexes count pages and the order is another for each page", scimtest.Quirks{Index: scimtest.IndexOfPage, UnstableOrder: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "says that there are 95", -1},
		{"indexes count pages that overlap", scimtest.Quirks{Index: scimtest.IndexOfPage, RepeatRows: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "asked for the page", -1},
		{"a list is an array with pages", scimtest.Quirks{BareList: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"a list is an array with numbered pages", scimtest.Quirks{BareList: true, Index: scimtest.IndexOfPage, PageCap: 10, Cursor: scimtest.IndexOnly}, 95, "", 95},
		{"a list is an array of all", scimtest.Quirks{BareList: true, IgnorePaging: true, PageSize: 1000, Cursor: scimtest.IndexOnly}, 37, "", 37},
		{"a list is an array of one", scimtest.Quirks{BareList: true, IgnorePaging: true, Cursor: scimtest.IndexOnly}, 1, "", 1},
		{"a list is an array that is cut off", scimtest.Quirks{BareList: true, IgnorePaging: true, PageSize: 20, Cursor: scimtest.IndexOnly}, 37, "20 may be as many as it shows", 20},
		{"a list is an array in another order each time", scimtest.Quirks{BareList: true, IgnorePaging: true, UnstableOrder: true, PageSize: 1000, Cursor: scimtest.IndexOnly}, 37, "repeat", 37},
		{"paging is ignored and the number is that of the page", scimtest.Quirks{IgnorePaging: true, TotalResults: scimtest.TotalPage, PageSize: 20, Cursor: scimtest.IndexOnly}, 37, "", 20},
		{"indexes begin with 0", scimtest.Quirks{Index: scimtest.IndexFromZero, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"indexes begin with 0 and pages are full", scimtest.Quirks{Index: scimtest.IndexFromZero, PageCap: 10, Cursor: scimtest.IndexOnly}, 30, "", 30},
		{"indexes begin with 0 and one is there", scimtest.Quirks{Index: scimtest.IndexFromZero}, 1, "", 1},
		{"indexes begin with 0 and nobody is there", scimtest.Quirks{Index: scimtest.IndexFromZero}, 0, "", 0},
		{"indexes begin with 0 and there is no number", scimtest.Quirks{Index: scimtest.IndexFromZero, TotalResults: scimtest.TotalMissing, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"indexes begin with 0, one is there and no number", scimtest.Quirks{Index: scimtest.IndexFromZero, TotalResults: scimtest.TotalMissing, Cursor: scimtest.IndexOnly}, 1, "", 1},
		{"indexes begin with 0 and the order is another for each page", scimtest.Quirks{Index: scimtest.IndexFromZero, UnstableOrder: true, PageCap: 10, Cursor: scimtest.IndexOnly}, 60, "repeat", -1},
		{"answers count from 0", scimtest.Quirks{Index: scimtest.IndexSaidAsLess, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"answers always say 0", scimtest.Quirks{Index: scimtest.IndexSaidAsZero, PageCap: 10, Cursor: scimtest.IndexOnly}, 35, "", 35},
		{"answers always say 0 and paging is ignored", scimtest.Quirks{Index: scimtest.IndexSaidAsZero, IgnorePaging: true, PageSize: 20, PageCap: 20, Cursor: scimtest.IndexOnly}, 35, "repeats", 20},
		{"an empty list is 404", scimtest.Quirks{EmptyIs404: true}, 0, "", 0},
		{"an empty list would be 404", scimtest.Quirks{EmptyIs404: true, PageCap: 10}, 35, "", 35},
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

// A list that nothing shows to be whole but itself is believed with a reservation.
func TestAListThatDoesNotSayHowManyThereAre(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		users  int
		unsaid bool
	}{
		{"it says so", scimtest.Quirks{}, 37, false},
		{"an array with pages", scimtest.Quirks{BareList: true, PageCap: 10}, 37, false},
		{"an array of all", scimtest.Quirks{BareList: true, IgnorePaging: true, PageSize: 1000}, 37, true},
		{"the number of a list without pages is no round one", scimtest.Quirks{IgnorePaging: true, PageSize: 1000}, 37, false},
		{"the number of a list without pages is a round one", scimtest.Quirks{IgnorePaging: true, PageSize: 1000}, 40, true},
		{"the index alone is not looked at", scimtest.Quirks{IgnoreIndex: true}, 40, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.Cursor = scimtest.IndexOnly
			server, target := start(t, row.quirks, "generic")
			if _, err := server.Seed(row.users); err != nil {
				t.Fatal(err)
			}
			if state := read(t, target); state.Unsaid[upload.User] != row.unsaid || state.Unproven[upload.User] != "" || len(state.Users) != row.users {
				t.Errorf("unsaid %v, unproven %v, %d users", state.Unsaid, state.Unproven, len(state.Users))
			}
		})
	}
}

func TestAttributesThatVanishWhenAskedForAreReadWithoutAsking(t *testing.T) {
	for _, row := range []struct{ name, projected string }{
		{"an extension is not shown", `{"id":"1","externalId":"corp:1","userName":"ada@example.org","active":true}`},
		{"the parameter is refused", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user := `{"id":"1","externalId":"corp:1","userName":"ada@example.org","active":true,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"}}`
				switch {
				case r.URL.Path != "/Users":
					http.NotFound(w, r)
					return
				case r.URL.Query().Has("attributes") && row.projected == "":
					w.WriteHeader(http.StatusBadRequest)
					return
				case r.URL.Query().Has("attributes"):
					user = row.projected
				}
				if r.URL.Query().Get("startIndex") != "1" {
					user = ""
				}
				fmt.Fprintf(w, `{"totalResults":1,"Resources":[%s]}`, user)
			}))
			defer server.Close()
			target, err := New(Config{URL: server.URL}, Env{Sleep: new(clock).sleep})
			if err != nil {
				t.Fatal(err)
			}
			state, err := target.Read(t.Context(), upload.Want{Users: userPaths})
			if err != nil {
				t.Fatal(err)
			}
			if got := state.Users[0].Get(upload.SchemaEnterprise + ":department"); len(got) != 1 || got[0] != "R&D" || len(state.Unproven) > 0 {
				t.Errorf("department %q, unproven %v", got, state.Unproven)
			}
		})
	}
}

func TestCursorsThatEndAreStartedAnew(t *testing.T) {
	for _, row := range []struct {
		name     string
		scimType string
	}{
		{"the cursor has expired", "expiredCursor"},
		{"the cursor is not known", "invalidCursor"},
		{"the count is too large", "invalidCount"},
	} {
		t.Run(row.name, func(t *testing.T) {
			refused := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/Users" {
					http.NotFound(w, r)
					return
				}
				q := r.URL.Query()
				bad := q.Get("cursor") == "2" && refused == 0
				if row.scimType == "invalidCount" {
					bad = q.Get("count") == "100"
				}
				if bad {
					refused++
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"scimType":%q}`, row.scimType)
					return
				}
				at, _ := strconv.Atoi(q.Get("cursor"))
				next := ""
				if at < 4 {
					next = fmt.Sprintf(`,"nextCursor":"%d"`, at+1)
				}
				fmt.Fprintf(w, `{"resources":[{"id":"%d","userName":"u%d@example.org"}]%s}`, at, at, next)
			}))
			defer server.Close()
			target, err := New(Config{URL: server.URL, Profile: "aws"}, Env{Sleep: new(clock).sleep})
			if err != nil {
				t.Fatal(err)
			}
			state, err := target.Read(t.Context(), upload.Want{Users: userPaths})
			if err != nil {
				t.Fatal(err)
			}
			if len(state.Users) != 5 || len(state.Unproven) != 0 || refused != 1 {
				t.Errorf("%d users, unproven %v, %d refusals", len(state.Users), state.Unproven, refused)
			}
		})
	}
}

// A 404 is an empty list where the service says in SCIM's words that it has
// the resource type, and else an address that is not there.
func TestOnlyASCIMServiceHasAnEmptyListThatIs404(t *testing.T) {
	const scimError = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404","detail":"no users"}`
	const types = `{"Resources":[{"name":"User","endpoint":"/Users","schema":"urn:ietf:params:scim:schemas:core:2.0:User"}]}`
	for _, row := range []struct {
		name, types, body string
		empty             bool
	}{
		{"a SCIM error of a type that is named", types, scimError, true},
		{"a SCIM error of a type that is not named", `{"Resources":[{"name":"Group","endpoint":"/Groups"}]}`, scimError, false},
		{"a SCIM error without resource types", "", scimError, false},
		{"another error", types, `{"message":"no route"}`, false},
		{"no body", types, "", false},
		{"a page", types, "<html>not found</html>", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/ResourceTypes" && row.types != "" {
					fmt.Fprint(w, row.types)
					return
				}
				w.WriteHeader(http.StatusNotFound)
				fmt.Fprint(w, row.body)
			}))
			defer server.Close()
			target, err := New(Config{URL: server.URL}, Env{Sleep: new(clock).sleep})
			if err != nil {
				t.Fatal(err)
			}
			state, err := target.Read(t.Context(), upload.Want{Users: userPaths})
			if (err == nil) != row.empty {
				t.Fatalf("state %+v, error %v", state, err)
			}
			if row.empty && (len(state.Users) > 0 || len(state.Unproven) > 0) {
				t.Errorf("state %+v", state)
			}
		})
	}
}

// What lists hold back is read of each resource of ours by itself.
func TestAttributesThatListsHoldBackAreReadAlone(t *testing.T) {
	for _, row := range []struct {
		name  string
		alone []string
	}{
		{"lists hold a title and an extension back", []string{"title", upload.SchemaEnterprise}},
		{"lists show everything", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{Alone: row.alone}, "generic")
			read(t, target)
			ids := must(t, write(t, target, people(8)...))
			must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &read(t, target).Users[0], Manager: &ids[3].ID}))
			if _, err := server.Seed(5); err != nil {
				t.Fatal(err)
			}
			server.ResetRequests()
			target = connect(t, server, "generic")
			state := read(t, target)
			ours, led := 0, 0
			for i := range state.Users {
				if u := &state.Users[i]; want().Owned(u.ExternalID) {
					ours++
					if u.Manager != "" {
						led++
					}
					if u.Get("title") == nil || u.Get(upload.SchemaEnterprise+":department") == nil {
						t.Errorf("%s has title %q and department %q", u.Name, u.Get("title"), u.Get(upload.SchemaEnterprise+":department"))
					}
				}
			}
			if ours != 8 || led != 1 || (len(state.Warnings) > 0) != (row.alone != nil) {
				t.Errorf("%d users of ours, %d with a manager, warnings %q", ours, led, state.Warnings)
			}
			found, err := target.Find(t.Context(), upload.User, upload.KeyUserName, "p3@example.org")
			if err != nil || len(found) != 1 || found[0].Get("title") == nil {
				t.Errorf("found %+v, %v", found, err)
			}
			singly := 0
			for _, q := range server.Requests() {
				if strings.HasPrefix(q.Path, "/Users/") {
					singly++
				}
			}
			if most := samples + 8 + 1; singly > most || row.alone == nil && singly > samples {
				t.Errorf("%d single readings", singly)
			}
		})
	}
}

// Who is adopted gets no second address beside one that the list did not show.
func TestWhoIsAdoptedIsReadAloneFirst(t *testing.T) {
	for _, had := range []string{"p1@example.org", "old@example.org"} {
		server, target := start(t, scimtest.Quirks{Alone: []string{"emails", "title"}}, "generic")
		ids, err := server.Put("User", map[string]any{
			"schemas": []string{upload.SchemaUser}, "userName": "p1@example.org", "active": true,
			"emails": []any{map[string]any{"value": had, "type": "work", "primary": true, "display": "theirs"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		adopt := upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &read(t, target).Users[0], ExternalID: "corp:1", Set: []upload.Attribute{
			{Path: `emails[type eq "work"].value`, Values: []string{"p1@example.org"}}, {Path: "title", Values: []string{"Lead"}},
		}}
		must(t, write(t, target, adopt))
		u := server.Resource(ids[0])
		emails, _ := u["emails"].([]any)
		if len(emails) != 1 || emails[0].(map[string]any)["value"] != "p1@example.org" || u["title"] != "Lead" || u["externalId"] != "corp:1" {
			t.Errorf("of %s came %v", had, u)
		}
	}
}

// The look before the first page is only a look: a service that fails over an
// index of 0 is not asked for patience.
func TestAServiceThatFailsOverTheIndexZeroIsListed(t *testing.T) {
	server, target := start(t, scimtest.Quirks{TotalResults: scimtest.TotalMissing, Cursor: scimtest.IndexOnly, PageCap: 10}, "generic")
	if _, err := server.Seed(35); err != nil {
		t.Fatal(err)
	}
	looks := 0
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, Match: func(r *http.Request) bool {
		zero := strings.HasSuffix(r.URL.Path, "/Users") && r.URL.Query().Get("startIndex") == "0"
		if zero {
			looks++
		}
		return zero
	}})
	state := read(t, target)
	if len(state.Users) != 35 || len(state.Unproven) > 0 || looks == 0 || looks > walks {
		t.Errorf("%d users, unproven %v, %d looks", len(state.Users), state.Unproven, looks)
	}
}

// Nor is the look at single resources.
func TestAServiceThatCannotShowSingleUsersIsListed(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	must(t, write(t, target, people(20)...))
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/Users/") }})
	server.ResetRequests()
	state := read(t, connect(t, server, "generic"))
	singly := 0
	for _, q := range server.Requests() {
		if strings.Contains(q.Path, "/Users/") {
			singly++
		}
	}
	if len(state.Users) != 20 || singly == 0 || singly > samples {
		t.Errorf("%d users, %d single readings", len(state.Users), singly)
	}
}
