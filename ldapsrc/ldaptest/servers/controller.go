package servers

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// controller is a domain controller apart from any test.
type controller struct {
	scratch *scratch
	dir     string
	address *address
	ca      *authority
	realm   string
	auth    StrongAuth
	process *process
}

//go:embed loadldif.py
var loadLDIF string

// startController provisions a domain and starts it. On an error nothing is
// left behind.
func startController(opts SambaOptions) (dc *controller, err error) {
	dc = &controller{realm: opts.Realm, auth: opts.StrongAuth}
	if dc.realm == "" {
		dc.realm = "CORP.EXAMPLE.COM"
	}
	if dc.auth == "" {
		dc.auth = StrongAuthSASLOverTLS
	}
	defer func() {
		if err != nil {
			dc.close()
		}
	}()
	if err := dc.prepare(); err != nil {
		return dc, err
	}
	if err := dc.provision(); err != nil {
		return dc, err
	}
	if err := dc.populate(opts.LDIF); err != nil {
		return dc, err
	}
	return dc, dc.start()
}

func (dc *controller) domain() string { return strings.ToLower(dc.realm) }

func (dc *controller) host() string { return "dc1." + dc.domain() }

func (dc *controller) netbios() string {
	first, _, _ := strings.Cut(dc.realm, ".")
	return first
}

func (dc *controller) baseDN() string {
	return "DC=" + strings.Join(strings.Split(dc.domain(), "."), ",DC=")
}

// prepare takes the folder and the address and makes the certificate.
func (dc *controller) prepare() (err error) {
	if dc.scratch, err = newScratch(); err != nil {
		return err
	}
	dc.dir = dc.scratch.dir
	if dc.address, err = reserveAddress(53, 88, 389, 636, 3268, 3269); err != nil {
		return err
	}
	if dc.ca, err = newAuthority(dc.dir); err != nil {
		return err
	}
	if _, _, err = dc.ca.issueServer(dc.host(), dc.address.IP); err != nil {
		return err
	}
	conf := fmt.Sprintf(krb5Conf, dc.realm, dc.address.IP, dc.domain())
	return os.WriteFile(filepath.Join(dc.dir, "krb5.conf"), []byte(conf), 0o600)
}

func (dc *controller) provision() error {
	err := dc.run("/usr/bin/samba-tool", "domain", "provision", "--targetdir="+dc.dir,
		"--realm="+dc.realm, "--domain="+dc.netbios(), "--server-role=dc", "--host-name=dc1",
		"--host-ip="+dc.address.IP, "--dns-backend=SAMBA_INTERNAL", "--use-rfc2307", "--backend-store=tdb",
		"--adminpass="+SambaAdminPassword,
		"--option=interfaces="+dc.address.IP+"/8", "--option=bind interfaces only=yes",
		"--option=posix:eadb="+filepath.Join(dc.dir, "eadb.tdb"), "--option=log file="+dc.logFile())
	if err != nil {
		return fmt.Errorf("provision %s: %w", dc.realm, err)
	}
	conf := fmt.Sprintf(smbConf, dc.dir, dc.netbios(), dc.realm, dc.address.IP, dc.auth)
	if err := os.WriteFile(dc.confFile(), []byte(conf), 0o600); err != nil {
		return fmt.Errorf("write smb.conf: %w", err)
	}
	for _, folder := range []string{"run", "ncalrpc", "cache"} {
		if err := os.MkdirAll(filepath.Join(dc.dir, folder), 0o755); err != nil {
			return fmt.Errorf("make a folder for samba: %w", err)
		}
	}
	return nil
}

// populate adds the controller's name as a Kerberos service, the service account
// and the LDIF before the server runs. An installed Samba registers the name
// itself in its first minutes.
func (dc *controller) populate(ldif string) error {
	if err := dc.tool("spn", "add", "ldap/"+dc.host(), "DC1$"); err != nil {
		return err
	}
	if err := dc.tool("user", "create", SambaServiceUser, SambaServicePassword); err != nil {
		return err
	}
	if ldif == "" {
		return nil
	}
	path := filepath.Join(dc.dir, "load.ldif")
	if err := os.WriteFile(path, []byte(ldif), 0o600); err != nil {
		return fmt.Errorf("write the LDIF: %w", err)
	}
	return dc.run("/usr/bin/python3", "-c", loadLDIF, dc.confFile(), filepath.Join(dc.dir, "private", "sam.ldb"), path)
}

// start starts the server and returns when it answers on every port of use.
func (dc *controller) start() error {
	var err error
	dc.process, err = startProcess(dc.logFile(), dc.environment(), "/usr/sbin/samba",
		"-s", dc.confFile(), "--foreground", "--no-process-group", "--debug-stdout", "-d1")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	err = until(ctx, dc.process.exited, func() error {
		for _, port := range []string{"53", "88"} {
			conn, err := net.Dial("tcp", net.JoinHostPort(dc.address.IP, port))
			if err != nil {
				return err
			}
			conn.Close()
		}
		conn, err := dc.connect()
		if err == nil {
			conn.Close()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("samba does not answer: %w\n%s", err, tail(dc.logFile()))
	}
	return nil
}

// connect binds as the administrator.
func (dc *controller) connect() (*ldap.Conn, error) {
	pool := x509.NewCertPool()
	pool.AddCert(dc.ca.cert)
	conn, err := ldap.DialURL("ldaps://"+dc.address.IP, ldap.DialWithTLSConfig(&tls.Config{RootCAs: pool}))
	if err != nil {
		return nil, err
	}
	if err := conn.Bind(SambaAdminUser+"@"+dc.domain(), SambaAdminPassword); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// tool runs samba-tool on the controller's database.
func (dc *controller) tool(args ...string) error {
	return dc.run("/usr/bin/samba-tool", append(args, "-s", dc.confFile())...)
}

func (dc *controller) run(path string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), dc.environment()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(path), strings.Join(args[:2], " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func (dc *controller) environment() []string {
	return []string{"KRB5_CONFIG=" + filepath.Join(dc.dir, "krb5.conf"), "TMPDIR=" + dc.dir}
}

func (dc *controller) confFile() string { return filepath.Join(dc.dir, "etc", "smb.conf") }

func (dc *controller) logFile() string { return filepath.Join(dc.dir, "samba.log") }

func (dc *controller) kill() {
	if dc.process != nil {
		dc.process.kill()
		dc.process = nil
	}
}

func (dc *controller) close() {
	dc.kill()
	if dc.address != nil {
		dc.address.release()
	}
	if dc.scratch != nil {
		dc.scratch.remove()
	}
}
