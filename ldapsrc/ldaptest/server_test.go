package ldaptest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

const (
	suffix   = "DC=example,DC=com"
	reader   = "CN=Reader,OU=People," + suffix
	password = "read-only-1"
)

// company is a small AD domain: three people, two nested groups, a manager.
const company = `dn: OU=People,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Groups,DC=example,DC=com
objectClass: organizationalUnit

dn: CN=Reader,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: reader
userPrincipalName: reader@example.com
userPassword: read-only-1

dn: CN=Ada Lovelace,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: ada
userPrincipalName: ada@example.com
mail: Ada@Example.com
title: Countess
manager: CN=Charles Babbage,OU=People,DC=example,DC=com

dn: CN=Charles Babbage,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: charles
mail: charles@example.com
userAccountControl: 514

dn: CN=Engineers,OU=Groups,DC=example,DC=com
objectClass: group
sAMAccountName: engineers
member: CN=Ada Lovelace,OU=People,DC=example,DC=com

dn: CN=Everyone,OU=Groups,DC=example,DC=com
objectClass: group
sAMAccountName: everyone
member: CN=Engineers,OU=Groups,DC=example,DC=com
member: CN=Charles Babbage,OU=People,DC=example,DC=com
`

// serve starts a server over a directory loaded from LDIF.
func serve(t testing.TB, dir *Directory, text string, options Options) *Server {
	t.Helper()
	if err := dir.LoadLDIF(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	srv, err := Start(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func serveCompany(t testing.TB, options Options) *Server {
	t.Helper()
	return serve(t, NewDirectory(ActiveDirectory, suffix), company, options)
}

func dial(t testing.TB, url string) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// bound returns a connection bound as the reader.
func bound(t testing.TB, srv *Server) *ldap.Conn {
	t.Helper()
	c := dial(t, srv.URL())
	if err := c.Bind(reader, password); err != nil {
		t.Fatal(err)
	}
	return c
}

func subtree(filter string, attrs ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(suffix, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, attrs, nil)
}

// names returns the first RDNs of what was found, in the order it came.
func names(result *ldap.SearchResult) string {
	var all []string
	for _, e := range result.Entries {
		rdn, _, _ := strings.Cut(e.DN, ",")
		all = append(all, rdn[3:])
	}
	return strings.Join(all, " ")
}

// fill adds n users to a directory.
func fill(t testing.TB, dir *Directory, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("u%05d", i)
		if err := dir.Add("CN="+name+",OU=People,"+suffix, map[string][]string{
			"objectClass": {"user"}, "sAMAccountName": {name}, "userPrincipalName": {name + "@example.com"}, "mail": {name + "@example.com"},
			"givenName": {"Given " + name}, "sn": {"Sur " + name}, "displayName": {"Given Sur " + name}, "title": {"Engineer"}, "department": {"R&D"},
		}); err != nil {
			t.Fatal(err)
		}
	}
}
