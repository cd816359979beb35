//go:build !windows

package proxy_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adsync/proxy"
)

// A file that cannot be read for what it should be is an error of signing in:
// the Kerberos library panics over some.
func TestMalformedKerberosFilesAreErrorsOfSigningIn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("krb5.conf", "[libdefaults]\n default_realm = EXAMPLE.COM\n")
	for name, tt := range map[string]struct{ conf, tickets, says string }{
		"a krb5.conf with a slip":    {file("slip.conf", "[realms]\nA.B =}{\n"), good, "read the kerberos configuration: malformed"},
		"a krb5.conf not there":      {filepath.Join(dir, "none.conf"), good, "read the kerberos configuration"},
		"a directive of Kerberos 4":  {file("v4.conf", "[realms]\nA.B = {\n v4_instance_convert = {\n }\n}\n"), good, "no kerberos tickets"},
		"tickets that are cut short": {good, file("tickets", "\x05\x04\x00\x0c"), "no kerberos tickets in " + filepath.Join(dir, "tickets")},
		"tickets that are none":      {good, good, "no kerberos tickets in " + good},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KRB5_CONFIG", tt.conf)
			t.Setenv("KRB5CCNAME", tt.tickets)
			p := mustNew(t, proxy.Setting{URL: "http://" + listener.Addr().String(), Auth: proxy.AuthNegotiate})
			_, err := p.Check(t.Context(), mustURL(t, "https://scim.example.com/v2"), nil)
			if wantKind(t, err, proxy.SignIn); !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v does not say %q", err, tt.says)
			}
		})
	}
}
