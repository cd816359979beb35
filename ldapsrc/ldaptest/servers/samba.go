package servers

import (
	"context"
	"net"
	"path/filepath"
	"testing"
)

// Passwords and names that every domain controller of this package has.
const (
	SambaAdminUser       = "Administrator"
	SambaAdminPassword   = "Adm1n-secret"
	SambaServiceUser     = "svc-adsync" // an ordinary user, member of Domain Users only
	SambaServicePassword = "S3rvice-secret"
)

// StrongAuth is what a domain controller asks of a bind; the values are those
// of "ldap server require strong auth" in smb.conf(5).
type StrongAuth string

const (
	// StrongAuthSASLOverTLS refuses a simple bind without TLS and takes SASL
	// over TLS as well as with signing.
	StrongAuthSASLOverTLS StrongAuth = "allow_sasl_over_tls"
	// StrongAuthYes also refuses SASL over TLS: only signed or sealed SASL on
	// the plain port, or a simple bind over TLS. Samba's own default.
	StrongAuthYes StrongAuth = "yes"
	// StrongAuthNo takes everything, plain passwords included.
	StrongAuthNo StrongAuth = "no"
)

// SambaOptions says how a domain differs from the usual one.
type SambaOptions struct {
	Realm      string     // default CORP.EXAMPLE.COM; its first label is the NetBIOS domain
	StrongAuth StrongAuth // default StrongAuthSASLOverTLS
	// LDIF is added offline in one transaction, about 300 entries a second.
	LDIF string
}

// Samba is a running Active Directory domain controller, the only one of its
// domain, provisioned for the test.
type Samba struct {
	Writer

	t  testing.TB
	dc *controller
}

// StartSamba provisions a domain and starts its controller for the length of
// the test, in about six seconds. Tests that can share one use SharedSamba.
func StartSamba(t testing.TB, opts SambaOptions) *Samba {
	t.Helper()
	needSamba(t)
	dc, err := startController(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dc.close)
	return dc.handle(t)
}

func needSamba(t testing.TB) {
	t.Helper()
	need(t, program{"/usr/sbin/samba", "samba"}, program{"/usr/bin/samba-tool", "samba"},
		program{"/usr/share/samba/setup/provision.ldif", "samba-ad-provision"})
	needRoot(t, "a Samba domain controller binds to ports below 1024")
}

// handle is the controller as one test uses it.
func (dc *controller) handle(t testing.TB) *Samba {
	s := &Samba{t: t, dc: dc, Writer: Writer{t: t, open: dc.connect}}
	t.Cleanup(s.disconnect)
	return s
}

// Addr is the loopback address on which the controller serves LDAP (389, 636),
// the Global Catalog (3268, 3269), Kerberos (88) and DNS (53).
func (s *Samba) Addr() string { return s.dc.address.IP }

// Host is the controller's DNS name, which only its own DNS server knows: see
// Resolver. The certificate is valid for it and for Addr.
func (s *Samba) Host() string { return s.dc.host() }

// URL is the address for plain LDAP and StartTLS.
func (s *Samba) URL() string { return "ldap://" + s.dc.address.IP }

// LDAPSURL is the address for LDAP over TLS.
func (s *Samba) LDAPSURL() string { return "ldaps://" + s.dc.address.IP }

// CAFile is the PEM file of the CA that signed the controller's certificate.
func (s *Samba) CAFile() string { return s.dc.ca.caFile() }

// Realm is the Kerberos realm, such as CORP.EXAMPLE.COM.
func (s *Samba) Realm() string { return s.dc.realm }

// Domain is the DNS name of the domain, such as corp.example.com.
func (s *Samba) Domain() string { return s.dc.domain() }

// NetBIOS is the domain's short name, such as CORP.
func (s *Samba) NetBIOS() string { return s.dc.netbios() }

// BaseDN is the domain's naming context, such as DC=corp,DC=example,DC=com.
func (s *Samba) BaseDN() string { return s.dc.baseDN() }

// UPN is the user principal name of an account of this domain.
func (s *Samba) UPN(account string) string { return account + "@" + s.dc.domain() }

// Resolver asks the controller's DNS server, which has the domain's names and
// SRV records.
func (s *Samba) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, net.JoinHostPort(s.dc.address.IP, "53"))
	}}
}

// Krb5Conf is a krb5.conf(5) file for the realm that needs no DNS.
func (s *Samba) Krb5Conf() string { return filepath.Join(s.dc.dir, "krb5.conf") }

// ExportKeytab writes the account's keys to a new file and returns its path.
func (s *Samba) ExportKeytab(account string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), account+".keytab")
	if err := s.dc.tool("domain", "exportkeytab", path, "--principal="+account); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// Kill ends the controller as kill -9 does. The data stays for Restart.
func (s *Samba) Kill() {
	s.disconnect()
	s.dc.kill()
}

// Restart starts the controller on its data, killing it first if it runs, and
// returns once it answers.
func (s *Samba) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.dc.start(); err != nil {
		s.t.Fatal(err)
	}
}

// KillWorkers kills the processes that serve LDAP connections: each connection
// breaks, and Samba starts new workers at once.
func (s *Samba) KillWorkers() {
	s.t.Helper()
	n, err := s.dc.process.killTitled("task[ldap] pre-forked worker")
	if err != nil || n == 0 {
		s.t.Fatalf("kill the LDAP workers: %d found, %v", n, err)
	}
}

// Stop freezes the controller: connections stay open and nothing is answered.
func (s *Samba) Stop() {
	s.t.Helper()
	if err := s.dc.process.pause(); err != nil {
		s.t.Fatalf("stop samba: %v", err)
	}
}

// Continue ends a Stop.
func (s *Samba) Continue() {
	s.t.Helper()
	if err := s.dc.process.resume(); err != nil {
		s.t.Fatalf("continue samba: %v", err)
	}
}
