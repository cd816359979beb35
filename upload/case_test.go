package upload_test

import (
	"fmt"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A change of letter case alone is written where a person would see it, and
// not where it names nothing else.
func TestCaseAloneIsWrittenWhereItIsAChange(t *testing.T) {
	for _, row := range []struct {
		path       string
		have, want string
		exact      bool // the service's schema says so
		written    bool
	}{
		{"displayName", "ada", "Ada", false, true},
		{"title", "cto", "CTO", false, true},
		{"name.familyName", "Mcdonald", "McDonald", false, true},
		{upload.SchemaEnterprise + ":department", "r&d", "R&D", false, true},
		{`photos[type eq "thumbnail"].value`, "https://example.org/a", "https://example.org/A", false, true},
		{"userName", "ada@example.org", "Ada@Example.org", false, false},
		{"userName", "ada@example.org", "Ada@Example.org", true, true},
		{`emails[type eq "work"].value`, "ada@example.org", "Ada@Example.org", false, false},
		{"emails.value", "ada@example.org", "Ada@Example.org", false, false},
		{`emails[type eq "work"].display`, "ada", "Ada", false, true},
		{"preferredLanguage", "de-at", "de-AT", false, false},
		{"locale", "de-at", "de-AT", false, false},
		{`addresses[type eq "work"].country`, "at", "AT", false, false},
		{`addresses[type eq "work"].locality`, "wien", "Wien", false, true},
		{"urn:example:params:scim:schemas:1.0:User:locale", "de-at", "de-AT", false, true},
	} {
		t.Run(fmt.Sprintf("%s %s, exact %t", row.path, row.want, row.exact), func(t *testing.T) {
			w := newWorld()
			rules := map[string][]string{"userName": {"uid"}, row.path: {"value"}}
			if row.path == "userName" {
				rules["userName"] = []string{"value"}
			}
			users, err := upload.CompileRules(upload.User, rules)
			if err != nil {
				t.Fatal(err)
			}
			w.caps.Trait = func(upload.Kind, string) upload.Trait { return upload.Trait{CaseExact: row.exact} }
			w.user("ada@example.org", map[string][]string{"value": {row.want}})
			in := w.input()
			path := spelt(row.path)
			held := map[string][]string{"userName": {"ada@example.org"}, path: {row.have}}
			in.Sources[0].Mapping = &upload.Mapping{User: users, Group: testMapping.Group}
			in.State.Users = []upload.Resource{{Kind: upload.User, ID: "1", ExternalID: in.Mark.ExternalID("corp", anchorOf("ada@example.org")), Name: "ada@example.org", Active: true,
				Attributes: directory.AttributesOf(held)}}
			if plan := upload.Diff(in); (len(plan.Changes) == 1) != row.written {
				t.Errorf("%q -> %q: %s", row.have, row.want, lines(plan))
			}
		})
	}
}

// spelt is a path as rules spell it.
func spelt(path string) string {
	p, err := upload.ParsePath(path)
	if err != nil {
		panic(err)
	}
	return p.String()
}
