package rules

import (
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A mapping of one's own decides what is looked at, and as what.
func TestTheMappingDecides(t *testing.T) {
	for _, test := range []struct {
		name  string
		users map[string][]string
		o     Options
		p     person
		want  string
	}{
		{"a template's value is checked, and nothing is suggested for it", map[string][]string{"userName": {"{{lower .uid}}@example.com"}}, Options{Profile: "entra"},
			person{"uid": "A DA", "mail": "x y"}, "block inner-space User 1 uid"},
		{"the alternative that is sent is checked", map[string][]string{"userName": {"mail", "userPrincipalName"}}, Options{},
			person{"mail": "ada@example.com", "userPrincipalName": "a b"}, ""},
		{"the second where the first is missing", map[string][]string{"userName": {"mail", "userPrincipalName"}}, Options{},
			person{"userPrincipalName": "a b@example.com"}, "block inner-space User 1 userPrincipalName -> ab@example.com"},
		{"an attribute that is not mapped is not looked at", map[string][]string{"userName": {"uid"}}, Options{}, person{"uid": "ada", "mail": "x y"}, ""},
		{"unless it is named", map[string][]string{"userName": {"uid"}}, Options{Attributes: []string{"MAIL"}}, person{"uid": "ada", "mail": "x"}, "block bad-address User 1 MAIL"},
		{"an account name for a login", map[string][]string{"userName": {"sAMAccountName"}}, Options{}, person{"sAMAccountName": "a+b"}, "block bad-char User 1 sAMAccountName -> ab"},
		{"a street may have lines", map[string][]string{"userName": {"uid"}, `addresses[type eq "work"].streetAddress`: {"street"}}, Options{}, person{"uid": "ada", "street": "1 Main St\r\nTown"}, ""},
		{"a street may have no tabs", map[string][]string{"userName": {"uid"}, `addresses[type eq "work"].streetAddress`: {"street"}}, Options{}, person{"uid": "ada", "street": "1 Main St\r\n\tTown"},
			"block control-char User 1 street -> 1 Main St\r\n Town (safe)"},
		{"a word for a login, where the target wants an address", map[string][]string{"userName": {"uid"}}, Options{Profile: "google"}, person{"uid": "ada"}, "block bad-address User 1 uid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(test.o)
			if err != nil {
				t.Fatal(err)
			}
			c.Add(Source{ID: "corp", Mapping: mappingOf(t, test.users, upload.DefaultGroups("ldap"))}, &directory.Snapshot{Users: []directory.User{test.p.user(t, 1)}})
			if got := strings.Join(describe(c.Findings()), "\n"); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}
