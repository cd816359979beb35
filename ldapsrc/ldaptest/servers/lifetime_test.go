package servers_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/ldaptest/servers"
)

func TestStoppedSlapdIsSilentUntilContinued(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	conn := dial(t, s.URL(), "")
	s.Stop()
	conn.SetTimeout(100 * time.Millisecond)
	if err := conn.Bind(servers.SlapdReaderDN, servers.SlapdReaderPassword); !ldap.IsErrorWithCode(err, ldap.ErrorNetwork) {
		t.Errorf("a bind to a stopped server gives %v, want a time-out", err)
	}
	s.Continue()
	bind(t, dial(t, s.URL(), ""), servers.SlapdReaderDN, servers.SlapdReaderPassword)
}

func TestStoppedSambaIsSilentUntilContinued(t *testing.T) {
	s := servers.SharedSamba(t)
	conn := dial(t, s.LDAPSURL(), s.CAFile())
	s.Stop()
	conn.SetTimeout(100 * time.Millisecond)
	err := conn.Bind(s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
	s.Continue()
	if !ldap.IsErrorWithCode(err, ldap.ErrorNetwork) {
		t.Errorf("a bind to a stopped server gives %v, want a time-out", err)
	}
	bind(t, dial(t, s.LDAPSURL(), s.CAFile()), s.UPN(servers.SambaServiceUser), servers.SambaServicePassword)
}

// holdVariable makes TestHoldsServers start servers and wait to be killed.
const holdVariable = "ADSYNC_TEST_HOLD_SERVERS"

func TestHoldsServers(t *testing.T) {
	if os.Getenv(holdVariable) == "" {
		t.Skip("only run by TestServersEndWithAKilledTest")
	}
	slapd := servers.StartSlapd(t, servers.SlapdOptions{})
	samba := servers.SharedSamba(t)
	slapd.Stop() // a frozen server has to go as well
	fmt.Printf("holding %s %s %s %s\n", slapd.LDAPSURL(), samba.LDAPSURL(), slapd.CAFile(), samba.CAFile())
	select {}
}

func TestServersEndWithAKilledTest(t *testing.T) {
	servers.SharedSamba(t) // skips where there are no servers
	cmd := exec.Command(os.Args[0], "-test.run=^TestHoldsServers$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), holdVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var held []string
	for lines := bufio.NewScanner(out); held == nil && lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), "holding "); found {
			held = strings.Fields(rest)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if len(held) != 4 {
		t.Fatalf("the servers did not start: %q", held)
	}
	for _, url := range held[:2] {
		eventually(t, url+" is answered", func() bool {
			conn, err := ldap.DialURL(url)
			if err == nil {
				conn.Close()
			}
			return ldap.IsErrorWithCode(err, ldap.ErrorNetwork) && strings.Contains(err.Error(), "connection refused")
		})
	}
	for _, file := range held[2:] {
		eventually(t, filepath.Dir(file)+" exists", func() bool {
			_, err := os.Stat(filepath.Dir(file))
			return errors.Is(err, fs.ErrNotExist)
		})
	}
}

// eventually waits for what another process does in its own time.
func eventually(t *testing.T, still string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s still", still)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
