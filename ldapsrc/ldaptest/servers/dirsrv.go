package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// What every DirSrv of this package serves.
const (
	DirSrvBase          = "dc=example,dc=com"
	DirSrvPeople        = "ou=people," + DirSrvBase
	DirSrvGroups        = "ou=groups," + DirSrvBase
	DirSrvAdminDN       = "cn=Directory Manager"
	DirSrvAdminPassword = "manager-secret"

	// The reader may read everything but userPassword.
	DirSrvReaderDN       = "cn=reader," + DirSrvBase
	DirSrvReaderPassword = "reader-secret"

	dirSrvPath    = "/usr/sbin/ns-slapd"
	dirSrvPort    = 19390
	dirSrvTLSPort = 19636
)

// DirSrv is a running 389 Directory Server with the suffix dc=example,dc=com,
// memberOf and referential integrity. Below the suffix are ou=people and
// ou=groups. Its settings are entries below cn=config, which the Writer may
// change.
type DirSrv struct {
	Writer

	dir     string
	address *address
	ca      *authority
	process *process
}

// StartDirSrv starts Debian's 389 Directory Server for the length of the test,
// as root.
func StartDirSrv(t testing.TB) *DirSrv {
	t.Helper()
	need(t, program{dirSrvPath, "389-ds-base"}, program{dirSrvTemplate, "389-ds-base"}, program{"certutil", "libnss3-tools"},
		program{"pk12util", "libnss3-tools"}, program{"openssl", "openssl"})
	needRoot(t, "389 Directory Server does not start for others")
	scratch, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(scratch.remove)
	s := &DirSrv{dir: scratch.dir}
	s.Writer = Writer{t: t, open: s.connect}
	if s.address, err = reserveAddress(dirSrvPort, dirSrvTLSPort); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.address.release)
	if s.ca, err = newAuthority(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := s.configure(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	s.start()
	s.fill()
	return s
}

// URL is the address for plain LDAP and StartTLS.
func (s *DirSrv) URL() string { return fmt.Sprintf("ldap://%s:%d", s.address.IP, dirSrvPort) }

// LDAPSURL is the address for LDAP over TLS.
func (s *DirSrv) LDAPSURL() string { return fmt.Sprintf("ldaps://%s:%d", s.address.IP, dirSrvTLSPort) }

// CAFile is the PEM file of the CA that signed the server's certificate.
func (s *DirSrv) CAFile() string { return s.ca.caFile() }

// start starts the server and returns once it answers. With a log level of its
// own it stays in the foreground.
func (s *DirSrv) start() {
	s.t.Helper()
	logFile := filepath.Join(s.dir, "ns-slapd.log")
	var err error
	s.process, err = startProcess(logFile, nil, dirSrvPath, "-D", s.config(), "-i", s.folder("run/pid"), "-d", dirSrvLogLevel)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := answers(s.process, s.connect); err != nil {
		s.t.Fatalf("ns-slapd does not answer: %v\n%s", err, tail(logFile))
	}
}

func (s *DirSrv) kill() {
	s.disconnect()
	if s.process != nil {
		s.process.kill()
		s.process = nil
		os.Remove("/dev/shm/sem." + s.name() + ".stats") // a server that was killed leaves its semaphore (sem_overview(7))
	}
}

func (s *DirSrv) connect() (*ldap.Conn, error) {
	return bound(s.URL(), DirSrvAdminDN, DirSrvAdminPassword)
}

// fill makes the database and what every DirSrv has in it.
func (s *DirSrv) fill() {
	s.t.Helper()
	s.Add("cn=example,cn=ldbm database,cn=plugins,cn=config", map[string][]string{
		"objectClass": {"top", "extensibleObject", "nsBackendInstance"}, "nsslapd-suffix": {DirSrvBase},
	})
	s.Add(`cn=dc\=example\,dc\=com,cn=mapping tree,cn=config`, map[string][]string{
		"objectClass": {"top", "extensibleObject", "nsMappingTree"}, "nsslapd-state": {"backend"}, "nsslapd-backend": {"example"},
	})
	s.Add(DirSrvBase, map[string][]string{
		"objectClass": {"domain"},
		"aci":         {`(targetattr!="userPassword")(version 3.0; acl "read"; allow (read,search,compare) userdn="ldap:///all";)`},
	})
	for _, dn := range []string{DirSrvPeople, DirSrvGroups} {
		s.Add(dn, map[string][]string{"objectClass": {"organizationalUnit"}})
	}
	s.Add(DirSrvReaderDN, map[string][]string{"objectClass": {"person"}, "sn": {"reader"}, "userPassword": {DirSrvReaderPassword}})
}
