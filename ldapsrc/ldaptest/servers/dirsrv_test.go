package servers_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestDirSrv(t *testing.T) {
	s := servers.StartDirSrv(t)
	ada, group := "uid=ada,"+servers.DirSrvPeople, "cn=staff,"+servers.DirSrvGroups
	s.Add(ada, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Ada"}, "sn": {"Lovelace"}})
	s.Add(group, map[string][]string{"objectClass": {"groupOfNames"}, "member": {ada}})
	if id := s.Values(ada, "nsUniqueId"); len(id) != 1 || strings.Count(id[0], "-") != 3 {
		t.Errorf("nsUniqueId is %q", id)
	}
	ada = s.Rename(ada, "uid=ada.king")
	if got := s.Values(group, "member"); len(got) != 1 || got[0] != ada {
		t.Errorf("after a rename the group has %q", got)
	}
	if got := s.Values(ada, "memberOf"); len(got) != 1 || !strings.EqualFold(got[0], group) {
		t.Errorf("memberOf is %q", got)
	}
	for _, url := range []string{s.URL(), s.LDAPSURL()} {
		conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(trust(t, s.CAFile())))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.Bind(servers.DirSrvReaderDN, servers.DirSrvReaderPassword); err != nil {
			t.Error(err)
		}
	}
}
