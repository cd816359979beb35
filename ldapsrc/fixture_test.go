package ldapsrc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
)

const readerPassword = "read-only-1"

// serveLDIF serves a directory of one of the flavours, filled from LDIF.
func serveLDIF(t testing.TB, flavor ldaptest.Flavor, text string, options ldaptest.Options) *ldaptest.Server {
	t.Helper()
	return serveDirectory(t, ldaptest.NewDirectory(flavor, "dc=example,dc=com"), text, options)
}

func serveDirectory(t testing.TB, dir *ldaptest.Directory, text string, options ldaptest.Options) *ldaptest.Server {
	t.Helper()
	if err := dir.LoadLDIF(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := dir.SetPassword(readerName(dir), readerPassword); err != nil {
		t.Fatal(err)
	}
	server, err := ldaptest.Start(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

func readerName(dir *ldaptest.Directory) string { return "cn=sync reader," + dir.Suffix() }

// sourceOf is the configuration of a served directory, groups included.
func sourceOf(server *ldaptest.Server) Config {
	cfg := Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Timeout: 5 * time.Second,
		Bind: Bind{Username: readerName(server.Directory()), Password: readerPassword}, Groups: GroupScope{Sync: true}}
	if server.Directory().Flavor() == ldaptest.ActiveDirectory {
		cfg.Type = AD
	}
	return cfg
}

var wantAll = Want{UserAttributes: []string{"mail", "title"}, GroupAttributes: []string{"description"}, Manager: "manager"}

// fixed is the time of all readings in tests.
func fixed() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func read(t testing.TB, cfg Config, want Want) directory.Reading {
	t.Helper()
	s, err := New(cfg, Env{Now: fixed})
	if err != nil {
		t.Fatal(err)
	}
	return s.Read(t.Context(), want)
}

// mustRead reads a source that has to be complete.
func mustRead(t testing.TB, cfg Config, want Want) *directory.Snapshot {
	t.Helper()
	r := read(t, cfg, want)
	snapshot, ok := r.Snapshot()
	if !ok {
		t.Fatalf("the reading is incomplete: %v", r.Err())
	}
	return snapshot
}

// show writes a snapshot as text, entries by the name of their first RDN.
func show(s *directory.Snapshot) string {
	names := map[directory.Anchor]string{}
	for _, u := range s.Users {
		names[u.Anchor] = u.Login
	}
	for _, g := range s.Groups {
		names[g.Anchor] = g.Login
	}
	name := func(a directory.Anchor) string {
		if n, ok := names[a]; ok {
			return n
		}
		return "somebody"
	}
	list := func(anchors []directory.Anchor) string {
		var all []string
		for _, a := range anchors {
			all = append(all, name(a))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	var lines []string
	for _, u := range s.Users {
		line := "user " + u.Login
		for _, a := range u.Attributes.Names() {
			if v := u.Attributes.Get(a); len(v) > 0 {
				line += fmt.Sprintf(" %s=%q", a, v)
			}
		}
		if u.Manager != "" {
			line += " manager=" + name(u.Manager)
		}
		if !u.Active {
			line += " (" + u.Inactive + ")"
		}
		lines = append(lines, line)
	}
	for _, g := range s.Groups {
		line := "group " + g.Login + ": " + list(g.Members)
		if len(g.Groups) > 0 {
			line += " groups: " + list(g.Groups)
		}
		if len(g.Foreign) > 0 {
			line += " foreign: " + strings.Join(g.Foreign, " ")
		}
		if g.Outside > 0 {
			line += fmt.Sprintf(" outside: %d", g.Outside)
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	for _, c := range s.Computers {
		lines = append(lines, fmt.Sprintf("computer %s in %q %q active=%v", c.Login, c.Path, c.Attributes.First("operatingSystem"), c.Active))
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(a, b) })
	for _, k := range s.Skipped {
		lines = append(lines, fmt.Sprintf("skipped %d: %s", k.Count, k.Reason))
	}
	for _, w := range s.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return strings.Join(lines, "\n") + "\n"
}

// same compares whole texts.
func same(t testing.TB, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// incomplete compares the sentence of a reading that must not be complete.
func incomplete(t testing.TB, r directory.Reading, parts ...string) {
	t.Helper()
	if s, ok := r.Snapshot(); ok {
		t.Fatalf("the reading is complete, with %d users and %d groups", len(s.Users), len(s.Groups))
	}
	for _, part := range parts {
		if !strings.Contains(r.Err().Error(), part) {
			t.Errorf("the reason does not say %q: %v", part, r.Err())
		}
	}
}

func sortedLines(list []string) string {
	slices.Sort(list)
	return strings.Join(list, "\n")
}
