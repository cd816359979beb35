package commands

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"adsync/commands/config"
	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// editedToken is what the service of the edited file is shown.
const editedToken = "token-of-the-file"

// fullest is an administrator's folder with a configuration that has every
// key, written by hand, apart from some changes. The service lets in whom
// auth says.
func fullest(t *testing.T, auth scimtest.Auth, change ...string) (*setUp, string) {
	t.Helper()
	s := corp(t)
	s.service.Close()
	var err error
	if s.service, err = scimtest.Start(scimtest.Options{Seed: 1, TLS: true, Auth: auth}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.service.Close)
	s.put("service.pem", string(s.service.CACertPEM()))
	s.put("proxy.password", "of-the-proxy")
	s.put("hook.url", "https://hooks.example.com/secret")
	s.environ = map[string]string{"CORP_PASSWORD": demoPassword, "SCIM_TOKEN": editedToken}
	text := strings.NewReplacer(change...).Replace(readFile(t, "testdata/fullest.yaml"))
	text = strings.NewReplacer("dc1.corp.example.com: 127.0.0.1:636", "dc1.corp.example.com: "+strings.TrimPrefix(s.ldap.LDAPSURL(), "ldaps://"),
		"https://scim.example.com/v2", s.service.URL(), "https://login.example.com/token", s.service.TokenURL()).Replace(text)
	s.put("adsync.yaml", text)
	return s, text
}

// edits are what a wizard changed in a file: the lines that went and came.
func edits(before, after string) string {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	same := make([][]int, len(a)+1)
	for i := range same {
		same[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			same[i][j] = max(same[i+1][j], same[i][j+1])
			if a[i] == b[j] {
				same[i][j] = same[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case i < len(a) && same[i+1][j] == same[i][j]:
			fmt.Fprintf(&out, "-%s", a[i])
			i++
		default:
			fmt.Fprintf(&out, "+%s", b[j])
			j++
		}
	}
	return out.String()
}

// A person's own file keeps every key, comment and space that the answers do
// not change.
func TestInitChangesOnlyWhatItIsAskedTo(t *testing.T) {
	second := newSetUp(t, ldaptest.OpenLDAP, "dc=example,dc=org", smallLDIF)
	for _, row := range []struct {
		name    string
		answers []string
		want    string
	}{
		{"a source that stays as it is", []string{"change", "source:corp", "password", ""}, ""},
		{"the service that stays as it is", []string{"change", "target", "token", ""}, ""},
		{"a password replaced", []string{"change", "password:corp", "password", demoPassword, "run-as", "hand"},
			`-            password: {env: CORP_PASSWORD}      # see the unit file
+            password: {file: corp.password} # see the unit file
`},
		{"a token replaced", []string{"change", "token", "token", editedToken, "run-as", "hand"},
			`-    auth: {bearer: {env: SCIM_TOKEN}}  # ends in June
+    auth: {bearer: {file: target.token}} # ends in June
`},
		{"another scope", []string{"change", "source:corp", "password", "", "scope", "all", "groups", "no"},
			`-            base: ["OU=People,DC=corp,DC=example,DC=com"]   # one, so far
-            member_of:
-                - CN=Team Sales,OU=Groups,DC=corp,DC=example,DC=com     # Sales
-                - CN=Team Finance,OU=Groups,DC=corp,DC=example,DC=com   # Finance
-            sync: true
+            sync: false
`},
		{"another way of signing in", []string{"change", "source:corp", "bind-method", "ntlm", "bind-user", `CORP\svc-adsync`, "password", ""},
			`-            method:   simple
-            username: svc-adsync@corp.example.com
+            method: ntlm
+            username: CORP\svc-adsync
`},
		{"another service", []string{"change", "target", "profile", "okta", "token", ""},
			`-    profile: generic
+    profile: okta
`},
		{"a source removed", []string{"change", "remove:lab", "sure", "yes"},
			`-    # ---- the laboratory, closed soon ----------------------------------
-    -   id: lab
-        type: ldap
-        domain: lab.example.org        # through SRV records
-        tls: {cert_file: lab.crt, key_file: lab.key}
-        bind: {method: external}
-
`},
		{"a source added", []string{"change", "add", "source-url", second.ldap.LDAPSURL(), "reach", "ca-file", "ca-file", second.ca, "bind-user", "uid=jürgen,ou=Müller,dc=example,dc=org",
			"password", "Größe-1", "source-id", "other", "run-as", "hand"},
			`+    -   id: other
+        type: ldap
+        url: ldaps://HOST:PORT
+        tls:
+            ca_file: OTHER/ca.pem
+        bind:
+            method: simple
+            username: uid=jürgen,ou=Müller,dc=example,dc=org
+            password: {file: other.password}
`},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, before := fullest(t, scimtest.Auth{Token: editedToken})
			answers := map[string]string{"change#2": "done"}
			if row.want != "" {
				answers["write"], answers["schedule"] = "write", "no"
			}
			for i := 0; i < len(row.answers); i += 2 {
				answers[row.answers[i]] = row.answers[i+1]
			}
			if answers["run-as"] != "" {
				delete(answers, "schedule")
			}
			s.ok(s.init(answers))
			if got := inFolder(s.neutral(edits(before, s.read("adsync.yaml"))), second.dir, "OTHER"); got != row.want {
				t.Errorf("changes\n%s\nwant\n%s", got, row.want)
			}
		})
	}
}

// The same for each other way of signing in at the service, and for files with
// the line ends of Windows.
func TestInitKeepsWhatTheServiceIsNotAskedAbout(t *testing.T) {
	const bearer = "    auth: {bearer: {env: SCIM_TOKEN}}  # ends in June\n"
	const oauth = `    auth:
        oauth2:                        # of the tenant
            token_url: https://login.example.com/token
            client_id: adsync
            client_secret: {env: SCIM_TOKEN}
            scopes: [a, b]             # both
            audience: https://api.example.com
`
	signed := strings.Replace(oauth, "client_secret: {env: SCIM_TOKEN}", "private_key: {env: CLIENT_KEY}\n            key_id: k1", 1)
	key, keyText := clientKey(t)
	client := scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: editedToken, PublicKey: key.Public()}}
	other := scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "other", ClientSecret: editedToken}}
	for _, row := range []struct {
		name    string
		auth    scimtest.Auth
		part    string
		answers []string
		want    string
	}{
		{"from a token to a name and a password", scimtest.Auth{Username: "ada", Password: "s3cret"}, bearer,
			[]string{"target-auth", "basic", "target-user", "ada", "target-password", "s3cret", "run-as", "hand"},
			"-" + bearer + "+    auth: {basic: {username: ada, password: {file: target.password}}} # ends in June\n"},
		{"a client that stays as it is", client, oauth, []string{"client-secret", ""}, ""},
		{"another client", other, oauth, []string{"client-id", "other", "client-secret", ""}, "-            client_id: adsync\n+            client_id: other\n"},
		{"another scope", client, oauth, []string{"client-scope", "c", "client-secret", ""}, "-            scopes: [a, b]             # both\n+            scopes: c # both\n"},
		{"a key that stays as it is", client, signed, nil, ""},
		{"from a key to a secret", client, signed, []string{"target-auth", "oauth2", "client-secret", editedToken, "run-as", "hand"},
			"-            private_key: {env: CLIENT_KEY}\n-            key_id: k1\n+            client_secret: {file: target.secret}\n"},
		{"from a name and a password to nothing", scimtest.Auth{Anyone: true}, "    auth:\n        basic: {username: ada, password: {env: SCIM_TOKEN}}   # for now\n",
			[]string{"target-auth", "none"}, "-        basic: {username: ada, password: {env: SCIM_TOKEN}}   # for now\n+        none: true\n"},
	} {
		for ends, newline := range map[string]string{"Unix": "\n", "Windows": "\r\n"} {
			t.Run(row.name+", line ends of "+ends, func(t *testing.T) {
				s, before := fullest(t, row.auth, bearer, row.part)
				s.environ["CLIENT_KEY"] = keyText
				before = strings.ReplaceAll(before, "\n", newline)
				s.put("adsync.yaml", before)
				answers := map[string]string{"change": "target", "change#2": "done"}
				if row.want != "" {
					answers["write"], answers["schedule"] = "write", "no"
				}
				for i := 0; i < len(row.answers); i += 2 {
					answers[row.answers[i]] = row.answers[i+1]
				}
				if answers["run-as"] != "" {
					delete(answers, "schedule")
				}
				s.ok(s.init(answers))
				if got := edits(before, s.read("adsync.yaml")); got != strings.ReplaceAll(row.want, "\n", newline) {
					t.Errorf("changes\n%s\nwant\n%s", got, row.want)
				}
			})
		}
	}
}

// The file that is edited has every key of the manual, but those that exclude
// one another.
func TestTheEditedFileHasEveryKey(t *testing.T) {
	text := readFile(t, "testdata/fullest.yaml")
	elsewhere := []string{"none", "basic", "oauth2", "token_url", "client_id", "client_secret", "private_key", "key_id", "scopes", "audience"}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` \\|").FindAllStringSubmatch(readFile(t, "../docs/configuration.md"), -1) {
		if key := row[1]; !slices.Contains(elsewhere, key) && !regexp.MustCompile(`(^|[\n {])`+key+`:`).MatchString(text) {
			t.Errorf("%s is not in it", key)
		}
	}
}

// What belongs to another way of signing in goes with it; a configuration
// that kept it would be refused.
func TestWhatBelongsToAnotherBindGoes(t *testing.T) {
	kerberos := config.NewSource()
	kerberos.ID, kerberos.Type, kerberos.Domain = "corp", "ad", "corp.example.com"
	kerberos.Bind = config.Bind{Method: "kerberos", Username: "svc@CORP.EXAMPLE.COM", Keytab: "k", Realm: "CORP.EXAMPLE.COM", KDC: "dc1", SPN: "ldap/dc1"}
	simple := config.NewSource()
	simple.ID, simple.Type, simple.URL = "corp", "ldap", "ldaps://ldap.example.com"
	simple.Bind = config.Bind{Method: "simple", Username: "cn=reader", Password: config.Secret{File: "p"}}
	for _, row := range []struct {
		name   string
		source config.Source
		change func(*sourceAnswers)
		want   config.Bind
	}{
		{"nothing changed", kerberos, func(*sourceAnswers) {}, kerberos.Bind},
		{"from a keytab to a password", kerberos, func(a *sourceAnswers) { a.Keytab, a.Password.Place = "", config.Secret{File: "p"} },
			config.Bind{Method: "kerberos", Username: "svc@CORP.EXAMPLE.COM", Password: config.Secret{File: "p"}, Realm: "CORP.EXAMPLE.COM", KDC: "dc1", SPN: "ldap/dc1"}},
		{"from Kerberos to simple", kerberos, func(a *sourceAnswers) { a.Method, a.Password.Place = "simple", config.Secret{File: "p"} },
			config.Bind{Method: "simple", Username: "svc@CORP.EXAMPLE.COM", Password: config.Secret{File: "p"}}},
		{"from simple to anonymous", simple, func(a *sourceAnswers) { a.Method, a.User = "anonymous", "" }, config.Bind{Method: "anonymous"}},
		{"from simple to a ticket", simple, func(a *sourceAnswers) { a.Method, a.User, a.Ticket = "kerberos", "", true }, config.Bind{Method: "kerberos"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := answersOf(&row.source)
			row.change(&a)
			if got := a.source(row.source).Bind; !reflect.DeepEqual(got, row.want) {
				t.Errorf("got  %+v\nwant %+v", got, row.want)
			}
		})
	}
}
