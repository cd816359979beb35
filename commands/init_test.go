package commands

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/commands/ask"
	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"

	"github.com/zalando/go-keyring"
)

// No test reads or fills the keyring of whoever runs it.
func init() { keyring.MockInitWithError(errors.New("no keyring")) }

var updateGoldens = flag.Bool("update", false, "rewrite the goldens")

// setUp is a directory, a service and an administrator's folder.
type setUp struct {
	t       *testing.T
	dir     string
	ldap    *ldaptest.Server
	service *scimtest.Server
	ca      string
	environ map[string]string // of the wizard
}

func newSetUp(t *testing.T, flavor ldaptest.Flavor, suffix, ldif string) *setUp {
	t.Helper()
	d := ldaptest.NewDirectory(flavor, suffix)
	if err := d.LoadLDIF(strings.NewReader(ldif)); err != nil {
		t.Fatal(err)
	}
	server, err := ldaptest.Start(d, ldaptest.Options{RequireTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	service, err := scimtest.Start(scimtest.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &setUp{t: t, dir: t.TempDir(), ldap: server, service: service}
	t.Cleanup(func() { _ = server.Close(); service.Close() })
	s.ca = filepath.Join(s.dir, "ca.pem")
	s.put("ca.pem", string(server.CACertPEM()))
	return s
}

func corp(t *testing.T) *setUp {
	text, err := os.ReadFile("../testdata/demo/company.ldif")
	if err != nil {
		t.Fatal(err)
	}
	return newSetUp(t, ldaptest.ActiveDirectory, demoSuffix, string(text))
}

const smallLDIF = `dn: dc=example,dc=org
objectClass: domain
dc: example

dn: ou=Müller,dc=example,dc=org
objectClass: organizationalUnit
ou: Müller

dn: uid=jürgen,ou=Müller,dc=example,dc=org
objectClass: inetOrgPerson
uid: jürgen
cn: Jürgen Müller
sn: Müller
mail: juergen@example.org
entryUUID: 0d8f3b1c-8f4b-4e4d-9d51-7a3b7c1f2a10
userPassword: Größe-1

dn: cn=staff,dc=example,dc=org
objectClass: groupOfNames
cn: staff
member: uid=jürgen,ou=Müller,dc=example,dc=org
`

func (s *setUp) put(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *setUp) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	if strings.HasPrefix(string(text), "adsync-dpapi-") {
		return stored(s.t, filepath.Join(s.dir, name)) + "\n"
	}
	return string(text)
}

func (s *setUp) config() string { return filepath.Join(s.dir, "adsync.yaml") }

// files lists what is in the folder.
func (s *setUp) files() []string {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// neutral takes out what differs from run to run.
func (s *setUp) neutral(text string) string {
	text = inFolder(text, s.dir, "DIR")
	text = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(text, "HOST:PORT")
	return regexp.MustCompile(`in \d+\.\d+s`).ReplaceAllString(text, "in 0.0s")
}

// inFolder puts a name in the place of a folder, and slashes into what follows.
func inFolder(text, dir, name string) string {
	return regexp.MustCompile(regexp.QuoteMeta(dir)+`[^\s"',]*`).ReplaceAllStringFunc(text, func(path string) string {
		return name + filepath.ToSlash(strings.TrimPrefix(path, dir))
	})
}

// told is what an init run said and how it ended.
type told struct {
	err            error
	code           int
	stdout, stderr string
	unused         []string
}

// init runs the wizard with keyed answers; nil answers are a run with --yes.
func (s *setUp) init(answers map[string]string, change ...func(*initOptions)) told {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	o := initOptions{globalOptions: globalOptions{Config: s.config()}, Yes: answers == nil, Given: map[string][]string{}}
	keyed := ask.NewKeyed(answers, &stderr)
	if answers != nil {
		o.Asker = keyed
	}
	for _, c := range change {
		c(&o)
	}
	env := Env{Stdout: &stdout, Stderr: &stderr, Getenv: func(name string) string { return s.environ[name] }, Now: time.Now, program: "/bin/sh"}
	r := told{err: runInit(context.Background(), env, o)}
	r.stdout, r.stderr, r.unused = stdout.String(), stderr.String(), keyed.Unused()
	if r.err != nil {
		r.code = failureOf(r.err).Code
	}
	return r
}

// answers are those of an administrator who does everything right.
func (s *setUp) answers(more ...string) map[string]string {
	a := map[string]string{
		"source-url": s.ldap.LDAPSURL(), "reach": "ca-file", "ca-file": s.ca,
		"bind-user": demoUser, "password": demoPassword,
		"target-url": s.service.URL(), "token": s.service.Token(),
		"write": "write", "run-as": "hand",
	}
	for i := 0; i < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return a
}

// ok fails the test unless the run did what it was to do and used all answers.
func (s *setUp) ok(r told) told {
	s.t.Helper()
	if r.err != nil {
		s.t.Fatalf("%v\n%s", r.err, r.stderr)
	}
	if len(r.unused) > 0 {
		s.t.Errorf("answers to no question: %v\n%s", r.unused, r.stderr)
	}
	return r
}

// Every path through the wizard, and the configuration it leads to.
func TestInitWritesTheConfigurationThatWasAnswered(t *testing.T) {
	people, groups := "OU=People,"+demoSuffix, "OU=Groups,"+demoSuffix
	for _, row := range []struct {
		name    string
		answers []string
		says    string
	}{
		{"everybody", nil, "304 users are in scope."},
		{"users of two OUs", []string{"scope", "ous",
			"user-base#1", people, "user-base#2", "OU=Sales," + people, "user-base#3", "take", "user-base#4", "OU=Finance," + people,
			"user-base#5", "take", "user-base#6", "up", "user-base#7", "done"}, " users are in scope."},
		{"an OU that is taken and left out again", []string{"scope", "ous",
			"user-base#1", people, "user-base#2", "take", "user-base#3", people, "user-base#4", "take", "user-base#5", "OU=Leavers," + demoSuffix,
			"user-base#6", "take", "user-base#7", "done", "empty", "keep"}, "Nobody is in that scope."},
		{"members of groups and groups too", []string{"scope", "groups", "member-of", "CN=Team Sales," + groups + "\nCN=Team Finance," + groups,
			"groups", "yes", "group-scope", "ous", "group-base#1", groups, "group-base#2", "take", "group-base#3", "done"}, " users are in scope."},
		{"all groups", []string{"groups", "yes"}, ""},
		{"a pinned certificate", []string{"reach", "trust"}, ""},
		{"a wrong password first", []string{"password", "wrong", "sign-in", "password", "password#2", demoPassword},
			`the name or the password is wrong (49, data 52e)`},
		{"another account", []string{"bind-user", "nobody@corp.example.com", "sign-in", "account", "bind-user#2", "svc-adsync", "password#2", demoPassword},
			`there is no such account (49, data 525)`},
		{"a server that is not there first", []string{"source-url", "ldaps://127.0.0.1:1", "reach#1", "address", "source-url#2", ""},
			"refused"},
		{"a wrong token first", []string{"token", "wrong", "service", "secret", "token#2", ""}, "status 401"},
		{"a service that is not there first", []string{"target-url", "http://127.0.0.1:1/v2", "service", "url", "target-url#2", ""}, "refused"},
		{"another profile", []string{"profile", "okta"}, ""},
		{"a dry run before", []string{"write#1", "try", "write#2", "write"}, "dry run: 287 created"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := corp(t)
			answers := s.answers(row.answers...)
			for key, standard := range map[string]string{"source-url#2": s.ldap.LDAPSURL(), "token#2": s.service.Token(), "target-url#2": s.service.URL()} {
				if answer, asked := answers[key]; asked && answer == "" {
					answers[key] = standard
				}
			}
			if answers["reach"] == "trust" {
				delete(answers, "ca-file")
			}
			if answers["write#1"] != "" {
				delete(answers, "write")
			}
			r := s.ok(s.init(answers))
			if !strings.Contains(r.stderr, row.says) {
				t.Errorf("does not say %q:\n%s", row.says, r.stderr)
			}
			text := regexp.MustCompile(`pin_sha256: \w+`).ReplaceAllString(s.neutral(s.read("adsync.yaml")), "pin_sha256: PIN")
			golden(t, "init/"+strings.ReplaceAll(row.name, " ", "-")+".yaml", text)
			if got := s.read("corp.password"); got != demoPassword+"\n" {
				t.Errorf("corp.password holds %q", got)
			}
			if got := s.read("target.token"); got != s.service.Token()+"\n" {
				t.Errorf("target.token holds %q", got)
			}
			for _, name := range []string{"adsync.yaml", "corp.password", "target.token"} {
				s.closed(name)
			}
			for _, secret := range []string{demoPassword, s.service.Token()} {
				if strings.Contains(r.stdout+r.stderr, secret) {
					t.Errorf("a secret was shown:\n%s", r.stderr)
				}
			}
			// Asked again, there is nothing to change.
			before := s.read("adsync.yaml")
			if r := s.ok(s.init(map[string]string{"change": "done"})); !strings.Contains(r.stderr, "Nothing was changed.") {
				t.Errorf("a second run says\n%s", r.stderr)
			}
			if s.read("adsync.yaml") != before {
				t.Error("a second run changed the file")
			}
		})
	}
}

// closed fails the test if others may read a file.
func (s *setUp) closed(name string) {
	s.t.Helper()
	info, err := os.Stat(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		s.t.Errorf("%s has mode %v", name, info.Mode())
	}
}

func TestInitTakesNamesOutsideASCII(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s.dir = filepath.Join(s.dir, "Verzeichnis Ünïcode", "配置")
	answers := s.answers("bind-user", "uid=jürgen,ou=Müller,dc=example,dc=org", "password", "Größe-1", "source-id", "example",
		"scope", "ous", "user-base#1", "ou=Müller,dc=example,dc=org", "user-base#2", "take", "user-base#3", "done", "groups", "yes")
	s.ok(s.init(answers, func(o *initOptions) { o.Config = filepath.Join(s.dir, "einrichtung-ß.yaml") }))
	golden(t, "init/outside-ASCII.yaml", inFolder(s.neutral(s.read("einrichtung-ß.yaml")), filepath.Dir(s.ca), "DIR"))
	if got := s.read("example.password"); got != "Größe-1\n" {
		t.Errorf("example.password holds %q", got)
	}
	var out bytes.Buffer
	env := Env{Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }, Now: time.Now}
	if err := runSync(context.Background(), env, syncOptions{globalOptions: globalOptions{Config: filepath.Join(s.dir, "einrichtung-ß.yaml")}}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if s.service.User("jürgen") == nil {
		t.Errorf("jürgen did not arrive:\n%s", out.String())
	}
}

// Who starts the sync by hand can open the keyring.
func TestInitKeepsSecretsInTheKeyring(t *testing.T) {
	keyring.MockInit()
	t.Cleanup(func() { keyring.MockInitWithError(errors.New("no keyring")) })
	s := corp(t)
	s.ok(s.init(s.answers()))
	golden(t, "init/keyring.yaml", s.neutral(s.read("adsync.yaml")))
	if got := s.files(); !slices.Equal(got, []string{"adsync.yaml", "ca.pem"}) {
		t.Errorf("files %v", got)
	}
	for name, want := range map[string]string{"corp.password": demoPassword, "target.token": s.service.Token()} {
		if got, err := keyring.Get("adsync", name); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Two configurations in one folder have secrets of their own, and each keeps
// its own when they are replaced.
func TestASecondConfigurationLeavesTheSecretsOfTheFirst(t *testing.T) {
	s := corp(t)
	s.ok(s.init(s.answers()))
	s.put("corp.password", "of the first")
	other := func(o *initOptions) { o.Config = filepath.Join(s.dir, "other.yaml") }
	s.ok(s.init(s.answers(), other))
	for range 2 {
		if got := s.read("corp.password") + s.read("adsync-other.corp.password") + s.read("adsync-other.target.token"); got != "of the first"+demoPassword+"\n"+s.service.Token()+"\n" {
			t.Errorf("secrets %q", got)
		}
		if text := s.read("other.yaml"); !strings.Contains(text, "{file: adsync-other.corp.password}") || !strings.Contains(text, "{file: adsync-other.target.token}") {
			t.Error(text)
		}
		s.ok(s.init(map[string]string{"change": "password:corp", "change#2": "done", "password": demoPassword, "write": "write", "run-as": "hand"}, other))
	}
	s.ok(s.init(map[string]string{"change": "target", "change#2": "done", "token": s.service.Token(), "write": "write", "run-as": "hand"}))
	if got := s.files(); slices.Contains(got, "adsync.target.token") {
		t.Errorf("files %v", got)
	}
}

// A keyring is one for all folders.
func TestASecondConfigurationHasEntriesOfItsOwnInTheKeyring(t *testing.T) {
	keyring.MockInit()
	t.Cleanup(func() { keyring.MockInitWithError(errors.New("no keyring")) })
	first, second := corp(t), corp(t)
	first.ok(first.init(first.answers()))
	if err := keyring.Set("adsync", "corp.password", "of the first"); err != nil {
		t.Fatal(err)
	}
	second.ok(second.init(second.answers()))
	if got, err := keyring.Get("adsync", "corp.password"); err != nil || got != "of the first" {
		t.Errorf("%q, %v", got, err)
	}
	if text := second.read("adsync.yaml"); !regexp.MustCompile(`password: \{keyring: adsync-\w+-\w{8}\.corp\.password\}`).MatchString(text) {
		t.Error(text)
	}
}

func TestInitReadsAnLDIFFile(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s.put("people.ldif", smallLDIF)
	s.put("token", s.service.Token())
	r := s.init(nil, flags("source-url", "ldif:"+filepath.Join(s.dir, "people.ldif"), "source-type", "ldap", "source-id", "files",
		"target-url", s.service.URL(), "token-file", filepath.Join(s.dir, "token")))
	s.ok(r)
	golden(t, "init/LDIF.yaml", s.neutral(s.read("adsync.yaml")))
}

// flags are answers given on the command line.
func flags(pairs ...string) func(*initOptions) {
	return func(o *initOptions) {
		for i := 0; i < len(pairs); i += 2 {
			o.Given[pairs[i]] = append(o.Given[pairs[i]], pairs[i+1])
		}
	}
}

func (s *setUp) allFlags() func(*initOptions) {
	s.put("corp.password", demoPassword)
	s.put("target.token", s.service.Token())
	return flags("source-url", s.ldap.LDAPSURL(), "ca-file", s.ca, "bind-user", demoUser, "password-file", filepath.Join(s.dir, "corp.password"),
		"target-url", s.service.URL(), "token-file", filepath.Join(s.dir, "target.token"),
		"user-base", "OU=Sales,OU=People,"+demoSuffix, "user-base", "OU=Finance,OU=People,"+demoSuffix, "groups", "yes", "group-base", "OU=Groups,"+demoSuffix)
}

func TestInitWithFlagsAsksNothing(t *testing.T) {
	s := corp(t)
	r := s.ok(s.init(nil, s.allFlags()))
	if want := "wrote " + s.config() + "\n"; r.stdout != want {
		t.Errorf("stdout %q, want %q", r.stdout, want)
	}
	golden(t, "init/flags.yaml", s.neutral(s.read("adsync.yaml")))
	r = s.ok(s.init(nil, s.allFlags()))
	if want := "unchanged " + s.config() + "\n"; r.stdout != want {
		t.Errorf("again: stdout %q, want %q", r.stdout, want)
	}
	if slices.Contains(s.files(), "adsync.yaml.bak") {
		t.Error("a backup of what was not changed")
	}
}

func TestInitAsksForWhatFlagsLeaveOut(t *testing.T) {
	s := corp(t)
	answers := s.answers()
	for _, key := range []string{"source-url", "reach", "ca-file", "bind-user", "target-url"} {
		delete(answers, key)
	}
	s.ok(s.init(answers, flags("source-url", s.ldap.LDAPSURL(), "ca-file", s.ca, "bind-user", demoUser, "target-url", s.service.URL())))
	golden(t, "init/everybody.yaml", s.neutral(s.read("adsync.yaml")))
}

func TestInitWithoutATerminalListsAllThatIsMissing(t *testing.T) {
	s := corp(t)
	for _, row := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"nothing given", nil, `these answers are missing; nothing was written
  --domain or --source-url                       where the directory is
  --bind-user                                    the name to sign in with
  --password-file, -env or -command              where its password is
  --target-url                                   the SCIM URL of the service
  --token-file, -env or -command                 where the service's token is`},
		{"kerberos with a keytab", []string{"bind-method", "kerberos", "keytab", s.ca, "domain", "corp.example.com"}, `these answers are missing; nothing was written
  --bind-user                                    the name to sign in with
  --target-url                                   the SCIM URL of the service
  --token-file, -env or -command                 where the service's token is`},
		{"a certificate and OAuth", []string{"bind-method", "external", "source-url", "ldaps://x", "client-id", "a", "target-url", "https://x"}, `these answers are missing; nothing was written
  --cert-file                                    our certificate
  --key-file                                     its private key
  --token-url                                    the URL that gives out tokens
  --client-secret-file, -env or -command         where the client's secret is`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := s.init(nil, flags(row.flags...))
			if r.code != ExitUsage || r.err.Error() != row.want {
				t.Errorf("exit %d:\n%v\nwant\n%s", r.code, r.err, row.want)
			}
			if got := s.files(); !slices.Equal(got, []string{"ca.pem"}) {
				t.Errorf("files %v", got)
			}
		})
	}
}

func TestInitWithoutATerminalWritesNothingThatFailsItsTest(t *testing.T) {
	s := corp(t)
	for _, row := range []struct {
		name, key, value string
		code             int
		says             string
	}{
		{"a wrong password", "password-file", "wrong", ExitSource, "the name or the password is wrong"},
		{"an authority's file that is none", "ca-file", "wrong", ExitUsage, "sources[directory].tls.ca_file: "},
		{"a server that is not there", "source-url", "ldaps://127.0.0.1:1", ExitSource, "sources[directory].url: connect to ldaps://127.0.0.1:1: "},
		{"a base that is not there", "user-base", "OU=Nowhere," + demoSuffix, ExitSource, "OU=Nowhere"},
		{"a group that is not there", "member-of", "CN=Nowhere," + demoSuffix, ExitSource, "Nowhere"},
		{"a wrong token", "token-file", "wrong", ExitTarget, "401"},
		{"an unknown profile", "profile", "oktaa", ExitUsage, `--profile: no profile "oktaa": did you mean "okta"`},
		{"an unknown method", "bind-method", "magic", ExitUsage, `--bind-method: "magic" is none of simple`},
		{"a name without its domain but with an error", "source-id", "Corp", ExitUsage, "--source-id: use 1 to 32"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := s.init(nil, s.allFlags(), func(o *initOptions) {
				if row.value == "wrong" {
					s.put("wrong", "not-the-secret")
					row.value = filepath.Join(s.dir, "wrong")
				}
				o.Given[row.key] = []string{row.value}
			})
			if r.code != row.code || !strings.Contains(r.err.Error(), row.says) {
				t.Errorf("exit %d: %v", r.code, r.err)
			}
			if slices.Contains(s.files(), "adsync.yaml") {
				t.Error("a configuration was written")
			}
		})
	}
}

// A file that was moved away is asked for anew.
func TestAnAuthorityWhoseFileIsGoneIsNamedAnew(t *testing.T) {
	s := corp(t)
	s.ok(s.init(s.answers()))
	if err := os.Rename(s.ca, s.ca+".moved"); err != nil {
		t.Fatal(err)
	}
	r := s.ok(s.init(map[string]string{"change": "source:corp", "change#2": "done", "reach": "ca-file", "ca-file": s.ca + ".moved", "password": "", "write": "write", "schedule": "no"}))
	if !strings.Contains(r.stderr, "That did not work: cannot be read: ") || !strings.Contains(s.read("adsync.yaml"), "ca_file: ca.pem.moved") {
		t.Errorf("%s\n%s", r.stderr, s.read("adsync.yaml"))
	}
}

func TestInitEditsAnExistingFile(t *testing.T) {
	second := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s := corp(t)
	s.ok(s.init(s.answers()))
	written := strings.Replace(s.read("adsync.yaml"), "sources:\n", "sources: # ours\n", 1)
	for _, row := range []struct {
		name    string
		answers map[string]string
	}{
		{"a source added", map[string]string{"change": "add", "change#2": "done", "source-url": second.ldap.LDAPSURL(), "reach": "ca-file",
			"ca-file": second.ca, "bind-user": "uid=jürgen,ou=Müller,dc=example,dc=org", "password": "Größe-1", "source-id": "other", "write": "write", "run-as": "hand"}},
		{"a source changed", map[string]string{"change": "source:corp", "change#2": "done", "scope": "groups",
			"member-of": "CN=Team Sales,OU=Groups," + demoSuffix, "write": "write", "password": "", "schedule": "no"}},
		{"a password replaced", map[string]string{"change": "password:corp", "change#2": "done", "password": demoPassword, "write": "write", "run-as": "hand"}},
		{"a token replaced", map[string]string{"change": "token", "change#2": "done", "token": s.service.Token(), "write": "write", "run-as": "hand"}},
		{"the service changed", map[string]string{"change": "target", "change#2": "done", "token": "", "profile": "okta", "write": "write", "schedule": "no"}},
		{"left at the end", map[string]string{"change": "token", "change#2": "done", "token": s.service.Token(), "write": "leave", "run-as": "hand"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s.t = t
			s.put("adsync.yaml", written)
			_ = os.Remove(filepath.Join(s.dir, "adsync.yaml.bak"))
			r := s.init(row.answers)
			if row.answers["write"] == "leave" {
				if r.code != ExitInterrupted || s.read("adsync.yaml") != written {
					t.Errorf("exit %d: %v", r.code, r.err)
				}
				return
			}
			s.ok(r)
			got := s.read("adsync.yaml")
			golden(t, "init/"+strings.ReplaceAll(row.name, " ", "-")+".yaml", inFolder(s.neutral(got), second.dir, "OTHER"))
			if got != written && s.read("adsync.yaml.bak") != written {
				t.Error("the old file was not kept as it was")
			}
		})
	}
}

func TestInitRemovesASource(t *testing.T) {
	s := corp(t)
	s.ok(s.init(nil, s.allFlags()))
	if r := s.init(nil, func(o *initOptions) { o.Remove = "corp" }); r.code != ExitUsage {
		t.Errorf("the only source: exit %d: %v", r.code, r.err)
	}
	s.put("people.ldif", smallLDIF)
	s.ok(s.init(nil, flags("source-url", "ldif:"+filepath.Join(s.dir, "people.ldif"), "source-type", "ldap", "source-id", "files")))
	s.ok(s.init(map[string]string{"change": "remove:corp", "sure": "yes", "change#2": "done", "write": "write", "schedule": "no"}))
	golden(t, "init/a-source-removed.yaml", s.neutral(s.read("adsync.yaml")))
	if r := s.init(nil, func(o *initOptions) { o.Remove = "nobody" }); r.code != ExitUsage || !strings.Contains(r.err.Error(), `"nobody" is not a configured source`) {
		t.Errorf("exit %d: %v", r.code, r.err)
	}
}

func TestInitSendsToAFolder(t *testing.T) {
	s := corp(t)
	answers := s.answers("target-url", "file:out")
	delete(answers, "token")
	s.ok(s.init(answers))
	golden(t, "init/a-folder.yaml", s.neutral(s.read("adsync.yaml")))
	s.ok(s.init(map[string]string{"change": "target", "change#2": "done", "target-url": s.service.URL(), "token": s.service.Token(), "write": "write", "run-as": "hand"}))
	golden(t, "init/everybody.yaml", s.neutral(s.read("adsync.yaml")))
}

// A forest of two domains, which only the table of hosts can find here.
func TestInitShowsTheDomainsOfAForest(t *testing.T) {
	s := corp(t)
	eu := s.ldap.Directory().NewDomain("DC=eu,DC=corp,DC=example,DC=com")
	// The test's domains do not pass binds on to each other.
	account := "CN=svc-adsync,CN=Users,DC=eu,DC=corp,DC=example,DC=com"
	if err := eu.Add(account, map[string][]string{"objectClass": {"top", "person", "organizationalPerson", "user"},
		"sAMAccountName": {"svc-eu"}, "userPrincipalName": {demoUser}, "userAccountControl": {"512"}}); err != nil {
		t.Fatal(err)
	}
	if err := eu.SetPassword(account, demoPassword); err != nil {
		t.Fatal(err)
	}
	other, err := ldaptest.Start(eu, ldaptest.Options{Authority: s.ldap.Authority()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	s.ok(s.init(s.answers("forest", "no")))
	hosts := "    hosts: {eu.corp.example.com: " + strings.TrimPrefix(other.LDAPSURL(), "ldaps://") + "}\n"
	s.put("adsync.yaml", strings.Replace(s.read("adsync.yaml"), "    tls:\n", hosts+"    tls:\n", 1))
	r := s.ok(s.init(map[string]string{"change": "source:corp", "change#2": "done", "forest": "yes", "password": "", "write": "write", "schedule": "no"}))
	for _, says := range []string{"The forest has 2 domains:\n", "  eu.corp.example.com (ldaps://", "  corp.example.com: 304 users\n", "  eu.corp.example.com: 1 user\n"} {
		if !strings.Contains(r.stderr, says) {
			t.Errorf("does not say %q:\n%s", says, r.stderr)
		}
	}
	if !strings.Contains(s.read("adsync.yaml"), "forest: true") {
		t.Error("the forest is not read")
	}
}

func TestInitWritesAllOrNothing(t *testing.T) {
	s := corp(t)
	if err := os.Mkdir(filepath.Join(s.dir, "target.token"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := s.init(s.answers())
	if r.err == nil {
		t.Fatal("wrote a file over a folder")
	}
	if got := s.files(); !slices.Equal(got, []string{"ca.pem", "target.token"}) {
		t.Errorf("files %v", got)
	}
}

// What the configuration names stands in the keyring until it is written.
func TestInitPutsTheKeyringBackWhenItCannotWrite(t *testing.T) {
	keyring.MockInit()
	t.Cleanup(func() { keyring.MockInitWithError(errors.New("no keyring")) })
	s := corp(t)
	s.ok(s.init(s.answers()))
	const kept = "the token of before"
	if err := keyring.Set("adsync", "target.token", kept); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "adsync.yaml.bak", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := s.init(map[string]string{"change#1": "token", "token": s.service.Token(), "change#2": "source:corp", "password": "", "scope": "groups",
		"member-of": "CN=Team Sales,OU=Groups," + demoSuffix, "change#3": "done", "write": "write", "run-as": "hand"})
	if r.err == nil {
		t.Fatalf("wrote over a folder\n%s", r.stderr)
	}
	if got, err := keyring.Get("adsync", "target.token"); err != nil || got != kept {
		t.Errorf("the keyring holds %q, %v: %v\n%s", got, err, r.err, r.stderr)
	}
}

// A resolver knows one domain.
type oneDomain string

func (d oneDomain) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	if strings.HasSuffix(name, string(d)) {
		return "", []*net.SRV{{Target: "dc1." + string(d) + ".", Port: 389}}, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestInitSuggestsTheMachinesOwnDomainIfItHasADirectory(t *testing.T) {
	w := &wizard{dns: oneDomain("corp.example.com"), suffixes: func() []string { return []string{"example.net", "corp.example.com"} }}
	if got := w.suggestDomain(t.Context()); got != "corp.example.com" {
		t.Errorf("suggests %q", got)
	}
	w.dns = oneDomain("example.org")
	if got := w.suggestDomain(t.Context()); got != "" {
		t.Errorf("suggests %q", got)
	}
}

func TestInitReadsTheSearchListOfAResolvConf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(path, []byte("# a comment\nnameserver 192.0.2.1\nsearch corp.example.com example.com\ndomain example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := searchList(path); !slices.Equal(got, []string{"corp.example.com", "example.com", "example.org"}) {
		t.Errorf("%v", got)
	}
}

func TestAddressesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]address{
		"corp.example.com":              {name: "corp.example.com"},
		" dc1.corp.example.com. ":       {name: "dc1.corp.example.com"},
		"dc1.corp.example.com:636":      {url: "ldaps://dc1.corp.example.com:636"},
		"dc1.corp.example.com:389":      {url: "ldap://dc1.corp.example.com:389"},
		"dc1.corp.example.com:10389":    {name: "dc1.corp.example.com:10389"},
		"ldaps://dc1.corp.example.com/": {url: "ldaps://dc1.corp.example.com"},
		"ldif:people.ldif":              {url: "ldif:people.ldif"},
	} {
		if got := parseAddress(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{"", "two words", "https://example.com", "ldaps://", "ldap://host/dc=example"} {
		if addressText(text) == nil {
			t.Errorf("%q is taken for an address", text)
		}
	}
}

func TestShortIDs(t *testing.T) {
	for _, row := range []struct{ from, want string }{
		{"corp.example.com", "corp"}, {"ldaps://dc1.example.com:636", "dc1"}, {"ldaps://192.0.2.1", "directory"},
		{"Müller.example.com", "m-ller"}, {"", "directory"}, {"taken.example.com", "taken-2"},
	} {
		if got := shortID(row.from, []string{"taken"}); got != row.want {
			t.Errorf("%q: %q, want %q", row.from, got, row.want)
		}
	}
}

// golden compares a text with testdata/golden, or with -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("../testdata/golden", name)
	if *updateGoldens {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing; -update writes it", path)
	}
	if string(want) != got {
		t.Errorf("%s differs:\n%s\nwant\n%s", name, got, want)
	}
}
