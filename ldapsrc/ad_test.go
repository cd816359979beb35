package ldapsrc

import (
	"fmt"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
)

// tree is an AD domain with what a reader meets in one.
const tree = `dn: OU=People,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Leavers,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Groups,DC=example,DC=com
objectClass: organizationalUnit

dn: OU=Roles,DC=example,DC=com
objectClass: organizationalUnit

dn: CN=ForeignSecurityPrincipals,DC=example,DC=com
objectClass: container

dn: CN=S-1-5-21-11-22-33-1104,CN=ForeignSecurityPrincipals,DC=example,DC=com
objectClass: foreignSecurityPrincipal

dn: CN=Lovelace\, Ada,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: ada
mail: Ada@Example.com
title: Countess
manager: CN=Charles Babbage,OU=People,DC=example,DC=com

dn: CN=Charles Babbage,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: charles
mail: charles@example.com
manager: CN=Old Boss,OU=Leavers,DC=example,DC=com

dn: CN=Grace Hopper,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: grace
userAccountControl: 514

dn: CN=Hedy Lamarr,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: hedy
accountExpires: 132539328000000000

dn: CN=Jean Bartik,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: jean
accountExpires: 9223372036854775807
lockoutTime: 132539328000000000
pwdLastSet: 0

dn: CN=Old Boss,OU=Leavers,DC=example,DC=com
objectClass: user
sAMAccountName: boss

dn: CN=Conflict\0ACNF:5ed9ccf3-ffa7-429c-b9ce-e7da9d1ad4ca,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: conflict

dn: CN=Duplicate,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: $DUPLICATE-450

dn: CN=Backup,OU=People,DC=example,DC=com
objectClass: user
sAMAccountName: svc-backup

dn: CN=Partner,OU=People,DC=example,DC=com
objectClass: contact
mail: partner@example.org

dn: CN=PC1,OU=People,DC=example,DC=com
objectClass: computer
sAMAccountName: PC1$
dNSHostName: pc1.example.com
operatingSystem: Windows 11 Enterprise

dn: CN=Staff,OU=Groups,DC=example,DC=com
objectClass: group
sAMAccountName: staff
description: Everybody who works here
member: CN=Lovelace\, Ada,OU=People,DC=example,DC=com
member: CN=Engineers,OU=Groups,DC=example,DC=com
member: CN=Partner,OU=People,DC=example,DC=com
member: CN=PC1,OU=People,DC=example,DC=com
member: CN=Old Boss,OU=Leavers,DC=example,DC=com

dn: CN=Engineers,OU=Groups,DC=example,DC=com
objectClass: group
sAMAccountName: engineers
member: CN=Grace Hopper,OU=People,DC=example,DC=com
member: CN=Hidden Role,OU=Roles,DC=example,DC=com
member: CN=S-1-5-21-11-22-33-1104,CN=ForeignSecurityPrincipals,DC=example,DC=com

dn: CN=Hidden Role,OU=Roles,DC=example,DC=com
objectClass: group
sAMAccountName: hidden-role
member: CN=Charles Babbage,OU=People,DC=example,DC=com
member: CN=Staff,OU=Groups,DC=example,DC=com

dn: CN=Alone,OU=Groups,DC=example,DC=com
objectClass: group
sAMAccountName: alone
member: CN=Alone,OU=Groups,DC=example,DC=com

`

func treeConfig(t *testing.T) (Config, *ldaptest.Server) {
	t.Helper()
	server := serveLDIF(t, ldaptest.ActiveDirectory, tree, ldaptest.Options{})
	cfg := sourceOf(server)
	cfg.Users.Base = []string{"ou=people, dc=example, dc=com"}
	cfg.Groups.Base = []string{"OU=Groups,DC=example,DC=com"}
	return cfg, server
}

func TestADIsReadAsItIs(t *testing.T) {
	cfg, _ := treeConfig(t)
	cfg.Users.Exclude = []string{"SVC-*"}
	cfg.Computers.Sync = true
	same(t, show(mustRead(t, cfg, wantAll)), `
computer PC1 in "People" "Windows 11 Enterprise" active=true
group alone:
group engineers: ada charles grace foreign: S-1-5-21-11-22-33-1104 outside: 3
group staff: ada charles grace foreign: S-1-5-21-11-22-33-1104 outside: 3
user ada mail=["Ada@Example.com"] title=["Countess"] manager=charles
user charles mail=["charles@example.com"] manager=somebody
user grace (disabled (userAccountControl))
user hedy (expired on 2021-01-01 (accountExpires))
user jean
skipped 1: excluded by users.exclude
skipped 2: replication conflict
`)
}

func TestNestedGroupsMayBeKept(t *testing.T) {
	cfg, _ := treeConfig(t)
	cfg.Groups.Nested = Keep
	snapshot := mustRead(t, cfg, Want{})
	var groups []string
	for _, line := range strings.Split(show(snapshot), "\n") {
		if strings.HasPrefix(line, "group ") {
			groups = append(groups, line)
		}
	}
	// The hidden role is not sent, so what is in it counts for engineers.
	same(t, strings.Join(groups, "\n")+"\n", `
group alone:
group engineers: charles grace groups: staff foreign: S-1-5-21-11-22-33-1104
group staff: ada groups: engineers outside: 3
`)
}

func TestPrimaryGroupsAreJoined(t *testing.T) {
	cfg, server := treeConfig(t)
	dir := server.Directory()
	// Everybody has Domain Users as the primary group, and no group has it as
	// an attribute's value.
	if err := dir.Modify("CN=Alone,OU=Groups,DC=example,DC=com", ldaptest.AddValues("member", "CN=Domain Users,CN=Users,DC=example,DC=com")); err != nil {
		t.Fatal(err)
	}
	t.Run("through a nested group", func(t *testing.T) {
		if got := show(mustRead(t, cfg, Want{})); !strings.Contains(got, "group alone: ada charles grace hedy jean svc-backup\n") {
			t.Error(got)
		}
	})
	t.Run("of the group itself, when built-ins are read", func(t *testing.T) {
		all := cfg
		all.Groups.Base, all.Users.Base, all.Users.BuiltIn = nil, nil, true
		if got := show(mustRead(t, all, Want{})); !strings.Contains(got, "group Domain Users: Administrator ada boss charles grace hedy jean krbtgt svc-backup\n") {
			t.Error(got)
		}
	})
	t.Run("as the scope of users", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"CN=Domain Users,CN=Users,DC=example,DC=com"}
		if n := len(mustRead(t, scoped, Want{}).Users); n != 6 {
			t.Errorf("%d users", n)
		}
	})
}

func TestOnlyMembersOfAGroupAreInScope(t *testing.T) {
	cfg, server := treeConfig(t)
	cfg.Users.MemberOf = []string{"cn=engineers, ou=groups, dc=example, dc=com"}
	t.Run("nested members too", func(t *testing.T) {
		same(t, show(mustRead(t, cfg, Want{})), `
group alone:
group engineers: ada charles grace foreign: S-1-5-21-11-22-33-1104 outside: 3
group staff: ada charles grace foreign: S-1-5-21-11-22-33-1104 outside: 3
user ada
user charles
user grace (disabled (userAccountControl))
skipped 3: not in a group of users.member_of
skipped 2: replication conflict
`)
	})
	t.Run("without sending any group", func(t *testing.T) {
		scoped := cfg
		scoped.Groups = GroupScope{}
		scoped.Users.MemberOf = []string{"hidden-role"}
		if got := mustRead(t, scoped, Want{}); len(got.Users) != 3 || len(got.Groups) != 0 {
			t.Error(show(got))
		}
	})
	t.Run("a group that is not there makes it incomplete", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"CN=Enginers,OU=Groups,DC=example,DC=com"}
		r := read(t, scoped, Want{})
		incomplete(t, r, "sources[corp].users.member_of[0]", `"CN=Enginers,OU=Groups,DC=example,DC=com" is not there`)
		if hint := r.Err().(*ReadError).Hint(); hint != `did you mean "CN=Engineers,OU=Groups,DC=example,DC=com"?` {
			t.Error(hint)
		}
	})
	t.Run("a DN that is no group makes it incomplete", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"OU=Groups,DC=example,DC=com"}
		incomplete(t, read(t, scoped, Want{}), "is not a group")
	})
	t.Run("a name that no group has makes it incomplete", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"nobody"}
		incomplete(t, read(t, scoped, Want{}), `no group has the name "nobody"`)
	})
	t.Run("a group that is hidden makes it incomplete", func(t *testing.T) {
		f := server.Inject(ldaptest.Fault{Do: ldaptest.HideSubtree("CN=Engineers,OU=Groups,DC=example,DC=com")})
		defer f.Remove()
		incomplete(t, read(t, cfg, Want{}), "users.member_of[0]")
	})
}

func TestRangesAreFollowedToTheEnd(t *testing.T) {
	for _, members := range []int{1499, 1500, 1501, 3000, 3001, 5000} {
		t.Run(fmt.Sprintf("%d members", members), func(t *testing.T) {
			server := serveLDIF(t, ldaptest.ActiveDirectory, bigGroup(members), ldaptest.Options{})
			cfg := sourceOf(server)
			cfg.Groups.Base = []string{"OU=Groups,DC=example,DC=com"}
			snapshot := mustRead(t, cfg, Want{})
			if n := len(snapshot.Groups[0].Members); n != members {
				t.Errorf("%d members", n)
			}
		})
	}
}

// bigGroup is a domain with users and one group of all of them.
func bigGroup(members int) string {
	var b strings.Builder
	b.WriteString("dn: OU=People,DC=example,DC=com\nobjectClass: organizationalUnit\n\ndn: OU=Groups,DC=example,DC=com\nobjectClass: organizationalUnit\n\n")
	for i := range members {
		fmt.Fprintf(&b, "dn: CN=u%05d,OU=People,DC=example,DC=com\nobjectClass: user\nsAMAccountName: u%05d\n\n", i, i)
	}
	b.WriteString("dn: CN=Big,OU=Groups,DC=example,DC=com\nobjectClass: group\nsAMAccountName: big\n")
	for i := range members {
		fmt.Fprintf(&b, "member: CN=u%05d,OU=People,DC=example,DC=com\n", i)
	}
	return b.String() + "\n"
}

func TestRangesThatEndEarlyAreNotTheWhole(t *testing.T) {
	server := serveLDIF(t, ldaptest.ActiveDirectory, bigGroup(3200), ldaptest.Options{})
	cfg := sourceOf(server)
	t.Run("a range that is not answered", func(t *testing.T) {
		f := server.Inject(ldaptest.Fault{Do: ldaptest.DropRanges()})
		defer f.Remove()
		incomplete(t, read(t, cfg, Want{}), `read all values of member of "CN=Big,OU=Groups,DC=example,DC=com"`, "from number 1500 on")
	})
	t.Run("a connection that ends between two ranges", func(t *testing.T) {
		f := server.Inject(ldaptest.Fault{Where: func(r ldaptest.Request) bool { return strings.Contains(strings.Join(r.Attributes, " "), "range=1500") }, Do: ldaptest.Close()})
		defer f.Remove()
		incomplete(t, read(t, cfg, Want{}), "read all values of member")
	})
	t.Run("a group that changes in between is read again", func(t *testing.T) {
		changed := false
		dir := server.Directory()
		f := server.Inject(ldaptest.Fault{Where: func(r ldaptest.Request) bool {
			if !changed && strings.Contains(strings.Join(r.Attributes, " "), "range=1500") {
				changed = true
				if err := dir.Modify("CN=Big,OU=Groups,DC=example,DC=com", ldaptest.DeleteValues("member", "CN=u00000,OU=People,DC=example,DC=com")); err != nil {
					t.Error(err)
				}
			}
			return false
		}, Do: ldaptest.Close()})
		defer f.Remove()
		for _, g := range mustRead(t, cfg, Want{}).Groups {
			if g.Login == "big" && len(g.Members) != 3199 {
				t.Errorf("%d members", len(g.Members))
			}
		}
		if !changed {
			t.Error("the group was not changed")
		}
	})
}

func TestForeignMembersAreFoundInTheOtherSource(t *testing.T) {
	cfg, _ := treeConfig(t)
	other := directory.Complete("lab", &directory.Snapshot{Users: []directory.User{{Anchor: "a0000000-0000-0000-0000-000000000001", SID: "S-1-5-21-11-22-33-1104"}}})
	r := read(t, cfg, Want{})
	directory.ResolveForeign([]directory.Reading{r, other})
	snapshot, _ := r.Snapshot()
	if got := show(snapshot); !strings.Contains(got, "group engineers: ada charles grace somebody outside: 3\n") {
		t.Error(got)
	}
}

func TestLocateTellsLeavingTheScopeFromLeaving(t *testing.T) {
	cfg, server := treeConfig(t)
	cfg.Users.Filter, cfg.Users.Exclude = "(!(title=Countess))", []string{"svc-*"}
	cfg.Users.MemberOf = []string{"CN=Engineers,OU=Groups,DC=example,DC=com"}
	everything := cfg
	everything.Users, everything.Groups = UserScope{}, GroupScope{Sync: true}
	anchors := map[string]directory.Anchor{}
	for _, u := range mustRead(t, everything, Want{}).Users {
		anchors[u.Login] = u.Anchor
	}
	for _, g := range mustRead(t, everything, Want{}).Groups {
		anchors[g.Login] = g.Anchor
	}
	if err := server.Directory().Delete("CN=Jean Bartik,OU=People,DC=example,DC=com"); err != nil {
		t.Fatal(err)
	}
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	ask := []directory.Anchor{"ffffffff-0000-0000-0000-000000000001"}
	for _, a := range anchors {
		ask = append(ask, a)
	}
	found, err := s.Locate(t.Context(), ask)
	if err != nil || len(found) != len(ask) {
		t.Fatal(len(found), err)
	}
	for login, want := range map[string]directory.Presence{
		"boss":        {Found: true, DN: "CN=Old Boss,OU=Leavers,DC=example,DC=com", Active: true, Why: "not below any of users.base"},
		"ada":         {Found: true, DN: `CN=Lovelace\, Ada,OU=People,DC=example,DC=com`, Active: true, Why: "does not match users.filter"},
		"svc-backup":  {Found: true, DN: "CN=Backup,OU=People,DC=example,DC=com", Active: true, Why: "excluded by users.exclude"},
		"hedy":        {Found: true, DN: "CN=Hedy Lamarr,OU=People,DC=example,DC=com", Active: false, Why: "not in a group of users.member_of"},
		"hidden-role": {Found: true, DN: "CN=Hidden Role,OU=Roles,DC=example,DC=com", Active: true, Why: "not below any of groups.base"},
		"jean":        {},
	} {
		if got := found[anchors[login]]; got != want {
			t.Errorf("%s: got %+v, want %+v", login, got, want)
		}
	}
	if got := found[ask[0]]; got.Found {
		t.Errorf("%+v", got)
	}
}

func TestLookupShowsTheChainOfGroups(t *testing.T) {
	cfg, _ := treeConfig(t)
	cfg.Users.MemberOf = []string{"CN=Staff,OU=Groups,DC=example,DC=com"}
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"charles":                              "user charles in scope: hidden-role < engineers < staff",
		"Ada@example.com":                      "user ada in scope: staff",
		"Old Boss":                             "user boss out of scope, not below any of users.base: ",
		"PC1":                                  "computer PC1$ out of scope, computers.sync is off: ",
		"nobody":                               "",
		"jean":                                 "user jean out of scope, not in a group of users.member_of: ",
		"CN=Staff,OU=Groups,DC=example,DC=com": "group Staff in scope: ",
	} {
		found, err := s.Lookup(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range found {
			got = f.Kind + " " + f.Login + " in scope: "
			if !f.InScope {
				got = f.Kind + " " + f.Login + " out of scope, " + f.Why + ": "
			}
			var chain []string
			for _, m := range f.Chain {
				chain = append(chain, strings.ToLower(strings.ReplaceAll(rdnValue(m.DN), " ", "-")))
			}
			got += strings.Join(chain, " < ")
		}
		if !strings.EqualFold(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
