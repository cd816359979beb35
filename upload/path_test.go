package upload_test

import (
	"testing"

	"adsync/upload"
)

func TestPathsHaveOneSpelling(t *testing.T) {
	for _, test := range []struct{ text, want, short string }{
		{"userName", "userName", "userName"},
		{"USERNAME", "userName", "userName"},
		{"name.GivenName", "name.givenName", "name.givenName"},
		{`emails[type eq "work"].value`, `emails[type eq "work"].value`, "work emails"},
		{`emails[Type EQ "work"]`, `emails[type eq "work"].value`, "work emails"},
		{`addresses[type eq "work"].postalcode`, `addresses[type eq "work"].postalCode`, "work addresses.postalCode"},
		{"urn:ietf:params:scim:schemas:core:2.0:User:title", "title", "title"},
		{"URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User:department", upload.SchemaEnterprise + ":department", "department"},
		{upload.SchemaEnterprise + ":manager.value", upload.PathManager, "manager"},
		{"urn:example:params:scim:1.0:shoeSize", "urn:example:params:scim:1.0:shoeSize", "shoeSize"},
		{`urn:example:1.0:tags[kind eq "a:b"].value`, `urn:example:1.0:tags[kind eq "a:b"].value`, "a:b tags"},
	} {
		p, err := upload.ParsePath(test.text)
		if err != nil || p.String() != test.want || p.Short() != test.short {
			t.Errorf("%s: got %s (%s), %v, want %s (%s)", test.text, p, p.Short(), err, test.want, test.short)
		}
	}
	for _, bad := range []string{
		"", ".", "a.", "a.b.c", "a b", "emails[", "emails]", `emails[type eq work].value`, `emails[type ne "work"].value`,
		`emails[type eq "a"b"].value`, `emails[type eq "work"]value`, "1a", "urn:x", `emails[type eq "x\"].value`,
	} {
		if p, err := upload.ParsePath(bad); err == nil {
			t.Errorf("%q is taken for %s", bad, p)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, text := range []string{"userName", `emails[type eq "work"].value`, upload.PathManager, "urn:a:b[c eq \"d\"].e"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := upload.ParsePath(text)
		if err != nil {
			return
		}
		again, err := upload.ParsePath(p.String())
		if err != nil || again != p {
			t.Errorf("%q gives %q, which gives %q, %v", text, p, again, err)
		}
	})
}
