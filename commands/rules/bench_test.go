package rules

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
)

// company is a directory of n users with nothing wrong, each with three
// addresses, an alias and a manager.
func company(n int) *directory.Snapshot {
	names := directory.NewNames("userPrincipalName", "mail", "displayName", "cn", "givenName", "sn", "title", "department", "company",
		"telephoneNumber", "mobile", "employeeID", "proxyAddresses", "mailNickname")
	s := &directory.Snapshot{Users: make([]directory.User, n)}
	for i := range s.Users {
		login := fmt.Sprintf("first%d.last%d", i%977, i)
		mail := login + "@example.com"
		s.Users[i] = directory.User{
			Anchor: directory.Anchor(fmt.Sprintf("%08x-0000-0000-0000-000000000000", i)), DN: "CN=" + login + ",OU=Staff,DC=example,DC=com", Login: login, Active: true,
			Manager: directory.Anchor(fmt.Sprintf("%08x-0000-0000-0000-000000000000", i/10)),
			Attributes: names.Attributes([][]string{{mail}, {mail}, {"First Last " + login}, {login}, {"First"}, {"Last"}, {"Engineer"}, {"Research"}, {"Example"},
				{"+1 555 0100"}, {"+1 555 0101"}, {fmt.Sprint(i)}, {"SMTP:" + mail, "smtp:" + login + "@example.org", "smtp:" + login + "@mail.example.com"}, {login}}),
		}
	}
	return s
}

// BenchmarkCheck is the check of 100,000 users: with what a sync holds back,
// and with everything.
func BenchmarkCheck(b *testing.B) {
	snapshot := company(100_000)
	mapping := defaults(b, "ad")
	for _, run := range []struct {
		name string
		o    Options
	}{
		{"sync", Options{Least: Block}},
		{"all", Options{Attributes: []string{"proxyAddresses", "mailNickname"}}},
		{"github", Options{Profile: "github", Attributes: []string{"proxyAddresses", "mailNickname"}}},
	} {
		b.Run(run.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c, err := New(run.o)
				if err != nil {
					b.Fatal(err)
				}
				c.Add(Source{ID: "corp", AD: true, Mapping: mapping}, snapshot)
				if n := len(c.Findings()); n > 1 {
					b.Fatalf("%d findings", n)
				}
			}
		})
	}
}

// The indexes for 100,000 users hold no values: they stay under 100 MB.
func TestIndexesAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 100,000 users")
	}
	snapshot := company(100_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, err := New(Options{Attributes: []string{"proxyAddresses", "mailNickname"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Add(Source{ID: "corp", AD: true, Mapping: defaults(t, "ad")}, snapshot)
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(snapshot)
	grown := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("%d MiB", grown)
	if grown > 100 {
		t.Errorf("the indexes take %d MiB, want 100 at most", grown)
	}
	runtime.KeepAlive(c)
}

// A placeholder that thousands share is told of each of them, and takes no
// longer for it.
func TestAnAddressOfThousands(t *testing.T) {
	const n = 20_000
	names := directory.NewNames("userPrincipalName", "mail")
	s := &directory.Snapshot{Users: make([]directory.User, n)}
	for i := range s.Users {
		s.Users[i] = directory.User{Anchor: directory.Anchor(fmt.Sprintf("%08x", i)), DN: fmt.Sprintf("CN=%d", i), Active: true,
			Attributes: names.Attributes([][]string{{fmt.Sprintf("u%d@example.com", i)}, {"nobody@example.com "}})}
	}
	c, err := New(Options{Only: []string{"dup-email", "edge-space"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Add(Source{ID: "corp", AD: true, Mapping: defaults(t, "ad")}, s)
	found := c.Findings()
	if len(found) != 2*n {
		t.Fatalf("%d findings, want %d", len(found), 2*n)
	}
	last := found[len(found)-1]
	if len(last.Others) != othersShown || !strings.HasSuffix(last.Message, fmt.Sprintf(" and %d more", n-4)) {
		t.Errorf("%d others, %s", len(last.Others), last.Message)
	}
}
