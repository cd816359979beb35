package servers

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	dirSrvTemplate = "/usr/share/dirsrv/data/template-dse.ldif"
	dirSrvSchemas  = "/etc/dirsrv/schema/*.ldif"
	dirSrvLogLevel = "16384" // the default: errors and notices
)

// folder is a file or folder of the instance.
func (s *DirSrv) folder(name string) string { return filepath.Join(s.dir, name) }

// name is the instance's. The server names a semaphore after the folder of the
// configuration, which two instances must not share.
func (s *DirSrv) name() string { return filepath.Base(s.dir) }

func (s *DirSrv) config() string { return s.folder(s.name()) }

// configure lays out an instance as dscreate does before it starts the server
// for the first time, but below the scratch folder and without systemd.
func (s *DirSrv) configure() error {
	for _, name := range []string{s.name() + "/schema", "lock", "tmp", "ldif", "bak", "run", "inst", "log", "db", "home"} {
		if err := os.MkdirAll(s.folder(name), 0o700); err != nil {
			return fmt.Errorf("make the instance's folders: %w", err)
		}
	}
	schemas, err := filepath.Glob(dirSrvSchemas)
	if err != nil {
		return err
	}
	for _, from := range schemas {
		if err := copyFile(from, filepath.Join(s.config(), "schema", filepath.Base(from))); err != nil {
			return err
		}
	}
	// They must be there; nothing here needs what is in them.
	for _, name := range []string{"slapd-collations.conf", "certmap.conf"} {
		if err := os.WriteFile(filepath.Join(s.config(), name), nil, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	conf, err := s.settings()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.config(), "dse.ldif"), []byte(conf), 0o600); err != nil {
		return fmt.Errorf("write dse.ldif: %w", err)
	}
	return s.storeCertificates()
}

// settings are the template's, filled in, with TLS and the plugins switched on.
// Writes are not synced to the disk: the database lives as long as a test.
func (s *DirSrv) settings() (string, error) {
	template, err := os.ReadFile(dirSrvTemplate)
	if err != nil {
		return "", fmt.Errorf("read the template of dse.ldif: %w", err)
	}
	text := strings.NewReplacer(
		"%schema_dir%", filepath.Join(s.config(), "schema"), "%config_dir%", s.config(), "%cert_dir%", s.config(),
		"%lock_dir%", s.folder("lock"), "%tmp_dir%", s.folder("tmp"), "%ldif_dir%", s.folder("ldif"), "%bak_dir%", s.folder("bak"),
		"%run_dir%", s.folder("run"), "%inst_dir%", s.folder("inst"), "%log_dir%", s.folder("log"),
		"%db_dir%", s.folder("db"), "%db_home_dir%", s.folder("home"), "%db_lib%", "bdb",
		"%fqdn%", s.address.IP, "%ds_user%", "root", "%ds_port%", strconv.Itoa(dirSrvPort), "%ds_suffix%", DirSrvBase,
		"%rootdn%", DirSrvAdminDN, "%ds_passwd%", saltedSHA(DirSrvAdminPassword),
		"%ldapi_enabled%", "off", "%ldapi_autobind%", "off", "%ldapi%", s.folder("run/socket"),
	).Replace(string(template))
	text = addSettings(text, "cn=config", "nsslapd-listenhost: "+s.address.IP, "nsslapd-securelistenhost: "+s.address.IP,
		"nsslapd-secureport: "+strconv.Itoa(dirSrvTLSPort), "nsslapd-security: on")
	text = addSettings(text, "cn=config,cn=ldbm database,cn=plugins,cn=config", "nsslapd-db-durable-transaction: off")
	for _, plugin := range []string{"MemberOf Plugin", "referential integrity postoperation"} {
		before, rest, _ := strings.Cut(text, "dn: cn="+plugin+",cn=plugins,cn=config\n")
		rest = strings.Replace(rest, "nsslapd-pluginenabled: off", "nsslapd-pluginenabled: on", 1)
		text = before + "dn: cn=" + plugin + ",cn=plugins,cn=config\n" + rest
	}
	return text, nil
}

// addSettings adds lines to an entry of dse.ldif.
func addSettings(text, dn string, lines ...string) string {
	head := "dn: " + dn + "\n"
	return strings.Replace(text, head, head+strings.Join(lines, "\n")+"\n", 1)
}

// saltedSHA is a password in the scheme SSHA: in the clear it is refused.
func saltedSHA(password string) string {
	const salt = "adsync"
	sum := sha1.Sum([]byte(password + salt))
	return "{SSHA}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

// storeCertificates puts the server's certificate and the CA's into the NSS
// database that the server reads.
func (s *DirSrv) storeCertificates() error {
	certFile, keyFile, err := s.ca.issueServer(s.address.IP, "127.0.0.1", "localhost")
	if err != nil {
		return err
	}
	db, bundle := "sql:"+s.config(), s.folder("tmp/server.p12")
	for _, command := range [][]string{
		{"certutil", "-N", "-d", db, "--empty-password"},
		{"certutil", "-A", "-d", db, "-n", "CA", "-t", "CT,,", "-a", "-i", s.ca.caFile()},
		{"openssl", "pkcs12", "-export", "-in", certFile, "-inkey", keyFile, "-name", "Server-Cert", "-passout", "pass:", "-out", bundle},
		{"pk12util", "-i", bundle, "-d", db, "-W", "", "-K", ""},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}
