//go:build unix

package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"adsync/commands/ask/asktest"
)

// console is a terminal with the program in it.
type console struct {
	*asktest.Terminal
	t *testing.T
}

// openConsole starts the program in a terminal of a width.
func openConsole(t *testing.T, width int, dir string, args ...string) *console {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"cd", shellWord(dir), ";", "GORACE=atexit_sleep_ms=0", "TERM=xterm", "NO_COLOR=1", "HOME=" + shellWord(dir), "ADSYNC_TEST_AS_PROGRAM=1", shellWord(self)}
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	words = append(words, "; code=$?; echo; echo ended $code; cat")
	return &console{asktest.Start(t, width, 40, strings.Join(words, " ")), t}
}

// answer waits until a question is asked last and types keys.
func (c *console) answer(question string, keys ...string) {
	c.t.Helper()
	c.wait(question, true)
	c.Type(keys...)
}

// wait waits for a text and returns all that was ever on the screen. A text
// that is asked last stands below the last answer.
func (c *console) wait(text string, last bool) string {
	c.t.Helper()
	squeezed := strings.ReplaceAll(text, " ", "")
	return c.Wait(text, true, func(all string) bool {
		if last {
			all = all[strings.LastIndex(all, "\n? ")+1:]
		}
		return strings.Contains(strings.NewReplacer(" ", "", "\n", "").Replace(all), squeezed)
	})
}

func TestInitOnATerminal(t *testing.T) {
	for _, width := range []int{80, 40} {
		t.Run(fmt.Sprintf("%d columns", width), func(t *testing.T) {
			s := corp(t)
			// Its length decides where lines break.
			s.dir = fmt.Sprintf("/tmp/adsync-%07d", os.Getpid()%1e7)
			if err := os.Mkdir(s.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
			s.put("ca.pem", string(s.ldap.CACertPEM()))
			c := openConsole(t, width, s.dir, "init", "--config", "adsync.yaml", "--ca-file", "ca.pem",
				"--schedule-kind", "systemd", "--run-as", "dynamic", "--unit-dir", "units")
			c.answer("server or domain:", "C-u", s.ldap.LDAPSURL(), "Enter")
			c.answer("How to sign in", "Enter")
			c.answer("Name to sign in with:", "svc-adsync", "Enter")
			c.answer("Password of svc-adsync@corp.example.com:", "wrong", "Enter")
			c.answer("What now?", "Enter")
			c.answer("Password of svc-adsync@corp.example.com:", demoPassword, "Enter")
			c.answer("A short name", "Enter")
			c.answer("Which users", "Down", "Enter")
			c.answer("? corp.example.com", "People", "Enter")
			c.answer("> People", "Enter")
			c.answer("> Done: People", "Enter")
			c.answer("Send groups", "y", "Enter")
			c.answer("Which groups?", "Enter")
			c.answer("another directory", "Enter")
			c.answer("SCIM URL", s.service.URL(), "Enter")
			c.answer("How to sign in there", "Enter")
			c.answer("Its token", "wrong", "Enter")
			c.answer("What now?", "Enter")
			c.answer("Its token", s.service.Token(), "Enter")
			c.answer("Which service", "Enter")
			c.answer("Is that right?", "Enter")
			c.answer("> Write it", "Enter")
			c.answer("Run it by itself?", "Enter")
			all := c.wait("ended 0", false)
			if strings.Contains(all, demoPassword) || strings.Contains(all, s.service.Token()) {
				t.Error("a secret is on the screen")
			}
			all = regexp.MustCompile(`:\d{5}\b`).ReplaceAllString(all, ":#####")
			all = regexp.MustCompile(`\d\.\d ?s\n`).ReplaceAllString(all, "#.#s\n")
			all = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`).ReplaceAllString(all, "########-####-####-####-############")
			golden(t, fmt.Sprintf("init/terminal-%d.txt", width), strings.TrimRight(strings.ReplaceAll(all, s.dir, "/tmp/adsync-#######"), "\n")+"\n")
			for _, name := range []string{"adsync.yaml", "corp.password", "target.token", "units/adsync.service", "units/adsync.timer"} {
				if !exists(filepath.Join(s.dir, name)) {
					t.Errorf("%s is missing", name)
				}
			}
		})
	}
}

func TestCtrlCOnATerminalLeavesInitAsItWas(t *testing.T) {
	s := corp(t)
	dir, err := os.MkdirTemp("/tmp", "adsync-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := openConsole(t, 80, dir, "init", "--source-url", s.ldap.LDAPSURL(), "--ca-file", s.ca, "--bind-user", demoUser, "--bind-method", "simple")
	c.answer("Password of", "C-c")
	if all := c.wait("ended", false); !strings.Contains(all, "adsync: interrupted; nothing was written") || !strings.Contains(all, "ended 130") {
		t.Errorf("screen\n%s", all)
	}
}
