package servers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// What every slapd of this package serves.
const (
	SlapdBase          = "dc=example,dc=com"
	SlapdPeople        = "ou=people," + SlapdBase
	SlapdGroups        = "ou=groups," + SlapdBase
	SlapdAdminDN       = "cn=admin," + SlapdBase
	SlapdAdminPassword = "admin-secret"

	// The reader may read everything but ou=hidden and userPassword. A page of
	// more than SlapdReaderPage entries is refused it with result 11.
	SlapdReaderDN       = "cn=reader," + SlapdBase
	SlapdReaderPassword = "reader-secret"
	SlapdReaderPage     = 1000

	// The capped identity gets SlapdCap entries of a search and then result 4,
	// paged or not.
	SlapdCappedDN       = "cn=capped," + SlapdBase
	SlapdCappedPassword = "capped-secret"
	SlapdCap            = 500

	slapdPath      = "/usr/sbin/slapd"
	slapdPort      = 19390
	slapdTLSPort   = 19636
	slapdSchemaDir = "/etc/ldap/schema"
)

// SlapdOptions says how a Slapd differs from an empty one.
type SlapdOptions struct {
	// LDIF is loaded offline below the entries of every Slapd, which is the
	// fastest way. The memberof overlay does not see it: memberOf must stand in
	// the LDIF, as in Company's, or use LoadLDIF instead.
	LDIF string
	// RFC2307bis makes posixGroup an auxiliary class, so that a group can be
	// groupOfNames and posixGroup at once.
	RFC2307bis bool
	// Directives are added to the database's part of slapd.conf.
	Directives string
}

// Slapd is a running OpenLDAP server with the suffix dc=example,dc=com and the
// memberof overlay. Below the suffix are ou=people, ou=groups and ou=hidden.
type Slapd struct {
	Writer

	t       testing.TB
	dir     string
	address *address
	ca      *authority
	process *process
}

// StartSlapd starts Debian's slapd for the length of the test. No privilege is
// needed.
func StartSlapd(t testing.TB, opts SlapdOptions) *Slapd {
	t.Helper()
	need(t, program{slapdPath, "slapd"}, program{"/usr/sbin/slapadd", "slapd"})
	scratch, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(scratch.remove)
	s := &Slapd{t: t, dir: scratch.dir}
	s.Writer = Writer{t: t, open: s.connect}
	if s.address, err = reserveAddress(slapdPort, slapdTLSPort); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.address.release)
	if s.ca, err = newAuthority(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := s.configure(opts); err != nil {
		t.Fatal(err)
	}
	if err := s.slapadd(slapdBaseLDIF + "\n" + opts.LDIF); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// Host is the loopback address the server listens on. Its certificate is valid
// for it, and for localhost and 127.0.0.1.
func (s *Slapd) Host() string { return s.address.IP }

// URL is the address for plain LDAP and StartTLS.
func (s *Slapd) URL() string { return fmt.Sprintf("ldap://%s:%d", s.address.IP, slapdPort) }

// LDAPSURL is the address for LDAP over TLS.
func (s *Slapd) LDAPSURL() string { return fmt.Sprintf("ldaps://%s:%d", s.address.IP, slapdTLSPort) }

// CAFile is the PEM file of the CA that signed the server's certificate.
func (s *Slapd) CAFile() string { return s.ca.caFile() }

// ClientCertificate makes a certificate with which SASL EXTERNAL over TLS
// binds as cn=NAME,dc=example,dc=com.
func (s *Slapd) ClientCertificate(name string) (certFile, keyFile string) {
	s.t.Helper()
	certFile, keyFile, err := s.ca.issueClient(name)
	if err != nil {
		s.t.Fatal(err)
	}
	return certFile, keyFile
}

// LoadLDIF adds the entries through the running server, so that its overlays
// see them.
func (s *Slapd) LoadLDIF(text string) {
	s.t.Helper()
	need(s.t, program{"ldapadd", "ldap-utils"})
	cmd := exec.Command("ldapadd", "-x", "-H", s.URL(), "-D", SlapdAdminDN, "-w", SlapdAdminPassword)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("ldapadd: %v\n%s", err, out)
	}
}

// Kill ends the server as kill -9 does. The data stays for Restart.
func (s *Slapd) Kill() {
	s.disconnect()
	if s.process != nil {
		s.process.kill()
		s.process = nil
	}
}

// Stop freezes the server: connections stay open and nothing is answered.
func (s *Slapd) Stop() {
	s.t.Helper()
	if err := s.process.pause(); err != nil {
		s.t.Fatalf("stop slapd: %v", err)
	}
}

// Continue ends a Stop.
func (s *Slapd) Continue() {
	s.t.Helper()
	if err := s.process.resume(); err != nil {
		s.t.Fatalf("continue slapd: %v", err)
	}
}

// Restart starts the server on its data, killing it first if it runs, and
// returns once it answers.
func (s *Slapd) Restart() {
	s.t.Helper()
	s.Kill()
	logFile := filepath.Join(s.dir, "slapd.log")
	var err error
	s.process, err = startProcess(logFile, nil, slapdPath, "-d", "0",
		"-f", filepath.Join(s.dir, "slapd.conf"), "-h", s.URL()+" "+s.LDAPSURL())
	if err != nil {
		s.t.Fatal(err)
	}
	if err := answers(s.process, s.connect); err != nil {
		s.t.Fatalf("slapd does not answer: %v\n%s", err, tail(logFile))
	}
}

func (s *Slapd) connect() (*ldap.Conn, error) {
	return bound(s.URL(), SlapdAdminDN, SlapdAdminPassword)
}

func (s *Slapd) slapadd(text string) error {
	cmd := exec.Command("/usr/sbin/slapadd", "-q", "-f", filepath.Join(s.dir, "slapd.conf"), "-b", SlapdBase)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("slapadd: %w\n%s", err, out)
	}
	return nil
}

// tail is the end of a log file, for a failure's message.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}
