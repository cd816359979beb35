package scim

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// everybody is a group of sixty at a service that shows twenty of them.
func everybody(t *testing.T, quirks scimtest.Quirks) (server *scimtest.Server, target *Target, group *upload.Resource, ids []string) {
	t.Helper()
	quirks.MembersCap = 20
	server, first := start(t, quirks, "generic")
	ids, err := server.Seed(60)
	if err != nil {
		t.Fatal(err)
	}
	read(t, first)
	group = crew(t, first)
	var all []any
	for _, id := range ids {
		all = append(all, map[string]any{"value": id})
	}
	if err := server.Edit(group.ID, func(doc map[string]any) { doc["members"] = all }); err != nil {
		t.Fatal(err)
	}
	target = connect(t, server, "generic")
	group = find(t, read(t, target).Groups, group.ID)
	return server, target, group, ids
}

// A group may show some of its members and not say so. They are read by a
// filter on users, and nobody is lost who is not shown.
func TestAGroupThatShowsSomeOfItsMembers(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
	}{
		{"PATCH", scimtest.Quirks{}},
		{"members are shown on request", scimtest.Quirks{Members: scimtest.ShownOnRequest}},
		{"there is no PATCH", scimtest.Quirks{Patch: scimtest.PatchOff}},
		{"PATCH knows replace alone", scimtest.Quirks{OnlyReplace: 400, NoGroupPut: true}},
		{"no filter finds them, and users show their groups", scimtest.Quirks{UserFilters: []string{"userName eq"}}},
		{"the filter finds nobody, and users show their groups", scimtest.Quirks{UserFilters: []string{"userName eq"}, SilentFilters: true}},
		{"no filter finds them, and there is no PATCH", scimtest.Quirks{UserFilters: []string{"userName eq"}, Patch: scimtest.PatchOff}},
		{"removal by path is ignored", scimtest.Quirks{RemoveByPath: scimtest.RemoveIgnored}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target, group, ids := everybody(t, row.quirks)
			if len(group.Members) != 60 || !group.MembersKnown {
				t.Fatalf("%d members are read, known: %t", len(group.Members), group.MembersKnown)
			}
			must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.Group, Before: group, Set: []upload.Attribute{{Path: "displayName", Values: []string{"Renamed"}}}}))
			if got := server.MemberIDs(group.ID); len(got) != 60 {
				t.Errorf("a new name leaves %d members", len(got))
			}
			must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[45:]}))
			if got := server.MemberIDs(group.ID); len(got) != 45 || slices.Contains(got, ids[50]) {
				t.Errorf("%d members are left", len(got))
			}
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids[45:50]}))
			if got := server.MemberIDs(group.ID); len(got) != 50 {
				t.Errorf("%d members in the end", len(got))
			}
		})
	}
}

func TestMembersWhoAreNotShownByANewGroup(t *testing.T) {
	server, target := start(t, scimtest.Quirks{MembersCap: 20, UserFilters: []string{"userName eq"}}, "generic")
	ids, err := server.Seed(60)
	if err != nil {
		t.Fatal(err)
	}
	read(t, target)
	group := crew(t, target)
	server.ResetRequests()
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids}))
	if got := server.MemberIDs(group.ID); len(got) != 60 {
		t.Errorf("%d members", len(got))
	}
	if n := len(server.Requests()); n > 20 {
		t.Errorf("%d requests", n)
	}
}

// Where nothing finds those who are not shown, nobody of them is lost: they are
// added again, with a remark if they themselves show the group.
func TestMembersWhoAreNotShownAndNotFound(t *testing.T) {
	for _, row := range []struct {
		name    string
		quirks  scimtest.Quirks
		remark  string
		refused string
	}{
		{"users show their groups, and not in lists", scimtest.Quirks{Alone: []string{"groups"}}, "shows no more than 20 members of a group", ""},
		{"users do not show their groups", scimtest.Quirks{NoUserGroups: true}, "", "may show no more than 20 members of a group"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.UserFilters = []string{"userName eq"}
			server, target, group, ids := everybody(t, row.quirks)
			server.ResetRequests()
			r := write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids[20:50]})[0]
			if got := server.MemberIDs(group.ID); len(got) != 60 {
				t.Errorf("%d members are left", len(got))
			}
			refusal := new(upload.Refusal)
			if errors.As(r.Err, &refusal) != (row.refused != "") || row.refused != "" && !strings.Contains(refusal.Detail, row.refused) {
				t.Errorf("error %v", r.Err)
			}
			if got := strings.Join(target.Remarks(), "\n"); !strings.Contains(got, row.remark) {
				t.Errorf("remarks %q", got)
			}
			if n := len(server.Requests()); n > 8 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
