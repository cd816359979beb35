package ldapsrc

import (
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

const dynamicGroup = `dn: cn=engineers,ou=groups,dc=example,dc=com
objectClass: groupOfURLs
cn: engineers
memberURL: ldap:///ou=people,dc=example,dc=com??one?(title=Engineer)

dn: uid=ada,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Lovelace
title: Engineer

dn: uid=bob,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Martin
title: Lead

`

func slapdSource(s *servers.Slapd) Config {
	return Config{
		ID: "corp", Type: LDAP, URLs: []string{s.URL()}, Insecure: true,
		Bind:   Bind{Username: servers.SlapdReaderDN, Password: Secret(servers.SlapdReaderPassword)},
		Users:  UserScope{Base: []string{servers.SlapdPeople}},
		Groups: GroupScope{Sync: true, Base: []string{servers.SlapdGroups}},
	}
}

func TestDynamicGroupsHaveTheMembersThatTheServerFinds(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: dynamicGroup, Directives: "overlay dynlist\ndynlist-attrset groupOfURLs memberURL member"})
	cfg := slapdSource(s)
	same(t, show(mustRead(t, cfg, Want{})), `
group engineers: ada
user ada
user bob
`)
	// As the scope of users they work too, and follow the entries.
	cfg.Users.MemberOf = []string{"cn=engineers," + servers.SlapdGroups}
	cfg.Groups.Sync = false
	same(t, show(mustRead(t, cfg, Want{})), `
user ada
skipped 1: not in a group of users.member_of
`)
}

func TestADynamicGroupThatIsNotExpandedIsNotAnEmptyOne(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: dynamicGroup})
	source, err := New(slapdSource(s), Env{})
	if err != nil {
		t.Fatal(err)
	}
	r := source.Read(t.Context(), Want{})
	if _, complete := r.Snapshot(); complete || !strings.Contains(r.Err().Error(), "is dynamic (memberURL)") {
		t.Errorf("complete %v, %v", complete, r.Err())
	}
}
