package ldapsrc

import (
	"slices"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest/servers"
)

func TestSlapdIsReadCompletely(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(2500, 150)})
	cfg := Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Insecure: true,
		Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
	cfg.Groups.Sync = true
	s, err := New(cfg, Env{})
	if err != nil {
		t.Fatal(err)
	}
	reading := s.Read(t.Context(), Want{UserAttributes: []string{"uid", "mail", "title", "departmentNumber"}, GroupAttributes: []string{"cn"}, Manager: "manager"})
	snapshot, ok := reading.Snapshot()
	if !ok {
		t.Fatal(reading.Err())
	}
	if len(snapshot.Users) != 2500 || len(snapshot.Groups) != 150 {
		t.Fatalf("%d users, %d groups", len(snapshot.Users), len(snapshot.Groups))
	}
	at := slices.IndexFunc(snapshot.Groups, func(g directory.Group) bool { return g.Login == "group000" })
	if n := len(snapshot.Groups[at].Members); n != 2500 {
		t.Errorf("group000 has %d members", n)
	}
	at = slices.IndexFunc(snapshot.Users, func(u directory.User) bool { return u.Login == "user00012" })
	t.Logf("%+v %v", snapshot.Users[at], snapshot.Users[at].Attributes.Get("mail"))
	t.Logf("%q %v", snapshot.Warnings, snapshot.Skipped)
}

func TestSambaIsReadCompletely(t *testing.T) {
	server := servers.SharedSamba(t)
	ou := server.AddOU("reading")
	ada := server.AddUser(ou, "ada", map[string][]string{"mail": {"ada@example.com"}})
	bob := server.AddUser(ou, "bob", map[string][]string{"manager": {ada}})
	inner := server.AddGroup(ou, "inner", bob)
	server.AddGroup(ou, "outer", ada, inner)
	cfg := *sambaConfig(server, "ldaps")
	cfg.Groups.Sync = true
	s, err := New(cfg, Env{})
	if err != nil {
		t.Fatal(err)
	}
	reading := s.Read(t.Context(), Want{UserAttributes: []string{"userPrincipalName", "mail", "objectSid"}, GroupAttributes: []string{"cn"}, Manager: "manager"})
	snapshot, ok := reading.Snapshot()
	if !ok {
		t.Fatal(reading.Err())
	}
	for _, u := range snapshot.Users {
		t.Logf("%+v", u)
	}
	for _, g := range snapshot.Groups {
		t.Logf("%+v", g)
	}
	t.Logf("%q %v", snapshot.Warnings, snapshot.Skipped)
}
