package ldapsrc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

// crowd is a directory of users with mail, and one group of the first ten.
func crowd(flavor ldaptest.Flavor, users int) string {
	var b strings.Builder
	b.WriteString("dn: ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\n\ndn: ou=groups,dc=example,dc=com\nobjectClass: organizationalUnit\n\n")
	for i := range users {
		class, login := "inetOrgPerson", "uid"
		if flavor == ldaptest.ActiveDirectory {
			class, login = "user", "sAMAccountName"
		}
		fmt.Fprintf(&b, "dn: cn=u%04d,ou=people,dc=example,dc=com\nobjectClass: %s\ncn: u%04d\nsn: u\n%s: u%04d\nmail: u%04d@example.com\ntitle: Engineer\n\n", i, class, i, login, i, i)
	}
	class := "groupOfNames"
	if flavor == ldaptest.ActiveDirectory {
		class = "group"
	}
	fmt.Fprintf(&b, "dn: cn=team,ou=groups,dc=example,dc=com\nobjectClass: %s\ncn: team\n", class)
	for i := range 10 {
		fmt.Fprintf(&b, "member: cn=u%04d,ou=people,dc=example,dc=com\n", i)
	}
	return b.String() + "\n"
}

var flavors = map[string]ldaptest.Flavor{"AD": ldaptest.ActiveDirectory, "OpenLDAP": ldaptest.OpenLDAP}

// TestAPartIsNeverTheWhole breaks one search in many ways: the reading is
// incomplete every time, and holds nothing.
func TestAPartIsNeverTheWhole(t *testing.T) {
	secondPage := ldaptest.Fault{Page: 2, Where: usersSearch}
	faults := map[string]struct {
		fault  ldaptest.Fault
		effect ldaptest.Effect
		reason string
	}{
		"the size limit in mid page":      {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Refuse(4, "limit"), "Size Limit Exceeded"},
		"the time limit in mid page":      {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Refuse(3, "limit"), "Time Limit Exceeded"},
		"an administrative limit":         {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Refuse(11, "limit"), "Admin Limit Exceeded"},
		"busy at the second page":         {secondPage, ldaptest.Refuse(51, "busy"), "Busy"},
		"a referral instead of an answer": {ldaptest.Fault{Where: usersSearch}, ldaptest.Refuse(10, ""), "belongs to another server"},
		"a lost cookie":                   {secondPage, ldaptest.Refuse(53, "cookie"), "Unwilling To Perform"},
		"no paging control at the end":    {ldaptest.Fault{Page: 1, Where: usersSearch}, ldaptest.OmitPaging(), "without saying whether more follow"},
		"a connection closed in mid page": {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Close(), "EOF"},
		"a connection reset in mid page":  {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Reset(), "read users"},
		"a notice of disconnection":       {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Disconnect(52), "the server ends the connection"},
		"an answer that nobody asked for": {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.UnknownMessageID(), "which nobody asked for"},
		"bytes that are no LDAP":          {ldaptest.Fault{After: 300, Where: usersSearch}, ldaptest.Malformed(), "read users"},
		"the first page again and again":  {ldaptest.Fault{Where: usersSearch}, ldaptest.Restart(), "it does not find its place by the cookie"},
		"an entry that comes twice":       {ldaptest.Fault{After: 300, Times: 1, Where: usersSearch}, ldaptest.RepeatEntry(), "came twice"},
		"groups cut short":                {ldaptest.Fault{Where: groupsSearch}, ldaptest.Close(), "read groups"},
		"groups refused":                  {ldaptest.Fault{Where: groupsSearch}, ldaptest.Refuse(50, "rights"), "Insufficient Access Rights"},
	}
	for flavorName, flavor := range flavors {
		server := serveLDIF(t, flavor, crowd(flavor, 1500), ldaptest.Options{})
		cfg := sourceOf(server)
		for name, c := range faults {
			t.Run(flavorName+"/"+name, func(t *testing.T) {
				c.fault.Do = c.effect
				defer server.Inject(c.fault).Remove()
				incomplete(t, read(t, cfg, wantAll), c.reason)
			})
		}
		t.Run(flavorName+"/nothing is wrong", func(t *testing.T) {
			if n := len(mustRead(t, cfg, wantAll).Users); n != 1500 {
				t.Errorf("%d users", n)
			}
		})
	}
}

func usersSearch(r ldaptest.Request) bool {
	return r.Op == ldaptest.OpSearch && (strings.Contains(r.Filter, "805306368") || strings.Contains(r.Filter, "inetOrgPerson"))
}

func groupsSearch(r ldaptest.Request) bool {
	return r.Op == ldaptest.OpSearch && (r.Filter == "(objectClass=group)" || strings.Contains(r.Filter, "groupOfNames"))
}

func TestWhatIsNotPlausibleIsNotComplete(t *testing.T) {
	for flavorName, flavor := range flavors {
		server := serveLDIF(t, flavor, crowd(flavor, 30), ldaptest.Options{})
		for name, c := range map[string]struct {
			change func(*Config, *Want)
			effect ldaptest.Effect
			reason string
		}{
			"a base that is not there": {func(c *Config, _ *Want) { c.Users.Base = []string{"ou=peeple,dc=example,dc=com"} }, ldaptest.Effect{},
				`sources[corp].users.base: "ou=peeple,dc=example,dc=com" is not there`},
			"a second base that is not there": {func(c *Config, _ *Want) {
				c.Users.Base = []string{"ou=people,dc=example,dc=com", "ou=more,dc=example,dc=com"}
			}, ldaptest.Effect{}, `"ou=more,dc=example,dc=com" is not there`},
			"a base of another domain": {func(c *Config, _ *Want) { c.Groups.Base = []string{"ou=groups,dc=example,dc=org"} }, ldaptest.Effect{},
				`sources[corp].groups.base: "ou=groups,dc=example,dc=org" is not below "dc=example,dc=com"`},
			"nobody in scope":  {func(c *Config, _ *Want) { c.Users.Filter = "(mail=nobody@example.com)" }, ldaptest.Effect{}, "no user was found in scope"},
			"everybody hidden": {func(*Config, *Want) {}, ldaptest.HideSubtree("ou=people,dc=example,dc=com"), "no user was found in scope"},
			"fewer than expected": {func(c *Config, _ *Want) { c.Expect.UsersAtLeast = 31 }, ldaptest.Effect{},
				"sources[corp].expect.users_at_least: only 30 users were found, at least 31 are expected"},
			"a canary that is hidden": {func(c *Config, _ *Want) { c.Expect.MustInclude = []string{"U0001@example.com", "u0002"} },
				ldaptest.HideSubtree("cn=u0002,ou=people,dc=example,dc=com"), `sources[corp].expect.must_include: "u0002" was not found among 29 users`},
			"a required attribute that is hidden": {func(_ *Config, w *Want) { w.Required = []string{"MAIL"} }, ldaptest.HideAttribute("mail"),
				"none of 30 users has a value of mail, which is mapped"},
		} {
			t.Run(flavorName+"/"+name, func(t *testing.T) {
				cfg, want := sourceOf(server), wantAll
				c.change(&cfg, &want)
				if c.effect != (ldaptest.Effect{}) {
					defer server.Inject(ldaptest.Fault{Do: c.effect}).Remove()
				}
				incomplete(t, read(t, cfg, want), c.reason)
			})
		}
		t.Run(flavorName+"/an empty source may be allowed", func(t *testing.T) {
			cfg := sourceOf(server)
			cfg.Users.Filter, cfg.AllowEmpty = "(mail=nobody@example.com)", true
			if s := mustRead(t, cfg, wantAll); len(s.Users) != 0 || s.Groups[0].Outside != 10 {
				t.Error(show(s))
			}
		})
		t.Run(flavorName+"/canaries that are there", func(t *testing.T) {
			cfg := sourceOf(server)
			cfg.Expect = Expect{UsersAtLeast: 30, MustInclude: []string{"U0001@EXAMPLE.com", "u0002"}}
			mustRead(t, cfg, wantAll)
		})
	}
	t.Run("who is disabled must be readable", func(t *testing.T) {
		server := serveLDIF(t, ldaptest.ActiveDirectory, crowd(ldaptest.ActiveDirectory, 30), ldaptest.Options{})
		defer server.Inject(ldaptest.Fault{Do: ldaptest.HideAttribute("userAccountControl")}).Remove()
		incomplete(t, read(t, sourceOf(server), wantAll), "30 of 30 users do not show whether they are disabled (userAccountControl)")
	})
	t.Run("who is a member must be readable", func(t *testing.T) {
		text := crowd(ldaptest.ActiveDirectory, 30)
		server := serveLDIF(t, ldaptest.ActiveDirectory, text, ldaptest.Options{})
		cfg := sourceOf(server)
		cfg.Users.BuiltIn = true // there are enough groups then
		f := server.Inject(ldaptest.Fault{Do: ldaptest.HideAttribute("member")})
		incomplete(t, read(t, cfg, wantAll), "groups has a member")
		f.Remove()
		defer server.Inject(ldaptest.Fault{Do: ldaptest.HideAttribute("primaryGroupID")}).Remove()
		incomplete(t, read(t, cfg, wantAll), "33 of 33 users do not show their primary group")
	})
	t.Run("an anchor must be readable", func(t *testing.T) {
		server := serveLDIF(t, ldaptest.OpenLDAP, crowd(ldaptest.OpenLDAP, 30), ldaptest.Options{})
		defer server.Inject(ldaptest.Fault{Do: ldaptest.HideAttribute("entryUUID")}).Remove()
		incomplete(t, read(t, sourceOf(server), wantAll), "it has no anchor, none of nsUniqueId, entryUUID, ipaUniqueID")
	})
}

func TestTheTypeIsTheServers(t *testing.T) {
	for name, c := range map[string]struct {
		flavor ldaptest.Flavor
		named  Type
		reason string
	}{
		"Active Directory as another LDAP server": {ldaptest.ActiveDirectory, LDAP, "of which this type sees neither all users nor who is disabled"},
		"another LDAP server as Active Directory": {ldaptest.OpenLDAP, AD, "is not a domain controller of Active Directory"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := sourceOf(serveLDIF(t, c.flavor, crowd(c.flavor, 3), ldaptest.Options{}))
			cfg.Type = c.named
			incomplete(t, read(t, cfg, wantAll), "sources[corp].type: ", c.reason)
		})
	}
}

func TestTheFirstOfSeveralWrongSettingsIsNamed(t *testing.T) {
	cfg := Config{ID: "corp", Type: LDAP, URLs: []string{"ldaps://ldap.example.com"}}
	cfg.Users.Filter, cfg.Groups.Filter, cfg.Computers.Filter = "(a", "(b", "(c"
	for range 50 {
		_, err := New(cfg, Env{})
		if wrong, ok := err.(*ConfigError); !ok || wrong.Key != "sources[corp].users.filter" {
			t.Fatal(err)
		}
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	valid := Config{ID: "corp", Type: AD, URLs: []string{"ldaps://dc1.example.com"}}
	other := filepath.Join(t.TempDir(), "other") // no PEM, no keytab
	if err := os.WriteFile(other, []byte("\x05\x02\x00\x00\x00\x09[realms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	odd := other + ".conf" // on which gokrb5 panics
	if err := os.WriteFile(odd, []byte("[realms]\nA.B =}{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		key    string
	}{
		"no type":                        {func(c *Config) { c.Type = "novell" }, "sources[corp].type"},
		"no address":                     {func(c *Config) { c.URLs = nil }, "sources[corp].url"},
		"a URL of the web":               {func(c *Config) { c.URLs = []string{"https://dc1.example.com"} }, "sources[corp].url"},
		"a forest that is none":          {func(c *Config) { c.Type, c.Forest = LDAP, true }, "sources[corp].forest"},
		"a base that is no DN":           {func(c *Config) { c.Users.Base = []string{"People"} }, "sources[corp].users.base"},
		"a group that is no DN":          {func(c *Config) { c.Users.MemberOf = []string{"staff", "CN=a,,DC=x"} }, "sources[corp].users.member_of[1]"},
		"a file beside a server":         {func(c *Config) { c.URLs = append(c.URLs, "ldif:x.ldf") }, "sources[corp].urls"},
		"a filter with a slip":           {func(c *Config) { c.Groups.Filter = "(cn=app-*" }, "sources[corp].groups.filter"},
		"a pattern with a slip":          {func(c *Config) { c.Users.Exclude = []string{"svc-["} }, "sources[corp].users.exclude"},
		"another word for nested":        {func(c *Config) { c.Groups.Nested = "deep" }, "sources[corp].groups.nested"},
		"a Global Catalog for groups":    {func(c *Config) { c.URLs[0] += ":3269"; c.Groups.Sync = true }, "sources[corp].url"},
		"authorities that are not there": {func(c *Config) { c.TLS.CAFile = other + "x" }, "sources[corp].tls.ca_file"},
		"authorities that are none":      {func(c *Config) { c.TLS.CAFile = other }, "sources[corp].tls.ca_file"},
		"a certificate that is none":     {func(c *Config) { c.TLS.CertFile, c.TLS.KeyFile = other, other }, "sources[corp].tls.cert_file"},
		"a keytab that is not there":     {func(c *Config) { c.Bind.Method, c.Bind.Keytab = Kerberos, other+"x" }, "sources[corp].bind.keytab"},
		"a keytab that is none":          {func(c *Config) { c.Bind.Method, c.Bind.Keytab = Kerberos, other }, "sources[corp].bind.keytab"},
		"a krb5.conf that is none":       {func(c *Config) { c.Bind.Method, c.Bind.Krb5Conf = Kerberos, odd }, "sources[corp].bind.krb5_conf"},
		"a krb5.conf that is not there":  {func(c *Config) { c.Bind.Method, c.Bind.Krb5Conf = Kerberos, other+"x" }, "sources[corp].bind.krb5_conf"},
		"a Global Catalog for member_of": {func(c *Config) { c.URLs[0] += ":3268"; c.Users.MemberOf = []string{"CN=x"} }, "sources[corp].url"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := valid
			cfg.URLs = append([]string(nil), valid.URLs...)
			c.change(&cfg)
			_, err := New(cfg, Env{})
			if refused, ok := err.(*ConfigError); !ok || refused.Key != c.key {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := New(valid, Env{}); err != nil {
		t.Error(err)
	}
}

func TestSlapdThatHidesAndCaps(t *testing.T) {
	server := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(600, 20)})
	cfg := Config{ID: "corp", Type: LDAP, URLs: []string{server.URL()}, Insecure: true,
		Bind: Bind{Username: servers.SlapdCappedDN, Password: servers.SlapdCappedPassword}}
	incomplete(t, read(t, cfg, wantAll), "Size Limit Exceeded")
}
