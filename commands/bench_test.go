package commands_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest/servers"
)

// BenchmarkSync measures whole runs of the built program, from slapd to the
// service in memory, beside the least that such a run has to do: ldapsearch of
// the same entries, a plain listing of the service, and the same writes made
// blindly. Each is a process of its own; slapd and the service share the machine with what is measured.
// docs/performance.md has the figures and how to repeat them.
func BenchmarkSync(b *testing.B) {
	for _, size := range []struct{ users, groups int }{{10_000, 200}, {10_000, 500}, {50_000, 500}, {100_000, 1000}} {
		b.Run(fmt.Sprintf("%dk_users_and_%d_groups", size.users/1000, size.groups), func(b *testing.B) {
			o := openBenchmark(b, size.users, size.groups)
			b.Run("first_run_with_bulk", func(b *testing.B) { o.first(b, true) })
			b.Run("first_run_without_bulk", func(b *testing.B) { o.first(b, false) })
			b.Run("nothing_changed", o.unchanged)
		})
	}
}

// benchmark is the built program between a slapd and a service.
type benchmark struct {
	users, groups int
	program       string // the binary
	dir           string // with its configuration
	directory     *servers.Slapd
}

func openBenchmark(b *testing.B, users, groups int) *benchmark {
	o := &benchmark{users: users, groups: groups, dir: b.TempDir()}
	o.program = filepath.Join(o.dir, "adsync")
	build := exec.Command("go", "build", "-trimpath", "-o", o.program, "adsync") // as the README builds it
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the program: %v\n%s", err, out)
	}
	o.directory = servers.StartSlapd(b, servers.SlapdOptions{LDIF: servers.Company(users, groups)})
	return o
}

// configure starts a new service and makes the configuration for it.
func (o *benchmark) configure(b *testing.B, bulk bool) (floorTask, func()) {
	b.Helper()
	s, end := o.serve(b, bulk)
	text := fmt.Sprintf(`version: 1
sources:
  - id: corp
    type: ldap
    url: %s
    bind: {username: %q, password: {file: password}}
    groups: {sync: true}
target: {url: %s, auth: {bearer: {file: token}}}
report: {dir: .}
`, o.directory.URL(), servers.SlapdReaderDN, s.URL)
	for name, content := range map[string]string{"adsync.yaml": text, "password": servers.SlapdReaderPassword, "token": s.Token} {
		if err := os.WriteFile(filepath.Join(o.dir, name), []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return s, end
}

func (o *benchmark) first(b *testing.B, bulk bool) {
	var ours, reading, writing, least series
	for b.Loop() {
		_, end := o.configure(b, bulk)
		ours = append(ours, o.run(b, fmt.Sprintf("; %s created, ", thousands(o.users+o.groups))))
		end()
		reading = append(reading, o.ldapsearch(b))
		s, end := o.serve(b, bulk)
		writing = append(writing, floor(b, "writing", s))
		end()
		least = append(least, figure{wall: last(reading).wall + last(writing).wall})
	}
	report(b, ours, reading)
	b.ReportMetric(writing.wall().Seconds(), "writing-s")
	b.ReportMetric(ours.beside(least), "x-reading+writing")
}

func (o *benchmark) unchanged(b *testing.B) {
	s, end := o.configure(b, true)
	defer end()
	o.run(b, " created, ")
	var ours, reading, listing, slower, both series
	for b.Loop() {
		ours = append(ours, o.run(b, "; 0 created, 0 updated, "))
		reading = append(reading, o.ldapsearch(b))
		listing = append(listing, floor(b, "listing", s))
		slower = append(slower, figure{wall: max(last(reading).wall, last(listing).wall)})
		both = append(both, o.readAndList(b, s))
	}
	report(b, ours, reading)
	b.ReportMetric(listing.wall().Seconds(), "listing-s")
	b.ReportMetric(ours.beside(slower), "x-slower-side")
	b.ReportMetric(both.wall().Seconds(), "both-at-once-s")
	b.ReportMetric(ours.beside(both), "x-both-at-once")
}

// readAndList is what a run without changes cannot be faster than on the same
// machine: ldapsearch and a listing of the service at the same time.
func (o *benchmark) readAndList(b *testing.B, s floorTask) figure {
	b.Helper()
	var reading, listing figure
	var wait sync.WaitGroup
	wait.Go(func() { listing = floor(b, "listing", s) })
	reading = o.ldapsearch(b)
	wait.Wait()
	return figure{wall: max(reading.wall, listing.wall)}
}

// figure is what one run took.
type figure struct {
	wall, cpu time.Duration
	memory    int // KiB
}

// series are the figures of the same thing done again and again. What else
// the machine does then falls on some of them: medians are reported, and the
// median of the ratios to what was done in the same minute.
type series []figure

func last(s series) figure { return s[len(s)-1] }

func (s series) wall() time.Duration {
	return median(s, func(f figure) time.Duration { return f.wall })
}

func (s series) cpu() time.Duration {
	return median(s, func(f figure) time.Duration { return f.cpu })
}

// memory is the most.
func (s series) memory() (most int) {
	for _, f := range s {
		most = max(most, f.memory)
	}
	return most
}

// beside is how many times as long as another series this one took.
func (s series) beside(other series) float64 {
	ratios := make([]float64, len(s))
	for i := range s {
		ratios[i] = float64(s[i].wall) / float64(other[i].wall)
	}
	return median(ratios, func(r float64) float64 { return r })
}

// median is the middle one, the lower of two.
func median[T any, V cmp.Ordered](all []T, of func(T) V) V {
	values := make([]V, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

func report(b *testing.B, ours, reading series) {
	b.ReportMetric(0, "ns/op") // it would include what is compared with
	b.ReportMetric(ours.wall().Seconds(), "run-s")
	b.ReportMetric(ours.cpu().Seconds(), "run-cpu-s")
	b.ReportMetric(float64(ours.memory())/1024, "peak-MiB")
	b.ReportMetric(reading.wall().Seconds(), "ldapsearch-s")
	b.ReportMetric(float64(reading.memory())/1024, "ldapsearch-MiB")
	b.ReportMetric(ours.beside(reading), "x-ldapsearch")
}

// run is one synchronisation, whose last line must contain a text.
func (o *benchmark) run(b *testing.B, summary string) figure {
	b.Helper()
	f, out := measure(b, exec.Command(o.program, "--config", filepath.Join(o.dir, "adsync.yaml"), "sync"))
	if at := strings.LastIndexByte(strings.TrimSpace(out), '\n'); !strings.Contains(out[at+1:], summary) {
		b.Fatalf("the run ended with %q, want %q", out[at+1:], summary)
	}
	return f
}

func (o *benchmark) ldapsearch(b *testing.B) figure {
	b.Helper()
	f, _ := measure(b, exec.Command("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", o.directory.URL(),
		"-D", servers.SlapdReaderDN, "-w", servers.SlapdReaderPassword, "-b", servers.SlapdBase, "-E", "pr=1000/noprompt",
		"(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))", "entryUUID", "uid", "cn", "displayName", "givenName", "sn", "mail",
		"telephoneNumber", "mobile", "title", "preferredLanguage", "departmentNumber", "ou", "o", "employeeNumber", "manager", "member"))
	return f
}

// measure runs a program to its end. Its peak memory is what the system says
// of the running process (VmHWM), as that of an ended one may be its parent's;
// to look every 2 ms cost a run a fifth of its time.
func measure(b *testing.B, c *exec.Cmd) (figure, string) {
	b.Helper()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	from := time.Now()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	ended, memory := make(chan struct{}), make(chan int)
	go func() {
		most := 0
		for {
			most = max(most, peakMemory(c.Process.Pid))
			select {
			case <-ended:
				memory <- most
				return
			case <-time.After(25 * time.Millisecond):
			}
		}
	}()
	err := c.Wait()
	took := time.Since(from)
	close(ended)
	most := <-memory
	if err != nil {
		b.Fatalf("%s: %v\n%s", c.Path, err, stderr.String())
	}
	return figure{took, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), most}, stdout.String()
}

// peakMemory reads a process's VmHWM in KiB (proc(5)); one that has ended has
// none.
func peakMemory(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(text), "VmHWM:")
	if !found {
		return 0
	}
	n, _ := strconv.Atoi(strings.Fields(rest)[0])
	return n
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
