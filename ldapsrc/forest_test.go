package ldapsrc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
)

// forestOf serves three domains of one forest: example.com, emea.example.com
// and the tree lab.example.org.
func forestOf(t *testing.T) (Config, map[string]*ldaptest.Server) {
	t.Helper()
	root := ldaptest.NewDirectory(ldaptest.ActiveDirectory, "DC=example,DC=com")
	emea, lab := root.NewDomain("DC=emea,DC=example,DC=com"), root.NewDomain("DC=lab,DC=example,DC=org")
	user := func(name, base string) string {
		return fmt.Sprintf("dn: CN=%s,CN=Users,%s\nobjectClass: user\nsAMAccountName: %s\n\n", name, base, name)
	}
	group := func(name, base string, members ...string) string {
		text := fmt.Sprintf("dn: CN=%s,CN=Users,%s\nobjectClass: group\nsAMAccountName: %s\n", name, base, name)
		for _, m := range members {
			text += "member: " + m + "\n"
		}
		return text + "\n"
	}
	texts := map[*ldaptest.Directory]string{
		root: user("ada", root.Suffix()) + group("all", root.Suffix(), "CN=ada,CN=Users,DC=example,DC=com",
			"CN=bob,CN=Users,DC=emea,DC=example,DC=com", "CN=researchers,CN=Users,DC=lab,DC=example,DC=org"),
		emea: user("bob", emea.Suffix()) + group("emea-all", emea.Suffix(), "CN=ada,CN=Users,DC=example,DC=com"),
		lab:  user("eve", lab.Suffix()) + group("researchers", lab.Suffix(), "CN=eve,CN=Users,DC=lab,DC=example,DC=org"),
	}
	served := map[string]*ldaptest.Server{}
	var cfg Config
	for dir, text := range texts {
		server := serveDirectory(t, dir, text, ldaptest.Options{})
		// One account is known to all domains.
		if err := dir.SetPassword("CN=sync reader,DC=example,DC=com", readerPassword); err != nil {
			t.Fatal(err)
		}
		served[domainName(dir.Suffix())] = server
		if dir == root {
			cfg = sourceOf(server)
		}
	}
	cfg.Forest, cfg.Insecure = true, true
	cfg.Hosts = map[string]string{}
	for name, server := range served {
		cfg.Hosts[name] = strings.TrimPrefix(server.URL(), "ldap://")
	}
	return cfg, served
}

func TestEveryDomainOfAForestIsRead(t *testing.T) {
	cfg, served := forestOf(t)
	t.Run("with members across domains", func(t *testing.T) {
		same(t, show(mustRead(t, cfg, Want{})), `
group all: ada bob eve
group emea-all: ada
group researchers: eve
user ada
user bob
user eve
skipped 9: built-in account
skipped 12: built-in group
`)
	})
	t.Run("each from a controller of its own", func(t *testing.T) {
		for name, server := range served {
			users := 0
			for _, r := range server.Requests(ldaptest.OpSearch) {
				if usersSearch(r) {
					users++
					if r.DN != server.Directory().Suffix() {
						t.Errorf("%s was asked for %s", name, r.DN)
					}
				}
			}
			if users != 1 {
				t.Errorf("%s was asked for users %d times", name, users)
			}
		}
	})
	t.Run("without the forest, one domain", func(t *testing.T) {
		one := cfg
		one.Forest = false
		s := mustRead(t, one, Want{})
		if got := show(s); !strings.HasPrefix(got, "group all: ada outside: 2\nuser ada\n") {
			t.Error(got)
		}
		// Not the DNS zones and the configuration, which hold no people.
		const child = "ldap://emea.example.com/DC=emea,DC=example,DC=com"
		if !slices.Equal(s.Referrals, []string{child}) || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "goes on at "+child+", which is not read: set forest: true") {
			t.Errorf("referrals %q, warnings %q", s.Referrals, s.Warnings)
		}
	})
	t.Run("with the forest, all that is referred to is read", func(t *testing.T) {
		if s := mustRead(t, cfg, Want{}); len(s.Referrals)+len(s.Warnings) > 0 {
			t.Errorf("referrals %q, warnings %q", s.Referrals, s.Warnings)
		}
	})
	t.Run("a base names one domain", func(t *testing.T) {
		one := cfg
		one.Users.Base = []string{"CN=Users,DC=lab,DC=example,DC=org"}
		if got := show(mustRead(t, one, Want{})); !strings.Contains(got, "group all: eve outside: 2\n") {
			t.Error(got)
		}
	})
	t.Run("one domain that fails makes it incomplete", func(t *testing.T) {
		defer served["emea.example.com"].Inject(ldaptest.Fault{Where: usersSearch, Do: ldaptest.Refuse(51, "busy")}).Remove()
		incomplete(t, read(t, cfg, Want{}), "domain emea.example.com: read users: ", "Busy")
	})
	t.Run("one domain that is away makes it incomplete", func(t *testing.T) {
		served["lab.example.org"].Close()
		incomplete(t, read(t, cfg, Want{}), "domain lab.example.org: ")
		s, err := New(cfg, Env{Now: fixed})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Probe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range p.Domains {
			got = append(got, fmt.Sprintf("%s %v", d.Name, d.Err == nil))
		}
		if text := strings.Join(got, ", "); text != "example.com true, emea.example.com true, lab.example.org false" {
			t.Error(text)
		}
	})
}

func TestAGlobalCatalogServesUsers(t *testing.T) {
	server := serveLDIF(t, ldaptest.ActiveDirectory, tree, ldaptest.Options{GCAddress: "127.0.0.1:0"})
	cfg := sourceOf(server)
	cfg.URLs, cfg.Groups, cfg.Users.Base = []string{server.GCURL()}, GroupScope{}, []string{"OU=People,DC=example,DC=com"}
	snapshot := mustRead(t, cfg, Want{UserAttributes: []string{"mail", "title"}})
	got := show(snapshot)
	if !strings.Contains(got, "user ada mail=[\"Ada@Example.com\"]\n") || !strings.Contains(got, "user grace (disabled (userAccountControl))\n") {
		t.Error(got)
	}
}

func TestOneConnectionIsEnough(t *testing.T) {
	cfg, server := treeConfig(t)
	cfg.Computers.Sync = true
	slow := server.Inject(ldaptest.Fault{Do: ldaptest.Delay(5 * time.Millisecond)}) // so that the parts overlap
	three := show(mustRead(t, cfg, wantAll))
	slow.Remove()
	connections := func() map[int]bool {
		used := map[int]bool{}
		for _, r := range server.Requests(ldaptest.OpSearch) {
			used[r.Connection] = true
		}
		server.ForgetRequests()
		return used
	}
	// One that is done with its part is there for the next.
	if n := len(connections()); n < 2 || n > 3 {
		t.Errorf("%d connections were used", n)
	}
	cfg.Connections = 1
	same(t, show(mustRead(t, cfg, wantAll)), three)
	if n := len(connections()); n != 1 {
		t.Errorf("%d connections were used", n)
	}
}

func TestPasswordsAreNotTriedOnTheNextServer(t *testing.T) {
	cfg, server := treeConfig(t)
	other := serveLDIF(t, ldaptest.ActiveDirectory, tree, ldaptest.Options{})
	cfg.URLs = append(cfg.URLs, other.URL())
	cfg.Bind.Password = "wrong"
	r := read(t, cfg, wantAll)
	incomplete(t, r, "bind")
	if n := len(server.Requests(ldaptest.OpBind)) + len(other.Requests(ldaptest.OpBind)); n != 1 {
		t.Errorf("%d binds were tried", n)
	}
	cfg.Bind.Password = readerPassword
	server.Close()
	mustRead(t, cfg, wantAll)
}
