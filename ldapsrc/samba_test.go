package ldapsrc

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest/servers"
)

// sambaConfig reaches the shared controller by name: DNS is the Hosts table.
func sambaConfig(s *servers.Samba, scheme string) *Config {
	return &Config{
		ID: "corp", Type: AD, URLs: []string{scheme + "://" + s.Host()}, Timeout: 20 * time.Second,
		Hosts: map[string]string{s.Host(): s.Addr(), s.Domain(): s.Addr()},
		TLS:   TLS{CAFile: s.CAFile()},
		Bind:  Bind{Username: s.UPN(servers.SambaServiceUser), Password: servers.SambaServicePassword},
	}
}

func readSamba(t *testing.T, cfg *Config, base string) (peer, error) {
	t.Helper()
	addrs, err := locateServers(t.Context(), cfg, nil)
	if err != nil {
		return peer{}, err
	}
	l, err := dial(t.Context(), cfg, nil, addrs[0])
	if err != nil {
		return peer{}, err
	}
	defer l.close()
	got, err := l.search(t.Context(), request{base: base, scope: ldap.ScopeWholeSubtree, filter: "(objectClass=user)",
		names: directory.NewNames("objectGUID", "sAMAccountName"), pageSize: 2}, func(*entry) error { return nil })
	if err == nil && got.entries < 4 {
		t.Errorf("only %d users", got.entries)
	}
	return l.peer(), err
}

func TestEveryKindOfBindThatSambaTakes(t *testing.T) {
	s := servers.SharedSamba(t)
	keytab := s.ExportKeytab(servers.SambaServiceUser)
	ccache := filepath.Join(t.TempDir(), "ccache")
	kinit := exec.Command("kinit", "-c", ccache, "-k", "-t", keytab, servers.SambaServiceUser+"@"+s.Realm())
	kinit.Env = append(kinit.Environ(), "KRB5_CONFIG="+s.Krb5Conf())
	if out, err := kinit.CombinedOutput(); err != nil {
		t.Fatalf("kinit: %v\n%s", err, out)
	}
	kerberos := func(c *Config) {
		c.Bind.Method, c.Bind.Realm = Kerberos, s.Realm()
	}
	tests := map[string]struct {
		scheme     string
		change     func(*Config)
		encryption string
	}{
		"a user principal name and a password over LDAPS": {"ldaps", func(*Config) {}, "TLS 1.3"},
		"a NetBIOS name and a password over StartTLS": {"ldap", func(c *Config) {
			c.TLS.StartTLS = true
			c.Bind.Username = s.NetBIOS() + `\` + servers.SambaServiceUser
		}, "TLS 1.3"},
		"Kerberos with a password over LDAPS":                {"ldaps", kerberos, "TLS 1.3"},
		"Kerberos with a password, sealed on the plain port": {"ldap", kerberos, "Kerberos, sealed"},
		"Kerberos with a keytab, sealed": {"ldap", func(c *Config) {
			kerberos(c)
			c.Bind.Password, c.Bind.Keytab = "", keytab
		}, "Kerberos, sealed"},
		"Kerberos with a keytab that names the account": {"ldap", func(c *Config) {
			kerberos(c)
			c.Bind.Username, c.Bind.Password, c.Bind.Keytab = "", "", keytab
		}, "Kerberos, sealed"},
		"Kerberos with a credentials cache over StartTLS": {"ldap", func(c *Config) {
			kerberos(c)
			c.TLS.StartTLS = true
			c.Bind.Username, c.Bind.Password, c.Bind.CCache = "", "", "FILE:"+ccache
		}, "TLS 1.3"},
		"Kerberos with a krb5.conf": {"ldap", func(c *Config) {
			c.Bind.Method, c.Bind.Krb5Conf = Kerberos, s.Krb5Conf()
		}, "Kerberos, sealed"},
		"Kerberos with the realm found from the name of the domain": {"ldap", func(c *Config) {
			c.Bind.Method, c.Bind.Krb5Conf, c.Hosts = Kerberos, "", sambaConfig(s, "ldap").Hosts
			c.Bind.KDC = s.Addr()
		}, "Kerberos, sealed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := sambaConfig(s, test.scheme)
			test.change(cfg)
			p, err := readSamba(t, cfg, s.BaseDN())
			if err != nil {
				t.Fatal(err)
			}
			if p.Encryption != test.encryption || p.Kind != "Samba Active Directory" || !strings.EqualFold(p.Name, s.Host()) || p.Clock.IsZero() {
				t.Errorf("peer is %+v", p)
			}
		})
	}
}
