package commands

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"adsync/commands/config"
	"adsync/ldapsrc/ldaptest"
	"adsync/upload/scimtest"
)

// Each sample configuration runs: its scopes, filters and mappings against a
// directory that has what it names, and a service with the habits of its
// profile. Only where these are, and how to sign in there, is of the test.
func TestEverySampleRuns(t *testing.T) {
	paths, err := filepath.Glob("../testdata/samples/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := config.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			people := 0
			for i := range f.Sources {
				serveSample(t, dir, &f.Sources[i])
				people++
			}
			serveSampleTarget(t, dir, f.Target)
			f.Proxy = nil
			f.Monitor = config.Monitor{}
			f.Path = filepath.Join(dir, "adsync.yaml")
			if err := f.Save(f.Path); err != nil {
				t.Fatal(err)
			}
			var printed bytes.Buffer
			run := func(args ...string) string {
				t.Helper()
				printed.Reset()
				env := Env{Stdout: &printed, Stderr: &printed, Getenv: func(string) string { return "" }, Now: time.Now}
				if code := execute(context.Background(), append([]string{"adsync", "--config", f.Path}, args...), env); code != ExitOK {
					t.Errorf("adsync %s: exit code %d\n%s", args[0], code, printed.String())
				}
				return printed.String()
			}
			run("check")
			plan := run("sync", "--dry-run")
			if made := strings.Count(plan, "would create user ada") + strings.Count(plan, "would update user ada"); made != people {
				t.Errorf("%d users of %d sources are planned:\n%s", made, people, plan)
			}
		})
	}
}

// serveSample serves a directory that has what the source names, with one
// person in its scope, and leads the source to it.
func serveSample(t *testing.T, dir string, s *config.Source) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(s.URL, "ldif:") {
		must(os.WriteFile(filepath.Join(dir, strings.TrimPrefix(s.URL, "ldif:")), []byte(sampleExport), 0o600))
		return
	}
	flavor, suffix := ldaptest.OpenLDAP, suffixOf(s)
	if s.Type == "ad" {
		flavor = ldaptest.ActiveDirectory
	}
	d := ldaptest.NewDirectory(flavor, suffix)
	people := firstOf(s.Users.Base, "OU=Staff,"+suffix)
	teams := firstOf(s.Groups.Base, "OU=Teams,"+suffix)
	bases := slices.Concat([]string{people, teams}, s.Users.Base, s.Groups.Base)
	for _, group := range s.Users.MemberOf {
		_, parent, _ := strings.Cut(group, ",")
		bases = append(bases, parent)
	}
	s.Groups.Base = slices.DeleteFunc(s.Groups.Base, func(dn string) bool { return !within(dn, suffix) })
	for _, base := range bases {
		if _, there := d.Entry(base); !there && within(base, suffix) {
			must(d.Add(base, map[string][]string{"objectClass": {"organizationalUnit"}}))
		}
	}
	login := "ada." + s.ID
	mail := login + "@example.com"
	person, member, class := "CN=Ada,"+people, "member", "group"
	attributes := map[string][]string{"objectClass": {"user"}, "sAMAccountName": {login}, "userPrincipalName": {mail}}
	if s.Type == "ldap" {
		person, class = "uid="+login+","+people, "groupOfNames"
		attributes = map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Ada"}, "uid": {login}, "nsUniqueId": {"66446001-1dd211b2-66225011-2ee211db"}}
	}
	for name, value := range map[string]string{"givenName": "Ada", "sn": "Lovelace", "displayName": "Ada Lovelace", "mail": mail} {
		attributes[name] = []string{value}
	}
	must(d.Add(person, attributes))
	for _, group := range append(slices.Clone(s.Users.MemberOf), "CN=app-aws-crew,"+teams) {
		must(d.Add(group, map[string][]string{"objectClass": {class}, member: {person}}))
	}
	reader := "CN=reader," + suffix
	must(d.Add(reader, map[string][]string{"objectClass": {"person"}, "sn": {"reader"}}))
	must(d.SetPassword(reader, "planted-reader"))
	server, err := ldaptest.Start(d, ldaptest.Options{})
	must(err)
	t.Cleanup(func() { server.Close() })
	must(os.WriteFile(filepath.Join(dir, s.ID+".pem"), server.CACertPEM(), 0o600))
	must(os.WriteFile(filepath.Join(dir, s.ID+".password"), []byte("planted-reader"), 0o600))
	s.URL, s.URLs, s.Domain, s.Hosts = server.LDAPSURL(), nil, "", nil
	s.TLS = config.TLS{CAFile: s.ID + ".pem"}
	s.Bind = config.Bind{Method: "simple", Username: reader, Password: config.Secret{File: s.ID + ".password"}}
	s.Expect = config.Expect{UsersAtLeast: 1, MustInclude: config.Strings{mail}}
}

// serveSampleTarget serves a service with the habits of the target's profile,
// and leads the target to it.
func serveSampleTarget(t *testing.T, dir string, target *config.Target) {
	t.Helper()
	if target.File() {
		return
	}
	token := ""
	if target.Profile == "entra-bulk" {
		s, err := scimtest.StartEntraBulk(scimtest.EntraBulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		target.URL = s.URL()
		var id string
		id, token = s.Client()
		o := target.Auth.OAuth2
		o.TokenURL, o.ClientID, o.ClientSecret = s.TokenURL(), id, config.Secret{File: "target.secret"}
	} else {
		quirks, err := scimtest.ForService(cmp.Or(target.Profile, "generic"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := scimtest.Start(scimtest.Options{Quirks: quirks})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		target.URL, token = s.URL(), s.Token()
		target.Auth = config.Auth{Bearer: config.Secret{File: "target.secret"}}
	}
	target.TLS = config.TLS{}
	if err := os.WriteFile(filepath.Join(dir, "target.secret"), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
}

// suffixOf is the suffix of the domain that a source is about.
func suffixOf(s *config.Source) string {
	for _, dn := range append(slices.Clone(s.Users.Base), s.Bind.Username) {
		if at := strings.Index(strings.ToLower(dn), "dc="); at >= 0 {
			return dn[at:]
		}
	}
	name := s.Domain
	if name == "" {
		_, name, _ = strings.Cut(strings.TrimPrefix(s.URL, "ldaps://"), ".")
	}
	return "DC=" + strings.ReplaceAll(name, ".", ",DC=")
}

// within reports whether a DN is in the domain of a suffix, and not in one below.
func within(dn, suffix string) bool {
	relative, ok := strings.CutSuffix(dn, suffix)
	return ok && !strings.Contains(relative, "DC=")
}

func firstOf(list []string, otherwise string) string {
	if len(list) > 0 {
		return list[0]
	}
	return otherwise
}

const sampleExport = `dn: CN=Ada,CN=Users,DC=corp,DC=example,DC=com
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com
objectGUID:: AAECAwQFBgcICQoLDA0ODw==
sAMAccountName: ada
sAMAccountType: 805306368
userPrincipalName: ada@example.com
userAccountControl: 512
displayName: Ada Lovelace
givenName: Ada
sn: Lovelace
mail: ada@example.com
`
