package ldaptest_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"

	"github.com/go-ldap/ldap/v3"
)

// The tests here put the same questions to a real server and to a Directory
// filled with all that the real one holds, and expect the same answers.

// question is a search. An empty base is the suffix.
type question struct {
	base   string
	scope  int
	filter string
	attrs  []string
}

// ask returns the answer in an order that does not depend on the server.
func ask(c *ldap.Conn, suffix string, q question) string {
	base := q.base
	if base == "" {
		base = suffix
	}
	result, err := c.Search(ldap.NewSearchRequest(base, q.scope, ldap.NeverDerefAliases, 0, 0, false, q.filter, q.attrs, nil))
	if err != nil {
		e, ok := err.(*ldap.Error)
		if !ok {
			return err.Error()
		}
		return fmt.Sprint("result ", e.ResultCode, " matched ", e.MatchedDN)
	}
	var entries []string
	for _, e := range result.Entries {
		lines := []string{}
		for _, a := range e.Attributes {
			slices.Sort(a.Values)
			lines = append(lines, fmt.Sprintf("  %s: %q", strings.ToLower(a.Name), a.Values))
		}
		slices.Sort(lines)
		entries = append(entries, e.DN+"\n"+strings.Join(lines, "\n"))
	}
	slices.Sort(entries)
	return strings.Join(entries, "\n")
}

// compare puts every question to both.
func compare(t *testing.T, genuine, ours *ldap.Conn, suffix string, questions []question) {
	t.Helper()
	for _, q := range questions {
		want, got := ask(genuine, suffix, q), ask(ours, suffix, q)
		if got != want {
			t.Errorf("%+v\ngot\n%s\nwant\n%s", q, shorten(got), shorten(want))
		}
	}
}

func shorten(s string) string { return s[:min(len(s), 1500)] }

// copyOf fills a directory with what a search shows, parents first.
func copyOf(t *testing.T, c *ldap.Conn, flavor ldaptest.Flavor, suffix string, attrs ...string) *ldaptest.Server {
	t.Helper()
	result, err := c.SearchWithPaging(ldap.NewSearchRequest(suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attrs, nil), 500)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(result.Entries, func(a, b *ldap.Entry) int { return depth(t, a.DN) - depth(t, b.DN) })
	dir := ldaptest.NewDirectory(flavor, suffix)
	for _, e := range result.Entries {
		all := map[string][]string{}
		for _, a := range e.Attributes {
			all[a.Name] = a.Values
		}
		if err := dir.Add(e.DN, all); err != nil {
			t.Fatal(err)
		}
	}
	srv, err := ldaptest.Start(dir, ldaptest.Options{AllowAnonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	return srv
}

func depth(t *testing.T, dn string) int {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		t.Fatal(err)
	}
	return len(parsed.RDNs)
}

func dialBoth(t *testing.T, url string, config *tls.Config) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(url, ldap.DialWithTLSConfig(config))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// filters that mean the same to every server.
func commonQuestions() []question {
	var all []question
	for _, filter := range []string{
		"(objectClass=*)", "(objectclass=TOP)", "(mail=ADA@example.com)", "(mail=*)", "(!(mail=*))", "(sn=love*)", "(sn=*ace)", "(sn=*v*l*)", "(sn=love*lace)", "(cn=  ada   lovelace  )",
		"(&(objectClass=person)(!(sn=Babbage)))", "(|(sn=Babbage)(title=countess))", "(&)", "(|)", "(unknownAttr=1)", "(!(unknownAttr=1))", "(|(unknownAttr=1)(sn=Babbage))", "(&(unknownAttr=1)(sn=Babbage))",
		"(sn:caseIgnoreMatch:=BABBAGE)", "(cn=Åsa*)", "(cn=åSA ö*)", "(description=\\28paren\\29 \\2a star)", "(description=*\\2a*)", "(description:=a   b)", "(sn>=l)", "(sn<=c)", "(!(sn>=l))",
	} {
		all = append(all, question{scope: ldap.ScopeWholeSubtree, filter: filter, attrs: []string{"cn", "sn", "mail", "description"}})
	}
	return all
}

func TestLikenessToSlapd(t *testing.T) {
	genuine := servers.StartSlapd(t, servers.SlapdOptions{})
	genuine.Add("uid=ada,"+servers.SlapdPeople, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Ada Lovelace"}, "sn": {"Lovelace"}, "mail": {"Ada@example.com", "ada@example.org"}, "title": {"Countess"}, "description": {"(paren) * star", "A  b"}})
	genuine.Add("uid=charles,"+servers.SlapdPeople, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Charles Babbage"}, "sn": {"Babbage"}, "manager": {"uid=ada," + servers.SlapdPeople}, "jpegPhoto": {"\xff\xd8\x00"}})
	genuine.Add(`cn=Åsa Öberg\, Dr.,`+servers.SlapdPeople, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Åsa Öberg, Dr."}, "sn": {"Öberg"}})
	genuine.Add("cn=all,"+servers.SlapdGroups, map[string][]string{"objectClass": {"groupOfNames"}, "cn": {"all"}, "member": {"uid=ada," + servers.SlapdPeople, "UID=charles, " + servers.SlapdPeople, "cn=gone," + servers.SlapdPeople}})
	genuine.Add("cn=posix,"+servers.SlapdGroups, map[string][]string{"objectClass": {"posixGroup"}, "cn": {"posix"}, "gidNumber": {"20"}, "memberUid": {"ada", "charles"}})
	ours := copyOf(t, genuine.Conn(), ldaptest.OpenLDAP, servers.SlapdBase, "*", "+")

	questions := append(commonQuestions(),
		question{base: "uid=ada," + servers.SlapdPeople, filter: "(objectClass=*)"},
		question{base: "uid=ada," + servers.SlapdPeople, filter: "(objectClass=*)", attrs: []string{"memberOf", "entryUUID", "entryDN", "hasSubordinates", "structuralObjectClass", "createTimestamp"}},
		question{base: "uid=ada," + servers.SlapdPeople, filter: "(objectClass=*)", attrs: []string{"1.1"}},
		question{base: "UID=Ada , ou=people, dc=example,dc=com", filter: "(objectClass=*)", attrs: []string{"surname", "MAIL", "mail", "jpegPhoto"}},
		question{base: "uid=x,ou=none," + servers.SlapdPeople, filter: "(objectClass=*)"},
		question{base: "dc=other", filter: "(objectClass=*)"},
		question{base: "nonsense", filter: "(objectClass=*)"},
		question{base: servers.SlapdPeople, scope: ldap.ScopeSingleLevel, filter: "(objectClass=*)", attrs: []string{"uid"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(member=uid=ADA,ou=People,dc=example,dc=com)", attrs: []string{"cn", "member"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(memberOf=cn=all," + servers.SlapdGroups + ")", attrs: []string{"memberOf"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(member=nonsense)", attrs: []string{"cn"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(!(member=nonsense))", attrs: []string{"cn"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(gidNumber>=20)", attrs: []string{"gidNumber", "memberUid"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(gidNumber>=21)", attrs: []string{"gidNumber"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(memberUid=ada)", attrs: []string{"cn"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(ou:dn:=People)", attrs: []string{"1.1"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(createTimestamp>=20200101000000Z)", attrs: []string{"1.1"}},
		question{scope: ldap.ScopeWholeSubtree, filter: "(uid=ada)", attrs: []string{"*", "entryUUID"}},
	)
	compare(t, genuine.Conn(), dialBoth(t, ours.URL(), nil), servers.SlapdBase, questions)
}

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

func TestLikenessToSamba(t *testing.T) {
	genuine := servers.SharedSamba(t)
	ou := genuine.AddOU("Likeness")
	ada := genuine.AddUser(ou, "Ada Lovelace", map[string][]string{"sAMAccountName": {"ada"}, "sn": {"Lovelace"}, "mail": {"Ada@example.com"}, "title": {"Countess"}, "description": {"(paren) * star"}})
	charles := genuine.AddUser(ou, "Charles Babbage", map[string][]string{"sAMAccountName": {"charles"}, "sn": {"Babbage"}, "manager": {ada}})
	genuine.AddUser(ou, `Öberg\, Åsa`, map[string][]string{"sAMAccountName": {"asa"}, "cn": {"Öberg, Åsa"}})
	inner := genuine.AddGroup(ou, "Inner", ada)
	outer := genuine.AddGroup(ou, "Outer", inner, charles)
	genuine.Disable(charles)
	ours := copyOf(t, genuine.Conn(), ldaptest.ActiveDirectory, genuine.BaseDN(), "*")

	entry := func(dn string) *ldap.Entry {
		e, ok := ours.Directory().Entry(dn)
		if !ok {
			t.Fatalf("%s was not copied", dn)
		}
		return e
	}
	guid, sid := entry(ada).GetRawAttributeValue("objectGUID"), entry(ada).GetRawAttributeValue("objectSid")
	attrs := []string{"cn", "name", "distinguishedName", "sAMAccountName", "objectGUID", "objectSid", "memberOf", "member", "manager", "directReports", "userAccountControl", "primaryGroupID", "sAMAccountType", "groupType", "objectClass", "objectCategory", "accountExpires", "uSNCreated", "whenCreated"}
	var questions []question
	for _, q := range commonQuestions() {
		if q.filter == "(!(unknownAttr=1))" {
			continue // Samba takes an unknown attribute for false, Windows for undefined
		}
		q.base = ou
		questions = append(questions, q)
	}
	for _, filter := range []string{
		"(&(objectCategory=person)(objectClass=user))", "(sAMAccountType=805306368)", "(objectCategory=group)", "(objectCategory=computer)", "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(!(userAccountControl:1.2.840.113556.1.4.803:=2))",
		"(userAccountControl:1.2.840.113556.1.4.804:=514)", "(groupType:1.2.840.113556.1.4.803:=2147483648)", "(member=" + ada + ")", "(member=" + strings.ToLower(ada) + ")", "(memberOf=" + outer + ")",
		"(memberOf:1.2.840.113556.1.4.1941:=" + outer + ")", "(member:1.2.840.113556.1.4.1941:=" + ada + ")", "(manager=" + ada + ")", "(primaryGroupID=513)", "(isCriticalSystemObject=TRUE)",
		"(objectGUID=" + ldap.EscapeFilter(string(guid)) + ")", "(objectSid=" + ldap.EscapeFilter(string(sid)) + ")", "(distinguishedName=" + ada + ")", "(name=ada*)", "(uSNChanged>=1)", "(accountExpires=0)", "(sAMAccountName=ADA)", "(objectClass=organizationalPerson)",
	} {
		questions = append(questions, question{base: ou, scope: ldap.ScopeWholeSubtree, filter: filter, attrs: attrs})
	}
	users := "CN=Users," + genuine.BaseDN()
	questions = append(questions,
		question{base: ada, filter: "(objectClass=*)", attrs: []string{"canonicalName", "primaryGroupToken", "msDS-User-Account-Control-Computed", "tokenGroups", "parentGUID"}},
		question{base: inner, filter: "(objectClass=*)", attrs: []string{"primaryGroupToken", "canonicalName"}},
		question{base: "CN=Domain Users," + users, filter: "(objectClass=*)", attrs: []string{"member", "primaryGroupToken", "isCriticalSystemObject", "memberOf"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=0-0"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=1-*"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=2-*"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=0-5"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=3-*"}},
		question{base: outer, filter: "(objectClass=*)", attrs: []string{"member;range=7-9"}},
		question{base: ou, scope: ldap.ScopeSingleLevel, filter: "(objectClass=group)", attrs: attrs},
		question{base: users, scope: ldap.ScopeSingleLevel, filter: "(objectClass=*)", attrs: []string{"sAMAccountName", "isCriticalSystemObject", "memberOf"}},
	)
	compare(t, genuine.Conn(), dialBoth(t, ours.URL(), nil), genuine.BaseDN(), questions)
}
