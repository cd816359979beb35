package scimtest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

const patchUser = userHead + `"userName":"bjensen","externalId":"corp:1","active":true,"name":{"givenName":"Barbara","familyName":"Jensen"},
	"emails":[{"value":"bj@example.com","type":"work","primary":true},{"value":"babs@example.org","type":"home"}],
	"addresses":[{"type":"work","locality":"Hollywood","country":"US"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Tours","manager":{"value":"m1"}}}`

// attributesOf is a user without what the server adds.
func attributesOf(t *testing.T, srv *scimtest.Server, id string) string {
	t.Helper()
	m := srv.Resource(id)
	delete(m, "id")
	delete(m, "meta")
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// expect is patchUser with some top-level attributes replaced; null takes one away.
func expect(t *testing.T, changes string) string {
	t.Helper()
	var doc, change map[string]any
	if err := json.Unmarshal([]byte(patchUser), &doc); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(changes), &change); err != nil {
		t.Fatal(err)
	}
	delete(doc, "schemas")
	for name, v := range change {
		if doc[name] = v; v == nil {
			delete(doc, name)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const ent = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`

func TestPatchUser(t *testing.T) {
	c := start(t, scimtest.Options{})
	for _, row := range []struct{ name, ops, want string }{
		{"add a simple attribute", `[{"op":"add","path":"title","value":"Guide"}]`, `{"title":"Guide"}`},
		{"the operation's name ignores case", `[{"op":"Replace","path":"TITLE","value":"Guide"}]`, `{"title":"Guide"}`},
		{"replace with null removes", `[{"op":"replace","path":"externalId","value":null}]`, `{"externalId":null}`},
		{"replace active", `[{"op":"replace","path":"active","value":false}]`, `{"active":false}`},
		{"replace a sub-attribute", `[{"op":"replace","path":"name.familyName","value":"O'Malley"}]`, `{"name":{"givenName":"Barbara","familyName":"O'Malley"}}`},
		{"remove a sub-attribute", `[{"op":"remove","path":"name.familyName"}]`, `{"name":{"givenName":"Barbara"}}`},
		{"replace a complex attribute keeps other sub-attributes", `[{"op":"replace","path":"name","value":{"familyName":"X"}}]`, `{"name":{"givenName":"Barbara","familyName":"X"}}`},
		{"add a value to a plural attribute", `[{"op":"add","path":"emails","value":[{"value":"x@example.com","type":"other"}]}]`,
			`{"emails":[{"value":"bj@example.com","type":"work","primary":true},{"value":"babs@example.org","type":"home"},{"value":"x@example.com","type":"other"}]}`},
		{"a value that is there already is not added", `[{"op":"add","path":"emails","value":{"value":"babs@example.org","type":"home"}}]`, `{}`},
		{"a new primary ends the old one", `[{"op":"add","path":"emails","value":[{"value":"x@example.com","primary":true}]}]`,
			`{"emails":[{"value":"bj@example.com","type":"work","primary":false},{"value":"babs@example.org","type":"home"},{"value":"x@example.com","primary":true}]}`},
		{"replace a plural attribute", `[{"op":"replace","path":"emails","value":[{"value":"x@example.com"}]}]`, `{"emails":[{"value":"x@example.com"}]}`},
		{"remove a plural attribute", `[{"op":"remove","path":"emails"}]`, `{"emails":null}`},
		{"replace by value filter", `[{"op":"replace","path":"emails[type eq \"work\"].value","value":"new@example.com"}]`,
			`{"emails":[{"value":"new@example.com","type":"work","primary":true},{"value":"babs@example.org","type":"home"}]}`},
		{"replace a whole value by filter", `[{"op":"replace","path":"addresses[type eq \"work\"]","value":{"locality":"Paris"}}]`,
			`{"addresses":[{"type":"work","locality":"Paris","country":"US"}]}`},
		{"remove by value filter", `[{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}]`, `{"emails":[{"value":"babs@example.org","type":"home"}]}`},
		{"remove the last value removes the attribute", `[{"op":"remove","path":"addresses[type eq \"work\"]"}]`, `{"addresses":null}`},
		{"remove a sub-attribute by filter", `[{"op":"remove","path":"addresses[type eq \"work\"].country"}]`, `{"addresses":[{"type":"work","locality":"Hollywood"}]}`},
		{"remove where nothing fits", `[{"op":"remove","path":"emails[type eq \"fax\"]"}]`, `{}`},
		{"add by filter makes the value", `[{"op":"add","path":"phoneNumbers[type eq \"work\"].value","value":"+1"}]`, `{"phoneNumbers":[{"type":"work","value":"+1"}]}`},
		{"an extension's attribute", `[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"R&D"}]`,
			`{` + ent + `:{"department":"R&D","manager":{"value":"m1"}}}`},
		{"the manager as an object", `[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"m2"}}]`,
			`{` + ent + `:{"department":"Tours","manager":{"value":"m2"}}}`},
		{"the manager as a string", `[{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"m2"}]`,
			`{` + ent + `:{"department":"Tours","manager":{"value":"m2"}}}`},
		{"the manager's value", `[{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"m2"}]`,
			`{` + ent + `:{"department":"Tours","manager":{"value":"m2"}}}`},
		{"remove the manager", `[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}]`, `{` + ent + `:{"department":"Tours"}}`},
		{"remove a whole extension", `[{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}]`, `{` + ent + `:null}`},
		{"without a path", `[{"op":"replace","value":{"title":"Guide","name":{"givenName":"Babs"}}}]`, `{"title":"Guide","name":{"givenName":"Babs","familyName":"Jensen"}}`},
		{"without a path, dotted and URN keys", `[{"op":"add","value":{"name.givenName":"Babs","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"X"}}]`,
			`{"name":{"givenName":"Babs","familyName":"Jensen"},` + ent + `:{"department":"X","manager":{"value":"m1"}}}`},
		{"without a path, an extension as an object", `[{"op":"add","value":{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"costCenter":"9"}}}]`,
			`{` + ent + `:{"department":"Tours","manager":{"value":"m1"},"costCenter":"9"}}`},
		{"the core URN before the attribute", `[{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Guide"}]`, `{"title":"Guide"}`},
		{"operations follow one another", `[{"op":"add","path":"title","value":"A"},{"op":"replace","path":"title","value":"B"}]`, `{"title":"B"}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			id := c.do(201, "POST", "/Users", patchUser).str("id")
			c.do(200, "PATCH", "/Users/"+id, patchHead+row.ops+`}`)
			if got, want := attributesOf(t, c.srv, id), expect(t, row.want); got != want {
				t.Errorf("after %s:\n%s\nwant\n%s", row.ops, got, want)
			}
			c.do(204, "DELETE", "/Users/"+id, "")
		})
	}
}

func TestPatchRefusals(t *testing.T) {
	c := start(t, scimtest.Options{})
	id := c.do(201, "POST", "/Users", patchUser).str("id")
	c.do(201, "POST", "/Users", userHead+`"userName":"taken"}`)
	before := attributesOf(t, c.srv, id)
	version := c.do(200, "GET", "/Users/"+id, "").header.Get("ETag")
	for _, row := range []struct {
		name, ops string
		status    int
		scimType  string
	}{
		{"no such operation", `[{"op":"move","path":"title"}]`, 400, "invalidSyntax"},
		{"no operations", `[]`, 400, "invalidSyntax"},
		{"remove without a path", `[{"op":"remove"}]`, 400, "noTarget"},
		{"no such attribute", `[{"op":"add","path":"favouriteColour","value":"red"}]`, 400, "invalidPath"},
		{"no such sub-attribute", `[{"op":"add","path":"name.colour","value":"red"}]`, 400, "invalidPath"},
		{"a broken path", `[{"op":"add","path":"emails[type eq \"work\"","value":"x"}]`, 400, "invalidPath"},
		{"a broken filter", `[{"op":"add","path":"emails[type eq].value","value":"x"}]`, 400, "invalidFilter"},
		{"replace where nothing fits", `[{"op":"replace","path":"emails[type eq \"fax\"].value","value":"x"}]`, 400, "noTarget"},
		{"a read-only attribute", `[{"op":"replace","path":"id","value":"x"}]`, 400, "mutability"},
		{"the user's groups", `[{"op":"add","path":"groups","value":[{"value":"g"}]}]`, 400, "mutability"},
		{"a boolean as a string", `[{"op":"replace","path":"active","value":"True"}]`, 400, "invalidValue"},
		{"a number as a string", `[{"op":"replace","path":"title","value":7}]`, 400, "invalidValue"},
		{"userName removed", `[{"op":"remove","path":"userName"}]`, 400, "invalidValue"},
		{"a taken userName", `[{"op":"replace","path":"userName","value":"TAKEN"}]`, 409, "uniqueness"},
		{"a good operation before a bad one", `[{"op":"add","path":"title","value":"x"},{"op":"add","path":"nope","value":"x"}]`, 400, "invalidPath"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := c.do(row.status, "PATCH", "/Users/"+id, patchHead+row.ops+`}`)
			if r.str("scimType") != row.scimType {
				t.Errorf("scimType %q, want %q: %s", r.str("scimType"), row.scimType, r.text)
			}
			if after := attributesOf(t, c.srv, id); after != before {
				t.Errorf("the user changed:\n%s", after)
			}
		})
	}
	if after := c.do(200, "GET", "/Users/"+id, "").header.Get("ETag"); after != version {
		t.Errorf("refusals changed the version from %s to %s", version, after)
	}
	c.do(400, "PATCH", "/Users/"+id, `{"Operations":[{"op":"add","path":"title","value":"x"}]}`)
	c.do(404, "PATCH", "/Users/none", patchHead+`[{"op":"add","path":"title","value":"x"}]}`)
}

func TestPatchThatChangesNothingKeepsTheVersion(t *testing.T) {
	c := start(t, scimtest.Options{})
	made := c.do(201, "POST", "/Users", patchUser)
	r := c.do(200, "PATCH", "/Users/"+made.str("id"), patchHead+`[{"op":"replace","path":"active","value":true}]}`)
	if r.header.Get("ETag") != made.header.Get("ETag") {
		t.Errorf("the version went from %s to %s", made.header.Get("ETag"), r.header.Get("ETag"))
	}
}

// memberNames lists a group's members by the names they were made with.
func memberNames(t *testing.T, c *client, group string) string {
	t.Helper()
	var names []string
	for _, id := range c.srv.MemberIDs(group) {
		name, _ := c.srv.Resource(id)["userName"].(string)
		names = append(names, name)
	}
	return strings.Join(sorted(names), " ")
}

func TestPatchMembers(t *testing.T) {
	c := start(t, scimtest.Options{})
	ids := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d"} {
		ids[name] = c.do(201, "POST", "/Users", userHead+`"userName":"`+name+`"}`).str("id")
	}
	fill := strings.NewReplacer("$a", ids["a"], "$b", ids["b"], "$c", ids["c"], "$d", ids["d"])
	for _, row := range []struct {
		name, ops, want string
		status          int
	}{
		{"add", `[{"op":"add","path":"members","value":[{"value":"$c"},{"value":"$d"}]}]`, "a b c d", 200},
		{"add one that is there", `[{"op":"add","path":"members","value":[{"value":"$a"}]}]`, "a b", 200},
		{"add without a path", `[{"op":"add","value":{"members":[{"value":"$c"}]}}]`, "a b c", 200},
		{"remove one", `[{"op":"remove","path":"members[value eq \"$a\"]"}]`, "b", 200},
		{"remove several by or", `[{"op":"remove","path":"members[value eq \"$a\" or value eq \"$b\"]"}]`, "", 200},
		{"remove by another filter", `[{"op":"remove","path":"members[type eq \"User\" and not (value eq \"$a\")]"}]`, "a", 200},
		{"remove one that is not there", `[{"op":"remove","path":"members[value eq \"$c\"]"}]`, "a b", 200},
		{"remove all", `[{"op":"remove","path":"members"}]`, "", 200},
		{"remove with a value list removes all, to the letter", `[{"op":"remove","path":"members","value":[{"value":"$a"}]}]`, "", 200},
		{"replace", `[{"op":"replace","path":"members","value":[{"value":"$b"},{"value":"$c"}]}]`, "b c", 200},
		{"remove and add again", `[{"op":"remove","path":"members[value eq \"$a\"]"},{"op":"add","path":"members","value":[{"value":"$a"}]}]`, "a b", 200},
		{"an unknown member refuses everything", `[{"op":"add","path":"members","value":[{"value":"$c"},{"value":"nobody"}]}]`, "a b", 400},
		{"a member without a value", `[{"op":"add","path":"members","value":[{"display":"x"}]}]`, "a b", 400},
		{"a bad operation after a good one", `[{"op":"add","path":"members","value":[{"value":"$c"}]},{"op":"add","path":"nope","value":1}]`, "a b", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			group := c.do(201, "POST", "/Groups", fill.Replace(groupHead+`"displayName":"g","members":[{"value":"$a"},{"value":"$b"}]}`)).str("id")
			c.do(row.status, "PATCH", "/Groups/"+group, fill.Replace(patchHead+row.ops+`}`))
			if got := memberNames(t, c, group); got != row.want {
				t.Errorf("members %q, want %q", got, row.want)
			}
			c.do(204, "DELETE", "/Groups/"+group, "")
		})
	}
}
