package ldapsrc

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest/servers"
)

// BenchmarkRead10k reads 10,000 users of 17 attributes from slapd beside
// ldapsearch.
func BenchmarkRead10k(b *testing.B) { benchmarkSlapd(b, 10000) }

// BenchmarkRead50k is BenchmarkRead10k with 50,000 users.
func BenchmarkRead50k(b *testing.B) { benchmarkSlapd(b, 50000) }

func benchmarkSlapd(b *testing.B, users int) {
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		b.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	s := servers.StartSlapd(b, servers.SlapdOptions{LDIF: servers.Company(users, 0)})
	cfg := &Config{ID: "corp", Type: LDAP, URLs: []string{s.URL()}, Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
	names := []string{"uid", "cn", "sn", "givenName", "displayName", "mail", "title", "departmentNumber", "employeeNumber",
		"employeeType", "telephoneNumber", "mobile", "street", "l", "postalCode", "preferredLanguage", "entryUUID"}
	args := append([]string{"-x", "-LLL", "-o", "ldif-wrap=no", "-H", s.URL(), "-D", servers.SlapdReaderDN, "-w", servers.SlapdReaderPassword,
		"-b", servers.SlapdPeople, "-E", "pr=1000/noprompt", "(uid=*)"}, names...)
	req := request{base: servers.SlapdPeople, scope: ldap.ScopeWholeSubtree, filter: "(uid=*)", names: directory.NewNames(names...)}
	beside(b, users, func() {
		l, err := tryConnect(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		defer l.close()
		values := 0
		got, err := l.search(b.Context(), req, func(e *entry) error { values += len(e.values); return nil })
		if err != nil || got.entries != users || values != 17*users {
			b.Fatal(got, values, err)
		}
	}, func() {
		if err := exec.Command("ldapsearch", args...).Run(); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkReadSamba reads users from a Samba domain controller over LDAPS,
// beside ldapsearch. The controller itself is what takes the time.
func BenchmarkReadSamba(b *testing.B) {
	const users = 2000
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		b.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	var ldif strings.Builder
	fmt.Fprintf(&ldif, "dn: OU=Bench,DC=corp,DC=example,DC=com\nobjectClass: organizationalUnit\n\n")
	for i := range users {
		fmt.Fprintf(&ldif, "dn: CN=u%05d,OU=Bench,DC=corp,DC=example,DC=com\nobjectClass: user\nsAMAccountName: u%05d\nuserPrincipalName: u%05d@corp.example.com\n"+
			"givenName: Given%d\nsn: Family%d\ndisplayName: Given%d Family%d\nmail: u%05d@example.com\ntitle: Engineer\ndepartment: %d\n\n", i, i, i, i, i, i, i, i, i%40)
	}
	s := servers.StartSamba(b, servers.SambaOptions{LDIF: ldif.String()})
	cfg := sambaConfig(s, "ldaps")
	names := []string{"objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "givenName", "sn", "displayName", "mail", "title", "department",
		"userAccountControl", "accountExpires", "primaryGroupID", "whenChanged", "cn", "telephoneNumber", "manager"}
	base := "OU=Bench," + s.BaseDN()
	args := append([]string{"-x", "-LLL", "-o", "ldif-wrap=no", "-H", s.LDAPSURL(), "-D", cfg.Bind.Username, "-w", servers.SambaServicePassword,
		"-b", base, "-E", "pr=1000/noprompt", "(sAMAccountType=805306368)"}, names...)
	req := request{base: base, scope: ldap.ScopeWholeSubtree, filter: "(sAMAccountType=805306368)", names: directory.NewNames(names...)}
	beside(b, users, func() {
		l, err := tryConnect(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		defer l.close()
		if got, err := l.search(b.Context(), req, count); err != nil || got.entries != users {
			b.Fatal(got, err)
		}
	}, func() {
		cmd := exec.Command("ldapsearch", args...)
		cmd.Env = append(cmd.Environ(), "LDAPTLS_CACERT="+s.CAFile())
		if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), "\nsAMAccountName:") != users {
			b.Fatalf("ldapsearch: %v\n%.500s", err, out)
		}
	})
}

// beside runs ours and theirs in turn and reports the ratio of the shortest
// runs: what else the machine does at the time then matters least.
func beside(b *testing.B, entries int, ours, theirs func()) {
	b.Helper()
	shortest := func(d *time.Duration, f func()) {
		from := time.Now()
		f()
		if took := time.Since(from); *d == 0 || took < *d {
			*d = took
		}
	}
	var our, their time.Duration
	b.ReportAllocs()
	for b.Loop() {
		shortest(&our, ours)
		b.StopTimer()
		shortest(&their, theirs)
		b.StartTimer()
	}
	b.ReportMetric(float64(our)/float64(their), "x-ldapsearch")
	b.ReportMetric(float64(entries)/our.Seconds(), "entries/s")
}
