package commands

import (
	"path/filepath"
	"strings"
	"testing"

	"adsync/commands/config"
)

// In a network whose proxy wants a password the set-up is one piece: the
// service is tried through it, and the password is kept as every other secret.
func TestAProxyThatWantsAPasswordIsAskedAbout(t *testing.T) {
	proxy, served := forwarder(t)
	s := corp(t)
	answers := s.answers("service", "proxy", "proxy", proxy, "proxy-user", "ada", "proxy-password", "wrong-pass-1",
		"service#2", "proxy", "proxy#2", proxy, "proxy-user#2", "ada", "proxy-password#2", "hunter2-pass")
	r := s.ok(s.init(answers, flags("proxy", proxy)))
	for _, words := range []string{"the proxy wants a user and password", "the proxy does not accept the user and password", "give the user name and the password"} {
		if !strings.Contains(r.stderr, words) {
			t.Errorf("%q is not said:\n%s", words, r.stderr)
		}
	}
	if want := "proxy:\n  url: " + proxy + "\n  username: ada\n  password: {file: proxy.password}\n"; !strings.Contains(s.read("adsync.yaml"), want) {
		t.Errorf("saved\n%s", s.read("adsync.yaml"))
	}
	if got := s.read("proxy.password"); got != "hunter2-pass\n" {
		t.Errorf("kept %q", got)
	}
	if served.Load() == 0 {
		t.Error("the service was reached around the proxy")
	}
	if text := r.stdout + r.stderr + s.read("adsync.yaml"); strings.Contains(text, "hunter2-pass") || strings.Contains(text, "wrong-pass-1") {
		t.Errorf("a password is shown:\n%s", text)
	}

	// An edit keeps it, and none takes it away.
	s.ok(s.init(nil, flags("profile", "okta")))
	if !strings.Contains(s.read("adsync.yaml"), "password: {file: proxy.password}") {
		t.Errorf("saved\n%s", s.read("adsync.yaml"))
	}
	s.ok(s.init(nil, flags("proxy", "none")))
	if strings.Contains(s.read("adsync.yaml"), "proxy:") {
		t.Errorf("saved\n%s", s.read("adsync.yaml"))
	}
}

func TestAProxyIsGivenByFlags(t *testing.T) {
	proxy, served := forwarder(t)
	s := corp(t)
	s.put("at-the-proxy", "hunter2-pass\n")
	s.ok(s.init(nil, s.allFlags(), flags("proxy", proxy, "proxy-user", "ada", "proxy-password-file", filepath.Join(s.dir, "at-the-proxy"))))
	if want := "  username: ada\n  password: {file: at-the-proxy}\n"; !strings.Contains(s.read("adsync.yaml"), want) || served.Load() == 0 {
		t.Errorf("saved\n%s", s.read("adsync.yaml"))
	}
	for _, row := range []struct {
		given []string
		says  string
	}{
		{[]string{"proxy-user", "ada"}, "--proxy-user: wants --proxy"},
		{[]string{"proxy", "http://ada:hunter2-pass@127.0.0.1"}, "--proxy: leave name and password out of the URL; they are asked for"},
		{[]string{"proxy", "ftp://127.0.0.1"}, `"ftp" is not a kind of proxy`},
		{[]string{"proxy", proxy, "proxy-user", "ada", "proxy-password-command", "pass", "proxy-password-env", "PASSWORD"}, "--proxy-password-command: does not go with --proxy-password-env"},
	} {
		r := corp(t).init(nil, flags(row.given...))
		if r.code != ExitUsage || !strings.Contains(r.err.Error(), row.says) || strings.Contains(r.err.Error(), "hunter2-pass") {
			t.Errorf("%q: exit %d: %v", row.given, r.code, r.err)
		}
	}
}

// A source may be called as the service's and the proxy's files are.
func TestNoSecretIsStoredOverAnother(t *testing.T) {
	password := func(text string) secretAnswer { return secretAnswer{Typed: config.NewValue(text)} }
	a := answers{Sources: []sourceAnswers{{ID: "proxy", Method: "simple", Password: password("1")}, {ID: "target", Method: "simple", Password: password("2")}}}
	a.Target.Auth, a.Target.Password = authBasic, password("3")
	a.Target.wayOut = wayOut{Proxy: "http://127.0.0.1:1", ProxyUser: "ada", ProxyPassword: password("4")}
	seen := map[string]bool{}
	for _, s := range a.typed() {
		if seen[s.file()] {
			t.Errorf("%s is stored twice", s.file())
		}
		seen[s.file()] = true
	}
	if len(seen) != 4 {
		t.Errorf("files %v", seen)
	}
}
