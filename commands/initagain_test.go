package commands

import (
	"net/http"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// What is out of order at first, and in order when it is tried again.
func TestInitTriesAgain(t *testing.T) {
	for _, row := range []struct {
		name    string
		breaks  func(s *setUp)
		at      string // the question before which it is mended
		answers []string
		says    string
	}{
		{"a server that accepts nobody", func(s *setUp) { s.ldap.Inject(ldaptest.Fault{On: ldaptest.OpConnect, Do: ldaptest.Close()}) }, "reach",
			[]string{"reach#1", "again", "reach#2", "ca-file"}, "That did not work: "},
		{"an account that is unlocked", func(s *setUp) { s.ldap.Inject(ldaptest.Fault{On: ldaptest.OpBind, Do: ldaptest.RefuseBind("775")}) }, "sign-in",
			[]string{"sign-in", "again"}, "the account is locked out (49, data 775)"},
		{"another server", func(s *setUp) { s.ldap.Inject(ldaptest.Fault{On: ldaptest.OpBind, Do: ldaptest.RefuseBind("533")}) }, "sign-in",
			[]string{"sign-in", "address", "source-url#2", "SERVER", "password#2", demoPassword}, "the account is disabled (49, data 533)"},
		{"a service that is down for maintenance", func(s *setUp) {
			s.service.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: http.StatusForbidden})
		}, "service", []string{"service", "again"}, "status 403"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := corp(t)
			row.breaks(s)
			answers := s.answers(row.answers...)
			for key, value := range answers {
				if value == "SERVER" {
					answers[key] = s.ldap.LDAPSURL()
				}
			}
			if answers["reach#1"] != "" {
				delete(answers, "reach")
			}
			r := s.ok(s.init(answers, func(o *initOptions) {
				o.Asker = &atQuestion{o.Asker, row.at, func() {
					s.ldap.ClearFaults()
					s.service.ClearFaults()
				}}
			}))
			r.says(t, []string{demoPassword}, row.says)
			golden(t, "init/everybody.yaml", s.neutral(s.read("adsync.yaml")))
		})
	}
}

// Before anything is written each answer can be given anew, and what was said
// so far is what is suggested.
func TestInitChangesItsMindBeforeItWrites(t *testing.T) {
	s := corp(t)
	groups := "OU=Groups," + demoSuffix
	answers := s.answers("scope#1", "groups", "member-of", "CN=Team Sales,"+groups, "groups", "yes", "group-scope#1", "ous", "group-base#1", groups, "group-base#2", "take",
		"group-base#3", "done", "write#1", "change", "change#1", "source:corp", "password#2", "", "scope#2", "keep", "group-scope#2", "keep", "change#2", "done", "write#2", "write")
	delete(answers, "write")
	s.ok(s.init(answers))
	text := s.read("adsync.yaml")
	for _, want := range []string{"member_of: CN=Team Sales," + groups, "base: " + groups, "sync: true"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestInitLeavesEverythingAsItIsWhenAskedTo(t *testing.T) {
	s := corp(t)
	before := s.contents()
	r := s.init(s.answers("write", "leave"))
	if r.code != ExitInterrupted || strings.Join(s.contents(), "") != strings.Join(before, "") {
		t.Errorf("exit %d: %v; files %v", r.code, r.err, s.files())
	}
}

// A first set-up of two directories.
func TestInitReadsAnotherDirectoryToo(t *testing.T) {
	second := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s := corp(t)
	answers := s.answers("another#1", "yes", "another#2", "no", "source-url#2", second.ldap.LDAPSURL(), "reach#2", "ca-file", "ca-file#2", second.ca,
		"bind-user#2", "uid=jürgen,ou=Müller,dc=example,dc=org", "password#2", "Größe-1", "source-id#2", "lab")
	s.ok(s.init(answers))
	golden(t, "init/two-directories.yaml", inFolder(s.neutral(s.read("adsync.yaml")), second.dir, "OTHER"))
	if s.read("corp.password") != demoPassword+"\n" || s.read("lab.password") != "Größe-1\n" {
		t.Error("a password is not where it belongs")
	}
}
