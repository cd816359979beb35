package ldapsrc

import (
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldaptest"
)

func TestSearchesAsCommandLines(t *testing.T) {
	extended := ldap.NewControlString(controlExtendedDN, true, "\x30\x03\x02\x01\x01")
	names := directory.NewNames("cn", "mail")
	tests := map[string]struct {
		cfg  Config
		req  request
		size int
		want string
	}{
		"a simple bind": {Config{Bind: Bind{Username: "cn=o'hara,dc=example,dc=com", Password: "hunter2"}}, request{base: "dc=example,dc=com", scope: 2, filter: "(&(a=b)(c=*))", names: names}, 1000,
			`ldapsearch -LLL -o ldif-wrap=no -H ldaps://dc1.example.com:636 -x -D 'cn=o'\''hara,dc=example,dc=com' -W -b dc=example,dc=com -s sub -E pr=1000/noprompt '(&(a=b)(c=*))' cn mail`},
		"Kerberos, and controls": {Config{Bind: Bind{Method: Kerberos, Password: "hunter2"}}, request{base: "OU=My People,dc=example,dc=com", scope: 1, filter: "(a=b)", names: names, controls: []ldap.Control{extended, ldap.NewControlString("1.2.840.113556.1.4.1339", false, "")}}, 0,
			`ldapsearch -LLL -o ldif-wrap=no -H ldaps://dc1.example.com:636 -Y GSSAPI -b 'OU=My People,dc=example,dc=com' -s one -E '!1.2.840.113556.1.4.529=::MAMCAQE=' -E 1.2.840.113556.1.4.1339 '(a=b)' cn mail`},
		"StartTLS and a range": {Config{TLS: TLS{StartTLS: true}, Bind: Bind{Method: Anonymous}}, request{scope: 0, filter: "(a=b)", ask: []string{"member;range=1500-*"}}, 0,
			`ldapsearch -LLL -o ldif-wrap=no -H ldaps://dc1.example.com:636 -ZZ -x -b '' -s base '(a=b)' 'member;range=1500-*'`},
		"no attributes": {Config{TLS: TLS{CAFile: "/etc/ca.pem"}, Bind: Bind{Method: External}}, request{scope: 0, filter: "(a=b)"}, 0,
			`LDAPTLS_CACERT=/etc/ca.pem ldapsearch -LLL -o ldif-wrap=no -H ldaps://dc1.example.com:636 -Y EXTERNAL -b '' -s base '(a=b)' 1.1`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := &link{cfg: &test.cfg, server: serverAddr{scheme: "ldaps", host: "dc1.example.com", port: "636"}}
			if got := l.ldapsearch(test.req, test.size); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestALoggedSearchCanBePasted(t *testing.T) {
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		t.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	s := serveUsers(t, ldaptest.OpenLDAP, 1200, ldaptest.Options{})
	cfg := testConfig(s.LDAPSURL())
	cfg.TLS.CAFile = caFile(t, s)
	var log strings.Builder
	env := &Env{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	addrs, err := locateServers(t.Context(), cfg, env)
	if err != nil {
		t.Fatal(err)
	}
	l, err := dial(t.Context(), cfg, env, addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if _, err := l.search(t.Context(), usersRequest, count); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), testPassword) {
		t.Error("the password is in the log")
	}
	if !strings.Contains(log.String(), "ldapsearch=") {
		t.Errorf("no ldapsearch line in %s", log.String())
	}
	line := strings.Replace(l.ldapsearch(usersRequest, pageSize), " -W ", " -w "+testPassword+" ", 1)
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if got := strings.Count(string(out), "\nmail: "); err != nil || got != 1200 {
		t.Errorf("%s\ngave %d entries, %v", line, got, err)
	}
}
