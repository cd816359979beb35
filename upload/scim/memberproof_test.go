package scim

import (
	"fmt"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// Each of many groups loses a member at a service that takes all out.
func TestAServiceThatTakesEverybodyOutIsFoundOutAtOneGroup(t *testing.T) {
	for _, row := range []struct {
		name   string
		noPut  bool
		left   int
		wanted string
	}{
		{"groups are written whole then", false, 9, ""},
		{"nobody more is taken out where that is not possible", true, 9, "those were put back, and nobody more is taken out"},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{RemoveByPath: scimtest.RemoveTakesAll}, "generic")
			target.profile.NoGroupPut = row.noPut
			ids, err := server.Seed(10)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			var groups, adds, removes []upload.Write
			for i := range 8 {
				groups = append(groups, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: fmt.Sprint("corp:", i), Set: []upload.Attribute{{Path: "displayName", Values: []string{fmt.Sprint(i)}}}})
			}
			for _, r := range must(t, write(t, target, groups...)) {
				g := &upload.Resource{Kind: upload.Group, ID: r.ID, MembersKnown: true}
				adds = append(adds, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: g, Members: ids})
				removes = append(removes, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: g, Members: ids[:1]})
			}
			must(t, write(t, target, adds...))
			server.ResetRequests()
			for i, r := range write(t, target, removes...) {
				if got := fmt.Sprint(r.Err); row.wanted == "" && r.Err != nil || !strings.Contains(got, row.wanted) {
					t.Errorf("outcome %s", got)
				}
				if got := len(server.MemberIDs(removes[i].Before.ID)); got != row.left && !(row.noPut && got == 10) {
					t.Errorf("%d members are left, want %d", got, row.left)
				}
			}
			patches := 0
			for _, r := range server.Requests() {
				if r.Method == "PATCH" {
					patches++
				}
			}
			if patches != 2 {
				t.Errorf("%d changes instead of one removal and one addition", patches)
			}
		})
	}
}

// That a PATCH is refused says less than why the group is not written whole
// instead.
func TestMembersWhoAreNotTakenOutForTheyAreNotShown(t *testing.T) {
	server, target := start(t, scimtest.Quirks{Patch: scimtest.PatchRefused, Members: scimtest.ShownNever, NoUserGroups: true, UserFilters: []string{"userName eq"}}, "generic")
	ids, err := server.Seed(2)
	if err != nil {
		t.Fatal(err)
	}
	group, err := server.Put("Group", map[string]any{"displayName": "staff", "externalId": "corp:staff", "members": []any{map[string]any{"value": ids[0]}, map[string]any{"value": ids[1]}}})
	if err != nil {
		t.Fatal(err)
	}
	before := find(t, read(t, target).Groups, group[0])
	r := write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: before, Members: ids[:1]})[0]
	const want = "status 400: unknown operation, and status 200: the service does not show the group's members, so that the group cannot be written whole"
	if r.Err == nil || r.Err.Error() != want {
		t.Errorf("%v, want %s", r.Err, want)
	}
	if got := server.MemberIDs(group[0]); len(got) != 2 {
		t.Errorf("%d members", len(got))
	}
}
