package ldaptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

const (
	ada       = "CN=Ada Lovelace,OU=People," + suffix
	charles   = "CN=Charles Babbage,OU=People," + suffix
	engineers = "CN=Engineers,OU=Groups," + suffix
	everyone  = "CN=Everyone,OU=Groups," + suffix
)

func companyDirectory(t *testing.T) *Directory {
	t.Helper()
	d := NewDirectory(ActiveDirectory, suffix)
	if err := d.LoadLDIF(strings.NewReader(company)); err != nil {
		t.Fatal(err)
	}
	return d
}

// value returns an entry's values as one text.
func value(t *testing.T, d *Directory, dn, attr string) string {
	t.Helper()
	e, ok := d.Entry(dn)
	if !ok {
		t.Fatalf("no entry %s", dn)
	}
	values := e.GetAttributeValues(attr)
	slices.Sort(values)
	return strings.Join(values, "; ")
}

func expect(t *testing.T, d *Directory, dn, attr, want string) {
	t.Helper()
	if got := value(t, d, dn, attr); got != want {
		t.Errorf("%s of %s\ngot  %s\nwant %s", attr, dn, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLinks(t *testing.T) {
	t.Run("a back link shows the groups and the reports", func(t *testing.T) {
		d := companyDirectory(t)
		expect(t, d, ada, "memberOf", engineers)
		expect(t, d, charles, "directReports", ada)
	})
	t.Run("a rename shows in every link", func(t *testing.T) {
		d := companyDirectory(t)
		guid := value(t, d, ada, "objectGUID")
		married := "CN=Ada King,OU=People," + suffix
		must(t, d.Rename(ada, married))
		expect(t, d, engineers, "member", married)
		expect(t, d, charles, "directReports", married)
		expect(t, d, married, "cn", "Ada King")
		expect(t, d, married, "name", "Ada King")
		expect(t, d, married, "distinguishedName", married)
		expect(t, d, married, "objectGUID", guid)
		if _, ok := d.Entry(ada); ok {
			t.Error("the old name is still there")
		}
	})
	t.Run("a renamed OU takes along what is below", func(t *testing.T) {
		d := companyDirectory(t)
		must(t, d.Rename("ou=people, dc=example, dc=com", "OU=Staff,"+suffix))
		must(t, d.Add("OU=People,"+suffix, map[string][]string{"objectClass": {"organizationalUnit"}}))
		must(t, d.Delete("OU=People,"+suffix))
		if err := d.Delete("OU=Staff," + suffix); resultCode(err) != ldap.LDAPResultNotAllowedOnNonLeaf {
			t.Errorf("the full OU: %v", err)
		}
		expect(t, d, engineers, "member", "CN=Ada Lovelace,OU=Staff,"+suffix)
		if dn, data := d.checkPassword("CN=Reader,OU=Staff,"+suffix, password); data != "" {
			t.Errorf("the reader cannot bind: %q %q", dn, data)
		}
	})
	t.Run("a delete takes the links along", func(t *testing.T) {
		d := companyDirectory(t)
		must(t, d.Delete(charles))
		expect(t, d, everyone, "member", engineers)
		expect(t, d, ada, "manager", "")
	})
	t.Run("who comes again under the same name is another", func(t *testing.T) {
		d := companyDirectory(t)
		guid := value(t, d, charles, "objectGUID")
		must(t, d.Delete(charles))
		must(t, d.Add(charles, map[string][]string{"objectClass": {"user"}, "sAMAccountName": {"charles"}}))
		if value(t, d, charles, "objectGUID") == guid {
			t.Error("the GUID is the old one")
		}
		expect(t, d, everyone, "member", engineers)
	})
	t.Run("a link to what is elsewhere stays as written until it is here", func(t *testing.T) {
		d := companyDirectory(t)
		later := "CN=Grace Hopper,OU=People," + suffix
		must(t, d.Modify(engineers, AddValues("member", "cn=grace hopper,ou=people,"+suffix, "CN=Zoe,DC=emea,DC=example,DC=com")))
		expect(t, d, engineers, "member", "CN=Ada Lovelace,OU=People,DC=example,DC=com; CN=Zoe,DC=emea,DC=example,DC=com; cn=grace hopper,ou=people,DC=example,DC=com")
		must(t, d.Add(later, map[string][]string{"objectClass": {"user"}}))
		expect(t, d, later, "memberOf", engineers)
		expect(t, d, engineers, "member", "CN=Ada Lovelace,OU=People,DC=example,DC=com; CN=Grace Hopper,OU=People,DC=example,DC=com; CN=Zoe,DC=emea,DC=example,DC=com")
	})
	t.Run("the primary group is not among the members", func(t *testing.T) {
		d := companyDirectory(t)
		users := "CN=Domain Users,CN=Users," + suffix
		expect(t, d, users, "member", "")
		expect(t, d, users, "primaryGroupToken", "513")
		must(t, d.Modify(ada, Replace("primaryGroupID", value(t, d, engineers, "primaryGroupToken"))))
		expect(t, d, engineers, "member", "")
		expect(t, d, users, "member", ada)
		expect(t, d, ada, "memberOf", users)
	})
}

func TestEdits(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*Directory) error
		want uint16
	}{
		{"an entry needs a parent", func(d *Directory) error { return d.Add("CN=x,OU=No,"+suffix, nil) }, ldap.LDAPResultNoSuchObject},
		{"an entry is added once", func(d *Directory) error { return d.Add(ada, nil) }, ldap.LDAPResultEntryAlreadyExists},
		{"a name must be one", func(d *Directory) error { return d.Add("Ada", nil) }, ldap.LDAPResultInvalidDNSyntax},
		{"a name must be below the suffix", func(d *Directory) error { return d.Add("CN=x,DC=example,DC=org", nil) }, ldap.LDAPResultNoSuchObject},
		{"what is not there is not modified", func(d *Directory) error { return d.Modify("CN=x,"+suffix, Replace("cn", "y")) }, ldap.LDAPResultNoSuchObject},
		{"a value is added once", func(d *Directory) error { return d.Modify(ada, AddValues("title", "countess")) }, ldap.LDAPResultAttributeOrValueExists},
		{"a member is added once", func(d *Directory) error { return d.Modify(engineers, AddValues("member", strings.ToLower(ada))) }, ldap.LDAPResultEntryAlreadyExists},
		{"a single value stays single", func(d *Directory) error { return d.Modify(ada, AddValues("title", "Lady")) }, ldap.LDAPResultAttributeOrValueExists},
		{"a primary group is one the account is in", func(d *Directory) error {
			return d.Modify(ada, Replace("primaryGroupID", value(t, d, everyone, "primaryGroupToken")))
		}, ldap.LDAPResultUnwillingToPerform},
		{"a value that is not there is not deleted", func(d *Directory) error { return d.Modify(ada, DeleteValues("title", "Baroness")) }, ldap.LDAPResultNoSuchAttribute},
		{"a member must be a DN", func(d *Directory) error { return d.Modify(engineers, AddValues("member", "ada")) }, ldap.LDAPResultInvalidAttributeSyntax},
		{"an OU with people is not deleted", func(d *Directory) error { return d.Delete("OU=People," + suffix) }, ldap.LDAPResultNotAllowedOnNonLeaf},
		{"a rename needs a free name", func(d *Directory) error { return d.Rename(ada, charles) }, ldap.LDAPResultEntryAlreadyExists},
		{"an OU does not move below itself", func(d *Directory) error { return d.Rename("OU=People,"+suffix, "OU=a,OU=People,"+suffix) }, ldap.LDAPResultUnwillingToPerform},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := companyDirectory(t)
			before, _ := d.Entry(ada)
			if err := test.do(d); err == nil || resultCode(err) != test.want {
				t.Errorf("got %v, want code %d", err, test.want)
			}
			after, _ := d.Entry(ada)
			if fmt.Sprint(entryText(before)) != fmt.Sprint(entryText(after)) {
				t.Error("the entry changed")
			}
		})
	}
	t.Run("a step that fails undoes those before it", func(t *testing.T) {
		d := companyDirectory(t)
		if err := d.Modify(ada, Replace("title", "Lady"), DeleteValues("mail", "x")); err == nil {
			t.Fatal("got no error")
		}
		expect(t, d, ada, "title", "Countess")
	})
	t.Run("a change moves the USN on", func(t *testing.T) {
		d := companyDirectory(t)
		before := value(t, d, ada, "uSNChanged")
		must(t, d.Modify(ada, Replace("title", "Lady")))
		if after := value(t, d, ada, "uSNChanged"); after <= before {
			t.Errorf("%s after %s", after, before)
		}
	})
}

func entryText(e *ldap.Entry) string {
	var b strings.Builder
	for _, a := range e.Attributes {
		fmt.Fprintln(&b, a.Name, a.Values)
	}
	return b.String()
}

func TestDefaultsOfAD(t *testing.T) {
	d := companyDirectory(t)
	expect(t, d, ada, "objectClass", "organizationalPerson; person; top; user")
	expect(t, d, ada, "objectCategory", "CN=Person,CN=Schema,CN=Configuration,DC=example,DC=com")
	expect(t, d, ada, "userAccountControl", "512")
	expect(t, d, ada, "sAMAccountType", "805306368")
	expect(t, d, ada, "primaryGroupID", "513")
	expect(t, d, ada, "canonicalName", "example.com/People/Ada Lovelace")
	expect(t, d, engineers, "groupType", "-2147483646")
	expect(t, d, engineers, "sAMAccountType", "268435456")
	e, _ := d.Entry(ada)
	if sid := sidText(e.GetRawAttributeValue("objectSid")); !strings.HasPrefix(sid, "S-1-5-21-") || strings.Count(sid, "-") != 7 {
		t.Errorf("objectSid is %s", sid)
	}
	again := companyDirectory(t)
	if value(t, d, ada, "objectGUID") != value(t, again, ada, "objectGUID") {
		t.Error("two loads give two GUIDs")
	}
}

func TestLoadLDIF(t *testing.T) {
	t.Run("children may come before parents, built-ins may be brought along", func(t *testing.T) {
		d := NewDirectory(ActiveDirectory, suffix)
		must(t, d.LoadLDIF(strings.NewReader("dn: CN=a,OU=b,DC=example,DC=com\nobjectClass: user\n\ndn: OU=b,DC=example,DC=com\nobjectClass: organizationalUnit\n\n"+
			"dn: DC=example,DC=com\nobjectClass: domainDNS\nobjectSid:: AQQAAAAAAAUVAAAAAQAAAAIAAAADAAAA\n\ndn: CN=Users,DC=example,DC=com\nobjectClass: container\ndescription: ours\n\ndn: CN=c,OU=b,DC=example,DC=com\nobjectClass: group\n")))
		expect(t, d, "CN=Users,"+suffix, "description", "ours")
		for dn, want := range map[string]string{"CN=Domain Users,CN=Users," + suffix: "S-1-5-21-1-2-3-513", "CN=c,OU=b," + suffix: "S-1-5-21-1-2-3-1103"} {
			e, _ := d.Entry(dn)
			if got := sidText(e.GetRawAttributeValue("objectSid")); got != want {
				t.Errorf("%s has %s, want %s", dn, got, want)
			}
		}
	})
	t.Run("a missing parent is an error with its line", func(t *testing.T) {
		err := NewDirectory(OpenLDAP, suffix).LoadLDIF(strings.NewReader("\ndn: CN=a,OU=b,DC=example,DC=com\nobjectClass: person\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "load LDIF: line 2: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("changes are carried out", func(t *testing.T) {
		d := companyDirectory(t)
		must(t, d.LoadLDIF(strings.NewReader("dn: "+ada+"\nchangetype: modify\nreplace: title\ntitle: Lady\n-\nadd: department\ndepartment: Engines\n-\n\ndn: "+charles+"\nchangetype: delete\n\ndn: "+ada+"\nchangetype: modrdn\nnewrdn: CN=Ada King\ndeleteoldrdn: 1\n")))
		expect(t, d, "CN=Ada King,OU=People,"+suffix, "title", "Lady")
	})
	t.Run("a bad suffix is told", func(t *testing.T) {
		if err := NewDirectory(OpenLDAP, "example.com").LoadLDIF(strings.NewReader("")); err == nil {
			t.Error("got no error")
		}
	})
}

func TestWritesOverLDAP(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	add := ldap.NewAddRequest("CN=new,OU=People,"+suffix, nil)
	add.Attribute("objectClass", []string{"user"})
	must(t, c.Add(add))
	modify := ldap.NewModifyRequest("CN=new,OU=People,"+suffix, nil)
	modify.Replace("title", []string{"Newcomer"})
	must(t, c.Modify(modify))
	must(t, c.ModifyDN(ldap.NewModifyDNRequest("CN=new,OU=People,"+suffix, "CN=old", true, "OU=Groups,"+suffix)))
	expect(t, srv.dir, "CN=old,OU=Groups,"+suffix, "title", "Newcomer")
	must(t, c.Del(ldap.NewDelRequest("CN=old,OU=Groups,"+suffix, nil)))
	if err := c.Del(ldap.NewDelRequest("CN=old,OU=Groups,"+suffix, nil)); !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		t.Errorf("got %v", err)
	}
	if n := len(srv.Requests(OpWrite)); n != 5 {
		t.Errorf("%d writes in the log", n)
	}
}

func TestReplica(t *testing.T) {
	d := companyDirectory(t)
	second := d.Replicate()
	for _, name := range []string{"objectGUID", "objectSid", "memberOf", "manager"} {
		expect(t, second, ada, name, value(t, d, ada, name))
	}
	if value(t, d, ada, "uSNChanged") == value(t, second, ada, "uSNChanged") {
		t.Error("the USN is the same")
	}
	must(t, d.Delete(charles))
	expect(t, second, ada, "manager", charles)
	expect(t, d, ada, "manager", "")
	srv := serve(t, second, "", Options{})
	result, err := bound(t, srv).Search(base("", "dnsHostName", "dsServiceName"))
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Entries[0].GetAttributeValue("dnsHostName"); got != "dc2.example.com" {
		t.Errorf("the second controller is %s", got)
	}
	for _, dc := range []*Directory{d, second} {
		names, err := dc.Find("(cn=Ada*)")
		if err != nil || len(names) != 1 || names[0] != ada {
			t.Errorf("found %v, %v", names, err)
		}
		if _, ok := dc.Entry("CN=NTDS Settings,CN=DC2-EXAMPLE,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + suffix); !ok {
			t.Error("the second controller is not listed")
		}
	}
}
