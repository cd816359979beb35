package servers_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestSlapdServesWhatWasLoaded(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(1200, 12)})
	reader := dial(t, s.LDAPSURL(), s.CAFile())
	bind(t, reader, servers.SlapdReaderDN, servers.SlapdReaderPassword)

	users, err := pagedDNs(reader, servers.SlapdPeople, "(objectClass=inetOrgPerson)", 1000)
	if err != nil || len(users) != 1200 {
		t.Errorf("read %d users, err %v; want 1200", len(users), err)
	}
	if got := len(s.Values(servers.CompanyGroupDN(1), "member")); got != 120 {
		t.Errorf("group001 has %d members, want 120", got)
	}
	if got := s.Values(servers.CompanyUserDN(0), "memberOf"); !slices.Contains(got, servers.CompanyGroupDN(0)) {
		t.Errorf("memberOf is %q, want group000 among them", got)
	}
	if _, err := pagedDNs(reader, servers.SlapdPeople, "(objectClass=*)", 1001); !ldap.IsErrorWithCode(err, ldap.LDAPResultAdminLimitExceeded) {
		t.Errorf("a page of 1001 gives %v, want result 11", err)
	}
	bind(t, reader, servers.SlapdCappedDN, servers.SlapdCappedPassword)
	capped, err := pagedDNs(reader, servers.SlapdPeople, "(objectClass=*)", 100)
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || len(capped) != servers.SlapdCap {
		t.Errorf("the capped identity got %d entries and %v, want %d and result 4", len(capped), err, servers.SlapdCap)
	}
}

func TestSlapdKeepsMemberOfWhenChanged(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	s.LoadLDIF(servers.Company(3, 0))
	group := "cn=staff," + servers.SlapdGroups
	s.Add(group, map[string][]string{
		"objectClass": {"groupOfNames"}, "cn": {"staff"}, "member": {servers.CompanyUserDN(0), servers.CompanyUserDN(1)}})
	s.AddValues(group, "member", servers.CompanyUserDN(2))
	s.RemoveValues(group, "member", servers.CompanyUserDN(0))
	s.Delete(servers.CompanyUserDN(1))
	renamed := s.Rename(servers.CompanyUserDN(2), "uid=ada")
	moved := s.Move(renamed, servers.SlapdBase)
	s.SetAttr(moved, "title", "Countess")

	if got := fmt.Sprint(s.Values(group, "member")); got != "["+moved+"]" {
		t.Errorf("members are %s, want only %s", got, moved)
	}
	if got := fmt.Sprint(s.Values(moved, "memberOf"), s.Values(moved, "title")); got != "["+group+"] [Countess]" {
		t.Errorf("memberOf and title are %s", got)
	}
}

func TestSlapdHidesTheHiddenPart(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	reader := dial(t, s.URL(), "")
	bind(t, reader, servers.SlapdReaderDN, servers.SlapdReaderPassword)
	got, err := pagedDNs(reader, servers.SlapdBase, "(objectClass=organizationalUnit)", 100)
	if err != nil || fmt.Sprint(got) != "["+servers.SlapdPeople+" "+servers.SlapdGroups+"]" {
		t.Errorf("the reader sees %q, err %v", got, err)
	}
}

func TestSlapdTakesAClientCertificate(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	certFile, keyFile := s.ClientCertificate("reader")
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	config := trust(t, s.CAFile())
	config.Certificates = []tls.Certificate{cert}
	config.ServerName = s.Host()
	conn, err := ldap.DialURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.StartTLS(config); err != nil {
		t.Fatal(err)
	}
	if err := conn.ExternalBind(); err != nil {
		t.Fatal(err)
	}
	who, err := conn.WhoAmI(nil)
	if err != nil || who.AuthzID != "dn:"+servers.SlapdReaderDN {
		t.Errorf("bound as %+v, err %v; want the reader", who, err)
	}
}

func TestSlapdKeepsItsDataOverAKill(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(1, 0)})
	s.SetAttr(servers.CompanyUserDN(0), "title", "Survivor")
	s.Kill()
	if _, err := ldap.DialURL(s.URL()); err == nil {
		t.Error("a killed server still takes connections")
	}
	s.Restart()
	if got := fmt.Sprint(s.Values(servers.CompanyUserDN(0), "title")); got != "[Survivor]" {
		t.Errorf("title is %s after the restart", got)
	}
}

func TestSlapdWithRFC2307bisHasGroupsOfBothKinds(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{RFC2307bis: true, LDIF: servers.Company(1, 0)})
	s.Add("cn=both,"+servers.SlapdGroups, map[string][]string{
		"objectClass": {"groupOfNames", "posixGroup"}, "cn": {"both"}, "gidNumber": {"5000"}, "member": {servers.CompanyUserDN(0)}})
}

func TestSlapdAnswersLdapsearch(t *testing.T) {
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		t.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	s := servers.StartSlapd(t, servers.SlapdOptions{LDIF: servers.Company(30, 1)})
	cmd := exec.Command("ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", s.LDAPSURL(), "-D", servers.SlapdReaderDN,
		"-w", servers.SlapdReaderPassword, "-b", servers.SlapdPeople, "-E", "pr=10/noprompt", "(uid=*)", "1.1")
	cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+s.CAFile())
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), "dn: ") != 30 {
		t.Errorf("ldapsearch: %v\n%s", err, out)
	}
}

func trust(t *testing.T, caFile string) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatalf("no certificate in %s", caFile)
	}
	return &tls.Config{RootCAs: pool}
}

func dial(t *testing.T, url, caFile string) *ldap.Conn {
	t.Helper()
	config := &tls.Config{}
	if caFile != "" {
		config = trust(t, caFile)
	}
	conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(config))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func bind(t *testing.T, conn *ldap.Conn, user, password string) {
	t.Helper()
	if err := conn.Bind(user, password); err != nil {
		t.Fatalf("bind as %s: %v", user, err)
	}
}

// pagedDNs gives what was read before an error as well as the error.
func pagedDNs(conn *ldap.Conn, base, filter string, page uint32) ([]string, error) {
	result, err := conn.SearchWithPaging(ldap.NewSearchRequest(base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		0, 0, false, filter, []string{"1.1"}, nil), page)
	var dns []string
	for _, entry := range result.Entries {
		dns = append(dns, entry.DN)
	}
	return dns, err
}
