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
