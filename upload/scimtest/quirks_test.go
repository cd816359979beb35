package scimtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

// step is a request of a quirk's story. $1, $2.. in path and body are the ids of the resources made so far.
type step struct {
	method, path, body string
	status             int
	has                string // the answer contains it
	lacks              string // the answer does not contain it
}

func play(t *testing.T, c *client, steps []step) {
	t.Helper()
	var ids []string
	for i, s := range steps {
		for n := len(ids); n > 0; n-- {
			s.path = strings.ReplaceAll(s.path, fmt.Sprint("$", n), ids[n-1])
			s.body = strings.ReplaceAll(s.body, fmt.Sprint("$", n), ids[n-1])
			s.has = strings.ReplaceAll(s.has, fmt.Sprint("$", n), ids[n-1])
			s.lacks = strings.ReplaceAll(s.lacks, fmt.Sprint("$", n), ids[n-1])
		}
		r, err := c.try(s.method, s.path, s.body)
		switch {
		case err != nil:
			t.Fatalf("step %d, %s %s: %v", i+1, s.method, s.path, err)
		case r.status != s.status:
			t.Fatalf("step %d, %s %s: status %d, want %d: %s", i+1, s.method, s.path, r.status, s.status, r.text)
		case s.has != "" && !strings.Contains(r.text, s.has):
			t.Fatalf("step %d, %s %s: %s is missing in %s", i+1, s.method, s.path, s.has, r.text)
		case s.lacks != "" && strings.Contains(r.text, s.lacks):
			t.Fatalf("step %d, %s %s: %s is there in %s", i+1, s.method, s.path, s.lacks, r.text)
		}
		if r.status == 201 {
			ids = append(ids, r.str("id"))
		}
	}
}

const (
	newUser  = userHead + `"userName":"ada@example.com","externalId":"corp:1","active":true,"name":{"givenName":"Ada","familyName":"L"},"displayName":"Ada","emails":[{"value":"Ada@Example.com","type":"work"}]}`
	newOther = userHead + `"userName":"bob@example.com"}`
	newGroup = groupHead + `"displayName":"g","members":[{"value":"$1"}]}`
	turnOff  = patchHead + `[{"op":"replace","path":"active","value":false}]}`
	turnOn   = patchHead + `[{"op":"replace","path":"active","value":true}]}`
	setTitle = patchHead + `[{"op":"add","path":"title","value":"x"}]}`
)

func members(op string) string { return patchHead + `[` + op + `]}` }

func TestQuirks(t *testing.T) {
	type q = scimtest.Quirks
	make1 := step{"POST", "/Users", newUser, 201, "", ""}
	make2 := step{"POST", "/Users", newOther, 201, "", ""}
	makeGroup := step{"POST", "/Groups", newGroup, 201, "", ""}
	for _, row := range []struct {
		name   string
		quirks q
		steps  []step
	}{
		{"no discovery", q{NoDiscovery: true}, []step{{"GET", "/ServiceProviderConfig", "", 404, "", ""}}},
		{"no groups", q{NoGroups: true}, []step{{"GET", "/Groups", "", 404, "", ""}, {"GET", "/ResourceTypes", "", 200, "User", "Group\""}}},
		{"members never shown", q{Members: scimtest.ShownNever}, []step{make1, makeGroup, {"GET", "/Groups/$2", "", 200, "", "members"}, {"GET", "/Groups?attributes=members", "", 200, "", `"members"`},
			{"GET", `/Users?filter=groups.value eq "$2"`, "", 200, "ada@example.com", ""}}},
		{"members shown on request", q{Members: scimtest.ShownOnRequest}, []step{make1, makeGroup, {"GET", "/Groups/$2", "", 200, "", "members"}, {"GET", "/Groups?attributes=displayName,members", "", 200, `"members":[{"value":"$1"`, ""}}},
		{"attributes left out of lists", q{Alone: []string{"title"}}, []step{{"POST", "/Users", userHead + `"userName":"a","title":"Lead"}`, 201, "", ""}, {"GET", "/Users", "", 200, "", "Lead"}, {"GET", "/Users?attributes=title", "", 200, "", "Lead"}, {"GET", "/Users/$1", "", 200, "Lead", ""}}},
		{"members left out of lists", q{Members: scimtest.ShownAlone}, []step{make1, makeGroup, {"GET", "/Groups", "", 200, "", "members"}, {"GET", "/Groups/$2", "", 200, "members", ""}}},
		{"users without groups", q{NoUserGroups: true}, []step{make1, makeGroup, {"GET", "/Users/$1", "", 200, "", `"groups"`}}},
		{"a filter off the list is refused", q{UserFilters: []string{"userName eq"}}, []step{make1, {"GET", `/Users?filter=userName eq "ADA@example.com"`, "", 200, "ada@", ""},
			{"GET", `/Users?filter=externalId eq "corp:1"`, "", 400, "invalidFilter", ""}, {"GET", `/Users?filter=userName sw "a"`, "", 400, "invalidFilter", ""}}},
		{"nothing is listed without a filter", q{ListsNothing: true}, []step{make1, {"GET", "/Users", "", 200, `"totalResults":0`, ""}, {"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, "ada@", ""}}},
		{"a filter that is not looked at", q{IgnoreFilters: true}, []step{make1, {"GET", `/Users?filter=externalId eq "nobody"`, "", 200, `"totalResults":1`, ""}}},
		{"a filter off the list finds nothing", q{UserFilters: []string{"userName eq"}, SilentFilters: true}, []step{make1, {"GET", `/Users?filter=externalId eq "corp:1"`, "", 200, `"totalResults":0`, ""}}},
		{"conjunctions of listed filters", q{UserFilters: []string{"userName eq", "active eq"}, FilterConjunctions: true}, []step{make1,
			{"GET", `/Users?filter=userName eq "ada@example.com" and active eq true`, "", 200, "ada@", ""}, {"GET", `/Users?filter=userName eq "a" or active eq true`, "", 400, "", ""}}},
		{"a group's filter with a member", q{GroupFilters: []string{"id eq and members eq"}}, []step{make1, makeGroup, {"GET", `/Groups?filter=members eq "$1" and id eq "$2"`, "", 200, `"totalResults":1`, ""},
			{"GET", `/Groups?filter=id eq "$2"`, "", 400, "", ""}}},
		{"a long filter", q{MaxFilterLength: 20}, []step{{"GET", `/Users?filter=userName eq "ada@example.com"`, "", 400, "", ""}}},
		{"a long address", q{MaxURLLength: 100}, []step{{"GET", "/Users?filter=" + strings.Repeat("x", 200), "", 431, "", ""}}},
		{"no projection", q{NoProjection: true}, []step{make1, {"GET", "/Users/$1?attributes=id", "", 200, "userName", ""}}},
		{"parts of attributes missing", q{SubAttributes: scimtest.SubMissing}, []step{make1, makeGroup, {"GET", "/Groups?attributes=displayName,members.value", "", 200, `"displayName"`, ""}, {"GET", "/Groups?attributes=members.value", "", 200, "", "members"}}},
		{"parts of attributes emptied", q{SubAttributes: scimtest.SubEmpty}, []step{make1, makeGroup, {"GET", "/Groups?attributes=members.value", "", 200, `"members":[{}]`, ""}}},
		{"parts of attributes refused", q{SubAttributes: scimtest.SubRefused}, []step{make1, {"GET", "/Groups?attributes=members.value", "", 400, "", ""}, {"GET", "/Groups?attributes=members", "", 200, "", ""}}},
		{"filters that see case", q{CaseSensitiveText: true}, []step{make1, {"GET", `/Users?filter=userName eq "ADA@example.com"`, "", 200, `"totalResults":0`, ""}, {"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, `"totalResults":1`, ""}}},

		{"no PATCH", q{Patch: scimtest.PatchOff}, []step{make1, {"PATCH", "/Users/$1", setTitle, 501, "", ""}, {"GET", "/ServiceProviderConfig", "", 200, `"patch":{"supported":false}`, ""}}},
		{"PATCH refused", q{Patch: scimtest.PatchRefused}, []step{make1, {"PATCH", "/Users/$1", turnOff, 400, "", ""}}},
		{"PATCH of active only", q{Patch: scimtest.PatchActiveOnly}, []step{make1, {"PATCH", "/Users/$1", setTitle, 400, "", ""}, {"PATCH", "/Users/$1", turnOff, 200, `"active":false`, ""}}},
		{"no PATCH of users", q{Patch: scimtest.PatchNoUsers}, []step{make1, {"PATCH", "/Users/$1", setTitle, 405, "", ""}, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"remove","path":"members"}`), 200, "", ""}}},
		{"PATCH that does nothing to groups either", q{Patch: scimtest.PatchNothing}, []step{make1, {"POST", "/Groups", groupHead + `"displayName":"g"}`, 201, "", ""},
			{"PATCH", "/Groups/$2", members(`{"op":"add","path":"members","value":[{"value":"$1"}]}`), 204, "", ""}, {"GET", "/Groups/$2", "", 200, "", "$1"}}},
		{"one resource as a list", q{SingleAsList: true}, []step{make1, {"GET", "/Users/$1", "", 200, `"Resources":[{`, ""}}},
		{"one value as an object", q{SingleAsObject: true}, []step{{"POST", "/Users", userHead + `"userName":"ada","emails":[{"value":"a@example.com"}]}`, 201, `"emails":{"value":"a@example.com"}`, ""}}},
		{"a flat extension", q{Enterprise: scimtest.EnterpriseFlat}, []step{{"POST", "/Users", userHead + `"userName":"ada",` + ent + `:{"department":"R"}}`, 201, `"department":"R"`, ent + ":"}}},
		{"an old extension", q{Enterprise: scimtest.EnterpriseOld}, []step{{"POST", "/Users", userHead + `"userName":"ada",` + ent + `:{"department":"R"}}`, 201, `"urn:scim:schemas:extension:enterprise:1.0":{"department":"R"}`, ent + ":"}}},
		{"adding that replaces", q{AddReplaces: true}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"add","path":"members","value":[{"value":"$2"}]}`), 200, `"value":"$2"`, `"value":"$1"`}}},
		{"PATCH that replaces the user", q{PatchReplaces: true}, []step{make1, {"PATCH", "/Users/$1", setTitle, 200, `"userName":"ada@example.com"`, "displayName"}, {"GET", "/Users/$1", "", 200, "title", "displayName"}}},
		{"PATCH that knows replace alone", q{OnlyReplace: 501}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"remove","path":"displayName"}]}`, 501, "", ""},
			{"PATCH", "/Users/$1", patchHead + `[{"op":"replace","value":{"displayName":null}}]}`, 200, "", "displayName"}}},
		{"PUT that merges", q{PutMerges: true}, []step{make1, {"PUT", "/Users/$1", userHead + `"userName":"ada@example.com","title":"x"}`, 200, "displayName", ""},
			{"PUT", "/Users/$1", userHead + `"userName":"ada@example.com","displayName":null}`, 200, "title", "displayName"}}},
		{"a large count is refused", q{MaxCount: 20}, []step{{"GET", "/Users?count=21", "", 400, "invalidValue", ""}, {"GET", "/Users?count=20", "", 200, "", ""}}},
		{"members that are cut off", q{MembersCap: 1}, []step{make1, make2, {"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"},{"value":"$2"}]}`, 201, "$1", "$2"},
			{"GET", `/Users?filter=groups.value eq "$3"`, "", 200, `"totalResults":2`, ""}}},
		{"members by reference", q{MembersByRef: true}, []step{make1, makeGroup, {"GET", "/Groups/$2", "", 200, "/Users/$1", `"members":[{"value"`}}},
		{"POST without a body", q{NoCreateBody: true}, []step{{"POST", "/Users", newUser, 201, "", "userName"}}},
		{"a byte order mark", q{ByteOrderMark: true}, []step{{"GET", "/Users", "", 200, "\ufeff{", ""}}},
		{"a slash at the end", q{TrailingSlash: true}, []step{{"POST", "/Users", newUser, 200, "ListResponse", ""}, {"GET", "/Users/", "", 200, "", ""}}},
		{"PATCH that does nothing", q{Patch: scimtest.PatchLies}, []step{make1, {"PATCH", "/Users/$1", setTitle, 204, "", ""}, {"GET", "/Users/$1", "", 200, "", "title"}}},
		{"no route for PATCH", q{Patch: scimtest.PatchMissing}, []step{make1, {"PATCH", "/Users/$1", setTitle, 404, "", ""}}},
		{"PATCH answers 204", q{PatchStatus: 204}, []step{make1, {"PATCH", "/Users/$1", setTitle, 204, "", ""}, {"GET", "/Users/$1", "", 200, "title", ""}}},
		{"PATCH needs paths", q{NoPathlessPatch: true}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","value":{"title":"x"}}]}`, 400, "invalidPath", ""}}},
		{"PATCH with too many operations", q{MaxPatchOperations: 1}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":"title","value":"x"},{"op":"remove","path":"title"}]}`, 400, "", ""}}},
		{"add needs a target", q{AddNeedsTarget: true}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":"emails[type eq \"home\"].value","value":"x"}]}`, 400, "noTarget", ""}}},
		{"the manager as an object only", q{Manager: scimtest.ManagerObject}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":` + ent[:len(ent)-1] + `:manager","value":"m"}]}`, 400, "", ""}}},
		{"the manager as an object not stored", q{Manager: scimtest.ManagerString}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":` + ent[:len(ent)-1] + `:manager","value":{"value":"m"}}]}`, 200, "", "manager"}}},
		{"the manager by its value only", q{Manager: scimtest.ManagerValuePath}, []step{make1, {"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":` + ent[:len(ent)-1] + `:manager.value","value":"m"}]}`, 200, `"manager":{"value":"m"}`, ""},
			{"PATCH", "/Users/$1", patchHead + `[{"op":"add","path":` + ent[:len(ent)-1] + `:manager","value":{"value":"n"}}]}`, 400, "", ""}}},
		{"no PUT", q{NoPut: true, NoGroupPut: true}, []step{make1, makeGroup, {"PUT", "/Users/$1", newUser, 405, "", ""}, {"PUT", "/Groups/$2", newGroup, 405, "", ""}}},
		{"PUT needs the id", q{PutNeedsID: true}, []step{make1, {"PUT", "/Users/$1", newUser, 400, "", ""}, {"PUT", "/Users/$1", userHead + `"id":"$1","userName":"ada@example.com"}`, 200, "", ""}}},

		{"limits of adds", q{MaxAdds: 1}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"add","path":"members","value":[{"value":"$1"},{"value":"$2"}]}`), 400, "", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"add","path":"members","value":[{"value":"$2"}]}`), 200, "", ""}}},
		{"limits of removes", q{MaxRemoves: 1}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\" or value eq \"$2\"]"}`), 400, "", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\"]"}`), 200, "", ""}}},
		{"limits of changes", q{MaxChanges: 1}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\"]"},{"op":"add","path":"members","value":[{"value":"$2"}]}`), 400, "", ""}}},
		{"members must be the only operation", q{OneMemberOperation: true}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"replace","path":"displayName","value":"h"},{"op":"add","path":"members","value":[{"value":"$1"}]}`), 400, "", ""}}},
		{"POST with too many members", q{MaxPostMembers: 1}, []step{make1, make2, {"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"},{"value":"$2"}]}`, 400, "", ""}}},
		{"POST with members refused", q{NoPostMembers: true}, []step{make1, {"POST", "/Groups", newGroup, 400, "", ""}}},
		{"replace members adds", q{ReplaceMembers: scimtest.ReplaceAdds}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"replace","path":"members","value":[{"value":"$2"}]}`), 200, "$1", ""}}},
		{"replace members refused", q{ReplaceMembers: scimtest.ReplaceRefused}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"replace","path":"members","value":[]}`), 400, "", ""}}},
		{"remove by path ignored", q{RemoveByPath: scimtest.RemoveIgnored, PatchStatus: 204}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"remove","path":"members[value eq \"$1\"]"}`), 204, "", ""}, {"GET", "/Groups/$2", "", 200, "$1", ""}}},
		{"remove by path takes all", q{RemoveByPath: scimtest.RemoveTakesAll}, []step{make1, make2, {"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"},{"value":"$2"}]}`, 201, "", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\"]"}`), 200, "", "$2"}}},
		{"the first of several is added", q{AddsFirstOnly: true}, []step{make1, make2, {"POST", "/Groups", groupHead + `"displayName":"g"}`, 201, "", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"add","path":"members","value":[{"value":"$1"},{"value":"$2"}]}`), 200, "$1", "$2"}}},
		{"remove by path refused", q{RemoveByPath: scimtest.RemoveRefused}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"remove","path":"members[value eq \"$1\"]"}`), 400, "", ""}}},
		{"remove of two by path ignored", q{RemoveByPath: scimtest.RemoveOneOnly}, []step{make1, make2, makeGroup, {"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\" or value eq \"$2\"]"}`), 200, "$1", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members[value eq \"$1\"]"}`), 200, "", "$1"}}},
		{"remove by a value list", q{RemoveByValue: scimtest.ByValueRemovesListed}, []step{make1, make2, {"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"$1"},{"value":"$2"}]}`, 201, "", ""},
			{"PATCH", "/Groups/$3", members(`{"op":"remove","path":"members","value":[{"value":"$1"}]}`), 200, "$2", "$1"}}},
		{"removing all ignored", q{RemoveAllMembers: scimtest.RemoveIgnored}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"remove","path":"members"}`), 200, "$1", ""}}},
		{"removing all refused", q{RemoveAllMembers: scimtest.RemoveRefused}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"remove","path":"members"}`), 400, "", ""}}},
		{"members listed twice", q{DuplicateMembers: true, NoETags: true}, []step{make1, makeGroup, {"PATCH", "/Groups/$2", members(`{"op":"add","path":"members","value":[{"value":"$1"}]}`), 200, `"type":"User","display":"Ada"},{"value":"$1"`, ""}}},
		{"unknown members accepted", q{AcceptUnknown: true}, []step{{"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"nobody"}]}`, 201, "nobody", ""}}},
		{"unknown members dropped", q{SkipUnknown: true}, []step{{"POST", "/Groups", groupHead + `"displayName":"g","members":[{"value":"nobody"}]}`, 201, "", "nobody"}}},
		{"groups as members dropped", q{SkipGroups: true}, []step{make1, makeGroup, {"POST", "/Groups", groupHead + `"displayName":"h","members":[{"value":"$2"}]}`, 201, "", `"value"`}}},
		{"groups as members hidden", q{HideGroups: true}, []step{make1, makeGroup, {"POST", "/Groups", groupHead + `"displayName":"h","members":[{"value":"$2"}]}`, 201, "", `"value"`}}},
		{"no nesting", q{NoNesting: true}, []step{make1, makeGroup, {"POST", "/Groups", groupHead + `"displayName":"h","members":[{"value":"$2"}]}`, 400, "", ""}}},

		{"soft delete keeps the name", q{Delete: scimtest.DeleteSoft}, []step{make1, makeGroup, {"DELETE", "/Users/$1", "", 204, "", ""}, {"GET", "/Users/$1", "", 404, "", ""}, {"GET", "/Users", "", 200, `"totalResults":0`, ""},
			{"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, `"totalResults":0`, ""}, {"GET", "/Groups/$2", "", 200, "", "members"}, {"POST", "/Users", newUser, 409, "", ""}, {"PATCH", "/Users/$1", turnOn, 404, "", ""}}},
		{"revived by POST", q{Delete: scimtest.DeleteSoft, Revive: scimtest.ReviveByPost}, []step{make1, {"DELETE", "/Users/$1", "", 204, "", ""}, {"POST", "/Users", newUser, 201, `"id":"$1"`, ""}, {"GET", "/Users", "", 200, `"totalResults":1`, ""}}},
		{"revived by PATCH", q{Delete: scimtest.DeleteSoft, Revive: scimtest.ReviveByPatch}, []step{make1, {"DELETE", "/Users/$1", "", 204, "", ""}, {"PATCH", "/Users/$1", turnOn, 200, "", ""}, {"GET", "/Users/$1", "", 200, `"active":true`, ""}}},
		{"DELETE deactivates", q{Delete: scimtest.DeleteDeactivates}, []step{make1, {"DELETE", "/Users/$1", "", 204, "", ""}, {"GET", "/Users/$1", "", 200, `"active":false`, ""}}},
		{"DELETE refused", q{Delete: scimtest.DeleteRefused}, []step{make1, {"DELETE", "/Users/$1", "", 405, "", ""}}},
		{"POST takes over", q{PostTakesOver: true}, []step{make1, {"POST", "/Users", userHead + `"userName":"ADA@example.com","title":"thief"}`, 201, `"id":"$1"`, "Ada\""}}},
		{"POST links an unowned user", q{PostLinks: true}, []step{make2, {"POST", "/Users", userHead + `"userName":"bob@example.com","externalId":"corp:2"}`, 201, `"id":"$1"`, ""}, {"POST", "/Users", newOther, 409, "", ""}}},

		{"required attributes", q{Required: []string{"name.givenName", "password", scimtest.EnterpriseSchema + ":department"}}, []step{{"POST", "/Users", newUser, 400, "password", ""},
			{"POST", "/Users", userHead + `"userName":"a","name":{"givenName":"A"},"password":"p",` + ent + `:{"department":"d"}}`, 201, "", `"password"`}, {"PATCH", "/Users/$1", patchHead + `[{"op":"remove","path":"name"}]}`, 400, "name.givenName", ""},
			{"PATCH", "/Users/$1", setTitle, 200, "", ""}}},
		{"a primary email is required", q{RequirePrimaryEmail: true}, []step{{"POST", "/Users", newUser, 400, "primary", ""}}},
		{"one value only", q{SingleValued: true}, []step{{"POST", "/Users", userHead + `"userName":"a","emails":[{"value":"a"},{"value":"b"}]}`, 400, "", ""}}},
		{"attributes refused", q{Refused: []string{"photos"}}, []step{{"POST", "/Users", userHead + `"userName":"a","photos":[{"value":"http://example.com/a"}]}`, 400, "", ""}}},
		{"attributes dropped", q{NotStored: []string{"externalId", "emails.type", "name.familyName"}, GroupNotStored: []string{"externalId"}}, []step{{"POST", "/Users", newUser, 201, "Ada", `corp:1`}, {"GET", "/Users/$1", "", 200, "", `"type":"work"`},
			{"POST", "/Groups", groupHead + `"displayName":"g","externalId":"corp:2"}`, 201, "", "corp:2"}}},
		{"attributes set on create only", q{ReadOnly: []string{"title"}}, []step{{"POST", "/Users", userHead + `"userName":"a","title":"first"}`, 201, "first", ""}, {"PATCH", "/Users/$1", setTitle, 200, "first", ""}, {"PUT", "/Users/$1", userHead + `"userName":"a"}`, 200, "first", ""}}},
		{"phones normalised", q{NormalisePhones: true}, []step{{"POST", "/Users", userHead + `"userName":"a","phoneNumbers":[{"value":"+1 (555) 555-5555"}]}`, 201, `"+15555555555"`, ""}}},
		{"text in lower case", q{LowerCase: []string{"displayName", "name.familyName"}}, []step{{"POST", "/Users", userHead + `"userName":"ADA","displayName":"Ada K","name":{"familyName":"KING","givenName":"Ada"}}`, 201, `"ada k"`, "KING"}}},
		{"e-mails and names in lower case", q{LowerCaseEmails: true, LowerCaseUserName: true}, []step{{"POST", "/Users", userHead + `"userName":"ADA","emails":[{"value":"Ada@Example.COM"}]}`, 201, `"ada@example.com"`, "ADA"}}},
		{"formatted recomputed, a language and a primary mark added", q{RecomputeFormatted: true, DefaultLanguage: "und", FirstEmailPrimary: true}, []step{{"POST", "/Users", newUser, 201, `"formatted":"Ada L"`, ""},
			{"GET", "/Users/$1", "", 200, `"preferredLanguage":"und"`, ""}, {"GET", "/Users/$1", "", 200, `"primary":true`, ""}}},
		{"unknown attributes refused", q{UnknownAttributes: scimtest.UnknownRefused}, []step{{"POST", "/Users", userHead + `"userName":"a","colour":"red"}`, 400, "colour", ""}}},
		{"unknown attributes stored", q{UnknownAttributes: scimtest.UnknownStored}, []step{{"POST", "/Users", userHead + `"userName":"a","colour":"red"}`, 201, `"colour":"red"`, ""}, {"PATCH", "/Users/$1", patchHead + `[{"op":"replace","path":"colour","value":"blue"}]}`, 200, "blue", ""}}},
		{"booleans as strings", q{AcceptStringBool: true, StringBool: true}, []step{{"POST", "/Users", userHead + `"userName":"a","active":"False"}`, 201, `"active":"False"`, ""}, {"GET", `/Users?filter=active eq false`, "", 200, `"totalResults":1`, ""}}},
		{"names unique as written", q{CaseSensitiveNames: true}, []step{make1, {"POST", "/Users", userHead + `"userName":"ADA@example.com"}`, 201, "", ""}, {"POST", "/Users", newUser, 409, "", ""}, {"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, `"totalResults":2`, ""}}},
		{"display names unique", q{UniqueDisplayName: true}, []step{{"POST", "/Groups", groupHead + `"displayName":"g"}`, 201, "", ""}, {"POST", "/Groups", groupHead + `"displayName":"G"}`, 409, "uniqueness", ""}}},
		{"a replace that finds no element makes one", q{ReplaceMakes: true}, []step{make1, {"PATCH", "/Users/$1", members(`{"op":"replace","path":"emails[type eq \"home\"].value","value":"h@example.com"}`), 200, "h@example.com", ""}}},
		{"externalId cut off", q{ExternalIDLength: 4}, []step{{"POST", "/Users", userHead + `"userName":"ada","externalId":"corp:1"}`, 201, `"externalId":"corp"`, ""}}},
		{"externalId unique", q{UniqueExternalID: true}, []step{make1, {"POST", "/Users", userHead + `"userName":"other","externalId":"corp:1"}`, 409, "", ""}}},
		{"the path's id is the externalId", q{ExternalIDInPath: true}, []step{{"POST", "/Users", newUser, 201, `"id":"corp:1"`, ""}, {"GET", "/Users/corp:1", "", 200, "ada@", ""}, {"GET", `/Users?filter=id eq "corp:1"`, "", 200, `"totalResults":1`, ""}, {"DELETE", "/Users/corp:1", "", 204, "", ""}}},
		{"inactive users hidden", q{InactiveUsers: scimtest.InactiveHidden}, []step{make1, {"PATCH", "/Users/$1", turnOff, 200, "", ""}, {"GET", "/Users/$1", "", 404, "", ""}, {"GET", `/Users?filter=userName eq "ada@example.com"`, "", 200, `"totalResults":0`, ""},
			{"GET", "/Users", "", 200, `"totalResults":0`, ""}, {"PATCH", "/Users/$1", turnOn, 200, "", ""}, {"GET", "/Users", "", 200, `"totalResults":1`, ""}}},
		{"inactive users altered", q{InactiveUsers: scimtest.InactiveAltered}, []step{make1, {"PATCH", "/Users/$1", turnOff, 200, "", "ada@"}, {"GET", `/Users?filter=externalId eq "corp:1"`, "", 200, `"totalResults":1`, "ada@"}, {"PATCH", "/Users/$1", turnOn, 200, "ada@", ""}}},

		{"a comparison behind a value path", q{ValuePathCompare: true}, []step{make1, {"GET", `/Users?filter=emails[type eq "work"].value eq "ada@example.com" and active eq true`, "", 200, `"totalResults":1`, ""},
			{"GET", `/Users?filter=emails[type eq "home"].value pr`, "", 200, `"totalResults":0`, ""}}},
		{"no comparison behind a value path", q{}, []step{{"GET", `/Users?filter=emails[type eq "work"].value eq "x"`, "", 400, "invalidFilter", ""}}},
		{"schemas optional", q{SchemasOptional: true}, []step{{"POST", "/Users", `{"userName":"a"}`, 201, "", ""}}},
		{"204 for a PATCH that changes nothing", q{UnchangedStatus: 204}, []step{make1, {"PATCH", "/Users/$1", turnOn, 204, "", ""}, {"PATCH", "/Users/$1", turnOff, 200, "", ""}}},

		{"paths in any case", q{AnyPathCase: true}, []step{{"GET", "/users", "", 200, "", ""}}},
		{"paths as written", q{}, []step{{"GET", "/users", "", 404, "", ""}}},
		{"no versions", q{NoETags: true}, []step{{"POST", "/Users", newUser, 201, "", "version"}}},
		{"relative locations", q{Location: scimtest.LocationRelative}, []step{{"POST", "/Users", newUser, 201, `"location":"Users/`, ""}}},
		{"an empty answer to PATCH", q{NoPatchBody: true}, []step{make1, {"PATCH", "/Users/$1", setTitle, 200, "{}", "title"}}},
		{"500 for what is missing", q{ErrorsAs500: true}, []step{{"PATCH", "/Users/none", setTitle, 500, "", ""}, {"DELETE", "/Users/none", "", 500, "", ""}, {"GET", "/Users/none", "", 404, "", ""}}},
	} {
		t.Run(row.name, func(t *testing.T) { play(t, withQuirks(t, row.quirks), row.steps) })
	}
}

func TestHeaderQuirks(t *testing.T) {
	for _, row := range []struct {
		name   string
		quirks scimtest.Quirks
		header http.Header
		status int
	}{
		{"User-Agent missing", scimtest.Quirks{NeedUserAgent: true}, http.Header{"User-Agent": {""}}, 403},
		{"User-Agent there", scimtest.Quirks{NeedUserAgent: true}, http.Header{"User-Agent": {"adsync/1"}}, 200},
		{"Accept missing", scimtest.Quirks{NeedAccept: true}, nil, 400},
		{"Accept there", scimtest.Quirks{NeedAccept: true}, http.Header{"Accept": {"application/scim+json, application/json"}}, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := withQuirks(t, row.quirks)
			c.extra = row.header
			c.do(row.status, "GET", "/Users", "")
		})
	}
	if r := withQuirks(t, scimtest.Quirks{Location: scimtest.LocationMissing}).do(201, "POST", "/Users", newUser); r.header.Get("Location") != "" {
		t.Errorf("Location %q", r.header.Get("Location"))
	}
	stale := withQuirks(t, scimtest.Quirks{IgnoreIfMatch: true})
	id := stale.do(201, "POST", "/Users", newUser).str("id")
	stale.extra = http.Header{"If-Match": {`W/"99"`}}
	stale.do(204, "DELETE", "/Users/"+id, "")
}
