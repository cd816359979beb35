package ldapsrc

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
)

// companyNames are the 17 attributes of servers.Company's users.
var companyNames = []string{"uid", "cn", "givenName", "sn", "displayName", "mail", "employeeNumber", "employeeType", "title", "departmentNumber",
	"telephoneNumber", "mobile", "street", "l", "postalCode", "preferredLanguage", "manager"}

// readingEnv makes the test binary read one source and print time and peak
// memory, as a process of its own.
const readingEnv = "ADSYNC_TEST_READING"

// readForBenchmark is the main function of that process.
func readForBenchmark(url string) int {
	from := time.Now()
	s, err := New(Config{ID: "corp", Type: LDAP, URLs: []string{url}, Insecure: true, Groups: GroupScope{Sync: true},
		Bind: Bind{Username: servers.SlapdReaderDN, Password: servers.SlapdReaderPassword}}, Env{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	snapshot, ok := s.Read(context.Background(), Want{UserAttributes: companyNames, GroupAttributes: []string{"cn", "description"}, Manager: "manager"}).Snapshot()
	if !ok {
		return 1
	}
	fmt.Println(time.Since(from).Microseconds(), peakMemory(), len(snapshot.Users), len(snapshot.Groups))
	return 0
}

// peakMemory is the most resident memory that the process has had, in KiB.
func peakMemory() int {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}

// BenchmarkReadModel reads users of 17 attributes and 500 groups from slapd
// into the model, each time in a process of its own, beside ldapsearch of the
// same entries. It reports the ratio of the least wall times and the peak
// memory.
func BenchmarkReadModel(b *testing.B) {
	for _, users := range []int{10000, 50000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			server := servers.StartSlapd(b, servers.SlapdOptions{LDIF: servers.Company(users, 500)})
			debug.FreeOSMemory()
			args := append([]string{"-x", "-LLL", "-o", "ldif-wrap=no", "-H", server.URL(), "-D", servers.SlapdReaderDN, "-w", servers.SlapdReaderPassword,
				"-b", servers.SlapdBase, "-E", "pr=1000/noprompt", "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))", "entryUUID", "member", "description"}, companyNames...)
			ours, theirs, peak := time.Duration(0), time.Duration(0), 0
			for b.Loop() {
				from := time.Now()
				if out, err := exec.Command("ldapsearch", args...).Output(); err != nil || len(out) == 0 {
					b.Fatal(err)
				}
				if took := time.Since(from); theirs == 0 || took < theirs {
					theirs = took
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), readingEnv+"="+server.URL())
				out, err := cmd.Output()
				var micros, memory, gotUsers, groups int
				if _, scan := fmt.Sscan(string(out), &micros, &memory, &gotUsers, &groups); scan != nil || err != nil || gotUsers != users || groups != 500 {
					b.Fatalf("%s %v %v", out, err, scan)
				}
				if took := time.Duration(micros) * time.Microsecond; ours == 0 || took < ours {
					ours = took
				}
				peak = max(peak, memory)
			}
			b.ReportMetric(ours.Seconds(), "s/read")
			b.ReportMetric(theirs.Seconds(), "s/ldapsearch")
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

// BenchmarkReadSambaModel reads users and groups from Samba beside ldapsearch of
// the same entries, and reports the ratio of the least wall times.
func BenchmarkReadSambaModel(b *testing.B) {
	const users = 2000
	var text strings.Builder
	base := "DC=corp,DC=example,DC=com"
	fmt.Fprintf(&text, "dn: OU=bench,%s\nobjectClass: organizationalUnit\n\n", base)
	for i := range users {
		fmt.Fprintf(&text, "dn: CN=b%05d,OU=bench,%s\nobjectClass: user\nsAMAccountName: b%05d\nuserPrincipalName: b%05d@corp.example.com\nmail: b%05d@example.com\n"+
			"title: Engineer\ndepartment: D%d\ngivenName: G%d\nsn: F%d\nuserAccountControl: 544\n\n", i, base, i, i, i, i%40, i, i)
	}
	for g := range 20 {
		fmt.Fprintf(&text, "dn: CN=g%02d,OU=bench,%s\nobjectClass: group\nsAMAccountName: g%02d\n", g, base, g)
		for i := range users / 10 {
			fmt.Fprintf(&text, "member: CN=b%05d,OU=bench,%s\n", (g*97+i)%users, base)
		}
		text.WriteString("\n")
	}
	server := servers.StartSamba(b, servers.SambaOptions{LDIF: text.String()})
	cfg := *sambaConfig(server, "ldaps")
	cfg.Groups.Sync = true
	names := []string{"userPrincipalName", "mail", "title", "department", "givenName", "sn", "displayName", "manager", "telephoneNumber"}
	args := append([]string{"-x", "-LLL", "-H", server.LDAPSURL(), "-D", server.UPN(servers.SambaServiceUser), "-w", servers.SambaServicePassword, "-b", server.BaseDN(),
		"-E", "pr=1000/noprompt", "(|(sAMAccountType=805306368)(objectClass=group))", "objectGUID", "objectSid", "sAMAccountName", "userAccountControl", "accountExpires",
		"primaryGroupID", "isCriticalSystemObject", "cn", "member"}, names...)
	ours, theirs := time.Duration(0), time.Duration(0)
	for b.Loop() {
		from := time.Now()
		cmd := exec.Command("ldapsearch", args...)
		cmd.Env = append(os.Environ(), "LDAPTLS_REQCERT=never")
		if _, err := cmd.Output(); err != nil {
			b.Fatal(err)
		}
		if took := time.Since(from); theirs == 0 || took < theirs {
			theirs = took
		}
		from = time.Now()
		if n := len(mustRead(b, cfg, Want{UserAttributes: names, GroupAttributes: []string{"cn"}, Manager: "manager"}).Users); n != users+1 {
			b.Fatal(n)
		}
		if took := time.Since(from); ours == 0 || took < ours {
			ours = took
		}
	}
	b.ReportMetric(ours.Seconds(), "s/read")
	b.ReportMetric(theirs.Seconds(), "s/ldapsearch")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ratio")
}
