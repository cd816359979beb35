package scim

import (
	"net/http"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// An adoption is made when the mark was seen, by the mark itself where the
// service does not show the user alone.
func TestAnAdoptionThatCannotBeReadBack(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		refuse func(*http.Request) bool
		made   bool
	}{
		{"a service that shows no single user keeps the mark", scimtest.Quirks{}, ofOne, true},
		{"a service that shows no single user does not", scimtest.Quirks{Patch: scimtest.PatchLies}, ofOne, false},
		{"a service that shows nothing may not", scimtest.Quirks{}, func(r *http.Request) bool { return r.Method == http.MethodGet }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			if _, err := server.Put("User", map[string]any{"userName": "ada@example.org", "active": true}); err != nil {
				t.Fatal(err)
			}
			state := read(t, target)
			server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 409, Match: row.refuse})
			mark := "corp:00000000-0000-0000-0000-000000000001"
			r := write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[0], ExternalID: mark})[0]
			if made := r.Err == nil; made != row.made {
				t.Errorf("made %t: %v", made, r.Err)
			}
			if row.made && server.Users()[0]["externalId"] != mark {
				t.Errorf("externalId is %v", server.Users()[0]["externalId"])
			}
		})
	}
}

// A group that cannot be written whole is adopted and renamed all the same where
// one operation at a time is taken.
func TestAGroupOfAServiceThatTakesOneOperationIsAdopted(t *testing.T) {
	server, target := start(t, scimtest.Quirks{MaxPatchOperations: 1, NoPathlessPatch: true, Members: scimtest.ShownNever, NoUserGroups: true, UserFilters: []string{"userName eq"}}, "generic")
	if _, err := server.Put("Group", map[string]any{"displayName": "staff"}); err != nil {
		t.Fatal(err)
	}
	state := read(t, target)
	must(t, write(t, target, upload.Write{
		Op: upload.OpUpdate, Kind: upload.Group, Before: &state.Groups[0], ExternalID: "corp:staff", Set: []upload.Attribute{{Path: "displayName", Values: []string{"crew"}}},
	}))
	if g := server.Groups()[0]; g["externalId"] != "corp:staff" || g["displayName"] != "crew" {
		t.Errorf("the group is %v", g)
	}
}

func ofOne(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/Users/")
}
