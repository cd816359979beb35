package ldapsrc

import (
	"fmt"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

// TestDirSrvIsReadAsItIs reads 389 Directory Server, and meets its own ways of
// saying no.
func TestDirSrvIsReadAsItIs(t *testing.T) {
	server := servers.StartDirSrv(t)
	for i := range 30 {
		server.Add(fmt.Sprintf("uid=u%02d,%s", i, servers.DirSrvPeople), map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"U"}, "sn": {"U"}})
	}
	server.SetAttr("uid=u01,"+servers.DirSrvPeople, "nsAccountLock", "true")
	server.Add("cn=inner,"+servers.DirSrvGroups, map[string][]string{"objectClass": {"groupOfUniqueNames"},
		"uniqueMember": {"UID=u02, OU=People, dc=example,dc=com", "cn=outer," + servers.DirSrvGroups}})
	server.Add("cn=outer,"+servers.DirSrvGroups, map[string][]string{"objectClass": {"groupOfNames"},
		"member": {"uid=u01," + servers.DirSrvPeople, "cn=inner," + servers.DirSrvGroups}})
	cfg := Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Insecure: true, Groups: GroupScope{Sync: true},
		Users: UserScope{Filter: "(|(uid=u01)(uid=u02))"}, Bind: Bind{Username: servers.DirSrvReaderDN, Password: servers.DirSrvReaderPassword}}

	t.Run("users and nested groups", func(t *testing.T) {
		same(t, show(mustRead(t, cfg, Want{})), `
group inner: u01 u02
group outer: u01 u02
user u01 (locked by an administrator (nsAccountLock))
user u02
`)
	})
	all := cfg
	all.Users.Filter = ""
	refused := func(name, dn, attribute, value, reason string) {
		t.Run(name, func(t *testing.T) {
			before := server.Values(dn, attribute)
			server.SetAttr(dn, attribute, value)
			defer server.SetAttr(dn, attribute, before...)
			incomplete(t, read(t, all, Want{}), reason)
		})
	}
	refused("a size limit of the server", "cn=config", "nsslapd-sizelimit", "20", "after 20 entries: LDAP Result Code 4")
	refused("a size limit of the account for pages", servers.DirSrvReaderDN, "nsPagedSizeLimit", "20", "after 20 entries: LDAP Result Code 4")
	refused("a limit of entries to look through", servers.DirSrvReaderDN, "nsLookThroughLimit", "5", "LDAP Result Code 11")
}
