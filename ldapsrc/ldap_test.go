package ldapsrc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
)

// plain is an OpenLDAP directory with groups of all kinds, DNs in odd
// spellings.
const plain = `dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=roles,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=external,dc=example,dc=com
objectClass: organizationalUnit

dn: cn=Lovelace\, Ada+uid=ada,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Lovelace, Ada
uid: ada
sn: Lovelace
mail: ada@example.com
mail: countess@example.com
manager: uid=boss,ou=external,dc=example,dc=com

dn: uid=grace,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Grace
uid: grace
uid: hopper
sn: Hopper
pwdAccountLockedTime: 000001010000Z

dn: uid=jean,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Jean
sn: Bartik
uid: jean
pwdAccountLockedTime: 20261121005509Z

dn: uid=hedy,ou=people,dc=example,dc=com
objectClass: posixAccount
cn: Hedy
uid: hedy
uidNumber: 1
gidNumber: 1
homeDirectory: /
shadowExpire: 20000

dn: uid=ken,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Ken
sn: Thompson
uid: ken
nsAccountLock: TRUE
shadowExpire: -1

dn: uid=boss,ou=external,dc=example,dc=com
objectClass: inetOrgPerson
cn: Boss
sn: Boss
uid: boss

dn: cn=names,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: names
member: CN=Lovelace\2C Ada+UID=Ada, OU=People, DC=Example, DC=com
member: uid=nobody,ou=people,dc=example,dc=com
member: CN=Role,OU=Roles,dc=example,dc=com

dn: cn=unique,ou=groups,dc=example,dc=com
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: uid=jean,ou=people,dc=example,dc=com#'01'B
uniqueMember: cn=names,ou=groups,dc=example,dc=com

dn: cn=role,ou=roles,dc=example,dc=com
objectClass: groupOfNames
cn: role
member: uid=hedy,ou=people,dc=example,dc=com

dn: cn=posix,ou=groups,dc=example,dc=com
objectClass: posixGroup
cn: posix
gidNumber: 7
memberUid: hopper
memberUid: ada
memberUid: ken
memberUid: gone

`

func TestOpenLDAPIsReadAsItIs(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, plain, ldaptest.Options{})
	cfg := sourceOf(server)
	cfg.Users.Base = []string{"ou=people,dc=example,dc=com"}
	cfg.Groups.Base = []string{"ou=groups,dc=example,dc=com"}
	same(t, show(mustRead(t, cfg, wantAll)), `
group names: ada hedy outside: 1
group posix: ada grace ken outside: 1
group unique: ada hedy jean outside: 1
user ada mail=["ada@example.com" "countess@example.com"] manager=somebody
user grace (locked by an administrator (pwdAccountLockedTime))
user hedy (expired on 2024-10-04 (shadowExpire))
user jean
user ken (locked by an administrator (nsAccountLock))
`)
}

func TestALoginOfTwoUsersIsNobodys(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, plain+`dn: uid=ken,ou=external,dc=example,dc=com
objectClass: inetOrgPerson
cn: Other Ken
sn: Thompson
uid: ken

`, ldaptest.Options{})
	cfg := sourceOf(server)
	got := show(mustRead(t, cfg, Want{}))
	for _, want := range []string{"group posix: ada grace outside: 2\n", `warning: several users have the login "ken"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

func TestValuesAreKeptAsTheyCame(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, `dn: uid=odd,dc=example,dc=com
objectClass: inetOrgPerson
cn: odd
sn: odd
uid: odd
title:: IHBhZGRlZCAg
description:: TMOpYQ==
description:: TGXMgWE=
jpegPhoto:: /9j/4A==
employeeType:: /w==
street:: MSBNYWluIFN0cmVldA0KU3ByaW5nZmllbGQ=
userCertificate;binary:: MIIB

`, ldaptest.Options{})
	want := Want{UserAttributes: []string{"title", "description", "jpegPhoto", "employeeType", "street", "userCertificate", "dn"}}
	same(t, show(mustRead(t, sourceOf(server), want)), `
user odd title=[" padded  "] description=["Léa" "Le`+"\u0301"+`a"] jpegPhoto=["/9j/4A=="] employeeType=["/w=="] street=["1 Main Street\r\nSpringfield"] userCertificate=["MIIB"] dn=["uid=odd,dc=example,dc=com"]
`)
}

func TestAnchorsOfOtherServers(t *testing.T) {
	entry := func(login, anchors string) string {
		return fmt.Sprintf("dn: uid=%s,dc=example,dc=com\nobjectClass: inetOrgPerson\ncn: %s\nsn: x\nuid: %s\n%s\n", login, login, login, anchors)
	}
	for name, c := range map[string]struct{ ldif, anchor, reason string }{
		"389 Directory Server keeps to nsUniqueId": {
			entry("ada", "nsUniqueId: 3a91e0c1-12f311ed-8c1e9d5c-3f6d1f2b\nentryUUID: 11111111-2222-3333-4444-555555555555\n"),
			"3a91e0c1-12f3-11ed-8c1e-9d5c3f6d1f2b", ""},
		"OpenLDAP has entryUUID": {
			entry("ada", "entryUUID: 11111111-2222-3333-4444-555555555555\n"), "11111111-2222-3333-4444-555555555555", ""},
		"two entries with one anchor are not read": {
			entry("ada", "nsUniqueId: 3a91e0c1-12f311ed-8c1e9d5c-3f6d1f2b\n") + entry("bob", "nsUniqueId: 3a91e0c1-12f311ed-8c1e9d5c-3f6d1f2b\n"),
			"", "have the same anchor 3a91e0c1-12f3-11ed-8c1e-9d5c3f6d1f2b"},
		"anchors of two kinds are not mixed": {
			entry("ada", "nsUniqueId: 3a91e0c1-12f311ed-8c1e9d5c-3f6d1f2b\n") + entry("bob", ""),
			"", "1 users by entryUUID, 1 users by nsUniqueId"},
		"an anchor that is no GUID is refused": {
			entry("ada", "nsUniqueId: ada\n"), "", `"ada" is not a GUID`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sourceOf(serveLDIF(t, ldaptest.OpenLDAP, c.ldif, ldaptest.Options{}))
			r := read(t, cfg, Want{})
			if c.reason != "" {
				incomplete(t, r, c.reason)
				return
			}
			if got := mustRead(t, cfg, Want{}).Users[0].Anchor; string(got) != c.anchor {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestWhatOpenLDAPLacksIsNotAskedFor looks at the requests: slapd looks up
// names that its schema does not have for every attribute of every entry anew.
func TestWhatOpenLDAPLacksIsNotAskedFor(t *testing.T) {
	asked := func(ldif string, want Want) []string {
		server := serveLDIF(t, ldaptest.OpenLDAP, ldif, ldaptest.Options{})
		mustRead(t, sourceOf(server), want)
		for _, r := range server.Requests(ldaptest.OpSearch) {
			if strings.Contains(r.Filter, "inetOrgPerson") {
				return r.Attributes
			}
		}
		t.Fatal("no search for users")
		return nil
	}
	names := asked(plain, Want{UserAttributes: []string{"mail", "ofNobody"}})
	for name, want := range map[string]bool{"entryUUID": true, "nsUniqueId": true, "pwdAccountLockedTime": true, "mail": true, "ofNobody": true,
		"objectGUID": false, "GUID": false, "loginExpirationTime": false} {
		if slices.Contains(names, name) != want {
			t.Errorf("%s is asked for: %t, want %t", name, !want, want)
		}
	}
	withGUID := strings.Replace(plain, "uid: ada\n", "uid: ada\nGUID: 3a91e0c1-12f3-11ed-8c1e-9d5c3f6d1f2b\n", 1)
	if withGUID == plain {
		t.Fatal("the directory has no ada")
	}
	if names := asked(withGUID, Want{}); !slices.Contains(names, "GUID") || slices.Contains(names, "objectGUID") {
		t.Errorf("of a schema with GUID these are asked for: %q", names)
	}
}

func TestMisspeltNamesAreTold(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, plain, ldaptest.Options{})
	t.Run("in the mapping", func(t *testing.T) {
		snapshot := mustRead(t, sourceOf(server), Want{UserAttributes: []string{"displayNmae"}})
		if got := strings.Join(snapshot.Warnings, "\n"); got != `the directory's schema has no attribute "displayNmae": did you mean displayName?` {
			t.Error(got)
		}
	})
	t.Run("in a filter, where it finds nobody", func(t *testing.T) {
		cfg := sourceOf(server)
		cfg.Users.Filter = "(emial=*)"
		r := read(t, cfg, Want{})
		incomplete(t, r, "sources[corp].users: no user was found in scope")
		if hint := r.Err().(*ReadError).Hint(); hint != `the directory's schema has no attribute "emial": did you mean mail?` {
			t.Error(hint)
		}
	})
}

func TestLocateOnOpenLDAP(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, plain, ldaptest.Options{})
	cfg := sourceOf(server)
	all := mustRead(t, cfg, Want{})
	cfg.Users.Base, cfg.Users.Filter = []string{"ou=people,dc=example,dc=com"}, "mail=*"
	cfg.Groups.Filter = "(!(cn=role))"
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	names := map[directory.Anchor]string{"11111111-2222-3333-4444-555555555555": "nobody"}
	for _, u := range all.Users {
		names[u.Anchor] = u.Login
	}
	for _, g := range all.Groups {
		names[g.Anchor] = g.Login
	}
	var ask []directory.Anchor
	for a := range names {
		ask = append(ask, a)
	}
	found, err := s.Locate(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for a, p := range found {
		lines = append(lines, fmt.Sprintf("%s found=%v active=%v %s", names[a], p.Found, p.Active, p.Why))
	}
	same(t, sortedLines(lines)+"\n", `
ada found=true active=true came into scope after the directory was read
boss found=true active=true not below any of users.base
grace found=true active=false does not match users.filter
hedy found=true active=false does not match users.filter
jean found=true active=true does not match users.filter
ken found=true active=false does not match users.filter
names found=true active=true came into scope after the directory was read
nobody found=false active=false 
posix found=true active=true came into scope after the directory was read
role found=true active=true does not match groups.filter
unique found=true active=true came into scope after the directory was read
`)
}
