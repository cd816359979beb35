package commands_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"adsync/commands"
	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

// twoSources is a configuration of a real directory, which a test breaks, and
// of a branch's, which it does not. Somebody has left the first.
type twoSources struct {
	program *program
	service *service
	branch  *house
	worker  string // a person of the branch
	titles  int    // that the worker has had
	corp    string // what the service holds of the broken directory
}

func openTwo(t *testing.T, corp *house) *twoSources {
	two := &twoSources{service: memoryService(t), branch: memoryHouse(t, ldaptest.OpenLDAP, true)}
	two.worker = two.branch.hire(two.branch.base, "worker", "Wanda", "Worker", nil)
	two.program = install(t, two.service)
	two.configure(t, corp)
	two.program.succeeds(t, "sync")
	two.corp = two.service.holds(t, "corp:")
	return two
}

func (two *twoSources) configure(t *testing.T, corp *house) {
	t.Helper()
	two.program.configure(t, two.service, corp.source("corp"), two.branch.source("branch"))
}

// impatient lets the program wait for an answer of the first source no longer
// than that.
func (two *twoSources) impatient(t *testing.T, corp *house, timeout string) {
	t.Helper()
	hurried := *corp
	hurried.timeout = timeout
	two.configure(t, &hurried)
	t.Cleanup(func() { two.configure(t, corp) })
}

// breaks runs the program when the first source cannot be read: what it owns
// stays, and the branch's change is made.
func (two *twoSources) breaks(t *testing.T, sentences ...string) {
	t.Helper()
	two.titles++
	title := fmt.Sprintf("Worker of grade %d", two.titles)
	two.branch.SetAttr(two.worker, "title", title)
	e := two.program.run(t, "sync")
	if e.code != commands.ExitSource {
		t.Fatalf("exit code %d, want %d\n%s%s", e.code, commands.ExitSource, e.stdout, e.stderr)
	}
	for _, sentence := range append(sentences, "adsync: source corp was not read completely, all it owns stays as it is: ") {
		if !strings.Contains(e.stderr, sentence) {
			t.Errorf("standard error is\n%swant in it:\n%s", e.stderr, sentence)
		}
	}
	same(t, "the broken source's are", two.service.holds(t, "corp:"), two.corp)
	same(t, "the other source's are", two.service.holds(t, "branch:"), "user worker, Wanda Worker, active, title "+title+"\n")
}

// heals runs the program when the first source can be read again.
func (two *twoSources) heals(t *testing.T, changes string) {
	t.Helper()
	out := two.program.succeeds(t, "sync")
	if !strings.HasPrefix(out, changes+"corp: ") {
		t.Errorf("the run after the fault tells:\n%s\nwant:\n%s", out, changes)
	}
}

const (
	leaver       = 1117
	leaverLeaves = `remove members from group group000: user01117 (no longer in the directory's group)
deactivate user user01117 (no longer in the directory)
`
)

// brokenSlapd is a slapd with 1,200 users, read through a cutter. One of them
// has left since.
func brokenSlapd(t *testing.T) (*servers.Slapd, *servers.Cutter, *house, *twoSources) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(1200, 8)})
	cutter := servers.StartCutter(t, strings.TrimPrefix(s.LDAPSURL(), "ldaps://"))
	h := slapdOf(t, s, false)
	h.base, h.url = servers.SlapdBase, "ldaps://"+cutter.Addr()
	two := openTwo(t, h)
	s.Delete(servers.CompanyUserDN(leaver))
	return s, cutter, h, two
}

// middle is a number of bytes at which a reading of brokenSlapd is under way.
const middle = 200_000

func TestABrokenReadingOfSlapdTakesNothingAway(t *testing.T) {
	t.Parallel()
	s, cutter, h, two := brokenSlapd(t)
	for _, bytes := range []int64{0, 100, 2000, 4000, 20_000, middle, 2 * middle, 3 * middle} {
		for name, ending := range map[string]servers.Ending{"ends": servers.Close, "is reset": servers.Reset} {
			t.Run(fmt.Sprintf("the connection %s after %d bytes", name, bytes), func(t *testing.T) {
				cutter.Set(servers.Fault{After: bytes, Then: ending})
				two.breaks(t)
			})
		}
	}
	t.Run("the connection falls silent", func(t *testing.T) {
		two.impatient(t, h, "1s")
		cutter.Set(servers.Fault{After: middle, Then: servers.Silence})
		two.breaks(t, "no answer for 1s")
	})
	t.Run("the server is frozen", func(t *testing.T) {
		two.impatient(t, h, "1s")
		cutter.Set(servers.Fault{After: middle, Reached: sync.OnceFunc(s.Stop)})
		two.breaks(t, "no answer for 1s")
		s.Continue()
	})
	t.Run("the server is killed", func(t *testing.T) {
		cutter.Set(servers.Fault{After: middle, Reached: sync.OnceFunc(s.Kill)})
		two.breaks(t)
		s.Restart()
	})
	cutter.Set(servers.Fault{})
	two.heals(t, leaverLeaves)
}

func TestASlapdThatDoesNotShowEverythingTakesNothingAway(t *testing.T) {
	t.Parallel()
	s, _, h, two := brokenSlapd(t)
	rows := []struct {
		name      string
		change    func(h *house)
		sentences []string
	}{
		{"its limits end the search", func(h *house) { h.user, h.word = servers.SlapdCappedDN, secret(t, servers.SlapdCappedPassword) },
			[]string{"after 500 entries", "Size Limit Exceeded", "hint: let the server's administrator raise the size limit of the bind account"}},
		{"the bind account may not see the base", func(h *house) { h.base = "ou=hidden," + servers.SlapdBase },
			[]string{`"ou=hidden,dc=example,dc=com" is not there, or the bind account may not see it`}},
		{"the password is wrong", func(h *house) { h.word = secret(t, "guess") }, []string{"sources[corp].bind.password", "the name or the password is wrong"}},
		{"the base is empty", func(h *house) { h.base = servers.SlapdGroups }, []string{"allow_empty"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			changed := *h
			row.change(&changed)
			two.configure(t, &changed)
			two.breaks(t, row.sentences...)
		})
	}
	t.Run("the server is not plugged in", func(t *testing.T) {
		s.Kill()
		h.url = s.LDAPSURL()
		two.configure(t, h)
		two.breaks(t, "sources[corp].url", "connection refused", "hint: check host and port")
		s.Restart()
	})
	two.heals(t, leaverLeaves)
}

func TestABrokenReadingOfSambaTakesNothingAway(t *testing.T) {
	t.Parallel()
	s := servers.StartSamba(t, servers.SambaOptions{}) // not the shared one: it is killed
	cutter := servers.StartCutter(t, s.Addr()+":636")
	h := sambaOf(t, s, false)
	c := found(h)
	h.url = "ldaps://" + cutter.Addr()
	h.tls = fmt.Sprintf("{ca_file: %q, server_name: %q}", s.CAFile(), s.Host())
	two := openTwo(t, h)
	h.Delete(c.fay)
	// The whole answer to a search of so few is on its way before anything can
	// be done about it, so the server has to go before it is asked for them.
	const welcome = 2500
	for _, bytes := range []int64{0, 1000, welcome, 4000, 5000} {
		t.Run(fmt.Sprintf("the connection ends after %d bytes", bytes), func(t *testing.T) {
			cutter.Set(servers.Fault{After: bytes, Then: servers.Close})
			two.breaks(t)
		})
	}
	t.Run("the server is frozen", func(t *testing.T) {
		two.impatient(t, h, "1s")
		cutter.Set(servers.Fault{After: welcome, Reached: sync.OnceFunc(s.Stop)})
		two.breaks(t, "no answer for 1s")
		s.Continue()
	})
	t.Run("the server is killed", func(t *testing.T) {
		cutter.Set(servers.Fault{After: welcome, Reached: sync.OnceFunc(s.Kill)})
		two.breaks(t)
		s.Restart()
	})
	cutter.Set(servers.Fault{})
	two.heals(t, `remove members from group sellers: fay@`+h.mail+` (no longer in the directory's group)
remove members from group staff: fay@`+h.mail+` (no longer in the directory's group)
deactivate user fay@`+h.mail+` (no longer in the directory)
`)
}

func TestAnAccountThatSambaDoesNotLetInIsExplained(t *testing.T) {
	t.Parallel()
	h := sambaHouse(t, true)
	s := servers.SharedSamba(t)
	two := openTwo(t, found(h).house)
	account := func(name string, change func(dn string)) string {
		name = h.account(name)
		dn := s.AddUser(h.base, name, nil)
		s.SetPassword(dn, servers.SambaServicePassword)
		s.SetAttr(dn, "userAccountControl", "512")
		change(dn)
		return s.UPN(name)
	}
	rows := []struct {
		name, user, password, sentence string
	}{
		{"a wrong password", s.UPN(servers.SambaServiceUser), "guess", "the name or the password is wrong (49, data 52e)"},
		{"no such account", s.UPN("nobody"), servers.SambaServicePassword, "the name or the password is wrong (49, data 52e)"},
		{"a disabled account", account("off", func(dn string) { s.Disable(dn) }), servers.SambaServicePassword, "the account is disabled (49, data 533)"},
		{"an expired account", account("over", func(dn string) { s.SetAttr(dn, "accountExpires", "116444736000000000") }), servers.SambaServicePassword, "the account has expired (49, data 701)"},
		{"a password to be changed", account("fresh", func(dn string) { s.SetAttr(dn, "pwdLastSet", "0") }), servers.SambaServicePassword,
			"the password must be changed before it can be used (49, data 773)"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			changed := *h
			changed.user, changed.word = row.user, secret(t, row.password)
			two.configure(t, &changed)
			two.breaks(t, row.sentence, "adsync: hint: ")
		})
	}
}
