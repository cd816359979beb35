package ldapsrc

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKerberosPrincipals(t *testing.T) {
	t.Setenv("KRB5_CONFIG", filepath.Join(t.TempDir(), "none"))
	tests := map[string]struct {
		cfg  Config
		host string
		want string
	}{
		"a name with its realm":              {Config{Type: AD, Bind: Bind{Username: "svc@corp.example.com"}}, "dc1.other.example.com", "svc@CORP.EXAMPLE.COM"},
		"a configured realm before a suffix": {Config{Type: AD, Bind: Bind{Username: "svc@example.com", Realm: "CORP.EXAMPLE.COM"}}, "dc1.corp.example.com", "svc@CORP.EXAMPLE.COM"},
		"a NetBIOS name":                     {Config{Type: AD, Bind: Bind{Username: `CORP\svc`}}, "dc1.corp.example.com", "svc@CORP.EXAMPLE.COM"},
		"a bare name in the domain":          {Config{Type: AD, Domain: "corp.example.com", Bind: Bind{Username: "svc"}}, "dc1.emea.corp.example.com", "svc@CORP.EXAMPLE.COM"},
		"a bare name beside a server's name": {Config{Type: AD, Bind: Bind{Username: "svc"}}, "dc1.corp.example.com", "svc@CORP.EXAMPLE.COM"},
		"an address tells no realm":          {Config{Type: AD, Bind: Bind{Username: "svc"}}, "192.0.2.1", "svc@"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			user, realm := test.cfg.principal(serverAddr{host: test.host})
			if got := user + "@" + realm; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestKerberosConfigurationThatIsMade(t *testing.T) {
	cfg := Config{Type: AD, Hosts: map[string]string{"emea.corp.example.com": "192.0.2.8:636"}}
	got := cfg.krb5ConfText(serverAddr{host: "dc1.corp.example.com", dial: "192.0.2.7:389"}, "CORP.EXAMPLE.COM")
	want := `[libdefaults]
 default_realm = CORP.EXAMPLE.COM
 dns_lookup_kdc = true
 udp_preference_limit = 1
 default_tkt_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96
 default_tgs_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96
 permitted_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96
[realms]
 CORP.EXAMPLE.COM = {
  kdc = 192.0.2.7
 }
 EMEA.CORP.EXAMPLE.COM = {
  kdc = 192.0.2.8
 }
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKerberosConfigurationOfTheMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "krb5.conf")
	text := "includedir /etc/krb5.conf.d/\n[libdefaults]\n default_realm = EXAMPLE.ORG\n[realms]\n EXAMPLE.ORG = {\n  kdc = kdc.example.org\n }\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KRB5_CONFIG", path)
	server := serverAddr{host: "dc1.corp.example.com", dial: "192.0.2.7:389"}
	for realm, want := range map[string]string{
		"EXAMPLE.ORG":      "kdc.example.org:88", // the machine knows it
		"CORP.EXAMPLE.COM": "192.0.2.7:88",       // it does not: the controller is the KDC
	} {
		cfg := Config{ID: "corp", Type: AD}
		conf, err := cfg.krb5Conf(server, realm)
		if err != nil {
			t.Fatal(err)
		}
		if _, kdcs, err := conf.GetKDCs(realm, true); err != nil || kdcs[1] != want {
			t.Errorf("%s: %v, %v", realm, kdcs, err)
		}
	}
	cfg := Config{ID: "corp", Type: AD, Bind: Bind{Krb5Conf: path + "x"}}
	if _, err := cfg.krb5Conf(server, "EXAMPLE.ORG"); err == nil || !strings.HasPrefix(err.Error(), "sources[corp].bind.krb5_conf: ") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestKerberosCachesThatAreNoFiles(t *testing.T) {
	t.Setenv("KRB5CCNAME", "KCM:1000")
	cfg := Config{ID: "corp", Type: AD, Bind: Bind{Method: Kerberos}}
	_, err := cfg.kerberosClient(serverAddr{host: "dc1.corp.example.com"})
	if err == nil || err.Error() != "sources[corp].bind.ccache: a cache of the kind KCM cannot be read" {
		t.Errorf("got %v", err)
	}
}
