package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"adsync/commands"
)

// secondHost sets up the same configuration in another folder, as on another
// host: its lock keeps nobody out here. Its requests pass through before,
// which sees each of them first.
func (p *pair) secondHost(t *testing.T, target string, before func(*http.Request)) string {
	t.Helper()
	service, err := url.Parse(p.service.URL())
	check(t, err)
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: service.Scheme, Host: service.Host})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(r)
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	dir := t.TempDir()
	p.configure(t, dir, front.URL+service.Path, target)
	return dir
}

// A run that is overtaken by one on another host, wherever it stands between
// its list and its writes, stops and says so; nothing is there twice.
func TestASecondHostIsNoticed(t *testing.T) {
	lookingAgain := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Query().Get("filter"), "externalId")
	}
	writing := func(r *http.Request) bool { return r.Method != http.MethodGet }
	for _, test := range []struct {
		name   string
		target string
		edit   func(*testing.T, *pair)
		at     func(*http.Request) bool
		says   string
	}{
		{"before it creates users", "", func(t *testing.T, p *pair) { p.mustSync(t); p.hire(t, "abe", "") }, lookingAgain, "user abe has been created by somebody else"},
		{"while it creates users", ", bulk: false", func(*testing.T, *pair) {}, writing, "user ada has been created by somebody else"},
		{"while it creates users in bulk", ", bulk: true", func(*testing.T, *pair) {}, writing, "user ada has been created by somebody else"},
		{"before it updates", "", func(t *testing.T, p *pair) { p.mustSync(t); p.week(t) }, lookingAgain, "user bob has been updated by somebody else"},
		{"before it creates groups", "", func(t *testing.T, p *pair) { p.mustSync(t); p.team(t, "club", "ada") }, lookingAgain, "group club has been created by somebody else"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, test.target)
			test.edit(t, p)
			var once sync.Once
			second := p.secondHost(t, test.target, func(r *http.Request) {
				if test.at(r) {
					once.Do(func() { p.mustSync(t) })
				}
			})
			code, output := p.sync(second)
			want := "the service changes under this run: " + test.says
			if code != commands.ExitLocked || !strings.Contains(output, want) || !strings.Contains(output, "hint: most likely adsync runs on another host") {
				t.Errorf("exit code %d, want %d and %q\n%s", code, commands.ExitLocked, want, output)
			}
			p.nothingTwice(t)
			if code, output := p.sync(second, "--dry-run", "--exit-code"); code != 0 {
				t.Errorf("something is left to do:\n%s", output)
			}
		})
	}
}

// A list that showed nobody is read again when somebody is there after all: a
// run on another host has made everybody meanwhile.
func TestASecondHostThatMadeEverybodyFirst(t *testing.T) {
	p := newPair(t, "")
	var once sync.Once
	second := p.secondHost(t, "", func(r *http.Request) {
		if strings.Contains(r.URL.Query().Get("filter"), "externalId") {
			once.Do(func() { p.mustSync(t) })
		}
	})
	if code, output := p.sync(second); code != commands.ExitOK || !strings.Contains(output, "; 0 created, 0 updated, ") {
		t.Errorf("exit code %d\n%s", code, output)
	}
	p.nothingTwice(t)
}

// Groups that a run on another host makes after the second reading say nothing
// against it.
func TestASecondHostThatMakesGroupsAfterTheSecondReading(t *testing.T) {
	p := newPair(t, ", bulk: false")
	var madeUsers, begin, goOn sync.Once
	usersMade, proceed, firstEnded := make(chan struct{}), make(chan struct{}), make(chan struct{})
	first := p.secondHost(t, ", bulk: false", func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Groups") {
			madeUsers.Do(func() { close(usersMade) })
			<-proceed
		}
	})
	var lists atomic.Int32
	second := p.secondHost(t, ", bulk: false", func(r *http.Request) {
		groups := strings.HasSuffix(r.URL.Path, "/Groups")
		switch filter := r.URL.Query().Get("filter"); {
		case filter == "" && groups:
			lists.Add(1)
			return
		case !strings.Contains(filter, "externalId"):
			return
		}
		begin.Do(func() {
			go func() {
				defer close(firstEnded)
				if code, output := p.sync(first); code != commands.ExitOK {
					t.Errorf("exit code %d\n%s", code, output)
				}
			}()
			<-usersMade
		})
		if groups && lists.Load() > 1 {
			goOn.Do(func() { close(proceed); <-firstEnded })
		}
	})
	code, output := p.sync(second)
	if code != commands.ExitLocked || !strings.Contains(output, "has been created by somebody else since it was listed") {
		t.Errorf("exit code %d\n%s", code, output)
	}
	p.nothingTwice(t)
}

// A service that lists nobody unless asked for somebody is not taken for one
// that has nobody, however often it is asked.
func TestAServiceThatListsNobodyUnlessAsked(t *testing.T) {
	p := newPair(t, "")
	p.mustSync(t)
	p.hire(t, "abe", "")
	quirks := p.service.Quirks()
	quirks.ListsNothing = true
	p.service.SetQuirks(quirks)
	code, output := p.sync(p.dir)
	if code != commands.ExitTarget || !strings.Contains(output, "it shows none of ours, and ") || !strings.Contains(output, "; 1 created, 0 updated, 0 deactivated, ") {
		t.Errorf("exit code %d\n%s", code, output)
	}
	p.nothingTwice(t)
}

// Two runs that begin at the same moment: one or both give way, nothing is
// there twice, and the next run does the rest.
func TestTwoHostsAtTheSameMoment(t *testing.T) {
	for round := range 5 {
		p := newPair(t, "")
		second := p.secondHost(t, "", func(*http.Request) {})
		runs := []*child{newChild(t, p.dir), newChild(t, second)}
		for _, c := range runs {
			c.start(t)
		}
		for _, c := range runs {
			<-c.ended
			if code := c.ProcessState.ExitCode(); code != commands.ExitOK && code != commands.ExitLocked {
				t.Errorf("round %d: exit code %d, want 0 or %d\n%s", round, code, commands.ExitLocked, c.output.String())
			}
		}
		p.mustSync(t)
		p.nothingTwice(t)
		if code, output := p.sync(p.dir, "--dry-run", "--exit-code"); code != 0 {
			t.Errorf("round %d: something is left to do:\n%s", round, output)
		}
	}
}

// nothingTwice fails the test when two resources bear the same mark.
func (p *pair) nothingTwice(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, doc := range append(p.service.Users(), p.service.Groups()...) {
		mark := fmt.Sprint(doc["externalId"])
		if seen[mark] {
			t.Errorf("%s is there twice", mark)
		}
		seen[mark] = true
	}
}
