// Package proxytest starts real proxies for integration tests, squid and
// microsocks, and networks in which there is nothing but the way to a proxy.
//
// A test whose program is not installed is skipped, with the name of the
// package to install; when ADSYNC_REQUIRE_SERVERS is 1 it fails instead.
//
// The package imports testing; no program links it.
package proxytest

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// User and Password are whom the proxies know.
const (
	User     = "svc"
	Password = "pl4nted-s3cret"
)

// Need finds a program by one of its paths, or skips the test with the name of
// the Debian package to install.
func Need(t testing.TB, pkg string, paths ...string) string {
	t.Helper()
	for _, path := range paths {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	missing(t, paths[0]+" is missing: apt-get install "+pkg)
	return ""
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("ADSYNC_REQUIRE_SERVERS") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// ClosedAddr is a loopback address where nothing listens.
func ClosedAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}

// start runs a program until the test ends, and waits until it listens.
func start(t testing.TB, addr string, command *exec.Cmd) {
	t.Helper()
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", command.Path, output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not listen on %s", command.Path, addr)
}
