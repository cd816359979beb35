package commands

import (
	"bytes"
	"cmp"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
	"adsync/upload/scimtest"
)

// newFolder is an administrator's folder and a service, without a directory.
func newFolder(t *testing.T) *setUp {
	t.Helper()
	service, err := scimtest.Start(scimtest.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	return &setUp{t: t, dir: t.TempDir(), service: service}
}

// serviceAnswers are the answers about the service, and those to the last steps.
func (s *setUp) serviceAnswers(more ...string) map[string]string {
	a := map[string]string{"target-url": s.service.URL(), "token": s.service.Token(), "write": "write", "run-as": "hand"}
	for i := 0; i < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return a
}

// becomes compares the configuration with a golden, and finds nothing to
// change when the wizard is run again. What differs from run to run is replaced.
func (s *setUp) becomes(name string, differs ...string) {
	s.t.Helper()
	text := s.read("adsync.yaml")
	golden(s.t, "init/"+strings.ReplaceAll(name, " ", "-")+".yaml", s.neutral(strings.NewReplacer(differs...).Replace(text)))
	if r := s.ok(s.init(map[string]string{"change": "done"})); !strings.Contains(r.stderr, "Nothing was changed.") || s.read("adsync.yaml") != text {
		s.t.Errorf("a second run says\n%s", r.stderr)
	}
}

// says fails the test unless the wizard said each of some texts, and none of
// the secrets.
func (r told) says(t *testing.T, secrets []string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("does not say %q:\n%s", text, r.stderr)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(r.stdout+r.stderr, secret) {
			t.Errorf("a secret was shown:\n%s", r.stderr)
		}
	}
}

// Every way of signing in to a domain, found by its name in its own DNS.
func TestInitSignsInToADomain(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a domain controller")
	}
	samba := servers.SharedSamba(t)
	before := net.DefaultResolver
	net.DefaultResolver = samba.Resolver()
	t.Cleanup(func() { net.DefaultResolver = before })
	// Without it Kerberos would ask the machine's own DNS for a realm.
	conf := filepath.Join(t.TempDir(), "krb5.conf")
	if err := os.WriteFile(conf, []byte("[libdefaults]\n dns_lookup_kdc = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", conf)
	user, password := samba.UPN(servers.SambaServiceUser), servers.SambaServicePassword
	principal := servers.SambaServiceUser + "@" + samba.Realm()
	keytab := samba.ExportKeytab(servers.SambaServiceUser)
	ccache := filepath.Join(t.TempDir(), "ccache")
	kinit := exec.Command("kinit", "-c", ccache, "-k", "-t", keytab, principal)
	kinit.Env = append(os.Environ(), "KRB5_CONFIG="+samba.Krb5Conf())
	if out, err := kinit.CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v\n%s", err, out)
	}
	t.Setenv("KRB5CCNAME", "FILE:"+ccache)
	for _, row := range []struct {
		name    string
		answers []string
		says    []string
		flags   []string
	}{
		{"name and password", []string{"bind-user", user, "password", password}, []string{"Signed in to ldaps://dc1.corp.example.com:636 as " + user},
			[]string{"bind-user", user, "password-file", "corp.password"}},
		{"a NetBIOS name", []string{"bind-user", samba.NetBIOS() + `\` + servers.SambaServiceUser, "password", password}, nil, nil},
		{"a name without its domain", []string{"bind-user", servers.SambaServiceUser, "password", password}, []string{"as " + user},
			[]string{"bind-user", servers.SambaServiceUser, "password-file", "corp.password"}},
		{"Kerberos with a keytab", []string{"bind-method", "kerberos", "kerberos", "keytab", "keytab", keytab, "bind-user", principal}, []string{"as " + principal},
			[]string{"bind-method", "kerberos", "keytab", "svc.keytab", "bind-user", principal}},
		{"Kerberos with a password", []string{"bind-method", "kerberos", "kerberos", "password", "bind-user", principal, "password", password}, []string{"as " + principal},
			[]string{"bind-method", "kerberos", "bind-user", principal, "password-file", "corp.password"}},
		{"Kerberos with a ticket cache", []string{"bind-method", "kerberos", "kerberos", "ticket", "ccache", ccache}, []string{"as " + principal},
			[]string{"bind-method", "kerberos", "ccache", ccache}},
		{"Kerberos with the own ticket", []string{"bind-method", "kerberos", "kerberos", "ticket"}, []string{"as " + principal},
			[]string{"bind-method", "kerberos"}},
		{"Kerberos with a wrong password first", []string{"bind-method", "kerberos", "kerberos", "password", "bind-user", principal, "password", "wrong",
			"sign-in", "password", "password#2", password}, []string{"the password, or the key of the keytab, is wrong"}, nil},
		{"Kerberos with the realm and the KDC named", []string{"bind-method", "kerberos", "kerberos", "password", "bind-user", servers.SambaServiceUser + "@EXAMPLE.COM",
			"password", password, "sign-in", "kdc", "realm", samba.Realm(), "kdc", samba.Host()}, []string{"That did not work: ", "as " + principal},
			[]string{"bind-method", "kerberos", "bind-user", servers.SambaServiceUser + "@EXAMPLE.COM", "password-file", "corp.password", "realm", samba.Realm(), "kdc", samba.Host()}},
		{"a password after a keytab of nobody", []string{"bind-method#1", "kerberos", "kerberos", "keytab", "keytab", keytab, "bind-user#1", "nobody@" + samba.Realm(),
			"sign-in", "account", "bind-method#2", "simple", "bind-user#2", user, "password", password}, []string{"That did not work: "}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newFolder(t)
			s.put("ca.pem", readFile(t, samba.CAFile()))
			s.put("svc.keytab", readFile(t, keytab))
			answers := s.serviceAnswers(append([]string{"source-url", samba.Domain(), "reach", "ca-file", "ca-file", filepath.Join(s.dir, "ca.pem")}, row.answers...)...)
			if answers["keytab"] != "" {
				answers["keytab"] = filepath.Join(s.dir, "svc.keytab")
			}
			r := s.ok(s.init(answers))
			r.says(t, []string{password, s.service.Token()}, row.says...)
			s.becomes("domain "+row.name, ccache, "CACHE")
			if row.flags == nil {
				return
			}
			// The same without a person.
			s.put("corp.password", password)
			s.put("target.token", s.service.Token())
			if err := os.Remove(s.config()); err != nil {
				t.Fatal(err)
			}
			in := func(name string) string { return filepath.Join(s.dir, name) }
			list := append([]string{"domain", samba.Domain(), "ca-file", in("ca.pem"), "target-url", s.service.URL(), "token-file", in("target.token")}, row.flags...)
			for i, value := range list {
				if value == "corp.password" || value == "svc.keytab" {
					list[i] = in(value)
				}
			}
			s.ok(s.init(nil, flags(list...)))
			s.becomes("domain "+row.name, ccache, "CACHE")
		})
	}
}

// On Windows the account that runs adsync, such as a gMSA, signs in itself.
func TestInitOnWindowsOffersTheAccountThatRunsIt(t *testing.T) {
	var said bytes.Buffer
	w := &wizard{ask: &answering{given: map[string][]string{}, next: ask.NewKeyed(map[string]string{"bind-method": "kerberos"}, &said)},
		before: config.New(), plan: schedule{system: "windows"}}
	a := sourceAnswers{ID: "corp", Type: "ad", Domain: "corp.example.com", Method: "simple", User: "svc-adsync@corp.example.com"}
	if err := w.askMethod(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	if got, want := a.source(config.NewSource()).Bind, (config.Bind{Method: "kerberos"}); !reflect.DeepEqual(got, want) {
		t.Errorf("bind %+v", got)
	}
	if want := "It is tried with your own account now. The account that runs adsync must be able to sign in too.\n"; said.String() != want {
		t.Errorf("says %q", said.String())
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestInitSignsInByNTLM(t *testing.T) {
	s := corp(t)
	r := s.ok(s.init(s.answers("bind-method", "ntlm", "bind-user", `CORP\svc-adsync`, "password", "wrong", "sign-in", "password", "password#2", demoPassword)))
	r.says(t, []string{demoPassword}, "the name or the password is wrong (49, data 52e)", `Signed in to `+s.ldap.LDAPSURL()+` as CORP\svc-adsync`)
	s.becomes("NTLM")
}

// A slapd is reached in each way, and signed in to in each way it takes.
func TestInitSignsInToAnLDAPServer(t *testing.T) {
	slapd := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(3, 1)})
	cert, key := slapd.ClientCertificate("reader")
	password := []string{"bind-user", servers.SlapdReaderDN, "password", servers.SlapdReaderPassword}
	for _, row := range []struct {
		name    string
		url     string
		answers []string
		says    []string
	}{
		{"LDAPS", slapd.LDAPSURL(), append(password, "reach", "ca-file"), []string{"is there: OpenLDAP", "(TLS 1.3)", "3 users are in scope."}},
		{"a client certificate", slapd.LDAPSURL(), []string{"reach", "ca-file", "bind-method", "external", "cert-file", "client.crt", "key-file", "client.key"}, []string{"as the client certificate"}},
		{"no certificate at first", slapd.LDAPSURL(), append(password, "reach", "ca-file", "bind-method#1", "external", "cert-file", "ca.pem", "key-file", "client.key",
			"sign-in", "account", "bind-method#2", "simple"), []string{"That did not work: "}},
		{"a certificate of another server", slapd.LDAPSURL(), append(password, "reach#1", "ca-file", "ca-file#1", "client.crt", "reach#2", "trust"), []string{"That did not work: "}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newFolder(t)
			s.put("ca.pem", readFile(t, slapd.CAFile()))
			s.put("client.crt", readFile(t, cert))
			s.put("client.key", readFile(t, key))
			answers := s.serviceAnswers(append([]string{"source-url", row.url, "source-id", "company", "ca-file", "ca.pem"}, row.answers...)...)
			for name, value := range answers {
				if strings.Contains(name, "file") {
					answers[name] = filepath.Join(s.dir, value)
				}
			}
			if answers["ca-file#1"] != "" {
				delete(answers, "ca-file")
			}
			r := s.ok(s.init(answers))
			r.says(t, []string{servers.SlapdReaderPassword, s.service.Token()}, row.says...)
			pin := regexp.MustCompile(`\b[0-9a-f]{64}\b`).FindString(s.read("adsync.yaml"))
			s.becomes("LDAP server "+row.name, slapd.Host(), "HOST", cmp.Or(pin, "PIN"), "PIN")
		})
	}
}

func TestInitEncryptsWhatTheServerWantsEncrypted(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	r := s.ok(s.init(s.answers("source-url", s.ldap.URL(), "source-id", "example", "bind-user", "uid=jürgen,ou=Müller,dc=example,dc=org", "password", "Größe-1",
		"sign-in", "starttls")))
	r.says(t, []string{"Größe-1"}, "the server demands encryption (13", "(TLS 1.3)")
	s.becomes("StartTLS after a refusal")
}

// The password of a whole domain is not sent over the network in the open.
func TestInitOffersStartTLSBeforeAPasswordIsSent(t *testing.T) {
	a := sourceAnswers{URL: "ldap://dc1.corp.example.com"}
	if !a.plain() {
		t.Error("StartTLS is not offered")
	}
	for _, other := range []sourceAnswers{{URL: "ldap://127.0.0.1"}, {URL: "ldap://localhost:389"}, {URL: "ldaps://dc1.corp.example.com"}, {Domain: "corp.example.com"},
		{URL: "ldap://dc1.corp.example.com", StartTLS: true}} {
		if other.plain() {
			t.Errorf("StartTLS is offered for %+v", other)
		}
	}
}

func TestInitReadsADirectoryThatIsOpenToAll(t *testing.T) {
	d := ldaptest.NewDirectory(ldaptest.OpenLDAP, "dc=example,dc=org")
	if err := d.LoadLDIF(strings.NewReader(smallLDIF)); err != nil {
		t.Fatal(err)
	}
	server, err := ldaptest.Start(d, ldaptest.Options{AllowAnonymous: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	s := newFolder(t)
	s.ok(s.init(s.serviceAnswers("source-url", server.URL(), "bind-method", "anonymous", "source-id", "open")))
	s.becomes("open to all")
}
