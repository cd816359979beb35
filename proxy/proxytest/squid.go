package proxytest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// DNSAddr is where squid asks for names, on port 53: squid knows no other.
const DNSAddr = "127.0.0.77"

// SquidOptions say what StartSquid starts.
type SquidOptions struct {
	// Auth are the lines of squid.conf about signing in, for a folder that
	// squid's own account can read; nil is Basic with User and Password.
	Auth func(dir string) string
	// Hosts are names that squid knows, and nobody else.
	Hosts map[string]string
	// More are further lines of squid.conf, before its rules.
	More string
}

// Squid is a running proxy that wants everybody to sign in.
type Squid struct {
	Addr string
	log  string
}

// StartSquid runs squid until the test ends.
func StartSquid(t testing.TB, o SquidOptions) *Squid {
	t.Helper()
	program := Need(t, "squid", "squid", "/usr/sbin/squid")
	dir, err := os.MkdirTemp("", "adsync-squid")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	// Started by root, squid becomes the user proxy, which must write here.
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if o.Auth == nil {
		o.Auth = func(dir string) string { return basicAuth(t, dir) }
	}
	s := &Squid{Addr: ClosedAddr(t), log: filepath.Join(dir, "access.log")}
	_, port, _ := net.SplitHostPort(s.Addr)
	hosts := ""
	for name, addr := range o.Hosts {
		hosts += addr + " " + name + "\n"
	}
	write(t, filepath.Join(dir, "hosts"), hosts)
	write(t, filepath.Join(dir, "squid.conf"), fmt.Sprintf(`http_port 127.0.0.1:%s
%s
%s
acl signed_in proxy_auth REQUIRED
http_access allow signed_in
http_access deny all
cache deny all
access_log stdio:%s
cache_log %s/cache.log
pid_filename %s/squid.pid
coredump_dir %s
hosts_file %s/hosts
visible_hostname proxy.example.test
dns_nameservers %s
dns_timeout 1 second
shutdown_lifetime 0 seconds
logfile_rotate 0
buffered_logs off
`, port, o.Auth(dir), o.More, s.log, dir, dir, dir, dir, DNSAddr))
	start(t, s.Addr, exec.Command(program, "-N", "-f", filepath.Join(dir, "squid.conf")))
	return s
}

func basicAuth(t testing.TB, dir string) string {
	helper := Need(t, "squid", "/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth")
	hash, err := exec.Command(Need(t, "openssl", "openssl"), "passwd", "-apr1", Password).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "htpasswd")
	write(t, file, User+":"+string(hash))
	return fmt.Sprintf("auth_param basic program %s %s\nauth_param basic realm example", helper, file)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Carried are the lines of the access log with an action such as TCP_TUNNEL or
// TCP_MISS and success, as "METHOD target". Squid writes a tunnel's line when
// it ends, so Carried waits for n of them.
func (s *Squid) Carried(t testing.TB, action string, n int) []string {
	t.Helper()
	var lines []string
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		lines = nil
		raw, _ := os.ReadFile(s.log)
		for line := range strings.Lines(string(raw)) {
			if fields := strings.Fields(line); len(fields) > 7 && strings.HasPrefix(fields[3], action+"/200") && fields[7] == User {
				lines = append(lines, fields[5]+" "+fields[6])
			}
		}
		if len(lines) >= n || time.Now().After(deadline) {
			return lines
		}
	}
}
