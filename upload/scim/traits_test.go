package scim

import (
	"testing"

	"adsync/upload"
)

// What a service's schemas say of caseExact is taken from them, where it says
// more than RFC 7643's default.
func TestCaseIsExactWhereTheSchemaSaysSo(t *testing.T) {
	target, err := New(Config{URL: "https://scim.example.com/v2"}, Env{})
	if err != nil {
		t.Fatal(err)
	}
	target.facts = &facts{schema: map[upload.Kind]string{upload.User: upload.SchemaUser, upload.Group: upload.SchemaGroup}}
	target.facts.readSchemas([]byte(`{"Resources":[
		{"id":"` + upload.SchemaUser + `","attributes":[
			{"name":"userName","type":"string","caseExact":true},
			{"name":"title","type":"string","caseExact":false},
			{"name":"locale","type":"string","caseExact":"True"},
			{"name":"emails","type":"complex","multiValued":true,"subAttributes":[{"name":"value","type":"string","caseExact":false}]}]},
		{"id":"` + upload.SchemaGroup + `","attributes":[{"name":"displayName","type":"string","caseExact":false,"uniqueness":"server"}]},
		{"id":"urn:example:1.0:User","attributes":[{"name":"code","type":"string","caseExact":true}]}]}`))
	for _, row := range []struct {
		kind  upload.Kind
		path  string
		exact bool
	}{
		{upload.User, "userName", true}, // by its schema
		{upload.User, "locale", true},
		{upload.User, "urn:example:1.0:User:code", true},
		{upload.User, "title", true}, // a change that somebody made
		{upload.Group, "displayName", true},
		{upload.User, "nickName", true},
		{upload.User, `emails[type eq "work"].value`, false},
		{upload.User, "preferredLanguage", false},
	} {
		if got := target.trait(row.kind, row.path).CaseExact; got != row.exact {
			t.Errorf("%s of a %s: exact %t, want %t", row.path, row.kind, got, row.exact)
		}
	}
}
