package upload_test

import (
	"reflect"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

var ada = directory.AttributesOf(map[string][]string{
	"givenName": {"Ada"}, "sn": {"Lovelace"}, "sAMAccountName": {"ALovelace"}, "mail": {" "}, "userPrincipalName": {"ada@corp.example.com"},
	"proxyAddresses": {"smtp:a@example.com", "SMTP:ada@example.com"}, "msDS-cloudExtensionAttribute1": {"blue"}, "description": {" kept as it is "},
})

func TestExpressions(t *testing.T) {
	for _, test := range []struct {
		name  string
		from  []string
		want  []string
		reads []string
	}{
		{"an attribute gives all its values as they are", []string{"proxyaddresses"}, []string{"smtp:a@example.com", "SMTP:ada@example.com"}, []string{"proxyaddresses"}},
		{"white space is kept", []string{"description"}, []string{" kept as it is "}, []string{"description"}},
		{"the first that has a value", []string{"absent", "mail", "userPrincipalName"}, []string{"ada@corp.example.com"}, []string{"absent", "mail", "userPrincipalName"}},
		{"a template makes one value", []string{"{{.givenName}} {{.sn}}"}, []string{"Ada Lovelace"}, []string{"givenName", "sn"}},
		{"a template without values is none", []string{"{{.absent}} {{.mail}}", "sn"}, []string{"Lovelace"}, []string{"absent", "mail", "sn"}},
		{"functions", []string{`{{lower .sAMAccountName}}@{{.userPrincipalName | after "@" | replace "corp." ""}}`}, []string{"alovelace@example.com"}, []string{"sAMAccountName", "userPrincipalName"}},
		{"a default", []string{`{{.title | default "none yet"}}`}, []string{"none yet"}, []string{"title"}},
		{"names that are no identifiers", []string{`{{index . "msDS-cloudExtensionAttribute1"}}`}, []string{"blue"}, []string{"msDS-cloudExtensionAttribute1"}},
		{"conditions", []string{`{{if .manager}}staff{{else}}boss of {{.sn | before "l"}}{{end}}`}, []string{"boss of Love"}, []string{"manager", "sn"}},
		{"a constant", []string{`{{"en-US"}}`}, []string{"en-US"}, nil},
		{"nothing", []string{"absent"}, nil, []string{"absent"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := upload.ParseExpression(test.from)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Values(directory.ViewOf(ada))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if reads := e.Attributes(); len(reads) != len(test.reads) || len(reads) > 0 && !reflect.DeepEqual(reads, test.reads) {
				t.Errorf("reads %q, want %q", reads, test.reads)
			}
		})
	}
}

func TestExpressionsThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		from []string
		says string
	}{
		{nil, "no attribute is named"},
		{[]string{""}, "neither an attribute name nor a {{template}}"},
		{[]string{"given name"}, "neither an attribute name nor a {{template}}"},
		{[]string{"{{.givenName"}, "template"},
		{[]string{"{{nosuch .sn}}"}, `function "nosuch" not defined`},
		{[]string{`{{template "x"}}`}, "template"},
		{[]string{`{{.sn.first}}`}, "template"},
	} {
		_, err := upload.ParseExpression(test.from)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q: %v, want %q", test.from, err, test.says)
		}
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		mapping map[string][]string
		says    string
	}{
		{"no name", map[string][]string{"title": {"title"}}, `path "userName" must be mapped`},
		{"twice", map[string][]string{"userName": {"uid"}, "USERNAME": {"cn"}}, `path "userName" is mapped twice`},
		{"what the service decides", map[string][]string{"userName": {"uid"}, "id": {"uid"}}, `path "id" cannot be mapped: the service gives ids`},
		{"what policy decides", map[string][]string{"userName": {"uid"}, "active": {"x"}}, `path "active" cannot be mapped: policy decides it`},
		{"passwords", map[string][]string{"userName": {"uid"}, "password": {"userPassword"}}, "passwords are not synchronised"},
		{"a manager that is text", map[string][]string{"userName": {"uid"}, upload.PathManager: {"{{.manager}}"}}, "wants one attribute that holds a DN"},
	} {
		_, err := upload.CompileRules(upload.User, test.mapping)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
}

func TestDefaultMappingsCompile(t *testing.T) {
	for _, kind := range []string{"ad", "ldap"} {
		if _, err := upload.CompileRules(upload.User, upload.DefaultUsers(kind)); err != nil {
			t.Errorf("users of %s: %v", kind, err)
		}
		if _, err := upload.CompileRules(upload.Group, upload.DefaultGroups(kind)); err != nil {
			t.Errorf("groups of %s: %v", kind, err)
		}
	}
	if _, err := upload.CompileRules(upload.Device, upload.DefaultComputers()); err != nil {
		t.Errorf("computers: %v", err)
	}
}

func FuzzExpression(f *testing.F) {
	for _, text := range []string{"mail", "{{.sn}}", `{{index . "a-b"}}`, "{{range .x}}{{end}}", `{{.a | lower | before "@"}}`, "{{with .a}}{{.}}{{end}}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := upload.ParseExpression([]string{text})
		if err != nil {
			return
		}
		first, err := e.Values(directory.ViewOf(ada))
		second, err2 := e.Values(directory.ViewOf(ada))
		if !reflect.DeepEqual(first, second) || (err == nil) != (err2 == nil) {
			t.Errorf("%q gives %q, then %q", text, first, second)
		}
	})
}
