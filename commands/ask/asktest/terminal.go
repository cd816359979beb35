// Package asktest runs programs in a terminal, for tests: one of tmux's, which
// answers them as real ones do.
package asktest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A Terminal is one of tmux's with a program in it.
type Terminal struct {
	t            *testing.T
	tmux, socket string
	pids         []string // of tmux itself, and of the shell in it
}

// Start runs a shell command in a new terminal. Without tmux the test is
// skipped, or fails under ADSYNC_REQUIRE_SERVERS=1.
func Start(t *testing.T, width, height int, command string) *Terminal {
	t.Helper()
	tmux, err := exec.LookPath("tmux")
	if err != nil {
		if os.Getenv("ADSYNC_REQUIRE_SERVERS") == "1" {
			t.Fatal("tmux is missing: apt-get install tmux")
		}
		t.Skip("tmux is missing: apt-get install tmux")
	}
	dir, err := os.MkdirTemp("", "ask") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	c := &Terminal{t: t, tmux: tmux, socket: filepath.Join(dir, "s")}
	t.Cleanup(func() {
		_ = exec.Command(tmux, "-S", c.socket, "kill-server").Run()
		_ = os.RemoveAll(dir)
	})
	c.run("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), command)
	c.pids = strings.Fields(c.run("display-message", "-p", "#{pid} #{pane_pid}"))
	return c
}

func (c *Terminal) run(args ...string) string {
	c.t.Helper()
	output, err := exec.Command(c.tmux, append([]string{"-u", "-S", c.socket}, args...)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("tmux %v: %v: %s", args, err, output)
	}
	return string(output)
}

// patience is how long a text may take to appear.
const patience = 20 * time.Second

// Wait returns the screen, with what has scrolled off it if all is true, as
// soon as it is as wanted. The test ends if it never is.
func (c *Terminal) Wait(what string, all bool, wanted func(screen string) bool) string {
	c.t.Helper()
	args := []string{"capture-pane", "-p"}
	if all {
		args = append(args, "-S", "-500")
	}
	var screen string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if screen = strings.TrimRight(c.run(args...), "\n"); wanted(screen) {
			return screen
		}
	}
	c.t.Fatalf("%q does not appear:\n%s", what, screen)
	return ""
}

// Type types keys, by the names that tmux gives them, once the program waits
// for them: a prompt asks the terminal where the cursor is, and may take what
// is typed before the answer for a part of it.
func (c *Terminal) Type(keys ...string) {
	c.t.Helper()
	for calm, before := 0, ""; calm < 3; {
		time.Sleep(20 * time.Millisecond)
		busy := c.busy()
		now := c.run("display-message", "-p", "#{cursor_x} #{cursor_y} #{history_size}", ";", "capture-pane", "-p")
		if calm++; busy || now != before {
			calm, before = 0, now
		}
	}
	c.run(append([]string{"send-keys"}, keys...)...)
}

// busy reports whether the terminal or a program in it is doing something, as
// far as the system says (proc(5)).
func (c *Terminal) busy() bool {
	pids := slices.Clone(c.pids)
	for i := 0; i < len(pids); i++ {
		threads, _ := filepath.Glob(filepath.Join("/proc", pids[i], "task", "*"))
		for _, thread := range threads {
			stat, _ := os.ReadFile(filepath.Join(thread, "stat"))
			if _, state, ok := strings.Cut(string(stat), ") "); ok && !strings.HasPrefix(state, "S") {
				return true
			}
			if i > 0 { // tmux's only child is the shell
				children, _ := os.ReadFile(filepath.Join(thread, "children"))
				pids = append(pids, strings.Fields(string(children))...)
			}
		}
	}
	return false
}
