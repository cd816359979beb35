package ldapsrc

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
	"adsync/ldapsrc/ldif"
)

// fileConfig is the configuration of an LDIF file instead of a server.
func fileConfig(t testing.TB, cfg Config, text string) Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "export.ldf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.URLs = []string{"ldif:" + path}
	return cfg
}

// export runs ldapsearch for everything that a server holds.
func export(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("ldapsearch")
	if err != nil {
		t.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "LDAPTLS_REQCERT=never")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAnExportReadsLikeItsServer(t *testing.T) {
	want := Want{UserAttributes: []string{"cn", "mail", "title"}, GroupAttributes: []string{"cn"}, Manager: "manager"}
	t.Run("slapd", func(t *testing.T) {
		renamed := "dn: uid=renamed," + servers.SlapdPeople + "\nobjectClass: inetOrgPerson\nuid: before\nuid: renamed\ncn: R\nsn: R\n\n"
		server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(120, 30) + renamed})
		cfg := Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Insecure: true, Groups: GroupScope{Sync: true},
			Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
		text := export(t, "-x", "-H", server.URL(), "-D", servers.SlapdReaderDN, "-w", servers.SlapdReaderPassword, "-b", servers.SlapdBase,
			"-E", "pr=100/noprompt", "(objectClass=*)", "*", "+")
		got := show(mustRead(t, cfg, want))
		same(t, show(mustRead(t, fileConfig(t, cfg, text), want)), got)
		if !strings.Contains(got, "user renamed ") || strings.Contains(got, "user before ") {
			t.Error("of two logins the one in the entry's name was not the first")
		}
	})
	t.Run("Samba", func(t *testing.T) {
		server := servers.SharedSamba(t)
		ou := server.AddOU("export")
		ada := server.AddUser(ou, `Ada\, Countess`, map[string][]string{"sAMAccountName": {"exported"}, "userPrincipalName": {server.UPN("exported")}, "mail": {"ada@example.com"}})
		server.AddGroup(ou, "exporters", ada, server.AddGroup(ou, "nested-exporters"))
		cfg := *sambaConfig(server, "ldaps")
		cfg.Groups.Sync = true
		text := export(t, "-x", "-LLL", "-H", server.LDAPSURL(), "-D", server.UPN(servers.SambaServiceUser), "-w", servers.SambaServicePassword,
			"-b", server.BaseDN(), "-E", "pr=1000/noprompt", "(objectClass=*)")
		file := fileConfig(t, cfg, text)
		same(t, show(mustRead(t, file, want)), show(mustRead(t, cfg, want)))
		file.Users.Base, file.Users.MemberOf = []string{ou}, []string{"exporters"}
		if s := mustRead(t, file, want); len(s.Users) != 1 || s.Users[0].Login != "exported" {
			t.Error(show(s))
		}
	})
}

func TestExportsOfOtherTools(t *testing.T) {
	cfg := Config{ID: "corp", Type: LDAP}
	entry := "dn: uid=ada,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: ada\nentryUUID: 11111111-2222-3333-4444-555555555555\ntitle: Countess of\n  Lovelace\n\n"
	t.Run("UTF-16 as ldifde -u writes it", func(t *testing.T) {
		text := "\xff\xfe"
		for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(entry, "\n", "\r\n"))) {
			text += string([]byte{byte(unit), byte(unit >> 8)})
		}
		same(t, show(mustRead(t, fileConfig(t, cfg, text), Want{UserAttributes: []string{"title"}})), "user ada title=[\"Countess of Lovelace\"]\n")
	})
	t.Run("additions, as which ldifde exports every entry", func(t *testing.T) {
		text := strings.Replace(entry, "objectClass:", "changetype: add\nobjectClass:", 1)
		same(t, show(mustRead(t, fileConfig(t, cfg, text), Want{UserAttributes: []string{"title"}})), "user ada title=[\"Countess of Lovelace\"]\n")
	})
	for name, c := range map[string]struct{ text, reason string }{
		"changes are refused":             {"dn: uid=ada,dc=example,dc=com\nchangetype: delete\n\n", "line 1: a change record (delete)"},
		"an export that was cut short":    {entry + "search: 2\nresult: 4 Size limit exceeded\n", "the export is incomplete"},
		"a file that ends in mid-line":    {entry + "dn: uid=bob,dc=exa", "line 8: the last line has no end"},
		"a file cut off above its result": {"# extended LDIF\n#\n" + entry, "ldapsearch's result is missing"},
		"a file cut off between pages":    {entry + "search: 2\nresult: 0 Success\npagedresults: cookie=RwA=\n", "ldapsearch's last page is missing"},
		"no LDIF at all":                  {"<html></html>\n", "line 1"},
		"an entry that is there twice":    {entry + entry, `"uid=ada,dc=example,dc=com" is there twice`},
		"an empty file":                   {"", "holds no entries"},
		"values that are there in part":   {strings.Replace(entry, "title:", "title;range=0-1499:", 1), "read all values of title"},
		"a base that was not exported":    {strings.ReplaceAll(entry, "example,dc=com", "lab"), "is not below"},
		"a line that is folded into none": {" x\n" + entry, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			file := fileConfig(t, cfg, c.text)
			file.Users.Base = []string{"dc=example,dc=com"}
			incomplete(t, read(t, file, Want{UserAttributes: []string{"title"}}), c.reason)
		})
	}
	t.Run("a folder", func(t *testing.T) {
		file := cfg
		file.URLs = []string{"ldif:" + t.TempDir()}
		incomplete(t, read(t, file, Want{}), "sources[corp].url: the LDIF file cannot be read", "is not a regular file")
	})
	t.Run("a file that is not there", func(t *testing.T) {
		file := cfg
		file.URLs = []string{"ldif:" + filepath.Join(t.TempDir(), "none.ldf")}
		incomplete(t, read(t, file, Want{}), "sources[corp].url: the LDIF file cannot be read")
	})
}

// filters are compared with the in-process server and used as seeds.
var filters = []string{
	"(objectClass=*)", "(cn=ada*)", "(cn=*a*c*)", "(cn=*e)", "(mail=ADA@example.com)", "(!(mail=*))", "(&(objectClass=user)(|(title=countess)(cn=Grace Hopper)))",
	"(userAccountControl:1.2.840.113556.1.4.803:=2)", "(userAccountControl:1.2.840.113556.1.4.804:=3)", "(!(userAccountControl:1.2.840.113556.1.4.803:=2))",
	"(primaryGroupID>=514)", "(primaryGroupID<=513)", "(member=cn=grace  hopper,ou=people,dc=example,dc=com)", "(sAMAccountName~=ada)",
	`(cn=Lovelace\2c Ada)`, "(nosuchattribute=1)", "(distinguishedName=CN=Grace Hopper,OU=People,DC=example,DC=com)", "(&)", "(|)", "(objectCategory=person)",
}

func TestFiltersOnAFileMatchAsOnAServer(t *testing.T) {
	server := serveLDIF(t, ldaptest.ActiveDirectory, tree, ldaptest.Options{})
	l, err := tryConnect(t.Context(), new(sourceOf(server)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	text := export(t, "-x", "-LLL", "-H", server.URL(), "-D", readerName(server.Directory()), "-w", readerPassword, "-b", "dc=example,dc=com", "-E", "pr=1000/noprompt", "(objectClass=*)")
	st, err := readStore(t.Context(), "export", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, filter := range filters {
		if strings.Contains(filter, "()") || filter == "(&)" || filter == "(|)" || filter == "(nosuchattribute=1)" {
			continue
		}
		names := func(s searcher) string {
			var all []string
			_, err := s.search(t.Context(), request{base: "dc=example,dc=com", scope: ldap.ScopeWholeSubtree, filter: filter}, func(e *entry) error {
				all = append(all, foldDN(string(e.dn)))
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", filter, err)
			}
			return sortedLines(all)
		}
		if got, want := names(st), names(l); got != want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", filter, got, want)
		}
	}
}

func FuzzFilterOnFile(f *testing.F) {
	for _, filter := range filters {
		f.Add(filter)
	}
	var records []*ldif.Record
	reader := ldif.NewReader(strings.NewReader(tree))
	for {
		r, err := reader.Next()
		if err != nil {
			break
		}
		records = append(records, r)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		packet, err := ldap.CompileFilter(filter)
		if err != nil {
			return
		}
		filterAttributes(filter)
		match, err := compileMatcher(packet)
		if err != nil {
			return
		}
		for _, r := range records {
			match(r)
		}
	})
}

func FuzzReadStore(f *testing.F) {
	f.Add(tree, "(objectClass=user)")
	f.Add(plain, "(uid=ada)")
	f.Fuzz(func(t *testing.T, text, filter string) {
		st, err := readStore(context.Background(), "fuzz", strings.NewReader(text))
		if err != nil {
			return
		}
		for _, base := range st.top {
			st.search(t.Context(), request{base: base, scope: ldap.ScopeWholeSubtree, filter: filter}, count)
		}
	})
}

func TestAFileIsLookedUpLikeAServer(t *testing.T) {
	text := strings.ReplaceAll(plain, "objectClass: inetOrgPerson\n", "objectClass: inetOrgPerson\nentryUUID: @\n")
	text = strings.ReplaceAll(text, "objectClass: posixAccount\n", "objectClass: posixAccount\nentryUUID: @\n")
	for _, class := range []string{"groupOfNames", "groupOfUniqueNames", "posixGroup"} {
		text = strings.ReplaceAll(text, "objectClass: "+class+"\n", "objectClass: "+class+"\nentryUUID: @\n")
	}
	for n := 1; strings.Contains(text, "@\n"); n++ {
		text = strings.Replace(text, "@\n", fmt.Sprintf("00000000-0000-0000-0000-%012d\n", n), 1)
	}
	cfg := fileConfig(t, Config{ID: "corp", Type: LDAP, Groups: GroupScope{Sync: true}}, text)
	cfg.Users.Base = []string{"ou=people,dc=example,dc=com"}
	cfg.Users.MemberOf = []string{"unique"}
	same(t, show(mustRead(t, cfg, Want{Manager: "manager"})), `
group names: ada hedy outside: 1
group posix: ada outside: 3
group role: hedy
group unique: ada hedy jean outside: 1
user ada manager=somebody
user hedy (expired on 2024-10-04 (shadowExpire))
user jean
skipped 2: not in a group of users.member_of
`)
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Lookup(t.Context(), "Countess@example.com")
	if err != nil || len(found) != 1 || !found[0].InScope || len(found[0].Chain) != 2 || found[0].Attributes.First("sn") != "Lovelace" {
		t.Errorf("%+v %v", found, err)
	}
	boss, err := s.Lookup(t.Context(), "boss")
	if err != nil || len(boss) != 1 || boss[0].Why != "not below any of users.base" {
		t.Fatalf("%+v %v", boss, err)
	}
	where, err := s.Locate(t.Context(), []directory.Anchor{boss[0].Anchor, "ffffffff-0000-0000-0000-000000000000"})
	if err != nil || !where[boss[0].Anchor].Found || len(where) != 2 {
		t.Errorf("%+v %v", where, err)
	}
	if p, err := s.Probe(t.Context()); err != nil || p.Kind != "LDIF file" || len(p.Domains) != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if nodes, err := s.Browse(t.Context(), "dc=example,dc=com"); err != nil || len(nodes) != 4 {
		t.Errorf("%+v %v", nodes, err)
	}
}
