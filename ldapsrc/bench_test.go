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

// benchNames are the 17 attributes of the benchmark's users.
var benchNames = []string{"uid", "cn", "sn", "givenName", "displayName", "mail", "title", "departmentNumber", "employeeNumber",
	"employeeType", "telephoneNumber", "mobile", "street", "l", "postalCode", "preferredLanguage", "entryUUID"}

func benchPeople(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "dn: uid=u%05d,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: u%05d\ncn: Given%d Family%d\nsn: Family%d\ngivenName: Given%d\n"+
			"displayName: Family%d, Given%d\nmail: given%d.family%d@example.com\ntitle: Senior Engineer %d\ndepartmentNumber: %d\nemployeeNumber: %06d\nemployeeType: internal\n"+
			"telephoneNumber: +49 30 5550 %05d\nmobile: +49 151 5550 %05d\nstreet: Example Street %d\nl: Berlin\npostalCode: 10%03d\npreferredLanguage: de\n\n",
			i, i, i, i, i, i, i, i, i, i, i%7, i%40, i, i, i, i%200, i%1000)
	}
	return b.String()
}

// BenchmarkRead10k reads 10,000 users of 17 attributes from slapd, each read
// beside one of ldapsearch in the same minute. The ratio is of wall times, the
// least of each.
func BenchmarkRead10k(b *testing.B) {
	const users = 10000
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		b.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	s := servers.StartSlapd(b, servers.SlapdOptions{LDIF: benchPeople(users)})
	cfg := &Config{ID: "corp", Type: LDAP, URLs: []string{s.URL()}, Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}
	args := append([]string{"-x", "-LLL", "-o", "ldif-wrap=no", "-H", s.URL(), "-D", servers.SlapdReaderDN, "-w", servers.SlapdReaderPassword,
		"-b", servers.SlapdPeople, "-E", "pr=1000/noprompt", "(uid=*)"}, benchNames...)
	var ours, theirs time.Duration
	least := func(d *time.Duration, f func()) {
		from := time.Now()
		f()
		if took := time.Since(from); *d == 0 || took < *d {
			*d = took
		}
	}
	req := request{base: servers.SlapdPeople, scope: ldap.ScopeWholeSubtree, filter: "(uid=*)", names: directory.NewNames(benchNames...)}
	b.ReportAllocs()
	for b.Loop() {
		least(&ours, func() {
			l, err := tryConnect(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer l.close()
			kept := 0
			got, err := l.search(b.Context(), req, func(e *entry) error { kept += len(e.values); return nil })
			if err != nil || got.entries != users || kept < 17*users {
				b.Fatal(got, kept, err)
			}
		})
		b.StopTimer()
		least(&theirs, func() {
			if err := exec.Command("ldapsearch", args...).Run(); err != nil {
				b.Fatal(err)
			}
		})
		b.StartTimer()
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-ldapsearch")
	b.ReportMetric(float64(users)/ours.Seconds(), "entries/s")
}
