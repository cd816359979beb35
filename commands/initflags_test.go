package commands

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"adsync/commands/ask"
	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// flagsOfQuestion are the flags that give the answer to a question. A question
// about what to do next has none: without a person there is no next.
var flagsOfQuestion = map[string][]string{
	"source-url": {"source-url", "domain"}, "source-type": {"source-type"}, "starttls": {"starttls"}, "ca-file": {"ca-file"},
	"bind-method": {"bind-method"}, "bind-user": {"bind-user"}, "password": {"password-file", "password-env", "password-command"},
	"kerberos": {"keytab", "ccache", "password-file"}, "keytab": {"keytab"}, "ccache": {"ccache"}, "realm": {"realm"}, "kdc": {"kdc"},
	"cert-file": {"cert-file"}, "key-file": {"key-file"}, "source-id": {"source-id"}, "forest": {"forest"},
	"scope": {"user-base", "member-of"}, "user-base": {"user-base"}, "member-of": {"member-of"},
	"groups": {"groups"}, "group-scope": {"group-base"}, "group-base": {"group-base"},
	"target-url": {"target-url"}, "target-auth": {"target-auth"}, "token": {"token-file", "token-env", "token-command"},
	"target-user": {"target-user"}, "target-password": {"target-password-file", "target-password-env", "target-password-command"},
	"token-url": {"token-url"}, "client-id": {"client-id"}, "client-scope": {"client-scope"},
	"client-secret":   {"client-secret-file", "client-secret-env", "client-secret-command"},
	"client-key-file": {"client-key-file", "client-key-env", "client-key-command"},
	"target-ca-file":  {"target-ca-file"}, "profile": {"profile"}, "proxy": {"proxy"}, "proxy-user": {"proxy-user"}, "proxy-password": proxyKeys[2:],
	"run-as": {"run-as"}, "account": {"run-as"}, "schedule": {"schedule"}, "install": {"yes"}, "sure": {"remove-source"},

	"reach": nil, "sign-in": nil, "service": nil, "empty": nil, "another": nil, "group-prefix": nil, "more-groups": nil, "change": nil, "write": nil,
}

func TestEveryQuestionIsAFlag(t *testing.T) {
	var known []string
	for _, f := range initFlags() {
		known = append(known, f.Names()...)
	}
	paths, err := filepath.Glob("init*.go")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, path := range append(paths, "scheduleaccount.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text := readFile(t, path)
		for _, m := range regexp.MustCompile(`Key: +"([a-z-]+)"|\{"(cert-file|key-file)", "`).FindAllStringSubmatch(text, -1) {
			asked[m[1]+m[2]] = true
		}
	}
	for key := range asked {
		flags, listed := flagsOfQuestion[key]
		if !listed {
			t.Errorf("question %s is not in the table", key)
		}
		for _, flag := range flags {
			if !slices.Contains(known, flag) {
				t.Errorf("question %s: there is no flag --%s", key, flag)
			}
		}
	}
	for key := range flagsOfQuestion {
		if !asked[key] && key != "user-base" && key != "group-base" {
			t.Errorf("%s is asked nowhere", key)
		}
	}
}

// What cannot be used as an answer names the flags of its question.
func TestEveryQuestionNamesItsFlagsWhereNobodyCanBeAsked(t *testing.T) {
	for key, flags := range flagsOfQuestion {
		err := withFlags(&ask.Unanswered{Key: key, Label: "What", Err: errors.New("no answer")}, initFlagNames())
		hint := failureOf(err).Hint
		if failureOf(err).Code != ExitUsage || !strings.Contains(hint, `"What"`) || !strings.Contains(hint, "give ") {
			t.Errorf("%s: %v: %s", key, err, hint)
		}
		named := slices.ContainsFunc(flags, func(flag string) bool { return strings.Contains(hint, "--"+flag) })
		if len(flags) > 0 && !named {
			t.Errorf("%s: %q names none of %v", key, hint, flags)
		}
	}
}

// Without a terminal flags lead to the file that the answers of a person do.
func TestInitMakesTheSameOfFlagsAndAnswers(t *testing.T) {
	key, keyText := clientKey(t)
	const secret = "s3cret-of-the-client"
	for _, row := range []struct {
		golden string // of a test with answers
		auth   scimtest.Auth
		flags  []string
	}{
		{"service-a-token", scimtest.Auth{Token: secret}, []string{"token-file", "target.token"}},
		{"service-a-name-and-a-password", scimtest.Auth{Username: "ada", Password: secret}, []string{"target-user", "ada", "target-password-file", "target.password"}},
		{"service-a-client-and-its-secret", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: secret, Scope: "scim"}},
			[]string{"token-url", "TOKEN-URL", "client-id", "adsync", "client-scope", "scim", "client-secret-file", "target.secret"}},
		{"service-a-client-and-its-key", scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", PublicKey: key.Public()}},
			[]string{"token-url", "TOKEN-URL", "client-id", "adsync", "client-key-file", "client.key"}},
		{"service-nothing", scimtest.Auth{Anyone: true}, []string{"target-auth", "none"}},
	} {
		t.Run(row.golden, func(t *testing.T) {
			s := lockedService(t, scimtest.Options{Auth: row.auth})
			s.put("client.key", keyText)
			for _, name := range []string{"target.token", "target.password", "target.secret"} {
				s.put(name, secret+"\n")
			}
			list := []string{"source-url", "ldif:" + filepath.Join(s.dir, "people.ldif"), "source-type", "ldap", "source-id", "files", "target-url", s.service.URL()}
			for i := 0; i < len(row.flags); i += 2 {
				value := strings.ReplaceAll(row.flags[i+1], "TOKEN-URL", s.service.TokenURL())
				if strings.HasSuffix(row.flags[i], "-file") {
					value = filepath.Join(s.dir, value)
				}
				list = append(list, row.flags[i], value)
			}
			r := s.ok(s.init(nil, flags(list...)))
			r.says(t, []string{secret})
			golden(t, "init/"+row.golden+".yaml", s.neutral(s.read("adsync.yaml")))
			if r := s.ok(s.init(nil, flags(list...))); r.stdout != "unchanged "+s.config()+"\n" {
				t.Errorf("a second run says %q", r.stdout)
			}
		})
	}
}

// Each place of a secret, given by a flag.
func TestInitTakesSecretsFromWhereFlagsSay(t *testing.T) {
	for _, row := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"a file", []string{"password-file", "corp.password"}, "password: {file: corp.password}"},
		{"a variable", []string{"password-env", "CORP_PASSWORD"}, "password: {env: CORP_PASSWORD}"},
		{"a command", []string{"password-command", "cat corp.password"}, "password: {command: [cat, corp.password]}"},
		{"a command with spaces", []string{"password-command", "cat", "password-command", "the password"}, "password: {command: [cat, the password]}"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.HasSuffix(row.flags[0], "-command") {
				t.Skip("there is no cat")
			}
			s := corp(t)
			s.environ = map[string]string{"CORP_PASSWORD": demoPassword}
			s.put("corp.password", demoPassword)
			s.put("the password", demoPassword)
			s.put("target.token", s.service.Token())
			if strings.HasSuffix(row.flags[0], "-file") {
				row.flags[1] = filepath.Join(s.dir, row.flags[1])
			}
			s.ok(s.init(nil, flags(append(row.flags, "source-url", s.ldap.LDAPSURL(), "ca-file", s.ca, "bind-user", demoUser,
				"target-url", s.service.URL(), "token-file", filepath.Join(s.dir, "target.token"))...)))
			if !strings.Contains(s.read("adsync.yaml"), row.want) {
				t.Errorf("%s is not in\n%s", row.want, s.read("adsync.yaml"))
			}
		})
	}
}

// Flags that cannot be right are refused before anything is tried, by name.
func TestInitRefusesFlagsThatCannotBeRight(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"an id in capitals", []string{"source-id", "Corp"}, "--source-id: use 1 to 32 lower-case letters, digits and hyphens"},
		{"an unknown type", []string{"source-type", "nds"}, `--source-type: "nds" is none of ad, ldap`},
		{"a web address for a directory", []string{"source-url", "https://dc1.example.com"}, "--source-url: it begins with ldaps:// or ldap://"},
		{"a URL for a domain", []string{"domain", "ldaps://dc1.example.com"}, "--domain: that is no DNS domain"},
		{"a domain and a server", []string{"domain", "corp.example.com", "source-url", "dc1"}, "--source-url: does not go with --domain"},
		{"a file that is not there", []string{"ca-file", filepath.Join(dir, "none")}, "--ca-file: there is no such file"},
		{"a folder for a keytab", []string{"bind-method", "kerberos", "keytab", dir}, "--keytab: that is a folder"},
		{"a pin that is none", []string{"pin-sha256", "abc"}, "--pin-sha256: give 64 hexadecimal digits, or base64"},
		{"an unknown method", []string{"bind-method", "magic"}, `--bind-method: "magic" is none of simple, kerberos, ntlm, external, anonymous`},
		{"a secret for the name of a variable", []string{"password-env", "s3cret!"}, "--password-env: give the name of an environment variable, not its value"},
		{"a filter that is none", []string{"user-filter", "mail=*)"}, `--user-filter: "mail=*)" is not an LDAP filter such as (mail=*)`},
		{"a base that is no DN", []string{"user-base", "People"}, `--user-base: "People" is not a distinguished name such as OU=People,DC=example,DC=com`},
		{"a service without its scheme", []string{"target-url", "scim.example.com"}, "--target-url: give the whole URL, such as https://scim.example.com/v2"},
		{"a service that would see the token in the open", []string{"target-url", "http://scim.example.com/v2"}, "--target-url: would be told the secret unencrypted: use https://"},
		{"an unknown way", []string{"target-auth", "digest"}, `--target-auth: "digest" is none of bearer, basic, oauth2, oauth2-key, none`},
		{"a name with a colon", []string{"target-user", "a:b"}, "--target-user: it must not contain a colon"},
		{"two places of one password", []string{"password-env", "A", "password-file", file}, "--password-env: does not go with --password-file"},
		{"a keytab without Kerberos", []string{"keytab", file}, "--keytab: is for --bind-method kerberos"},
		{"a keytab and a password", []string{"bind-method", "kerberos", "keytab", file, "password-env", "A"}, "--password-env: does not go with --keytab or --ccache"},
		{"a KDC without its realm", []string{"bind-method", "kerberos", "kdc", "dc1"}, "--kdc: wants --realm"},
		{"a password for a certificate", []string{"bind-method", "external", "password-env", "A"}, "--password-env: --bind-method external takes no password"},
		{"a name for nobody", []string{"bind-method", "anonymous", "bind-user", "cn=a"}, "--bind-user: --bind-method anonymous takes no name"},
		{"a certificate without its key", []string{"cert-file", file}, "--cert-file: wants --key-file"},
		{"StartTLS over LDAPS", []string{"source-url", "ldaps://dc1", "starttls", "yes"}, "--starttls: is for ldap://, and ldaps:// is encrypted from the start"},
		{"a forest of an LDAP server", []string{"source-type", "ldap", "forest", "yes"}, "--forest: is for --source-type ad"},
		{"a stranger in Active Directory", []string{"source-type", "ad", "bind-method", "anonymous"}, "--bind-method: Active Directory shows strangers nothing"},
		{"an account for a file", []string{"source-url", "ldif:people.ldif", "bind-user", "cn=a"}, "--bind-user: has no meaning for an LDIF file"},
		{"groups below a place, and none", []string{"groups", "no", "group-base", "OU=Groups,DC=example,DC=com"}, "--group-base: does not go with --groups=false"},
		{"a token and a name", []string{"token-file", file, "target-user", "ada"}, "--target-user: does not go with --token-file"},
		{"a token of a client", []string{"token-file", file, "client-id", "a"}, "--client-id: does not go with --token-file"},
		{"a client with secret and key", []string{"client-secret-env", "A", "client-key-file", file}, "--client-secret-env: does not go with --client-key-file"},
		{"a way and another one's secret", []string{"target-auth", "basic", "token-file", file}, "--token-file: does not go with --target-auth basic"},
		{"a token for a folder", []string{"target-url", "file:out", "token-file", file}, "--token-file: has no meaning for a folder"},
		{"several", []string{"source-id", "Corp", "profile", "oktaa", "user-base", "People"}, `these flags cannot be right; nothing was written
  --source-id: use 1 to 32 lower-case letters, digits and hyphens
  --user-base: "People" is not a distinguished name such as OU=People,DC=example,DC=com
  --profile: no profile "oktaa": did you mean "okta"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newFolder(t)
			for name, answers := range map[string]map[string]string{"alone": nil, "with a person": {}} {
				r := s.init(answers, flags(row.flags...))
				if r.code != ExitUsage || r.err.Error() != row.want {
					t.Errorf("%s: exit %d:\n%v\nwant\n%s", name, r.code, r.err, row.want)
				}
			}
			if got := s.files(); len(got) > 0 {
				t.Errorf("files %v", got)
			}
		})
	}
}

// What flags do not say of a new source is what the wizard would suggest.
func TestInitWithFlagsSignsInInEachWay(t *testing.T) {
	s := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	s.put("password", "Größe-1")
	s.put("token", s.service.Token())
	s.ok(s.init(nil, flags("source-url", s.ldap.URL(), "starttls", "yes", "ca-file", s.ca, "source-id", "example", "bind-user", "uid=jürgen,ou=Müller,dc=example,dc=org",
		"password-file", filepath.Join(s.dir, "password"), "target-url", s.service.URL(), "token-file", filepath.Join(s.dir, "token"))))
	golden(t, "init/flags-StartTLS.yaml", s.neutral(s.read("adsync.yaml")))
}
