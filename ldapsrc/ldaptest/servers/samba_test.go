package servers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
	"github.com/jcmturner/gokrb5/v8/client"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }

func TestSambaIsAnActiveDirectory(t *testing.T) {
	s := servers.SharedSamba(t)
	conn := dial(t, s.LDAPSURL(), s.CAFile())
	bind(t, conn, s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
	root, err := conn.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"defaultNamingContext", "dnsHostName", "supportedCapabilities"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	entry := root.Entries[0]
	if got := entry.GetAttributeValue("defaultNamingContext"); got != s.BaseDN() {
		t.Errorf("the base is %s, want %s", got, s.BaseDN())
	}
	if got := entry.GetAttributeValue("dnsHostName"); got != s.Host() {
		t.Errorf("the host is %s, want %s", got, s.Host())
	}
	if got := entry.GetAttributeValues("supportedCapabilities"); !slices.Contains(got, "1.2.840.113556.1.4.800") {
		t.Errorf("capabilities are %q, without Active Directory's", got)
	}
}

func TestSambaTakesChangesFromTheTest(t *testing.T) {
	s := servers.SharedSamba(t)
	ou, leavers := s.AddOU("Changes"), s.AddOU("Leavers")
	ada := s.AddUser(ou, "ada", map[string][]string{"mail": {"ada@example.com"}})
	bob := s.AddUser(ou, "bob", nil)
	group := s.AddGroup(ou, "staff", ada)
	s.AddMember(group, bob)
	s.Disable(bob)
	bob = s.Move(s.Rename(bob, "CN=robert"), leavers)
	s.SetPassword(ada, "Ada-secret-1")
	bind(t, dial(t, s.LDAPSURL(), s.CAFile()), s.UPN("ada"), "Ada-secret-1")

	if bob != "CN=robert,"+leavers {
		t.Errorf("the moved user is %s", bob)
	}
	members := s.Values(group, "member")
	slices.Sort(members)
	if fmt.Sprint(members) != "["+ada+" "+bob+"]" {
		t.Errorf("members are %q", members)
	}
	if got := fmt.Sprint(s.Values(bob, "userAccountControl")); got != "[546]" {
		t.Errorf("the disabled user has %s", got)
	}
	s.Enable(bob)
	s.RemoveMember(group, bob)
	s.Delete(bob)
	if got := fmt.Sprint(s.Values(group, "member")); got != "["+ada+"]" {
		t.Errorf("members are %s after the removal", got)
	}
}

func TestSambaRefusesAPasswordInTheClear(t *testing.T) {
	s := servers.SharedSamba(t)
	conn := dial(t, s.URL(), "")
	err := conn.Bind(s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
		t.Errorf("a simple bind without TLS gives %v, want result 8", err)
	}
	config := trust(t, s.CAFile())
	config.ServerName = s.Host()
	if err := conn.StartTLS(config); err != nil {
		t.Fatal(err)
	}
	bind(t, conn, s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
}

func TestSambaTakesKerberosOverTLS(t *testing.T) {
	s := servers.SharedSamba(t)
	if err := kerberosBind(t, s); err != nil {
		t.Error(err)
	}
}

func TestSambaWithStrongAuthRefusesKerberosOverTLS(t *testing.T) {
	s := servers.StartSamba(t, servers.SambaOptions{Realm: "STRONG.EXAMPLE.ORG", StrongAuth: servers.StrongAuthYes,
		LDIF: "dn: OU=Loaded,DC=strong,DC=example,DC=org\nobjectClass: organizationalUnit\n\n" +
			"dn: CN=grace,OU=Loaded,DC=strong,DC=example,DC=org\nobjectClass: user\nsAMAccountName: grace\nuserAccountControl: 544\n"})
	if err := kerberosBind(t, s); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
		t.Errorf("Kerberos over TLS gives %v, want result 8", err)
	}
	if got := fmt.Sprint(s.Values("CN=grace,OU=Loaded,"+s.BaseDN(), "sAMAccountType")); got != "[805306368]" {
		t.Errorf("the loaded user's type is %s", got)
	}
	s.Restart()
	if got := len(s.Values("CN=grace,OU=Loaded,"+s.BaseDN(), "objectGUID")); got != 1 {
		t.Errorf("the loaded user has %d GUIDs after a restart", got)
	}
}

func TestSambaAnswersDNS(t *testing.T) {
	s := servers.SharedSamba(t)
	_, records, err := s.Resolver().LookupSRV(context.Background(), "ldap", "tcp", s.Domain())
	if err != nil || len(records) != 1 || records[0].Target != s.Host()+"." || records[0].Port != 389 {
		t.Fatalf("SRV records are %v, err %v", records, err)
	}
	addrs, err := s.Resolver().LookupHost(context.Background(), s.Host())
	if err != nil || fmt.Sprint(addrs) != "["+s.Addr()+"]" {
		t.Errorf("%s is %v, err %v; want %s", s.Host(), addrs, err, s.Addr())
	}
}

func TestSambaWorkersCanBeKilled(t *testing.T) {
	s := servers.SharedSamba(t)
	conn := dial(t, s.LDAPSURL(), s.CAFile())
	bind(t, conn, s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
	s.KillWorkers()
	if _, err := pagedDNs(conn, s.BaseDN(), "(objectClass=user)", 100); err == nil {
		t.Error("the connection outlived its worker")
	}
	s.Values(s.BaseDN(), "objectSid") // a new worker answers
}

func TestSambaAnswersLdapsearch(t *testing.T) {
	s := servers.SharedSamba(t)
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		t.Skip("ldapsearch is not installed: apt-get install ldap-utils")
	}
	cmd := exec.Command("ldapsearch", "-x", "-LLL", "-H", s.LDAPSURL(), "-D", s.NetBIOS()+`\`+servers.SambaServiceUser,
		"-w", servers.SambaServicePassword, "-b", s.BaseDN(), "-E", "pr=1000/noprompt", "(sAMAccountName=krbtgt)", "1.1")
	cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+s.CAFile())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "dn: CN=krbtgt,CN=Users,"+s.BaseDN()) {
		t.Errorf("ldapsearch: %v\n%s", err, out)
	}
}

// kerberosBind binds over LDAPS with the service account's keytab.
func kerberosBind(t *testing.T, s *servers.Samba) error {
	t.Helper()
	krb, err := gssapi.NewClientWithKeytab(servers.SambaServiceUser, s.Realm(),
		s.ExportKeytab(servers.SambaServiceUser), s.Krb5Conf(), client.DisablePAFXFAST(true))
	if err != nil {
		t.Fatal(err)
	}
	defer krb.Close()
	conn := dial(t, s.LDAPSURL(), s.CAFile())
	err = conn.GSSAPIBind(krb, "ldap/"+s.Host(), "")
	var refused *ldap.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	return err
}
