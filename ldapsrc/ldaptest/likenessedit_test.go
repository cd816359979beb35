package ldaptest_test

import (
	"fmt"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"

	"github.com/go-ldap/ldap/v3"
)

// step is one change, made to both servers over LDAP.
type step struct {
	name string
	do   func(c *ldap.Conn) error
}

func modify(dn string, change func(*ldap.ModifyRequest)) func(*ldap.Conn) error {
	return func(c *ldap.Conn) error {
		request := ldap.NewModifyRequest(dn, nil)
		change(request)
		return c.Modify(request)
	}
}

func rename(dn, rdn, parent string) func(*ldap.Conn) error {
	return func(c *ldap.Conn) error { return c.ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, parent)) }
}

func remove(dn string) func(*ldap.Conn) error {
	return func(c *ldap.Conn) error { return c.Del(ldap.NewDelRequest(dn, nil)) }
}

// play makes each change on both, compares the result codes and then what a
// subtree search shows.
func play(t *testing.T, genuine, ours *ldap.Conn, base string, attrs []string, steps []step) {
	t.Helper()
	code := func(err error) string {
		if e, ok := err.(*ldap.Error); ok {
			return fmt.Sprint("result ", e.ResultCode)
		}
		return fmt.Sprint(err)
	}
	for _, s := range steps {
		want, got := s.do(genuine), s.do(ours)
		if code(got) != code(want) {
			t.Errorf("%s: got %v, want %v", s.name, got, want)
		}
		q := question{base: base, scope: ldap.ScopeWholeSubtree, filter: "(objectClass=*)", attrs: attrs}
		if want, got := ask(genuine, base, q), ask(ours, base, q); got != want {
			t.Fatalf("after %s\ngot\n%s\nwant\n%s", s.name, shorten(got), shorten(want))
		}
	}
}

func TestEditsLikeSamba(t *testing.T) {
	genuine := servers.SharedSamba(t)
	ou := genuine.AddOU("Edits")
	ada := genuine.AddUser(ou, "Edith", map[string][]string{"title": {"Countess"}})
	bob := genuine.AddUser(ou, "Bob", map[string][]string{"manager": {ada}})
	inner := genuine.AddGroup(ou, "Within", ada, bob)
	outer := genuine.AddGroup(ou, "Around", inner)
	moved := "OU=Moved," + ou
	ours := copyOf(t, genuine.Conn(), ldaptest.ActiveDirectory, genuine.BaseDN(), "*")
	c := dialBoth(t, ours.URL(), nil)
	admin := "CN=test,OU=Domain Controllers," + genuine.BaseDN()
	if err := ours.Directory().SetPassword(admin, "pass"); err != nil {
		t.Fatal(err)
	}
	if err := c.Bind(admin, "pass"); err != nil {
		t.Fatal(err)
	}
	found, err := c.Search(ldap.NewSearchRequest(outer, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"primaryGroupToken"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	token := found.Entries[0].GetAttributeValue("primaryGroupToken")

	add := func(dn string, attrs map[string][]string) func(*ldap.Conn) error {
		return func(c *ldap.Conn) error {
			request := ldap.NewAddRequest(dn, nil)
			for name, values := range attrs {
				request.Attribute(name, values)
			}
			return c.Add(request)
		}
	}
	attrs := []string{"cn", "name", "distinguishedName", "sAMAccountName", "member", "memberOf", "manager", "directReports", "title", "description", "primaryGroupID", "objectCategory", "sAMAccountType", "groupType"}
	play(t, genuine.Conn(), c, ou, attrs, []step{
		{"a title is replaced", modify(ada, func(r *ldap.ModifyRequest) { r.Replace("title", []string{"Lady"}) })},
		{"a value that is there is added", modify(inner, func(r *ldap.ModifyRequest) { r.Add("member", []string{ada}) })},
		{"a member that is not there is deleted", modify(outer, func(r *ldap.ModifyRequest) { r.Delete("member", []string{ada}) })},
		{"an attribute that is not there is deleted", modify(ada, func(r *ldap.ModifyRequest) { r.Delete("description", nil) })},
		{"an attribute that is not there is replaced by nothing", modify(ada, func(r *ldap.ModifyRequest) { r.Replace("description", nil) })},
		{"a second title is added", modify(ada, func(r *ldap.ModifyRequest) { r.Add("title", []string{"Countess"}) })},
		{"an OU is added", add(moved, map[string][]string{"objectClass": {"organizationalUnit"}})},
		{"an entry is added where one is", add(ada, map[string][]string{"objectClass": {"user"}, "sAMAccountName": {"ada2"}})},
		{"an entry is added nowhere", add("CN=x,OU=None,"+ou, map[string][]string{"objectClass": {"user"}, "sAMAccountName": {"x"}})},
		{"a user is renamed", rename(ada, "CN=Edith King", "")},
		{"a user is moved", rename("CN=Edith King,"+ou, "CN=Edith King", moved)},
		{"a user is moved onto another", rename("CN=Edith King,"+moved, "CN=Bob", ou)},
		{"an OU is deleted with what is in it", remove(moved)},
		{"an OU is renamed with what is in it", rename(moved, "OU=Elsewhere", "")},
		{"the primary group becomes one the user is not in", modify(bob, func(r *ldap.ModifyRequest) { r.Replace("primaryGroupID", []string{token}) })},
		{"a user is put into that group", modify(outer, func(r *ldap.ModifyRequest) { r.Add("member", []string{bob}) })},
		{"the primary group changes", modify(bob, func(r *ldap.ModifyRequest) { r.Replace("primaryGroupID", []string{token}) })},
		{"and back", modify(bob, func(r *ldap.ModifyRequest) { r.Replace("primaryGroupID", []string{"513"}) })},
		{"the manager is deleted", remove("CN=Edith King,OU=Elsewhere," + ou)},
		{"the same again", remove("CN=Edith King,OU=Elsewhere," + ou)},
		{"a universal group is added", add("CN=Universal,"+ou, map[string][]string{"objectClass": {"group"}, "groupType": {"8"}, "sAMAccountName": {"universal"}, "member": {bob}})},
		{"a contact is added", add("CN=Contact,"+ou, map[string][]string{"objectClass": {"contact"}})},
		{"the nested group is deleted", remove(inner)},
	})
}
