package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// A change of one user's attributes, and of nothing else, comes to the same
// whatever the service makes of PATCH.
func TestUpdatesInEveryDialect(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
	}{
		{"PATCH as the RFC has it", scimtest.Quirks{}},
		{"204 without a body", scimtest.Quirks{PatchStatus: 204}},
		{"200 with an empty body", scimtest.Quirks{NoPatchBody: true}},
		{"no PATCH at all", scimtest.Quirks{Patch: scimtest.PatchOff}},
		{"PATCH has no route", scimtest.Quirks{Patch: scimtest.PatchMissing, NoDiscovery: true}},
		{"PATCH of users is not allowed", scimtest.Quirks{Patch: scimtest.PatchNoUsers}},
		{"PATCH is refused", scimtest.Quirks{Patch: scimtest.PatchRefused}},
		{"PATCH changes only active", scimtest.Quirks{Patch: scimtest.PatchActiveOnly}},
		{"PUT merges, and there is no PATCH", scimtest.Quirks{Patch: scimtest.PatchOff, PutMerges: true}},
		{"paths end in a slash", scimtest.Quirks{TrailingSlash: true}},
		{"a body begins with a byte order mark", scimtest.Quirks{ByteOrderMark: true}},
		{"a create is answered with nothing, and a Location astray", scimtest.Quirks{NoCreateBody: true, Location: scimtest.LocationStray, Bulk: scimtest.BulkOff}},
		{"PATCH is answered with success and does nothing", scimtest.Quirks{Patch: scimtest.PatchLies}},
		{"an element is added only where one is", scimtest.Quirks{AddNeedsTarget: true}},
		{"a manager is an object", scimtest.Quirks{Manager: scimtest.ManagerObject}},
		{"a manager is a string, an object is ignored", scimtest.Quirks{Manager: scimtest.ManagerString}},
		{"a manager is set by its value", scimtest.Quirks{Manager: scimtest.ManagerValuePath}},
		{"the type of e-mails is not kept", scimtest.Quirks{NotStored: []string{"emails.type"}}},
		{"the type of e-mails is not kept, and one that is not found is made", scimtest.Quirks{NotStored: []string{"emails.type"}, ReplaceMakes: true}},
		{"there are no versions", scimtest.Quirks{NoETags: true, Patch: scimtest.PatchOff}},
		{"If-Match is ignored", scimtest.Quirks{IgnoreIfMatch: true, Patch: scimtest.PatchOff}},
		{"no PUT", scimtest.Quirks{NoPut: true}},
		{"one user is answered as a list", scimtest.Quirks{SingleAsList: true}},
		{"one user is answered as a list, and there is no PATCH", scimtest.Quirks{SingleAsList: true, Patch: scimtest.PatchOff}},
		{"one value is shown as an object", scimtest.Quirks{SingleAsObject: true}},
		{"one value is shown as an object, and there is no PATCH", scimtest.Quirks{SingleAsObject: true, Patch: scimtest.PatchOff}},
		{"the enterprise extension is flat", scimtest.Quirks{Enterprise: scimtest.EnterpriseFlat}},
		{"the enterprise extension is flat, and there is no PATCH", scimtest.Quirks{Enterprise: scimtest.EnterpriseFlat, Patch: scimtest.PatchOff}},
		{"the enterprise extension is that of SCIM 1.1", scimtest.Quirks{Enterprise: scimtest.EnterpriseOld}},
		{"the enterprise extension is that of SCIM 1.1, and there is no PATCH", scimtest.Quirks{Enterprise: scimtest.EnterpriseOld, Patch: scimtest.PatchOff}},
		{"a body is called text/html", scimtest.Quirks{TextHTML: true}},
		{"PATCH knows replace alone", scimtest.Quirks{OnlyReplace: 400}},
		{"PATCH knows replace alone, and there is no PUT", scimtest.Quirks{OnlyReplace: 400, NoPut: true}},
		{"PATCH has not heard of add and remove, and there is no PUT", scimtest.Quirks{OnlyReplace: 501, NoPut: true}},
		{"PATCH takes away what it does not name", scimtest.Quirks{PatchReplaces: true}},
		{"PATCH takes away what it does not name, and there is no PUT", scimtest.Quirks{PatchReplaces: true, NoPut: true}},
		{"PATCH without paths takes away what it does not name, and there is no PUT", scimtest.Quirks{PatchReplaces: true, NoPut: true, NoPathlessPatch: true}},
		{"there is no discovery", scimtest.Quirks{NoDiscovery: true}},
		{"one operation at a time", scimtest.Quirks{MaxPatchOperations: 1}},
		{"phones are normalised", scimtest.Quirks{NormalisePhones: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			read(t, target)
			results := must(t, write(t, target, people(3)...))
			somebodyElse(t, server, results[0].ID)
			state := read(t, target)
			before := find(t, state.Users, results[0].ID)
			off := false
			boss := results[1].ID
			must(t, write(t, target,
				upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: before, Active: &off, Set: []upload.Attribute{
					{Path: "title", Values: []string{"Lead"}},
					{Path: "displayName"},
					{Path: "name.givenName", Values: []string{`O"Neil \ `}},
					{Path: `emails[type eq "work"].value`, Values: []string{"lead@example.org"}},
					{Path: `phoneNumbers[type eq "mobile"].value`, Values: []string{"+1 555 0199"}},
					{Path: upload.SchemaEnterprise + ":department", Values: []string{"Sales"}},
				}}))
			must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: before, Manager: &boss}))
			must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: find(t, state.Users, results[2].ID), Manager: &boss}))
			after := find(t, read(t, connect(t, server, "generic")).Users, results[0].ID)
			if after.Active {
				t.Error("still active")
			}
			for path, want := range map[string]string{
				"title": "Lead", "displayName": "", "name.givenName": `O"Neil \ `, "name.familyName": "Erson",
				`emails[type eq "work"].value`: "lead@example.org", `phoneNumbers[type eq "work"].value`: phoneAt(row.quirks, "+1 555 0100"),
				`phoneNumbers[type eq "mobile"].value`: phoneAt(row.quirks, "+1 555 0199"), upload.SchemaEnterprise + ":department": "Sales",
			} {
				if got := strings.Join(after.Get(path), ","); got != want {
					t.Errorf("%s is %q, want %q", path, got, want)
				}
			}
			if after.Manager != boss {
				t.Errorf("manager %q, want %q", after.Manager, boss)
			}
			stored := server.Resource(results[0].ID)
			if emails, _ := stored["emails"].([]any); len(emails) != 1 {
				t.Errorf("the addresses became %v", emails)
			}
			if stored["nickName"] != "theirs" {
				t.Errorf("what somebody else keeps became %v", stored["nickName"])
			}
			if other := find(t, read(t, target).Users, results[2].ID); other.Manager != boss || other.Get("title")[0] != "Engineer" {
				t.Errorf("the other user: %+v", other)
			}
		})
	}
}

func phoneAt(q scimtest.Quirks, number string) string {
	if q.NormalisePhones {
		return strings.ReplaceAll(number, " ", "")
	}
	return number
}

// somebodyElse keeps something in a resource that is not mapped.
func somebodyElse(t *testing.T, server *scimtest.Server, id string) {
	t.Helper()
	if err := server.Edit(id, func(doc map[string]any) { doc["nickName"] = "theirs" }); err != nil {
		t.Fatal(err)
	}
}

// What one update has shown of PATCH goes for those that follow, in bulk too.
func TestManyUpdatesWherePatchReplaces(t *testing.T) {
	for _, quirks := range []scimtest.Quirks{{PatchReplaces: true}, {PatchReplaces: true, NoPut: true}} {
		server, target := start(t, quirks, "generic")
		read(t, target)
		for _, r := range must(t, write(t, target, people(20)...)) {
			somebodyElse(t, server, r.ID)
		}
		state := read(t, target)
		var writes []upload.Write
		for i := range state.Users {
			writes = append(writes, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[i], Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}}})
		}
		must(t, write(t, target, writes...))
		for i := range state.Users {
			if u := server.Resource(state.Users[i].ID); u["nickName"] != "theirs" || u["title"] != "Lead" || u["externalId"] == nil {
				t.Errorf("no PUT %t: %v", quirks.NoPut, u)
			}
		}
	}
}

// Who is adopted may be given all that is mapped: what others keep tells.
func TestWhatIsNotMappedTellsOfPatch(t *testing.T) {
	server, target := start(t, scimtest.Quirks{PatchReplaces: true}, "generic")
	r, err := server.Put("User", map[string]any{"userName": "user1@example.com", "nickName": "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	state := read(t, target)
	adopt := person(1)
	adopt.Op, adopt.Before = upload.OpUpdate, &state.Users[0]
	must(t, write(t, target, adopt))
	if u := server.Resource(r[0]); u["nickName"] != "theirs" || u["externalId"] == nil {
		t.Errorf("left: %v", u)
	}
}

// Of a user who is gone nothing can be told.
func TestAUserWhoIsGoneSaysNothingOfPatch(t *testing.T) {
	server, target := start(t, scimtest.Quirks{PatchReplaces: true}, "generic")
	read(t, target)
	must(t, write(t, target, people(2)...))
	state := read(t, target)
	if err := server.Delete(state.Users[0].ID); err != nil {
		t.Fatal(err)
	}
	for i := range state.Users {
		write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[i], Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}}})
	}
	if u := server.Resource(state.Users[1].ID); u["displayName"] == nil || u["title"] != "Lead" {
		t.Errorf("left: %v", u)
	}
}

func TestMembersInEveryDialect(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		over   ProfileOverrides
	}{
		{"as the RFC has it", scimtest.Quirks{}, ProfileOverrides{}},
		{"at most three are added", scimtest.Quirks{MaxAdds: 3}, ProfileOverrides{}},
		{"at most two are removed", scimtest.Quirks{MaxRemoves: 2}, ProfileOverrides{}},
		{"at most seven change", scimtest.Quirks{MaxChanges: 7}, ProfileOverrides{}},
		{"PATCH is refused", scimtest.Quirks{Patch: scimtest.PatchRefused}, ProfileOverrides{}},
		{"PATCH does nothing", scimtest.Quirks{Patch: scimtest.PatchNothing}, ProfileOverrides{}},
		{"PATCH does nothing and members are shown by reference", scimtest.Quirks{Patch: scimtest.PatchNothing, MembersByRef: true}, ProfileOverrides{}},
		{"members are shown by reference", scimtest.Quirks{MembersByRef: true}, ProfileOverrides{}},
		{"removal by path is ignored", scimtest.Quirks{RemoveByPath: scimtest.RemoveIgnored}, ProfileOverrides{}},
		{"removal by path is refused", scimtest.Quirks{RemoveByPath: scimtest.RemoveRefused}, ProfileOverrides{}},
		{"removal by path takes everybody out", scimtest.Quirks{RemoveByPath: scimtest.RemoveTakesAll}, ProfileOverrides{}},
		{"the first of several is added", scimtest.Quirks{AddsFirstOnly: true}, ProfileOverrides{}},
		{"PATCH knows replace alone", scimtest.Quirks{OnlyReplace: 400}, ProfileOverrides{}},
		{"PATCH knows replace alone, and there is no PUT", scimtest.Quirks{OnlyReplace: 400, NoGroupPut: true}, ProfileOverrides{}},
		{"PATCH has not heard of add and remove, and there is no PUT", scimtest.Quirks{OnlyReplace: 501, NoGroupPut: true}, ProfileOverrides{}},
		{"PATCH knows replace alone, there is no PUT, and members are shown on request", scimtest.Quirks{OnlyReplace: 400, NoGroupPut: true, Members: scimtest.ShownOnRequest}, ProfileOverrides{}},
		{"only one removal at a time works", scimtest.Quirks{RemoveByPath: scimtest.RemoveOneOnly}, ProfileOverrides{}},
		{"adding replaces", scimtest.Quirks{AddReplaces: true}, ProfileOverrides{AddMembers: 20}},
		{"one value is shown as an object", scimtest.Quirks{SingleAsObject: true}, ProfileOverrides{}},
		{"one group is answered as a list, and there is no PATCH", scimtest.Quirks{SingleAsList: true, Patch: scimtest.PatchOff}, ProfileOverrides{}},
		{"replacing adds", scimtest.Quirks{ReplaceMembers: scimtest.ReplaceAdds}, ProfileOverrides{}},
		{"members are shown on request", scimtest.Quirks{Members: scimtest.ShownOnRequest}, ProfileOverrides{}},
		{"members are never shown", scimtest.Quirks{Members: scimtest.ShownNever}, ProfileOverrides{}},
		{"the configuration says four", scimtest.Quirks{}, ProfileOverrides{AddMembers: 4, RemoveMembers: 4}},
		{"one change in a request", scimtest.Quirks{OneMemberOperation: true}, ProfileOverrides{RemoveMembers: 1}},
		{"there is no PATCH", scimtest.Quirks{Patch: scimtest.PatchOff}, ProfileOverrides{}},
		{"there is no PATCH and nothing says so", scimtest.Quirks{Patch: scimtest.PatchOff, NoDiscovery: true}, ProfileOverrides{}},
		{"PATCH has no route and nothing says so", scimtest.Quirks{Patch: scimtest.PatchMissing, NoDiscovery: true}, ProfileOverrides{}},
		{"members are not taken with a group", scimtest.Quirks{NoPostMembers: true}, ProfileOverrides{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			target.profile.override(row.over)
			if row.over.AddMembers > 0 {
				target.learned.adds.set(row.over.AddMembers, false)
			}
			target.learned.removes.set(target.profile.RemoveMembers, false)
			ids, err := server.Seed(60)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			group := crew(t, target)
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids}))
			if got := server.MemberIDs(group.ID); len(got) != 60 {
				t.Fatalf("%d members", len(got))
			}
			must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[:25]}))
			if got := server.MemberIDs(group.ID); len(got) != 35 || slices.Contains(got, ids[0]) || !slices.Contains(got, ids[30]) {
				t.Errorf("%d members are left", len(got))
			}
		})
	}
}

func TestAddingThatReplacesIsFoundOut(t *testing.T) {
	for _, quirks := range []scimtest.Quirks{{AddReplaces: true}, {AddReplaces: true, NoGroupPut: true}, {AddReplaces: true, SingleAsObject: true}} {
		server, target := start(t, quirks, "generic")
		ids, err := server.Seed(9)
		if err != nil {
			t.Fatal(err)
		}
		read(t, target)
		group := crew(t, target)
		for n := 3; n <= 9; n += 3 {
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids[n-3 : n]}))
			if got := server.MemberIDs(group.ID); len(got) != n {
				t.Errorf("%d members, want %d", len(got), n)
			}
			target = connect(t, server, "generic")
			group = find(t, read(t, target).Groups, group.ID)
		}
	}
}

func TestOneBadMemberDoesNotKeepTheOthersOut(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	ids, err := server.Seed(20)
	if err != nil {
		t.Fatal(err)
	}
	read(t, target)
	group := crew(t, target)
	r := write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: append([]string{"nobody"}, ids...)})[0]
	if r.Err == nil {
		t.Error("a member that is not there was taken")
	}
	if got := server.MemberIDs(group.ID); len(got) != 20 {
		t.Errorf("%d members", len(got))
	}
	if target.learned.adds.get() < 20 {
		t.Errorf("the bad member made chunks of %d", target.learned.adds.get())
	}
}

func TestReadingMembers(t *testing.T) {
	for _, row := range []struct {
		name    string
		quirks  scimtest.Quirks
		profile string
		known   bool
	}{
		{"they are listed", scimtest.Quirks{}, "generic", true},
		{"their ids cannot be asked for: nothing is shown", scimtest.Quirks{SubAttributes: scimtest.SubMissing}, "generic", true},
		{"their ids cannot be asked for: empty elements are shown", scimtest.Quirks{SubAttributes: scimtest.SubEmpty}, "generic", true},
		{"their ids cannot be asked for: it is refused", scimtest.Quirks{SubAttributes: scimtest.SubRefused}, "generic", true},
		{"they are shown by reference", scimtest.Quirks{MembersByRef: true}, "generic", true},
		{"they are shown on request", scimtest.Quirks{Members: scimtest.ShownOnRequest, NoProjection: false}, "generic", true},
		{"they are never shown but users can be asked", scimtest.Quirks{Members: scimtest.ShownNever}, "generic", true},
		{"they are never shown and users cannot be asked", scimtest.Quirks{Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}}, "generic", false},
		{"filters are not looked at", scimtest.Quirks{Members: scimtest.ShownNever, IgnoreFilters: true}, "generic", false},
		{"filters are not looked at, whatever the profile says", scimtest.Quirks{Members: scimtest.ShownNever, IgnoreFilters: true, Cursor: scimtest.CursorMust}, "entra-scim", false},
		{"users are asked in silence", scimtest.Quirks{Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}, SilentFilters: true}, "generic", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, row.profile)
			ids, err := server.Seed(30)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			group := crew(t, target)
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids[:12]}))
			got := find(t, read(t, connect(t, server, row.profile)).Groups, group.ID)
			if got.MembersKnown != row.known || row.known && len(got.Members) != 12 {
				t.Errorf("known %t, %d members", got.MembersKnown, len(got.Members))
			}
		})
	}
}

func TestBulk(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		bulks  bool
	}{
		{"as the RFC has it", scimtest.Quirks{}, true},
		{"few operations at a time", scimtest.Quirks{BulkMaxOperations: 7}, true},
		{"few bytes at a time", scimtest.Quirks{BulkMaxPayload: 4000}, true},
		{"status as an object", scimtest.Quirks{BulkStatusObject: true}, true},
		{"offered, and not there", scimtest.Quirks{Bulk: scimtest.BulkLies}, true},
		{"not offered", scimtest.Quirks{Bulk: scimtest.BulkOff}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			read(t, target)
			taken := person(50)
			taken.ExternalID = "corp:other"
			results := must(t, write(t, target, people(60)...))
			more := people(70)[60:]
			second := write(t, target, append(more, taken)...)
			must(t, second[:10])
			if refused := second[10].Err; refused == nil || !conflict(refused) {
				t.Errorf("a taken name: %v", refused)
			}
			if got := len(server.Users()); got != 70 {
				t.Errorf("%d users", got)
			}
			for i, r := range results {
				if stored := server.Resource(r.ID); stored == nil || stored["externalId"] != person(i+1).ExternalID {
					t.Fatalf("user %d has the id %q", i+1, r.ID)
				}
			}
			asked := slices.ContainsFunc(server.Requests(), func(q scimtest.Request) bool { return q.Path == "/Bulk" })
			if asked != row.bulks {
				t.Errorf("bulk was used: %t", asked)
			}
		})
	}
}

func TestABulkWhoseAnswerIsLostCreatesNobodyTwice(t *testing.T) {
	for _, fault := range []scimtest.Fault{
		{Kind: scimtest.FaultLost}, {Kind: scimtest.FaultReset}, {Kind: scimtest.FaultTruncate}, {Kind: scimtest.FaultMalformed}, {Kind: scimtest.FaultStatus, Status: 500},
		{Kind: scimtest.FaultStatus, Status: 413}, {Kind: scimtest.FaultStatus, Status: 429},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{}, "generic")
			read(t, target)
			fault.Path, fault.Times = "/Bulk", 1
			server.Fault(fault)
			must(t, write(t, target, people(40)...))
			if got := len(server.Users()); got != 40 {
				t.Errorf("%d users", got)
			}
		})
	}
}

func TestFindTrustsOnlyFiltersThatWork(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		found  bool
		fails  bool
	}{
		{"the filter works", scimtest.Quirks{}, true, false},
		{"the filter is refused", scimtest.Quirks{UserFilters: []string{"id eq"}}, false, true},
		{"the filter finds nothing in silence", scimtest.Quirks{UserFilters: []string{"id eq"}, SilentFilters: true}, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, row.quirks, "generic")
			if _, err := server.Seed(5); err != nil {
				t.Fatal(err)
			}
			read(t, target)
			got, err := target.Find(t.Context(), upload.User, upload.KeyUserName, "USER3@example.com")
			if (len(got) == 1) != row.found || (err != nil) != row.fails {
				t.Errorf("found %d, %v", len(got), err)
			}
			got, err = target.Find(t.Context(), upload.User, upload.KeyUserName, `no "body" \`)
			if len(got) != 0 || (err != nil) != row.fails {
				t.Errorf("nobody: found %d, %v", len(got), err)
			}
		})
	}
}

func TestAFilterIsNotDoubtedForARename(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	ids, err := server.Seed(5)
	if err != nil {
		t.Fatal(err)
	}
	read(t, target)
	for _, id := range ids {
		if err := server.Edit(id, func(doc map[string]any) { doc["userName"] = "new-" + doc["userName"].(string) }); err != nil {
			t.Fatal(err)
		}
	}
	got, err := target.Find(t.Context(), upload.User, upload.KeyUserName, "new-user3@example.com")
	if len(got) != 1 || err != nil {
		t.Errorf("found %d, %v", len(got), err)
	}
}

func TestASoftlyDeletedUserComesBack(t *testing.T) {
	server, target := start(t, scimtest.Quirks{Delete: scimtest.DeleteSoft, Revive: scimtest.ReviveByPost}, "generic")
	read(t, target)
	first := must(t, write(t, target, person(1)))[0]
	must(t, write(t, target, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: first.After}))
	again := must(t, write(t, target, person(1)))[0]
	if again.ID != first.ID || server.User("p1@example.org") == nil {
		t.Errorf("came back as %s, was %s", again.ID, first.ID)
	}
}

func TestACreateSaysWhatItUses(t *testing.T) {
	_, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	w := person(1)
	w.Set = append(w.Set, upload.Attribute{Path: "roles", Values: []string{"a", "b"}}, upload.Attribute{Path: `addresses[type eq "work"].locality`, Values: []string{"X"}},
		upload.Attribute{Path: `addresses[type eq "work"].country`, Values: []string{"DE"}}, upload.Attribute{Path: "name.middleName"})
	var got, want any
	if err := json.Unmarshal(target.appendCreate(nil, &w), &got); err != nil {
		t.Fatal(err)
	}
	const text = `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId": "corp:00000001-0000-0000-0000-000000000000", "active": true, "userName": "p1@example.org", "displayName": "Person 1", "title": "Engineer",
		"name": {"givenName": "P", "familyName": "Erson"}, "emails": [{"type": "work", "value": "p1@example.org", "primary": true}],
		"phoneNumbers": [{"type": "work", "value": "+1 555 0100"}], "roles": [{"value": "a"}, {"value": "b"}],
		"addresses": [{"type": "work", "locality": "X", "country": "DE"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D"}
	}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestAPutIsMadeAnewWhenSomebodyElseWasFaster(t *testing.T) {
	server, target := start(t, scimtest.Quirks{Patch: scimtest.PatchOff}, "generic")
	read(t, target)
	r := must(t, write(t, target, person(1)))[0]
	puts := 0
	server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Method: "PUT", Match: func(*http.Request) bool {
		if puts++; puts == 1 {
			_ = server.Edit(r.ID, func(doc map[string]any) { doc["nickName"] = "theirs" })
		}
		return false
	}})
	must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: r.After, Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}}}))
	if u := server.Resource(r.ID); puts != 2 || u["nickName"] != "theirs" || u["title"] != "Lead" {
		t.Errorf("%d PUTs, %v", puts, u)
	}
}

// Some services take no change that does not say of which version it is.
func TestVersionsAreSentWhereTheyAreAskedFor(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	refused := 0
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 428, Match: func(h *http.Request) bool {
		bare := h.Method != "GET" && h.Method != "POST" && h.Header.Get("If-Match") == ""
		if bare {
			refused++
		}
		return bare
	}})
	made := must(t, write(t, target, person(1), upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:g", Set: []upload.Attribute{{Path: "displayName", Values: []string{"g"}}}}))
	user, group := made[0].After, &upload.Resource{Kind: upload.Group, ID: made[1].ID, MembersKnown: true}
	must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: user, Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}}}))
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: []string{user.ID}}))
	if u, members := server.Resource(user.ID), server.Resource(group.ID)["members"]; u["title"] != "Lead" || len(members.([]any)) != 1 || refused != 1 {
		t.Errorf("%d refused, %v, members %v", refused, u, members)
	}
	edits := 0
	server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Method: "DELETE", Match: func(*http.Request) bool {
		if edits++; edits == 1 {
			_ = server.Edit(user.ID, func(doc map[string]any) { doc["nickName"] = "theirs" })
		}
		return false
	}})
	must(t, write(t, target, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: user}))
	if server.Resource(user.ID) != nil || edits != 2 {
		t.Errorf("%d DELETEs, %v", edits, server.Resource(user.ID))
	}
}

func TestUpdatesAndMembersGoInBulkOnceTheyAreSeenToWork(t *testing.T) {
	for _, fault := range []scimtest.Fault{
		{Kind: scimtest.FaultDelay}, {Kind: scimtest.FaultLost, Nth: 2}, {Kind: scimtest.FaultTruncate, Nth: 1}, {Kind: scimtest.FaultReset, Nth: 2}, {Kind: scimtest.FaultStatus, Status: 413, Nth: 1},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{DuplicateMembers: true, BulkMaxOperations: 20}, "generic")
			read(t, target)
			must(t, write(t, target, people(50)...))
			state := read(t, target)
			var ids []string
			var updates, groups, adds, removes []upload.Write
			for i := range state.Users {
				u := &state.Users[i]
				ids = append(ids, u.ID)
				updates = append(updates, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: u, Set: []upload.Attribute{
					{Path: "title", Values: []string{"Lead"}}, {Path: `phoneNumbers[type eq "mobile"].value`, Values: []string{"1"}},
				}})
				groups = append(groups, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:g" + u.ID, Set: []upload.Attribute{{Path: "displayName", Values: []string{"Group " + u.ID}}}})
			}
			fault.Path = "/Bulk"
			server.Fault(fault)
			must(t, write(t, target, updates...))
			for i, r := range must(t, write(t, target, groups...)) {
				g := &upload.Resource{Kind: upload.Group, ID: r.ID, MembersKnown: true}
				adds = append(adds, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: g, Members: ids[:10+i%5]})
				removes = append(removes, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: g, Members: ids[:5+i%5]})
			}
			server.ResetRequests()
			must(t, write(t, target, adds...))
			must(t, write(t, target, removes...))
			singly := 0
			for _, q := range server.Requests() {
				if q.Method == http.MethodPatch {
					singly++
				}
			}
			for _, a := range adds {
				if got := server.MemberIDs(a.Before.ID); len(got) != 5 {
					t.Fatalf("%d members are left", len(got))
				}
			}
			for _, u := range server.Users() {
				if phones, _ := u["phoneNumbers"].([]any); u["title"] != "Lead" || len(phones) != 2 {
					t.Fatalf("%v has the title %v and %d phones", u["userName"], u["title"], len(phones))
				}
			}
			if fault.Kind == scimtest.FaultDelay && singly > 4 {
				t.Errorf("%d requests were made singly", singly)
			}
		})
	}
}

// Of two operations, where one is too many, PATCH without paths makes one of
// those that replace; what is taken away stays one by itself.
func TestOperationsThatAreTooManyForWhatIsTakenAway(t *testing.T) {
	_, target := start(t, scimtest.Quirks{MaxPatchOperations: 1, NotStored: []string{"title"}, Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	must(t, write(t, target, people(2)...))
	state := read(t, target)
	title, department := upload.Attribute{Path: "title", Values: []string{"Lead"}}, upload.Attribute{Path: upload.SchemaEnterprise + ":department"}
	for i, other := range []upload.Attribute{{Path: "displayName", Values: []string{"New"}}, department} {
		must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[i], Set: []upload.Attribute{title, other}}))
	}
}

// Each of two operations was seen to work, and both at once are too many.
func TestOperationsThatAreTooManyTogether(t *testing.T) {
	_, target := start(t, scimtest.Quirks{MaxPatchOperations: 1, Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	must(t, write(t, target, people(2)...))
	state := read(t, target)
	title, name := upload.Attribute{Path: "title", Values: []string{"Lead"}}, upload.Attribute{Path: "displayName", Values: []string{"New"}}
	for _, set := range [][]upload.Attribute{{title}, {name}} {
		must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[0], Set: set}))
	}
	r := must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &state.Users[1], Set: []upload.Attribute{title, name}}))[0]
	if r.After == nil || r.After.Get("title")[0] != "Lead" || r.After.Get("displayName")[0] != "New" {
		t.Errorf("after: %+v", r.After)
	}
}

func TestAnAttributeThatIsNotKeptCostsTheRunOnce(t *testing.T) {
	server, target := start(t, scimtest.Quirks{NotStored: []string{"title"}, Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	must(t, write(t, target, people(30)...))
	state := read(t, target)
	change := func(u *upload.Resource) upload.Write {
		return upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: u, Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}, {Path: "displayName", Values: []string{"New"}}}}
	}
	r := must(t, write(t, target, change(&state.Users[0])))[0]
	if r.After == nil || r.After.Get("title") != nil || r.After.Get("displayName")[0] != "New" {
		t.Errorf("after: %+v", r.After)
	}
	server.ResetRequests()
	var rest []upload.Write
	for i := range state.Users[1:] {
		rest = append(rest, change(&state.Users[i+1]))
	}
	must(t, write(t, target, rest...))
	if got := len(server.Requests()); got > 29+looks {
		t.Errorf("%d requests for 29 updates", got)
	}
}

// A group that is renamed by PUT keeps members that the service does not show.
func TestAGroupWhoseMembersAreHiddenIsNotWrittenWhole(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	ids := must(t, write(t, target, people(2)...))
	team := must(t, write(t, target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:team", Set: []upload.Attribute{{Path: "displayName", Values: []string{"team"}}}}))[0].ID
	group := find(t, read(t, target).Groups, team)
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: []string{ids[0].ID, ids[1].ID}}))
	for _, test := range []struct {
		what   string
		quirks scimtest.Quirks
		hidden bool
	}{
		{"members are never shown", scimtest.Quirks{Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}}, true},
		{"members are shown on request", scimtest.Quirks{Members: scimtest.ShownOnRequest}, false},
		{"users are found by their group", scimtest.Quirks{Members: scimtest.ShownNever}, false},
	} {
		test.quirks.Patch, test.quirks.NoUserGroups = scimtest.PatchOff, true
		server.SetQuirks(test.quirks)
		target = connect(t, server, "generic")
		group = find(t, read(t, target).Groups, team)
		result := write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.Group, Before: group, Set: []upload.Attribute{{Path: "displayName", Values: []string{"crew " + test.what}}}})[0]
		if (result.Err != nil) != test.hidden {
			t.Errorf("%s: %v", test.what, result.Err)
		}
		if left := server.MemberIDs(team); len(left) != 2 {
			t.Errorf("%s: %d members are left of 2", test.what, len(left))
		}
	}
}

// The answers to many changes of one large group would each hold all its
// members.
func TestALargeGroupIsNotSentBackWithEveryChange(t *testing.T) {
	for _, row := range []struct {
		name    string
		quirks  scimtest.Quirks
		members int
		want    string // the parameters of the changes, in order
	}{
		{"a small group is changed plainly", scimtest.Quirks{}, 100, " 200"},
		{"a large one without its members", scimtest.Quirks{}, 350, "excludedAttributes=members 200, excludedAttributes=members 200, excludedAttributes=members 200"},
		{"unless the service makes trouble of it", scimtest.Quirks{PatchPlain: true}, 350, "excludedAttributes=members 400,  200,  200,  200"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.Bulk = scimtest.BulkOff
			server, target := start(t, row.quirks, "generic")
			read(t, target)
			ids, err := server.Seed(row.members)
			if err != nil {
				t.Fatal(err)
			}
			g := must(t, write(t, target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:g", Set: []upload.Attribute{{Path: "displayName", Values: []string{"Staff"}}}}))[0]
			held := &upload.Resource{Kind: upload.Group, ID: g.ID, ExternalID: "corp:g", MembersKnown: true}
			server.ResetRequests()
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: held, Members: ids}))
			var got []string
			for _, r := range server.Requests() {
				if r.Method == "PATCH" {
					got = append(got, fmt.Sprintf("%s %d", r.Query, r.Status))
				}
			}
			if all := strings.Join(got, ", "); all != row.want {
				t.Errorf("changes %q, want %q", all, row.want)
			}
			if n := len(server.MemberIDs(g.ID)); n != row.members {
				t.Errorf("%d members, want %d", n, row.members)
			}
		})
	}
}

// A service that answers with success and does nothing is seen through by a
// change of letter case too: what follows is not believed unseen.
func TestAChangeOfCaseThatWasNotMadeProvesNothing(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		kept   func(string) string // what is kept of an upper-case name
	}{
		{"PATCH does nothing", scimtest.Quirks{Patch: scimtest.PatchLies}, strings.ToUpper},
		{"PATCH works", scimtest.Quirks{}, strings.ToUpper},
		{"case is folded", scimtest.Quirks{LowerCase: []string{"displayName"}}, strings.ToLower},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.Bulk = scimtest.BulkOff
			server, target := start(t, row.quirks, "generic")
			read(t, target)
			must(t, write(t, target, people(2)...))
			state := read(t, target)
			for _, u := range state.Users {
				name := strings.ToUpper(u.Get("displayName")[0])
				r := must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &u, Set: []upload.Attribute{{Path: "displayName", Values: []string{name}}}}))[0]
				if r.After == nil || r.After.Get("displayName")[0] != row.kept(name) {
					t.Errorf("after the write: %+v", r.After)
				}
				if got := server.Resource(u.ID)["displayName"]; got != row.kept(name) {
					t.Errorf("the service has %q, want %q", got, row.kept(name))
				}
			}
		})
	}
}

func TestGroupsThatDoNotShowAsMembersAreSaidNotTo(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		unseen bool
	}{
		{"they show", scimtest.Quirks{}, false},
		{"they are dropped", scimtest.Quirks{SkipGroups: true}, true},
		{"they are hidden", scimtest.Quirks{HideGroups: true}, true},
		{"they are dropped and there is no PATCH", scimtest.Quirks{SkipGroups: true, Patch: scimtest.PatchOff}, true},
		{"no member ever shows", scimtest.Quirks{SkipGroups: true, Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.NoDiscovery = row.quirks.Patch != scimtest.PatchOff
			_, target := start(t, row.quirks, "generic")
			read(t, target)
			user := must(t, write(t, target, people(1)...))[0].ID
			group := func(name string) *upload.Resource {
				r := must(t, write(t, target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:" + name, Set: []upload.Attribute{{Path: "displayName", Values: []string{name}}}}))[0]
				return &upload.Resource{Kind: upload.Group, ID: r.ID, ExternalID: "corp:" + name, Name: name, MembersKnown: true}
			}
			outer, inner := group("outer"), group("inner")
			r := write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: outer, Members: []string{user, inner.ID}, Groups: []string{inner.ID}})[0]
			if unshown := new(upload.Unshown); errors.As(r.Err, &unshown) != row.unseen || r.Err != nil && !row.unseen {
				t.Errorf("error %v, want it to say that nothing shows: %t", r.Err, row.unseen)
			}
		})
	}
}

// A value that is dropped with success in one form of update, and refused in
// those that are tried after it, is no refusal: ten alike would stop a run.
func TestWhatIsDroppedIsNotRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
	}{
		{"operations want a path", scimtest.Quirks{NoPathlessPatch: true}},
		{"there is no PATCH", scimtest.Quirks{Patch: scimtest.PatchOff}},
		{"there is no route for PATCH", scimtest.Quirks{Patch: scimtest.PatchMissing}},
		{"users are not patched", scimtest.Quirks{Patch: scimtest.PatchNoUsers}},
		{"there is no PUT", scimtest.Quirks{NoPut: true}},
		{"one operation is too many", scimtest.Quirks{MaxPatchOperations: 1}},
		{"every PATCH is refused", scimtest.Quirks{Patch: scimtest.PatchRefused}},
		{"PATCH knows replace alone", scimtest.Quirks{OnlyReplace: 400}},
		{"PATCH knows replace alone, and with a path", scimtest.Quirks{OnlyReplace: 400, NoPathlessPatch: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.NotStored, row.quirks.Bulk = []string{"title", "phoneNumbers"}, scimtest.BulkOff
			server, target := start(t, row.quirks, "generic")
			read(t, target)
			must(t, write(t, target, people(12)...))
			state := read(t, target)
			for i := range state.Users {
				u := &state.Users[i]
				title := upload.Attribute{Path: "title", Values: []string{"Lead"}}
				phone := upload.Attribute{Path: `phoneNumbers[type eq "mobile"].value`, Values: []string{"+1 555 0199"}}
				for _, lost := range []upload.Attribute{title, phone} {
					must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: u, Set: []upload.Attribute{lost}}))
				}
				must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: u, Set: []upload.Attribute{
					{Path: "displayName", Values: []string{"New"}}, title,
				}}))
				if got := server.Resource(u.ID)["displayName"]; got != "New" {
					t.Errorf("displayName of %s is %v", u.Name, got)
				}
			}
		})
	}
}

// A group is not to be written whole for the letter case of its name, where
// that cannot be done without losing members.
func TestAGroupWhoseNameIsFoldedIsLeftInPeace(t *testing.T) {
	_, target := start(t, scimtest.Quirks{LowerCase: []string{"displayName"}, Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}, NoUserGroups: true}, "generic")
	read(t, target)
	must(t, write(t, target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:team", Set: []upload.Attribute{{Path: "displayName", Values: []string{"Team"}}}}))
	group := &read(t, target).Groups[0]
	r := must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.Group, Before: group, Set: []upload.Attribute{{Path: "displayName", Values: []string{"Team"}}}}))[0]
	if r.After == nil || r.After.Name != "team" {
		t.Errorf("after: %+v", r.After)
	}
}

// Silence about those who were just added is not taken for an answer.
func TestMembersWhoCannotBeSeenAreSaidNotToBe(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		unseen bool
	}{
		{"users are found by their group", scimtest.Quirks{Members: scimtest.ShownNever}, false},
		{"the filter finds nobody", scimtest.Quirks{Members: scimtest.ShownNever, UserFilters: []string{"userName eq"}, SilentFilters: true}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.quirks.Cursor = scimtest.CursorMust
			server, target := start(t, row.quirks, "entra-scim")
			ids, err := server.Seed(3)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: crew(t, target), Members: ids}))
			if remarks := strings.Join(target.Remarks(), "\n"); strings.Contains(remarks, "members are added in every run") != row.unseen {
				t.Errorf("remarks %q", remarks)
			}
		})
	}
}

// Where nobody is there yet, a filter that is not looked at finds nobody too.
func TestAFilterOnGroupsIsNotBelievedForAnEmptyService(t *testing.T) {
	server, target := start(t, scimtest.Quirks{IgnoreFilters: true, Patch: scimtest.PatchMissing, NoDiscovery: true}, "generic")
	read(t, target)
	group := crew(t, target)
	read(t, target)
	ids := must(t, write(t, target, people(3)...))
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: []string{ids[0].ID}}))
	if got := server.MemberIDs(group.ID); len(got) != 1 {
		t.Errorf("%d members", len(got))
	}
}

func TestAMarkThatIsNotKept(t *testing.T) {
	for _, row := range []struct {
		name         string
		quirks       scimtest.Quirks
		detail, hint string
	}{
		{"dropped", scimtest.Quirks{NotStored: []string{"externalId"}}, "did not keep its externalId", "let the service keep externalId"},
		{"cut off", scimtest.Quirks{ExternalIDLength: 5}, `keeps another externalId than was sent ("corp:")`, `"{anchor}" in target.external_id makes it shorter`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, target := start(t, row.quirks, "generic")
			read(t, target)
			for i, r := range write(t, target, people(3)...) {
				refusal := new(upload.Refusal)
				if !errors.As(r.Err, &refusal) || !strings.Contains(refusal.Detail, row.detail) || !strings.Contains(refusal.Hint, row.hint) {
					t.Errorf("outcome %d is %v", i, r.Err)
				}
			}
		})
	}
}

// A page of one user who is not the one asked for is no answer where there are
// more.
func TestAFilterThatIsNotLookedAtSaysOfNobodyThatHeIsMissing(t *testing.T) {
	for _, room := range []int{1, 3, 100, -1, 0} {
		quirks := scimtest.Quirks{IgnoreFilters: true, PageCap: room, Cursor: scimtest.IndexOnly}
		switch {
		case room < 0:
			quirks.PageCap, quirks.Cursor = 1, scimtest.CursorMust // no number, and a way on
		case room == 0:
			quirks.PageCap, quirks.TotalResults = 1, scimtest.TotalMissing
		}
		server, target := start(t, quirks, "generic")
		if _, err := server.Seed(5); err != nil {
			t.Fatal(err)
		}
		read(t, target)
		none := new(upload.Unanswerable)
		if got, err := target.filter(t.Context(), upload.User, upload.KeyUserName, "nobody@example.com"); !errors.As(err, &none) {
			t.Errorf("%d a page: found %d, %v", room, len(got), err)
		}
	}
}
