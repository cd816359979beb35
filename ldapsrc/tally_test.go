package ldapsrc

import (
	"os"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

// agrees compares the tallies of every place and the size of every group with
// what Count says of each as a scope. It returns how many it compared.
func agrees(t *testing.T, cfg Config, scope UserScope) (places, groups int) {
	t.Helper()
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	count := func(scope UserScope) int {
		n, err := s.Count(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all, err := s.Tally(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(nodes []Node)
	walk = func(nodes []Node) {
		for _, n := range nodes {
			if n.System {
				continue // hundreds, and nobody is offered them
			}
			places++
			one := scope
			one.Base = []string{n.DN}
			if got, known := all.Below(n.DN); !known || got != count(one) {
				t.Errorf("%s: %d (known: %v), counted alone %d", n.DN, got, known, count(one))
			}
			below, err := s.Browse(t.Context(), n.DN)
			if err != nil {
				t.Fatal(err)
			}
			walk(below)
		}
	}
	roots, err := s.Browse(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	walk(roots)
	for i, root := range roots {
		one := scope
		one.Base = []string{root.DN}
		if n := count(one); all[i].Users != n || all[i].Domain != root {
			t.Errorf("%+v: %d users, counted alone %d", all[i].Domain, all[i].Users, n)
		}
	}
	sizes, err := s.GroupSizes(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.SearchGroups(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range found[:min(len(found), 20)] {
		one := scope
		one.MemberOf = []string{g.DN}
		if got, known := sizes.Of(strings.ToUpper(g.DN)); !known || got != count(one) {
			t.Errorf("%s: %d (known: %v), counted alone %d", g.DN, got, known, count(one))
		}
	}
	return places, len(found)
}

func TestATallyIsWhatEachPlaceAndGroupWouldHaveAlone(t *testing.T) {
	t.Run("a company", func(t *testing.T) {
		text, err := os.ReadFile("../testdata/demo/company.ldif")
		if err != nil {
			t.Fatal(err)
		}
		server := serveDirectory(t, ldaptest.NewDirectory(ldaptest.ActiveDirectory, "DC=corp,DC=example,DC=com"), string(text), ldaptest.Options{})
		for _, scope := range []UserScope{{}, {Filter: "(mail=*)"}, {Exclude: []string{"a*"}}, {BuiltIn: true}} {
			if places, groups := agrees(t, sourceOf(server), scope); places < 5 || groups < 5 {
				t.Errorf("%d places, %d groups", places, groups)
			}
		}
	})
	t.Run("a forest", func(t *testing.T) {
		cfg, _ := forestOf(t)
		agrees(t, cfg, UserScope{})
	})
	t.Run("names with commas, blanks and letters outside ASCII", func(t *testing.T) {
		server := serveLDIF(t, ldaptest.OpenLDAP, `dn: ou=Müller\, Söhne  und Co,dc=example,dc=com
objectClass: organizationalUnit
ou: Müller, Söhne  und Co

dn: ou=Erste\2c Etage,ou=müller\2c  söhne  und  co,dc=example,dc=com
objectClass: organizationalUnit

dn: uid=ada,ou=Erste\, Etage,OU=Müller\, Söhne und Co,dc=example,dc=com
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Ada
entryUUID: 0d8f3b1c-8f4b-4e4d-9d51-7a3b7c1f2a10
`, ldaptest.Options{})
		if places, _ := agrees(t, sourceOf(server), UserScope{}); places != 3 {
			t.Errorf("%d places", places)
		}
	})
	t.Run("slapd", func(t *testing.T) {
		server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(1200, 12)})
		if _, groups := agrees(t, companyConfig(server), UserScope{}); groups != 12 {
			t.Errorf("%d groups", groups)
		}
	})
	t.Run("Samba", func(t *testing.T) {
		cfg, _, _ := forestDomain(t, "tally")
		agrees(t, cfg, UserScope{})
	})
}

// A domain that was not read to its end has no numbers; the others have.
func TestADomainThatCannotBeCountedHasNoNumbers(t *testing.T) {
	cfg, served := forestOf(t)
	served["emea.example.com"].Inject(ldaptest.Fault{Where: usersSearch, Do: ldaptest.Refuse(4, "limit")})
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Tally(t.Context(), UserScope{})
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, tally := range all {
		if n, ok := all.Below("CN=Users," + tally.Domain.DN); ok != (tally.Err == nil) || ok && n != tally.Users {
			t.Errorf("%s: %d, %v of %d, %v", tally.Domain.Name, n, ok, tally.Users, tally.Err)
		} else if ok {
			known = append(known, tally.Domain.Name)
		}
	}
	if slices.Sort(known); strings.Join(known, " ") != "example.com lab.example.org" {
		t.Errorf("counted: %v", known)
	}
	if _, ok := all.Below("OU=People,DC=elsewhere,DC=example"); ok {
		t.Error("a place of no domain has a number")
	}
	if _, err := s.GroupSizes(t.Context(), UserScope{}); err == nil {
		t.Error("groups of a directory that was not read completely have sizes")
	}
}
