package ldaptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

func base(dn string, attrs ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attrs, nil)
}

// attributes returns the answer's attributes with the number of their values.
func attributes(t *testing.T, c *ldap.Conn, request *ldap.SearchRequest) string {
	t.Helper()
	result, err := c.Search(request)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range result.Entries[0].Attributes {
		all = append(all, fmt.Sprintf("%s %d", a.Name, len(a.Values)))
	}
	return strings.Join(all, ", ")
}

func TestRanges(t *testing.T) {
	srv := serveCompany(t, Options{})
	fill(t, srv.dir, 3001)
	var members []string
	for i := range 3001 {
		members = append(members, fmt.Sprintf("CN=u%05d,OU=People,%s", i, suffix))
	}
	for group, count := range map[string]int{"exact": 1500, "over": 1501, "big": 3001} {
		must(t, srv.dir.Add("CN="+group+",OU=Groups,"+suffix, map[string][]string{"objectClass": {"group"}, "member": members[:count]}))
	}
	c := bound(t, srv)
	for _, test := range []struct{ name, group, ask, want string }{
		{"1500 values come whole", "exact", "member", "member 1500"},
		{"1501 come as an empty attribute and a range", "over", "member", "member 0, member;range=0-1499 1500"},
		{"the rest ends in a star", "over", "member;range=1500-*", "member;range=1500-* 1"},
		{"a middle range", "big", "member;range=1500-*", "member;range=1500-2999 1500"},
		{"the last range", "big", "member;range=3000-*", "member;range=3000-* 1"},
		{"a range is cut at 1500 values", "big", "Member;Range=10-2500", "member;range=10-1509 1500"},
		{"a small range as asked", "big", "member;range=5-6", "member;range=5-6 2"},
		{"a range past the end", "big", "member;range=3001-*", "member;range=3001-* 0"},
		{"a range over the end", "exact", "member;range=1000-2000", "member;range=1000-* 500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := attributes(t, c, base("CN="+test.group+",OU=Groups,"+suffix, test.ask)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("dropped ranges", func(t *testing.T) {
		defer srv.Inject(Fault{Do: DropRanges()}).Remove()
		if got := attributes(t, c, base("CN=big,OU=Groups,"+suffix, "member;range=1500-*")); got != "" {
			t.Errorf("got %s", got)
		}
	})
}

func TestSelectionOfAttributes(t *testing.T) {
	srv := serveCompany(t, Options{})
	open := serve(t, NewDirectory(OpenLDAP, suffix), "dn: cn=Ada,dc=example,dc=com\nobjectClass: inetOrgPerson\nsn: Lovelace\nuserPassword: x\nuserCertificate;binary:: AAEC\n\n"+
		"dn: cn=g,dc=example,dc=com\nobjectClass: groupOfNames\nmember: CN=ada,dc=example,dc=com\n", Options{AllowAnonymous: true})
	active, anyone := bound(t, srv), dial(t, open.URL())
	for _, test := range []struct {
		name string
		conn *ldap.Conn
		ask  *ldap.SearchRequest
		want string
	}{
		{"AD answers in the schema's spelling", active, base(ada, "MAIL", "memberof"), "mail 1, memberOf 1"},
		{"AD computes some only when they are named", active, base(engineers, "primaryGroupToken", "tokenGroups"), "primaryGroupToken 1, tokenGroups 1"},
		{"no attributes", active, base(ada, "1.1"), ""},
		{"unknown attributes are left out", active, base(ada, "costCenter", "sn", "title"), "title 1"},
		{"OpenLDAP hides what is operational", anyone, base("cn=Ada," + suffix), "objectClass 1, sn 1, userCertificate;binary 1, cn 1"},
		{"OpenLDAP shows it on request", anyone, base("cn=Ada,"+suffix, "+"), "entryUUID 1, createTimestamp 1, modifyTimestamp 1, structuralObjectClass 1, entryDN 1, hasSubordinates 1, memberOf 1, subschemaSubentry 1"},
		{"a name brings its options", anyone, base("cn=Ada,"+suffix, "userCertificate", "entryUUID"), "userCertificate;binary 1, entryUUID 1"},
		{"an alias is the same attribute", anyone, base("cn=Ada,"+suffix, "surname"), "sn 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := attributes(t, test.conn, test.ask); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("types only", func(t *testing.T) {
		request := base(ada, "mail")
		request.TypesOnly = true
		if got := attributes(t, active, request); got != "mail 0" {
			t.Errorf("got %s", got)
		}
	})
}

func TestExtendedDN(t *testing.T) {
	srv := serveCompany(t, Options{})
	request := base(engineers, "member")
	request.Controls = []ldap.Control{ldap.NewControlString(ldap.ControlTypeMicrosoftExtendedDN, true, "\x30\x03\x02\x01\x01")}
	result, err := bound(t, srv).Search(request)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := srv.dir.Entry(ada)
	want := "<GUID=" + guidText([16]byte(e.GetRawAttributeValue("objectGUID"))) + ">;<SID=" + sidText(e.GetRawAttributeValue("objectSid")) + ">;" + ada
	if got := result.Entries[0].GetAttributeValue("member"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBases(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	e, _ := srv.dir.Entry(ada)
	for _, test := range []struct{ name, base, want string }{
		{"another spelling of a name", "cn=ADA  lovelace, ou=people,dc=example,dc=com", ada},
		{"an escaped letter", `CN=\41da Lovelace,OU=People,` + suffix, ada},
		{"a GUID", "<GUID=" + guidText([16]byte(e.GetRawAttributeValue("objectGUID"))) + ">", ada},
		{"a SID", "<SID=" + sidText(e.GetRawAttributeValue("objectSid")) + ">", ada},
		{"an unknown GUID", "<GUID=00000000-0000-0000-0000-000000000000>", "32 "},
		{"a misspelt OU", "CN=x,OU=Poeple," + suffix, "32 " + suffix},
		{"another domain", "OU=x,DC=other,DC=example,DC=org", "10 ldap://other.example.org/OU=x,DC=other,DC=example,DC=org"},
		{"no name", "People", "34 "},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := c.Search(base(test.base, "cn"))
			got := ""
			if err == nil {
				got = result.Entries[0].DN
			} else {
				e := err.(*ldap.Error)
				got = fmt.Sprint(e.ResultCode, " ", e.MatchedDN)
				if e.ResultCode == ldap.LDAPResultReferral {
					got = fmt.Sprint(e.ResultCode, " ", e.Packet.Children[1].Children[3].Children[0].Value)
				}
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	c := bound(t, serveCompany(t, Options{}))
	for scope, want := range map[int]string{ldap.ScopeBaseObject: "People", ldap.ScopeSingleLevel: "Reader Ada Lovelace Charles Babbage", ldap.ScopeWholeSubtree: "People Reader Ada Lovelace Charles Babbage"} {
		result, err := c.Search(ldap.NewSearchRequest("OU=People,"+suffix, scope, 0, 0, 0, false, "(objectClass=*)", []string{"1.1"}, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := names(result); got != want {
			t.Errorf("scope %d: got %s, want %s", scope, got, want)
		}
	}
}

func TestControls(t *testing.T) {
	c := bound(t, serveCompany(t, Options{}))
	request := subtree("(cn=Ada*)", "cn")
	request.Controls = []ldap.Control{ldap.NewControlString("1.2.3.4", true, "")}
	if _, err := c.Search(request); !ldap.IsErrorWithCode(err, ldap.LDAPResultUnavailableCriticalExtension) {
		t.Errorf("a critical unknown control: %v", err)
	}
	request.Controls = []ldap.Control{ldap.NewControlString("1.2.3.4", false, "")}
	result, err := c.Search(request)
	if err != nil || len(result.Referrals) != 3 {
		t.Errorf("got %v, %v", result.Referrals, err)
	}
	request.Controls = []ldap.Control{ldap.NewControlString(ldap.ControlTypeMicrosoftDomainScope, true, ""), ldap.NewControlMicrosoftShowDeleted()}
	result, err = c.Search(request)
	if err != nil || len(result.Referrals) != 0 || len(result.Entries) != 1 {
		t.Errorf("with domain scope: %v, %v", result.Referrals, err)
	}
}

func TestRootDSE(t *testing.T) {
	srv := serveCompany(t, Options{Host: "dc7.example.com"})
	result, err := dial(t, srv.URL()).Search(base("", "*", "+"))
	if err != nil {
		t.Fatal(err)
	}
	e := result.Entries[0]
	for name, want := range map[string]string{
		"defaultNamingContext": suffix, "rootDomainNamingContext": suffix, "configurationNamingContext": "CN=Configuration," + suffix,
		"dnsHostName": "dc7.example.com", "isGlobalCatalogReady": "TRUE", "supportedSASLMechanisms": "EXTERNAL", "distinguishedName": "",
		"dsServiceName": "CN=NTDS Settings,CN=DC1-EXAMPLE,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + suffix,
	} {
		if got := e.GetAttributeValue(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !slices.Contains(e.GetAttributeValues("supportedCapabilities"), "1.2.840.113556.1.4.800") {
		t.Error("it does not say that it is AD")
	}

	open := serve(t, NewDirectory(OpenLDAP, suffix), "", Options{})
	c := dial(t, open.URL())
	if got := attributes(t, c, base("")); got != "objectClass 2" {
		t.Errorf("slapd shows %s unasked", got)
	}
	if got := attributes(t, c, base("", "namingContexts")); got != "namingContexts 1" {
		t.Errorf("got %s", got)
	}
}

func TestSubschema(t *testing.T) {
	srv := serveCompany(t, Options{})
	c := bound(t, srv)
	result, err := c.Search(base("", "subschemaSubentry"))
	if err != nil {
		t.Fatal(err)
	}
	request := base(result.Entries[0].GetAttributeValue("subschemaSubentry"), "attributeTypes")
	request.Filter = "(objectClass=subSchema)"
	if result, err = c.Search(request); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(result.Entries[0].GetAttributeValues("attributeTypes"), "\n")
	for _, want := range []string{"NAME 'sAMAccountName' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )", "NAME 'member' SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestForest(t *testing.T) {
	root := NewDirectory(ActiveDirectory, suffix)
	child := root.NewDomain("DC=emea," + suffix)
	tree := root.NewDomain("DC=example,DC=org")
	for _, d := range []*Directory{root, child, tree} {
		must(t, d.Add("CN=Someone,CN=Users,"+d.Suffix(), map[string][]string{"objectClass": {"user"}, "department": {"Sales"}, "mail": {"a@" + dnsName(d.Suffix())}}))
		must(t, d.SetPassword("CN=Someone,CN=Users,"+d.Suffix(), "pass"))
	}
	must(t, root.Add("CN=global,CN=Users,"+suffix, map[string][]string{"objectClass": {"group"}, "member": {"CN=Someone,CN=Users,DC=emea," + suffix}}))
	must(t, root.Add("CN=universal,CN=Users,"+suffix, map[string][]string{"objectClass": {"group"}, "groupType": {"-2147483640"}, "member": {"CN=Someone,CN=Users,DC=emea," + suffix}}))
	srv := serve(t, root, "", Options{GCAddress: "127.0.0.1:0"})
	childSrv := serve(t, child, "", Options{Authority: srv.Authority()})
	c := dial(t, srv.URL())
	must(t, c.Bind("CN=Someone,CN=Users,"+suffix, "pass"))

	t.Run("each domain is listed on each", func(t *testing.T) {
		for _, server := range []*Server{srv, childSrv} {
			c := dial(t, server.URL())
			must(t, c.Bind("CN=Someone,CN=Users,"+server.Directory().Suffix(), "pass"))
			request := base("CN=Partitions,CN=Configuration,"+suffix, "nCName", "dnsRoot", "nETBIOSName", "trustParent")
			request.Scope, request.Filter = ldap.ScopeSingleLevel, "(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=2))"
			result, err := c.Search(request)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range result.Entries {
				got = append(got, strings.Join([]string{e.GetAttributeValue("nCName"), e.GetAttributeValue("dnsRoot"), e.GetAttributeValue("trustParent")}, " "))
			}
			slices.Sort(got)
			want := "DC=emea,DC=example,DC=com emea.example.com CN=EXAMPLE,CN=Partitions,CN=Configuration,DC=example,DC=com\nDC=example,DC=com example.com \nDC=example,DC=org example.org "
			if strings.Join(got, "\n") != want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
			}
		}
	})
	t.Run("a child's name is referred to the child", func(t *testing.T) {
		_, err := c.Search(base("CN=Users,DC=emea," + suffix))
		if !ldap.IsErrorWithCode(err, ldap.LDAPResultReferral) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the root's subtree continues in the child", func(t *testing.T) {
		result, err := c.Search(subtree("(cn=Someone)", "cn"))
		if err != nil || len(result.Entries) != 1 || !slices.Contains(result.Referrals, "ldap://emea.example.com/DC=emea,DC=example,DC=com") {
			t.Errorf("got %d entries, %v, %v", len(result.Entries), result.Referrals, err)
		}
	})
	t.Run("the Global Catalog has all domains but not all attributes", func(t *testing.T) {
		c := dial(t, srv.GCURL())
		must(t, c.Bind("CN=Someone,CN=Users,"+suffix, "pass"))
		request := ldap.NewSearchRequest("", ldap.ScopeWholeSubtree, 0, 0, 0, false, "(mail=a@*)", []string{"mail", "department"}, nil)
		result, err := c.Search(request)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range result.Entries {
			got = append(got, e.GetAttributeValue("mail")+e.GetAttributeValue("department"))
		}
		if want := "[a@example.com a@emea.example.com a@example.org]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
		if got := attributes(t, c, base("CN=global,CN=Users,"+suffix, "member")) + attributes(t, c, base("CN=universal,CN=Users,"+suffix, "member")); got != "member 1" {
			t.Errorf("members: %s", got)
		}
	})
	t.Run("an authority may be shared", func(t *testing.T) {
		config := clientTLS(t, srv)
		config.ServerName = childSrv.Host()
		c, err := ldap.DialURL(childSrv.LDAPSURL(), ldap.DialWithTLSConfig(config))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	})
}
