package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"adsync/commands"
	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// pair is a small company and its service, and a folder with a configuration.
type pair struct {
	directory *ldaptest.Directory
	ldap      *ldaptest.Server
	service   *scimtest.Server
	dir       string
}

const pairLDIF = `dn: dc=example,dc=org
objectClass: domain
dc: example

dn: cn=reader,dc=example,dc=org
objectClass: simpleSecurityObject
objectClass: organizationalRole
cn: reader
userPassword: secret-of-reader
`

// pairPeople report to the one before them.
var pairPeople = []string{"ada", "bob", "cay", "dee", "eve"}

func newPair(t *testing.T, target string) *pair {
	t.Helper()
	p := &pair{directory: ldaptest.NewDirectory(ldaptest.OpenLDAP, "dc=example,dc=org"), dir: t.TempDir()}
	check(t, p.directory.LoadLDIF(strings.NewReader(pairLDIF)))
	boss := ""
	for _, uid := range pairPeople {
		boss = p.hire(t, uid, boss)
	}
	p.team(t, "staff", "ada", "bob", "cay")
	p.team(t, "crew", "dee", "eve")
	var err error
	p.ldap, err = ldaptest.Start(p.directory, ldaptest.Options{})
	check(t, err)
	t.Cleanup(func() { p.ldap.Close() })
	p.service, err = scimtest.Start(scimtest.Options{Seed: 1})
	check(t, err)
	t.Cleanup(p.service.Close)
	check(t, os.WriteFile(filepath.Join(p.dir, "token"), []byte(p.service.Token()), 0o600))
	check(t, os.WriteFile(filepath.Join(p.dir, "password"), []byte("secret-of-reader"), 0o600))
	p.configure(t, p.dir, p.service.URL(), target)
	return p
}

// configure writes a configuration. Requests go one at a time, so that what
// is under way at a kill is one request and no more.
func (p *pair) configure(t *testing.T, dir, url, target string) {
	t.Helper()
	text := fmt.Sprintf(`version: 1
sources:
  - id: corp
    type: ldap
    url: %s
    bind: {username: "cn=reader,dc=example,dc=org", password: {file: %q}}
    groups: {sync: true}
target: {url: %q, auth: {bearer: {file: %q}}, width: 1%s}
report: {dir: .}
`, p.ldap.URL(), filepath.Join(p.dir, "password"), url, filepath.Join(p.dir, "token"), target)
	check(t, os.WriteFile(filepath.Join(dir, "adsync.yaml"), []byte(text), 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *pair) hire(t *testing.T, uid, boss string) string {
	dn := "uid=" + uid + ",dc=example,dc=org"
	attributes := map[string][]string{"objectClass": {"inetOrgPerson"}, "uid": {uid}, "cn": {uid}, "sn": {uid}, "title": {"Engineer"}}
	if boss != "" {
		attributes["manager"] = []string{boss}
	}
	check(t, p.directory.Add(dn, attributes))
	return dn
}

func (p *pair) team(t *testing.T, name string, members ...string) {
	var dns []string
	for _, uid := range members {
		dns = append(dns, "uid="+uid+",dc=example,dc=org")
	}
	check(t, p.directory.Add("cn="+name+",dc=example,dc=org", map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}, "member": dns}))
}

// week is one change of every kind.
func (p *pair) week(t *testing.T) {
	modify := func(uid string, m ...ldaptest.Mod) {
		check(t, p.directory.Modify("uid="+uid+",dc=example,dc=org", m...))
	}
	modify("bob", ldaptest.Replace("title", "Lead"))
	modify("eve", ldaptest.Replace("manager", "uid=ada,dc=example,dc=org"))
	check(t, p.directory.Modify("cn=staff,dc=example,dc=org", ldaptest.DeleteValues("member", "uid=cay,dc=example,dc=org"), ldaptest.AddValues("member", "uid=eve,dc=example,dc=org")))
	check(t, p.directory.Delete("uid=dee,dc=example,dc=org"))
	check(t, p.directory.Delete("cn=crew,dc=example,dc=org"))
	p.hire(t, "fay", "uid=ada,dc=example,dc=org")
	p.team(t, "club", "ada", "fay")
}

// sync runs the program in this process.
func (p *pair) sync(dir string, args ...string) (code int, output string) {
	var out bytes.Buffer
	args = append([]string{"adsync", "--config", filepath.Join(dir, "adsync.yaml"), "sync"}, args...)
	code = commands.Main(args, commands.Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now})
	return code, out.String()
}

// mustSync is a run that has nothing to complain of.
func (p *pair) mustSync(t *testing.T) {
	t.Helper()
	if code, output := p.sync(p.dir); code != 0 {
		t.Fatalf("sync: exit code %d\n%s", code, output)
	}
}

// child is the program in a process of its own.
type child struct {
	*exec.Cmd
	output       bytes.Buffer
	began, ended chan struct{}
}

func newChild(t *testing.T, dir string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command("adsync", "--config", filepath.Join(dir, "adsync.yaml"), "sync"), began: make(chan struct{}), ended: make(chan struct{})}
	c.Stdout, c.Stderr = &c.output, &c.output
	return c
}

func (c *child) start(t *testing.T) {
	t.Helper()
	check(t, c.Start())
	close(c.began)
	go func() {
		_ = c.Wait()
		close(c.ended)
	}()
}

// signal sends the process a signal, from whichever request of its own.
func (c *child) signal(s os.Signal) {
	<-c.began
	_ = c.Process.Signal(s)
}

// killAt runs the program and kills it at its nth request, before or after
// the request takes effect. It returns false when there were fewer.
func (p *pair) killAt(t *testing.T, n int32, kind scimtest.FaultKind) bool {
	t.Helper()
	c := newChild(t, p.dir)
	var seen atomic.Int32
	p.service.Fault(scimtest.Fault{Kind: kind, Match: func(*http.Request) bool {
		if seen.Add(1) != n {
			return false
		}
		c.signal(os.Kill)
		<-c.ended
		return true
	}})
	c.start(t)
	<-c.ended
	p.service.ClearFaults()
	return seen.Load() >= n
}

// Wherever a run is killed, the next one ends where an undisturbed one would
// have.
func TestKilledAtEveryRequest(t *testing.T) {
	for _, target := range []struct{ name, text string }{{"one by one", ", bulk: false"}, {"in bulk", ", bulk: true"}} {
		for _, scenario := range []struct {
			name   string
			before func(*testing.T, *pair)
		}{
			{"a first run", func(*testing.T, *pair) {}},
			{"a week later", func(t *testing.T, p *pair) { p.mustSync(t); p.week(t) }},
		} {
			t.Run(target.name+"/"+scenario.name, func(t *testing.T) {
				// Not parallel: urfave/cli keeps flags in variables of its own,
				// which runs in this process would share.
				calm := newPair(t, target.text)
				scenario.before(t, calm)
				calm.mustSync(t)
				want := calm.service.Dump()
				for _, moment := range []struct {
					name string
					kind scimtest.FaultKind
				}{{"before", scimtest.FaultReset}, {"after", scimtest.FaultLost}} {
					for n := int32(1); ; n++ {
						p := newPair(t, target.text)
						scenario.before(t, p)
						if !p.killAt(t, n, moment.kind) {
							t.Logf("killed %s each of %d requests", moment.name, n-1)
							break
						}
						p.mustSync(t)
						if got := p.service.Dump(); got != want {
							t.Fatalf("killed %s request %d:\n%s\nwant:\n%s", moment.name, n, got, want)
						}
					}
				}
			})
		}
	}
}

// A request to end lets what is under way finish, and says what was done.
func TestAskedToEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal")
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			// What nohup has set to be ignored the child would ignore too.
			heard := make(chan os.Signal, 1)
			ossignal.Notify(heard, signal)
			defer ossignal.Stop(heard)
			p := newPair(t, ", bulk: false")
			c := newChild(t, p.dir)
			var posts atomic.Int32
			// A slow service: the signal arrives while a request is under way.
			p.service.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: 100 * time.Millisecond, Method: "POST", Match: func(*http.Request) bool {
				if posts.Add(1) == 2 {
					c.signal(signal)
				}
				return true
			}})
			c.start(t)
			<-c.ended
			p.service.ClearFaults()
			if code := c.ProcessState.ExitCode(); code != commands.ExitInterrupted {
				t.Errorf("exit code %d, want %d", code, commands.ExitInterrupted)
			}
			done := len(p.service.Users())
			for _, want := range []string{"interrupted: what was done stands, the next run does the rest\n", fmt.Sprintf("; %d created, ", done)} {
				if !strings.Contains(c.output.String(), want) {
					t.Errorf("it says nothing of %q:\n%s", want, c.output.String())
				}
			}
			if done < 2 || done >= len(pairPeople) {
				t.Errorf("%d users were created, want some", done)
			}
			p.mustSync(t)
			if code, output := p.sync(p.dir, "--dry-run", "--exit-code"); code != 0 {
				t.Errorf("the next run left something to do:\n%s", output)
			}
		})
	}
}

// Before anything is written there is nothing to report.
func TestAskedToEndWhileItReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal")
	}
	p := newPair(t, "")
	c := newChild(t, p.dir)
	p.service.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: 100 * time.Millisecond, Path: "/Users", Match: func(*http.Request) bool {
		c.signal(syscall.SIGTERM)
		return true
	}})
	c.start(t)
	<-c.ended
	if code := c.ProcessState.ExitCode(); code != commands.ExitInterrupted || c.output.String() != "adsync: interrupted\n" {
		t.Errorf("exit code %d, want %d\n%s", code, commands.ExitInterrupted, c.output.String())
	}
	if n := len(p.service.Users()); n != 0 {
		t.Errorf("%d users were created", n)
	}
}

// The lock is the system's: it keeps a second run out as long as the first
// lives, and no longer.
func TestTheLockEndsWithItsProcess(t *testing.T) {
	p := newPair(t, "")
	c := newChild(t, p.dir)
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p.service.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Match: func(*http.Request) bool {
		once.Do(func() {
			close(reached)
			<-release
		})
		return false
	}})
	c.start(t)
	<-reached
	code, output := p.sync(p.dir)
	if code != commands.ExitLocked || !strings.Contains(output, "another run of this configuration is under way; nothing was changed") {
		t.Errorf("exit code %d, want %d\n%s", code, commands.ExitLocked, output)
	}
	c.signal(os.Kill)
	<-c.ended
	close(release)
	p.service.ClearFaults()
	p.mustSync(t)
}

// A run that is put off holds no lock meanwhile, and ends at once when asked.
func TestAskedToEndBeforeTheRunBegins(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal")
	}
	p := newPair(t, "")
	c := newChild(t, p.dir)
	c.Args = append(c.Args, "--verbose", "--random-delay", "1000h")
	read, write, err := os.Pipe()
	check(t, err)
	defer read.Close()
	c.Stderr = write
	c.start(t)
	check(t, write.Close())
	lines := bufio.NewReader(read)
	if line, err := lines.ReadString('\n'); !strings.Contains(line, "waiting before the run begins") {
		t.Fatalf("it says %q, %v", line, err)
	}
	p.mustSync(t)
	c.signal(syscall.SIGTERM)
	said, err := io.ReadAll(lines)
	check(t, err)
	<-c.ended
	if code := c.ProcessState.ExitCode(); code != commands.ExitInterrupted || string(said) != "adsync: interrupted before the run began; nothing was changed\n" {
		t.Errorf("exit code %d: %s", code, said)
	}
}
