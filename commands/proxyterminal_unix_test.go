//go:build unix

package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// proxyConsole is a terminal with the questions about a proxy in it.
func proxyConsole(t *testing.T, width int, args ...string) (c *console, dir, proxy string) {
	t.Helper()
	_, config, proxy, _, _ := proxyWorld(t)
	// Its length decides where lines break, and a socket's path must be short.
	dir = fmt.Sprintf("/tmp/adsync-%07d", os.Getpid()%1e7)
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(config))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return openConsole(t, width, dir, append([]string{"proxy", "--config", "adsync.yaml"}, args...)...), dir, proxy
}

func TestProxyOnATerminal(t *testing.T) {
	for _, width := range []int{80, 40} {
		t.Run(fmt.Sprintf("%d columns", width), func(t *testing.T) {
			c, dir, proxy := proxyConsole(t, width)
			c.answer("How does this machine reach", "Another", "Enter")
			c.answer("The proxy's URL", "http://127.0.0.1:1", "Enter")
			c.answer("User name at the proxy", "Enter")
			c.answer("What is reached directly", "Enter")
			c.answer("Try another setting?", "Enter")
			c.answer("How does this machine reach", "Another", "Enter")
			c.answer("The proxy's URL", proxy, "Enter")
			c.answer("User name at the proxy", "ada", "Enter")
			c.answer("Password of ada", "wrong-pass-1", "Enter")
			c.answer("What is reached directly", "Enter")
			c.answer("Try another setting?", "Enter")
			c.answer("How does this machine reach", "Enter")
			c.answer("The proxy's URL", "Enter")
			c.answer("User name at the proxy", "Enter")
			c.answer("Password of ada", "hunter2-pass", "Enter")
			c.answer("What is reached directly", ".example.com", "Enter")
			c.answer("Under which account", "start it myself", "Enter")
			c.answer("Save it in", "Enter")
			all := c.wait("ended 0", false)
			if strings.Contains(all, "wrong-pass-1") || strings.Contains(all, "hunter2-pass") {
				t.Error("a password is on the screen")
			}
			all = regexp.MustCompile(`:\d{5}\b`).ReplaceAllString(all, ":#####")
			all = regexp.MustCompile(`\(\d+m?s\)`).ReplaceAllString(all, "(#ms)")
			all = regexp.MustCompile(`only \S+ can`).ReplaceAllString(all, "only ACCOUNT can")
			golden(t, fmt.Sprintf("proxy/terminal-%d.txt", width), strings.TrimRight(strings.ReplaceAll(all, dir, "/tmp/adsync-#######"), "\n")+"\n")
			if got := stored(t, filepath.Join(dir, "proxy.password")); got != "hunter2-pass" {
				t.Errorf("kept %q", got)
			}
			if text := contents(t, filepath.Join(dir, "adsync.yaml")); !strings.Contains(text, "  no_proxy: .example.com\n") {
				t.Errorf("saved\n%s", text)
			}
		})
	}
}

func TestCtrlCOnATerminalLeavesProxyAsItWas(t *testing.T) {
	for _, question := range []string{"How does this machine reach", "The proxy's URL", "User name at the proxy", "Password of ada", "What is reached directly", "Under which account", "Save it in"} {
		t.Run(question, func(t *testing.T) {
			c, dir, proxy := proxyConsole(t, 80)
			files := func() string {
				return contents(t, filepath.Join(dir, "adsync.yaml")) + strings.Join(filesIn(t, dir), " ")
			}
			before := files()
			for _, step := range [][]string{
				{"How does this machine reach", "Another"}, {"The proxy's URL", proxy}, {"User name at the proxy", "ada"},
				{"Password of ada", "hunter2-pass"}, {"What is reached directly"}, {"Under which account"}, {"Save it in"},
			} {
				if step[0] == question {
					c.answer(question, "C-c")
					break
				}
				c.answer(step[0], append(step[1:], "Enter")...)
			}
			if all := c.wait("ended", false); !strings.Contains(all, "adsync: interrupted; nothing was written") || !strings.Contains(all, "ended 130") {
				t.Errorf("screen\n%s", all)
			}
			if got := files(); got != before {
				t.Errorf("left\n%s\nwant\n%s", got, before)
			}
		})
	}
}

// filesIn are the names in a folder, but for the terminal's socket.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != "tmux" {
			names = append(names, e.Name())
		}
	}
	return names
}
