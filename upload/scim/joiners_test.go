package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// A create whose answer is lost is looked for, and its members with it: where
// adding twice lists twice, they are not added again.
func TestAGroupWithMembersWhoseAnswerIsLost(t *testing.T) {
	server, target := start(t, scimtest.Quirks{DuplicateMembers: true, Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	var ids []string
	for _, r := range must(t, write(t, target, people(3)...)) {
		ids = append(ids, r.ID)
	}
	server.Fault(scimtest.Fault{Kind: scimtest.FaultLost, Method: "POST", Path: "/Groups", Times: 1})
	group := upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:group", Members: ids,
		Set: []upload.Attribute{{Path: "displayName", Values: []string{"group"}}}}
	r := must(t, write(t, target, group))[0]
	if have := server.MemberIDs(r.ID); r.Joined != 3 || !r.Existed || len(have) != 3 {
		t.Errorf("%+v, with the members %q", r, have)
	}
}

func TestMembersComeWithTheirGroups(t *testing.T) {
	for _, row := range []struct {
		name    string
		profile string
		quirks  scimtest.Quirks
		joined  []int // members that come with the groups of 230, 120, 30, 2 and 0
		posts   int   // requests that hold both a group's name and members
	}{
		{"one by one", "generic", scimtest.Quirks{Bulk: scimtest.BulkOff}, []int{230, 120, 30, 2, 0}, 4},
		{"in bulk", "generic", scimtest.Quirks{}, []int{230, 120, 30, 2, 0}, 2},
		{"as many as one request takes", "github", scimtest.Quirks{Bulk: scimtest.BulkOff}, []int{230, 120, 30, 2, 0}, 4},
		{"the first hundred", "slack", scimtest.Quirks{Bulk: scimtest.BulkOff}, []int{100, 100, 30, 2, 0}, 4},
		{"where a create with members is refused", "generic", scimtest.Quirks{NoPostMembers: true}, []int{0, 0, 0, 0, 0}, 1},
		{"where so many are refused", "generic", scimtest.Quirks{MaxPostMembers: 200}, []int{0, 0, 0, 0, 0}, 1},
		{"where a create drops the members", "generic", scimtest.Quirks{PostMembersDropped: true}, []int{0, 0, 0, 0, 0}, 1},
		{"where they cannot be read", "generic", scimtest.Quirks{Members: scimtest.ShownNever, UserFilters: []string{"userName eq", "externalId eq"}}, []int{0, 0, 0, 0, 0}, 1},
		{"where they are shown on request", "generic", scimtest.Quirks{Members: scimtest.ShownOnRequest}, []int{230, 120, 30, 2, 0}, 2},
		{"where a group is made without", "keycloak", scimtest.Quirks{NoPostMembers: true}, []int{0, 0, 0, 0, 0}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, err := scimtest.Start(scimtest.Options{Quirks: row.quirks, KeepBodies: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(server.Close)
			target := connect(t, server, row.profile)
			read(t, target)
			var ids []string
			for _, r := range must(t, write(t, target, people(230)...)) {
				ids = append(ids, r.ID)
			}
			var groups []upload.Write
			for i, n := range []int{230, 120, 30, 2, 0} {
				groups = append(groups, upload.Write{
					Op: upload.OpCreate, Kind: upload.Group, ExternalID: fmt.Sprintf("corp:group-%d", i), Members: ids[:n],
					Set: []upload.Attribute{{Path: "displayName", Values: []string{fmt.Sprintf("group %d", i)}}},
				})
			}
			for i, r := range must(t, write(t, target, groups...)) {
				if r.Joined != row.joined[i] {
					t.Errorf("%d of %d members have come with their group, want %d", r.Joined, len(groups[i].Members), row.joined[i])
				}
				if have := len(server.MemberIDs(r.ID)); have < r.Joined {
					t.Errorf("the group has %d members, and %d are said to have come", have, r.Joined)
				}
			}
			posts := 0
			for _, r := range server.Requests() {
				if body := string(r.Body); r.Method == http.MethodPost && strings.Contains(body, `"displayName":"group`) && strings.Contains(body, `"members":`) {
					posts++
				}
			}
			if posts != row.posts {
				t.Errorf("%d requests with members, want %d", posts, row.posts)
			}
		})
	}
}
