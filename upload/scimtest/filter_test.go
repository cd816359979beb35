package scimtest_test

import (
	"testing"

	"adsync/upload/scimtest"
)

// The users of RFC 7644's examples, and one to be left out.
func seedFilterUsers(t *testing.T, srv *scimtest.Server) []string {
	t.Helper()
	ids, err := srv.Put("User",
		map[string]any{
			"userName": "bjensen", "externalId": "ext-B", "active": true, "title": "Tour Guide", "userType": "Employee",
			"name": map[string]any{"familyName": "O'Malley", "givenName": "Barbara"},
			"emails": []any{
				map[string]any{"value": "bjensen@example.com", "type": "work", "primary": true},
				map[string]any{"value": "babs@example.org", "type": "home"},
			},
			"ims":                     []any{map[string]any{"type": "xmpp", "value": "bj@foo.com"}},
			scimtest.EnterpriseSchema: map[string]any{"department": "Tour Operations", "employeeNumber": "0701984"},
			"preferredLanguage":       "en-US",
			"phoneNumbers":            []any{map[string]any{"value": "555-555-5555", "type": "work"}},
		},
		map[string]any{
			"userName": "Jsmith", "externalId": "ext-J", "active": false, "userType": "Intern",
			"name":   map[string]any{"familyName": "Smith"},
			"emails": []any{map[string]any{"value": "jsmith@example.org", "type": "home"}},
		},
		map[string]any{"userName": "karl \"the\" \\ k", "userType": "Employee"})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

const bj, js, ka = "bjensen", "Jsmith", "karl \"the\" \\ k"

func TestFilters(t *testing.T) {
	c := start(t, scimtest.Options{})
	ids := seedFilterUsers(t, c.srv)
	for _, row := range []struct{ name, filter, want string }{
		{"equality of userName ignores case", `userName Eq "BJENSEN"`, bj},
		{"the attribute's name ignores case", `USERNAME eq "bjensen"`, bj},
		{"externalId is compared with case", `externalId eq "EXT-B"`, ""},
		{"externalId as it is", `externalId eq "ext-B"`, bj},
		{"a quote and a backslash in the value", `userName eq "karl \"the\" \\ k"`, ka},
		{"a value in Unicode escapes", `userName eq "\u0062jensen"`, bj},
		{"contains, of a sub-attribute", `name.familyName co "O'Malley"`, bj},
		{"starts with", `userName sw "J"`, js},
		{"starts with, URN before the attribute", `urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, js},
		{"ends with", `userName ew "SMITH"`, js},
		{"present", `title pr`, bj},
		{"greater than a time long ago", `meta.lastModified gt "2011-05-13T04:42:34Z"`, bj + " " + js + " " + ka},
		{"less than a time long ago", `meta.lastModified lt "2011-05-13T04:42:34Z"`, ""},
		{"and", `title pr and userType eq "Employee"`, bj},
		{"or", `title pr or userType eq "Intern"`, bj + " " + js},
		{"and binds closer than or", `userType eq "Intern" or userType eq "Employee" and title pr`, bj + " " + js},
		{"grouping", `(userType eq "Intern" or userType eq "Employee") and title pr`, bj},
		{"not", `not (userType eq "Employee")`, js},
		{"not of a group", `userType eq "Employee" and not (emails co "example.com" or emails.value co "example.org")`, ka},
		{"grouped emails", `userType eq "Employee" and (emails.type eq "work")`, bj},
		{"a value path", `userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`, bj},
		{"two value paths", `emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`, bj},
		{"a value path holds for one value at a time", `emails[type eq "work" and value co "@example.org"]`, ""},
		{"a value path with or and not", `emails[type eq "home" and not (value co "jsmith")]`, bj},
		{"an extension's attribute", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tour operations"`, bj},
		{"a schema", `schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`, bj},
		{"true", `active eq true`, bj},
		{"false", `active eq false`, js},
		{"absent is null", `active eq null`, ka},
		{"not equal", `userType ne "Employee"`, js},
		{"an id", `id eq "` + ids[1] + `"`, js},
		{"two names by index", `userName eq "jsmith" or userName eq "bjensen"`, bj + " " + js},
		{"an index and a scan", `userName eq "bjensen" and active eq false`, ""},
		{"an attribute nobody has", `favouriteColour eq "red"`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := c.do(200, "GET", "/Users?filter="+row.filter, "").names()
			if got != row.want {
				t.Errorf("%s found %q, want %q", row.filter, got, row.want)
			}
		})
	}
}

func TestBrokenFilters(t *testing.T) {
	c := start(t, scimtest.Options{})
	for _, row := range []struct{ name, filter string }{
		{"no value", `userName eq`},
		{"no operator", `userName`},
		{"unknown operator", `userName is "a"`},
		{"unquoted string", `userName eq ada`},
		{"unfinished string", `userName eq "ada`},
		{"unfinished group", `(userName eq "ada"`},
		{"unfinished value path", `emails[type eq "work"`},
		{"something behind", `userName eq "ada" "bob"`},
		{"an object as a value", `userName eq {"a":1}`},
		{"no attribute", `eq "ada"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if r := c.do(400, "GET", "/Users?filter="+row.filter, ""); r.str("scimType") != "invalidFilter" {
				t.Errorf("answered %s", r.text)
			}
		})
	}
}

func TestGroupFilters(t *testing.T) {
	c := start(t, scimtest.Options{})
	ids := seedFilterUsers(t, c.srv)
	groups, err := c.srv.Put("Group",
		map[string]any{"displayName": "Guides", "members": []any{map[string]any{"value": ids[0]}, map[string]any{"value": ids[1]}}},
		map[string]any{"displayName": "Empty"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, path, want string }{
		{"groups by display name", `/Groups?filter=displayName eq "guides"`, "Guides"},
		{"groups by member", `/Groups?filter=members.value eq "` + ids[0] + `"`, "Guides"},
		{"groups by member without a sub-attribute", `/Groups?filter=members eq "` + ids[0] + `"`, "Guides"},
		{"one group and one member", `/Groups?filter=id eq "` + groups[0] + `" and members eq "` + ids[1] + `"`, "Guides"},
		{"one group and somebody else", `/Groups?filter=id eq "` + groups[1] + `" and members eq "` + ids[1] + `"`, ""},
		{"groups with no members", `/Groups?filter=not (members pr)`, "Empty"},
		{"users by group", `/Users?filter=groups.value eq "` + groups[0] + `"`, bj + " " + js},
		{"users by group's name", `/Users?filter=groups.display eq "Guides"`, bj + " " + js},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := c.do(200, "GET", row.path, "").names(); got != row.want {
				t.Errorf("found %q, want %q", got, row.want)
			}
		})
	}
}
