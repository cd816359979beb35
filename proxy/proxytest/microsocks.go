package proxytest

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"
)

// MicrosocksOptions say what StartMicrosocks starts.
type MicrosocksOptions struct {
	// Hosts are names that the proxy knows, and nobody else. They take root.
	Hosts map[string]string
}

// StartMicrosocks runs a SOCKS5 proxy that knows User and Password until the
// test ends, and returns its address.
func StartMicrosocks(t testing.TB, o MicrosocksOptions) string {
	t.Helper()
	addr := ClosedAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	args := []string{Need(t, "microsocks", "microsocks"), "-i", "127.0.0.1", "-p", port, "-u", User, "-P", Password}
	if len(o.Hosts) > 0 {
		hosts := "127.0.0.1 localhost\n"
		for name, addr := range o.Hosts {
			hosts += addr + " " + name + "\n"
		}
		file := filepath.Join(t.TempDir(), "hosts")
		write(t, file, hosts)
		// It asks the C library, so it gets a file system with another /etc/hosts.
		script := `mount --bind "$0" /etc/hosts && exec "$@"`
		args = append([]string{Need(t, "util-linux", "unshare"), "--mount", "sh", "-c", script, file}, args...)
	}
	start(t, addr, exec.Command(args[0], args[1:]...))
	return addr
}
