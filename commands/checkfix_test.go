package commands_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

// finding is what the test looks at of one line of check --json.
type finding struct {
	Type, Rule, Severity, DN, Attribute, Value, Suggestion string
	Safe                                                   bool
}

// checker is a program that checks one source and has no target.
func checker(t *testing.T, source string) *program {
	t.Helper()
	p := &program{dir: t.TempDir()}
	p.write(t, "adsync.yaml", "version: 1\nsources:\n  - "+strings.ReplaceAll(strings.TrimSpace(source), "\n", "\n    ")+"\n")
	return p
}

func (p *program) check(t *testing.T, args ...string) []finding {
	t.Helper()
	done := p.run(t, append([]string{"check", "--json"}, args...)...)
	if done.code != 0 && done.code != 3 {
		t.Fatalf("check: exit %d\n%s%s", done.code, done.stdout, done.stderr)
	}
	var out []finding
	for line := range strings.Lines(done.stdout) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f.Type == "finding" {
			out = append(out, f)
		}
	}
	return out
}

// faultsOf gives findings as "rule attribute" of each DN's first RDN.
func faultsOf(findings []finding, which func(finding) bool) []string {
	var out []string
	for _, f := range findings {
		if which(f) {
			rdn, _, _ := strings.Cut(f.DN, ",")
			out = append(out, fmt.Sprintf("%s %s %s", rdn, f.Rule, f.Attribute))
		}
	}
	slices.Sort(out)
	return out
}

// ldapmodify applies an LDIF file as an administrator would.
func ldapmodify(t *testing.T, file string, env []string, args ...string) {
	t.Helper()
	c := exec.Command("ldapmodify", append(append([]string{"-x"}, args...), "-f", file)...)
	c.Env = append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		text, _ := os.ReadFile(file)
		t.Fatalf("ldapmodify: %v\n%s\n%s", err, out, text)
	}
}

// held reads all that a directory holds of some attributes, sorted: the
// order of values means nothing in a directory.
func held(read func(dn, attribute string) []string, people []string, attributes []string) map[string][]string {
	out := map[string][]string{}
	for _, dn := range people {
		for _, a := range attributes {
			out[dn+" "+a] = slices.Sorted(slices.Values(read(dn, a)))
		}
	}
	return out
}

// roundTrip fixes, checks again, undoes and compares.
func roundTrip(t *testing.T, p *program, apply func(file string), now func() map[string][]string, wantSafe []string, args ...string) {
	t.Helper()
	safe := func(f finding) bool { return f.Safe }
	before := now()
	found := p.check(t, args...)
	if got := faultsOf(found, safe); !slices.Equal(got, wantSafe) {
		t.Fatalf("safe suggestions:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wantSafe, "\n"))
	}
	fix := filepath.Join(p.dir, "fix.ldif")
	if done := p.run(t, append([]string{"check", "--quiet", "--fix", fix}, args...)...); done.code != 3 {
		t.Fatalf("check --fix: exit %d\n%s%s", done.code, done.stdout, done.stderr)
	}
	apply(fix)
	gone := map[string]bool{}
	for _, line := range wantSafe {
		gone[line] = true
	}
	for _, line := range faultsOf(p.check(t, args...), func(finding) bool { return true }) {
		if gone[line] {
			t.Errorf("still there after the fix: %s", line)
		}
	}
	changed := now()
	if maps.EqualFunc(before, changed, slices.Equal) {
		t.Error("the fix changed nothing")
	}
	apply(strings.TrimSuffix(fix, ".ldif") + ".undo.ldif")
	after := now()
	for key, values := range before {
		if !slices.Equal(after[key], values) {
			t.Errorf("%s is %q after the undo, was %q", key, after[key], values)
		}
	}
}

func TestFixesAreAppliedAndUndoneOnOpenLDAP(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	h := slapdOf(t, s, false)
	ada := h.hire(h.base, "ada", "Ada", "Lovelace", map[string]string{"title": "Head of\tEngines", "displayName": " Ada Lovelace"})
	bob := h.hire(h.base, "bob", "Bob", "Bau\u0308r", map[string]string{"title": "Lead\u200b", "displayName": "Bob Baür"})
	h.SetAttr(ada, "mail", "ada@example.com ")
	h.SetAttr(bob, "description", "nothing to see")
	attributes := []string{"cn", "sn", "givenName", "displayName", "mail", "title", "uid", "description"}
	now := func() map[string][]string { return held(s.Values, []string{ada, bob}, attributes) }
	apply := func(file string) {
		ldapmodify(t, file, nil, "-H", s.URL(), "-D", servers.SlapdAdminDN, "-w", servers.SlapdAdminPassword)
	}
	roundTrip(t, checker(t, h.source("corp")), apply, now, []string{
		"uid=ada control-char title", "uid=ada edge-space displayName", "uid=ada edge-space mail",
		"uid=bob hidden-char title", "uid=bob not-nfc sn",
	})
}

func TestFixesAreAppliedAndUndoneOnActiveDirectory(t *testing.T) {
	s := servers.SharedSamba(t)
	h := sambaOf(t, s, false)
	ada := h.hire(h.base, "ada", "Ada", "Lovelace", map[string]string{"title": "Head of\tEngines", "displayName": "Ada Lovelace "})
	bob := h.hire(h.base, "Bób", "Bob", "Bau\u0308r", map[string]string{"title": "Lead\u200b"})
	h.SetAttr(ada, "userPrincipalName", "ada@"+h.mail+".local")
	h.SetAttr(ada, "mail", "ada\u200b@"+h.mail)
	h.SetAttr(ada, "proxyAddresses", "smtp:ada@"+h.mail, "smtp:lovelace@"+h.mail, "X500:/o=Example/cn=Ada")
	h.SetAttr(bob, "userPrincipalName", "bob@"+h.mail+" ")
	h.SetAttr(bob, "mail", "bob@"+h.mail)
	attributes := []string{"cn", "sn", "givenName", "displayName", "mail", "title", "userPrincipalName", "proxyAddresses", "sAMAccountName"}
	now := func() map[string][]string { return held(s.Values, []string{ada, bob}, attributes) }
	apply := func(file string) {
		ldapmodify(t, file, []string{"LDAPTLS_CACERT=" + s.CAFile()}, "-H", s.LDAPSURL(), "-D", s.UPN(servers.SambaAdminUser), "-w", servers.SambaAdminPassword)
	}
	roundTrip(t, checker(t, h.source("corp")), apply, now, []string{
		"CN=Bób edge-space userPrincipalName", "CN=Bób hidden-char title", "CN=Bób not-nfc displayName", "CN=Bób not-nfc sn",
		"CN=ada control-char title", "CN=ada edge-space displayName", "CN=ada hidden-char mail",
		"CN=ada proxy-no-primary proxyAddresses", "CN=ada unroutable-domain userPrincipalName",
	}, "--attr", "proxyAddresses", "--suffix", h.mail+".local="+h.mail)
}
