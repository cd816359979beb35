package ldaptest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a program of OpenLDAP's, if it is there, trusting the server.
func run(t *testing.T, srv *Server, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed (Debian: ldap-utils)", program)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, srv.CACertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+ca)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
	return string(out)
}

func TestLDAPSearchReadsPages(t *testing.T) {
	srv := serveCompany(t, Options{})
	fill(t, srv.dir, 2500)
	for _, how := range [][]string{{"-H", srv.URL()}, {"-H", srv.URL(), "-ZZ"}, {"-H", srv.LDAPSURL()}} {
		args := append(how, "-x", "-LLL", "-D", reader, "-w", password, "-b", suffix, "-E", "pr=1000/noprompt", "(cn=u*)", "sAMAccountName")
		out := run(t, srv, "ldapsearch", args...)
		if got := strings.Count(out, "sAMAccountName: u"); got != 2500 {
			t.Errorf("%v: got %d entries, want 2500", how, got)
		}
	}
}

func TestLDAPWhoAmI(t *testing.T) {
	srv := serveCompany(t, Options{})
	out := run(t, srv, "ldapwhoami", "-x", "-H", srv.LDAPSURL(), "-D", "reader@example.com", "-w", password)
	if want := "u:EXAMPLE\\reader\n"; out != want {
		t.Errorf("got %q, want %q", out, want)
	}
}
