package servers

import (
	"sync"
	"testing"
)

// shared is the domain controller that a test binary's tests have in common.
// It is a variable because TestMain and the tests have nothing else between
// them.
var shared struct {
	mu   sync.Mutex
	dc   *controller
	err  error
	used bool
}

// Main runs a package's tests and then stops the shared servers. A package
// that calls SharedSamba has it in its TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }
func Main(m *testing.M) int {
	defer func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		if shared.dc != nil {
			shared.dc.close()
			shared.dc = nil
		}
	}()
	return m.Run()
}

// SharedSamba is a domain controller with the usual options that is started by
// the first test that asks for it. Tests keep to an OU of their own, see AddOU,
// and leave the server running.
func SharedSamba(t testing.TB) *Samba {
	t.Helper()
	needSamba(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if !shared.used {
		shared.used = true
		shared.dc, shared.err = startController(SambaOptions{})
	}
	if shared.err != nil {
		t.Fatalf("the shared domain controller did not start: %v", shared.err)
	}
	return shared.dc.handle(t)
}
