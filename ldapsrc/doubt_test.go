package ldapsrc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
)

func userNamed(t *testing.T, s *directory.Snapshot, login string) directory.User {
	t.Helper()
	for _, u := range s.Users {
		if u.Login == login {
			return u
		}
	}
	t.Fatalf("no user %q in:\n%s", login, show(s))
	return directory.User{}
}

// An entry that belongs into the snapshot is told from one that left it:
// whoever is moved while the directory is read may be missed.
func TestLocateTellsWhoIsInScope(t *testing.T) {
	cfg, _ := treeConfig(t)
	everything := cfg
	everything.Users, everything.Groups = UserScope{BuiltIn: true}, GroupScope{Sync: true}
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]directory.Anchor{}
	all := mustRead(t, everything, Want{})
	var ask []directory.Anchor
	for _, u := range all.Users {
		anchors[u.Login] = u.Anchor
		ask = append(ask, u.Anchor)
	}
	for _, g := range all.Groups {
		anchors[g.Login] = g.Anchor
		ask = append(ask, g.Anchor)
	}
	found, err := s.Locate(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	for login, want := range map[string]bool{"ada": true, "boss": false, "engineers": true, "hidden-role": false, "Domain Users": false, "krbtgt": false} {
		if got := found[anchors[login]]; !got.Found || got.InScope != want {
			t.Errorf("%s: %+v, want it in scope: %v", login, got, want)
		}
	}
}

func TestAManagerWhoIsHiddenIsUnknown(t *testing.T) {
	cfg, server := treeConfig(t)
	defer server.Inject(ldaptest.Fault{Do: ldaptest.HideSubtree("OU=Leavers,DC=example,DC=com")}).Remove()
	s := mustRead(t, cfg, wantAll)
	for login, want := range map[string]bool{"charles": true, "ada": false, "jean": false} {
		if u := userNamed(t, s, login); u.ManagerUnknown != want || want && u.Manager != "" {
			t.Errorf("%s: manager %q, unknown %v", login, u.Manager, u.ManagerUnknown)
		}
	}
}

// A part of the users hides its primary group: they would be taken out of it.
func TestEveryPrimaryGroupMustBeReadable(t *testing.T) {
	cfg, server := treeConfig(t)
	if err := server.Directory().Modify("CN=Jean Bartik,OU=People,DC=example,DC=com", ldaptest.DeleteValues("primaryGroupID")); err != nil {
		t.Fatal(err)
	}
	incomplete(t, read(t, cfg, wantAll), "1 of ", " users do not show their primary group")
}

// This machine's clock is ten years ahead of the domain controller's.
func TestAClockThatIsAheadLocksNobodyOut(t *testing.T) {
	cfg, server := treeConfig(t)
	soon := fmt.Sprint(toFileTime(time.Now().AddDate(5, 0, 0)))
	if err := server.Directory().Modify("CN=Jean Bartik,OU=People,DC=example,DC=com", ldaptest.Replace("accountExpires", soon)); err != nil {
		t.Fatal(err)
	}
	s, err := New(cfg, Env{Now: func() time.Time { return time.Now().AddDate(10, 0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, ok := s.Read(t.Context(), wantAll).Snapshot()
	if !ok {
		t.Fatal("the reading is incomplete")
	}
	if u := userNamed(t, snapshot, "jean"); !u.Active {
		t.Errorf("jean is inactive: %s", u.Inactive)
	}
	if u := userNamed(t, snapshot, "hedy"); u.Active {
		t.Error("hedy, who expired in 2021, is active")
	}
}

// Nobody leaves the scope because somebody else is given the same login.
func TestWhoSharesALoginStaysInScope(t *testing.T) {
	server := serveLDIF(t, ldaptest.OpenLDAP, plain+`dn: uid=ken,ou=external,dc=example,dc=com
objectClass: inetOrgPerson
cn: Other Ken
sn: Thompson
uid: ken

`, ldaptest.Options{})
	cfg := sourceOf(server)
	cfg.Users.MemberOf = []string{"cn=posix,ou=groups,dc=example,dc=com"}
	got := ""
	for _, u := range mustRead(t, cfg, Want{}).Users {
		got += fmt.Sprintf("%s shares %q, in doubt %v\n", u.DN, u.SharedLogin, u.ScopeInDoubt)
	}
	for _, want := range []string{
		"uid=ken,ou=external,dc=example,dc=com shares \"ken\", in doubt true\n",
		"uid=ken,ou=people,dc=example,dc=com shares \"ken\", in doubt true\n",
		"uid=grace,ou=people,dc=example,dc=com shares \"\", in doubt false\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in:\n%s", want, got)
		}
	}
}

// A misspelt filter finds no group, without an error: the groups did not leave.
func TestAMisspeltGroupFilterIsNotAnEmptyDirectory(t *testing.T) {
	cfg, _ := treeConfig(t)
	cfg.Groups.Filter = "(departement=app)"
	incomplete(t, read(t, cfg, wantAll), `sources[corp].groups.filter: "(departement=app)" finds nothing`)
	cfg.Groups.Filter = "(department=nowhere)"
	mustRead(t, cfg, wantAll)
}
