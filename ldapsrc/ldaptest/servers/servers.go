// Package servers starts real directory servers for integration tests:
// OpenLDAP's slapd, 389 Directory Server, a Samba Active Directory domain
// controller, and a TCP proxy that breaks connections in chosen places.
//
// Every server runs in a temporary directory and listens on a loopback address
// (127.x.y.z) that is reserved for it across all processes of the machine, so
// packages tested at the same time do not meet. A server ends with the test
// that started it, also when that test fails, panics or is killed.
//
// A test whose server program is not installed is skipped, with the name of
// the package to install; when ADSYNC_REQUIRE_SERVERS is 1 it fails instead.
//
// The package imports testing. The in-process server that the demo links is
// its parent, ldaptest.
package servers

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// RequireVariable names the environment variable that turns a missing server
// program from a reason to skip into a failure.
const RequireVariable = "ADSYNC_REQUIRE_SERVERS"

// startLimit is how long a server may take until it answers. It is generous
// because several packages may be starting servers on the same few cores.
const startLimit = 2 * time.Minute

// program is an executable or data file that a test needs and the package that
// has it.
type program struct {
	path string // absolute, or a name looked up in PATH
	apt  string
}

func (p program) installed() bool {
	if filepath.IsAbs(p.path) {
		_, err := os.Stat(p.path)
		return err == nil
	}
	_, err := exec.LookPath(p.path)
	return err == nil
}

// need skips the test, or fails it under RequireVariable, unless every program
// is there.
func need(t testing.TB, programs ...program) {
	t.Helper()
	if runtime.GOOS != "linux" {
		unavailable(t, "real servers are started on linux only")
	}
	for _, p := range programs {
		if !p.installed() {
			unavailable(t, p.path+" is not installed: apt-get install "+p.apt)
		}
	}
}

// needRoot is need for what only root may do.
func needRoot(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		unavailable(t, why+": run the tests as root")
	}
}

func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(RequireVariable) == "1" {
		t.Fatalf("%s=1 but %s", RequireVariable, reason)
	}
	t.Skip(reason)
}

// until calls try every 50 ms until it succeeds, the context ends or exited is
// closed, and returns try's last error if it never succeeded.
func until(ctx context.Context, exited <-chan struct{}, try func() error) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-exited:
			return err
		case <-ticker.C:
		}
	}
}

// answers waits until a server that was started lets connect in.
func answers(p *process, connect func() (*ldap.Conn, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return until(ctx, p.exited, func() error {
		conn, err := connect()
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// bound is a connection on which somebody has signed in.
func bound(url, dn, password string) (*ldap.Conn, error) {
	conn, err := ldap.DialURL(url)
	if err != nil {
		return nil, err
	}
	if err := conn.Bind(dn, password); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}
