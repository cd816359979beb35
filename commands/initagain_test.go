package commands

import (
	"net/http"
	"path/filepath"
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

// What turns out not to work is done without, and all else stays.
func TestInitDoesWithoutWhatDoesNotWork(t *testing.T) {
	s := corp(t)
	r := s.ok(s.init(s.answers("another#1", "yes", "source-url#2", "ldaps://127.0.0.1:1", "reach#2", "leave",
		"another#2", "yes", "source-url#3", "ldif:nowhere.ldif", "source-type", "ldap", "reach#3", "leave", "another#3", "no")))
	golden(t, "init/everybody.yaml", s.neutral(s.read("adsync.yaml")))
	r.says(t, nil, "That did not work: ")
	before := s.read("adsync.yaml")
	for _, answers := range []map[string]string{
		{"change#1": "add", "source-url": "ldaps://127.0.0.1:1", "reach": "leave"},
		{"change#1": "password:corp", "password": "wrong", "sign-in": "leave"},
		{"change#1": "target", "target-url": "http://127.0.0.1:1", "token": "", "service": "leave"},
		{"change#1": "target", "target-url": "http://127.0.0.1:1", "token": "", "service#1": "proxy", "proxy": "http://127.0.0.1:1", "proxy-user": "none", "service#2": "leave"},
	} {
		answers["change#2"] = "done"
		r := s.ok(s.init(answers))
		r.says(t, nil, "Nothing was changed.")
		if got := s.read("adsync.yaml"); got != before {
			t.Errorf("%v: %s", answers, got)
		}
	}
}

// An LDIF file that is not there is no end of the set-up.
func TestInitAsksAnewForAnLDIFFile(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s.put("people.ldif", smallLDIF)
	answers := s.answers("source-url#1", "ldif:poeple.ldif", "source-type", "ldap", "reach#1", "address", "source-url#2", "ldif:"+filepath.Join(s.dir, "people.ldif"), "source-id", "files")
	for _, key := range []string{"source-url", "reach", "ca-file", "bind-user", "password"} {
		delete(answers, key)
	}
	r := s.ok(s.init(answers))
	r.says(t, []string{"sources["}, "That did not work: the LDIF file cannot be read: ")
	if text := s.read("adsync.yaml"); !strings.Contains(text, "url: ldif:people.ldif") {
		t.Error(text)
	}
}
