package ldapsrc

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
)

// wakesFrom is how many bytes a link's socket waits for.
func wakesFrom(t *testing.T, l *link) (bytes int) {
	t.Helper()
	raw, err := l.raw.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			var refused error
			if bytes, refused = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT); refused != nil {
				t.Error(refused)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// A server that sends slowly, and ends its last page long before it is full:
// nobody waits for bytes that do not come.
func TestEntriesThatDribbleInAreAllRead(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 340, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Timeout = time.Second
	l := connect(t, cfg)
	s.Inject(ldaptest.Fault{After: 150, Do: ldaptest.Delay(2 * time.Millisecond)})
	longest := 0
	got, err := l.search(t.Context(), usersRequest, func(*entry) error {
		longest = max(longest, wakesFrom(t, l))
		return nil
	})
	if err != nil || got.entries != 340 {
		t.Errorf("got %+v, %v", got, err)
	}
	if last := wakesFrom(t, l); longest > 1 || last != 1 {
		t.Errorf("whoever reads waits for %d bytes, and for %d in the end", longest, last)
	}
}

func TestAServerThatFallsSilentInAPageIsNoticed(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 600, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Timeout = 200 * time.Millisecond
	l := connect(t, cfg)
	s.Inject(ldaptest.Fault{After: 300, Do: ldaptest.Hang()})
	if _, err := l.search(t.Context(), usersRequest, count); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
