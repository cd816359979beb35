package ldapsrc

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest/servers"
)

func companyConfig(server *servers.Slapd) Config {
	return Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Insecure: true, Timeout: 5 * time.Second, Groups: GroupScope{Sync: true},
		Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
}

func TestSlapdIsReadCompletely(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(2500, 150)})
	snapshot := mustRead(t, companyConfig(server), Want{UserAttributes: []string{"mail", "memberOf"}, Manager: "manager"})
	if len(snapshot.Users) != 2500 || len(snapshot.Groups) != 150 {
		t.Fatalf("%d users, %d groups", len(snapshot.Users), len(snapshot.Groups))
	}
	memberOf, members := map[string]int{}, map[string]int{}
	for _, u := range snapshot.Users {
		for _, dn := range u.Attributes.Get("memberOf") {
			memberOf[rdnValue(dn)]++
		}
		if n := rdnValue(u.DN); u.Manager == "" && n != "user00000" {
			t.Errorf("%s has no manager", n)
		}
	}
	for _, g := range snapshot.Groups {
		members[g.Login] = len(g.Members)
	}
	// The memberOf overlay says the same from the other side.
	for group, n := range memberOf {
		if members[group] != n {
			t.Errorf("%s has %d members, %d users say so", group, members[group], n)
		}
	}
	if members["group000"] != 2500 {
		t.Errorf("group000 has %d members", members["group000"])
	}
}

func TestWhereSlapdRefersToIsSaid(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(20, 2) + `dn: cn=elsewhere,ou=people,dc=example,dc=com
objectClass: referral
objectClass: extensibleObject
cn: elsewhere
ref: ldap://ldap.example.org/ou=people,dc=example,dc=org

`})
	s := mustRead(t, companyConfig(server), Want{})
	if len(s.Users) != 20 || len(s.Referrals) != 1 || len(s.Warnings) != 1 ||
		!strings.HasPrefix(s.Warnings[0], "the directory goes on at ldap://ldap.example.org/ou=people,dc=example,dc=org??sub, which is not read: make it a source") {
		t.Errorf("%d users, referrals %q, warnings %q", len(s.Users), s.Referrals, s.Warnings)
	}
}

// TestServersThatDieWhileTheyAreRead stops slapd by three means in the middle
// of the users.
func TestServersThatDieWhileTheyAreRead(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(20000, 5)})
	for name, end := range map[string]struct{ die, live func() }{
		"killed":  {server.Kill, server.Restart},
		"stopped": {server.Stop, server.Continue},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := companyConfig(server)
			cfg.Timeout = time.Second
			var once sync.Once
			s, err := New(cfg, Env{Progress: func(what string, _ int) {
				if what == "users" {
					once.Do(end.die)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			r := s.Read(t.Context(), Want{UserAttributes: companyNames})
			end.live()
			incomplete(t, r, "read users")
		})
	}
}

// forestDomain is a Samba domain with a little of everything, below one OU.
func forestDomain(t *testing.T, name string) (Config, *servers.Samba, string) {
	t.Helper()
	server := servers.SharedSamba(t)
	ou := server.AddOU(name)
	user := func(login string, attributes map[string][]string) string {
		return server.AddUser(ou, name+"-"+login, attributes)
	}
	ada := user("ada", map[string][]string{"mail": {"ada@example.com"}})
	bob := user("bob", map[string][]string{"manager": {ada}})
	eve := user("eve", nil)
	server.Disable(eve)
	user("old", map[string][]string{"accountExpires": {"132539328000000000"}})
	inner := server.AddGroup(ou, name+"-inner", bob, eve)
	outer := server.AddGroup(ou, name+"-outer", ada, inner)
	server.AddMember(inner, outer)
	cfg := *sambaConfig(server, "ldaps")
	cfg.Users.Base, cfg.Groups = []string{ou}, GroupScope{Sync: true, Base: []string{ou}}
	return cfg, server, ou
}

func TestSambaIsReadAsItIs(t *testing.T) {
	cfg, server, ou := forestDomain(t, "look")
	t.Run("users and nested groups", func(t *testing.T) {
		same(t, show(mustRead(t, cfg, Want{UserAttributes: []string{"mail"}, Manager: "manager"})), `
group look-inner: look-ada look-bob look-eve
group look-outer: look-ada look-bob look-eve
user look-ada mail=["ada@example.com"]
user look-bob manager=look-ada
user look-eve (disabled (userAccountControl))
user look-old (expired on 2021-01-01 (accountExpires))
`)
	})
	t.Run("the whole forest, found through the domain's DNS", func(t *testing.T) {
		forest := cfg
		forest.URLs, forest.Domain, forest.Forest, forest.Hosts = nil, server.Domain(), true, map[string]string{server.Host(): server.Addr()}
		s, err := New(forest, Env{Resolver: server.Resolver(), Now: fixed})
		if err != nil {
			t.Fatal(err)
		}
		snapshot, ok := s.Read(t.Context(), Want{}).Snapshot()
		if !ok {
			t.Fatal(s.Read(t.Context(), Want{}).Err())
		}
		if len(snapshot.Users) != 4 || len(snapshot.Groups) != 2 {
			t.Error(show(snapshot))
		}
		p, err := s.Probe(t.Context())
		if err != nil || len(p.Domains) != 1 || p.Domains[0].Err != nil || p.Issuer == "" || p.Kind != "Active Directory" && !strings.Contains(p.Kind, "Samba") {
			t.Errorf("%+v %v", p, err)
		}
	})
	t.Run("primary groups", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"CN=Domain Users,CN=Users," + server.BaseDN()}
		if s := mustRead(t, scoped, Want{}); len(s.Users) != 4 {
			t.Error(show(s))
		}
	})
	t.Run("scopes", func(t *testing.T) {
		s, err := New(cfg, Env{Now: fixed})
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Count(t.Context(), UserScope{Base: []string{ou}, Filter: "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"})
		if err != nil || n != 3 {
			t.Error(n, err)
		}
		nodes, err := s.Browse(t.Context(), server.BaseDN())
		if err != nil || !slices.ContainsFunc(nodes, func(n Node) bool { return n.DN == ou && n.Class == "organizationalUnit" }) {
			t.Error(nodes, err)
		}
		groups, err := s.SearchGroups(t.Context(), "LOOK-", 1)
		if err != nil || len(groups) != 1 || groups[0].Class != "group" {
			t.Error(groups, err)
		}
	})
	t.Run("look-ups", func(t *testing.T) {
		scoped := cfg
		scoped.Users.MemberOf = []string{"CN=look-outer," + ou}
		s, err := New(scoped, Env{Now: fixed})
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Lookup(t.Context(), "look-bob")
		if err != nil || len(found) != 1 || !found[0].InScope || len(found[0].Chain) != 2 || found[0].Attributes.First("manager") != "CN=look-ada,"+ou {
			t.Fatalf("%+v %v", found, err)
		}
		var groups []string
		for _, g := range found[0].Groups {
			groups = append(groups, fmt.Sprintf("%s primary=%v through=%q", rdnValue(g.DN), g.Primary, rdnValue(g.Through)))
		}
		same(t, strings.Join(groups, "\n")+"\n", `
Domain Users primary=true through=""
look-inner primary=false through=""
Users primary=false through="Domain Users"
look-outer primary=false through="look-inner"
`)
		gone := directory.Anchor("11111111-2222-3333-4444-555555555555")
		old, err := s.Lookup(t.Context(), "look-old")
		if err != nil {
			t.Fatal(err)
		}
		where, err := s.Locate(t.Context(), []directory.Anchor{old[0].Anchor, gone})
		if err != nil || where[gone].Found || where[old[0].Anchor].Why != skipMemberOf || where[old[0].Anchor].Active {
			t.Errorf("%+v %v", where, err)
		}
	})
	t.Run("a rename and a move keep the anchor", func(t *testing.T) {
		before := map[string]directory.Anchor{}
		for _, u := range mustRead(t, cfg, Want{}).Users {
			before[u.Login] = u.Anchor
		}
		below := "OU=below," + ou
		server.Add(below, map[string][]string{"objectClass": {"organizationalUnit"}})
		server.Move(server.Rename("CN=look-ada,"+ou, `CN=Lovelace\, Ada`), below)
		for _, u := range mustRead(t, cfg, Want{}).Users {
			if before[u.Login] != u.Anchor {
				t.Errorf("%s was %s and is %s", u.Login, before[u.Login], u.Anchor)
			}
		}
		same(t, strings.Split(show(mustRead(t, cfg, Want{})), "\n")[0]+"\n", "group look-inner: look-ada look-bob look-eve\n")
	})
}
