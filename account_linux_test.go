package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Root sets it up for an account without rights: that account, and no other,
// can read the secrets, and what its crontab starts works.
func TestWhatInitInstallsRunsUnderItsAccount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another account")
	}
	for _, tt := range []struct{ name, folder string }{
		{"in a folder that init makes", "set up"},
		{"in a folder of root's", "."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t, "")
			dir := openFolder(t, "Prüfung Ä ü 名")
			config := filepath.Join(dir, tt.folder, "adsync.yaml")
			line := p.schedule(t, dir, config, "daemon")

			for _, name := range []string{"adsync.yaml", "corp.password", "target.token"} {
				path := filepath.Join(filepath.Dir(config), name)
				if _, err := as(t, "daemon", "cat", path); err != nil {
					t.Errorf("daemon cannot read %s: %v", name, err)
				}
				if text, err := as(t, "nobody", "cat", path); err == nil {
					t.Errorf("nobody can read %s: %s", name, text)
				}
			}
			for range 2 {
				if output, err := as(t, "daemon", "/bin/sh", "-c", line); err != nil || output != "" {
					t.Errorf("%s\n%v\n%s", line, err, output)
				}
			}
			if n := len(p.service.Users()); n != len(pairPeople) {
				t.Errorf("the service has %d users", n)
			}
			if _, err := as(t, "daemon", dir+"/adsync", "--config", config, "status"); err != nil {
				t.Errorf("status: %v", err)
			}
		})
	}
}

func TestAnAccountThatCannotStartTheProgramIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another account")
	}
	p := newPair(t, "")
	dir := openFolder(t, "closed")
	check(t, os.Chmod(dir, 0o700))
	config := filepath.Join(openFolder(t, "open"), "adsync.yaml")
	output, err := p.setUp(dir, config, "daemon").CombinedOutput()
	want := fmt.Sprintf("adsync: daemon cannot start %s/adsync: its permissions end at %s; nothing was written\n"+
		"adsync: hint: put the program where everybody can start it, such as /usr/local/bin\n", dir, dir)
	if err == nil || !strings.HasSuffix(string(output), want) {
		t.Errorf("%v\n%s", err, output)
	}
	if files, _ := os.ReadDir(filepath.Dir(config)); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// openFolder is a folder that everybody may look into, with the program in it.
func openFolder(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", name)
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

// setUp answers init's questions by lines, and has it install a crontab line.
// A program in the place of crontab(1) keeps it in the file tab.
func (p *pair) setUp(dir, config, account string) *exec.Cmd {
	tab := filepath.Join(dir, "tab")
	script := "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = - ] && cat >'" + tab + "'\n"
	if err := copySelf(filepath.Join(dir, "adsync")); err != nil {
		return exec.Command("false")
	}
	_ = os.WriteFile(filepath.Join(dir, "crontab"), []byte(script), 0o755)
	command := exec.Command(filepath.Join(dir, "adsync"), "--config", config, "init",
		"--source-id", "corp", "--source-url", p.ldap.URL(), "--bind-method", "simple", "--bind-user", "cn=reader,dc=example,dc=org",
		"--target-url", p.service.URL(), "--target-auth", "bearer", "--profile", "generic", "--schedule-kind", "cron", "--run-as", account, "--schedule")
	command.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb"}
	// The scope, groups, another directory, the review and so on are as suggested.
	command.Stdin = strings.NewReader("secret-of-reader\n\n\n\n" + p.service.Token() + strings.Repeat("\n", 8))
	return command
}

// schedule sets it up and returns the command that cron would run.
func (p *pair) schedule(t *testing.T, dir, config, account string) string {
	t.Helper()
	if output, err := p.setUp(dir, config, account).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, output)
	}
	tab, err := os.ReadFile(filepath.Join(dir, "tab"))
	check(t, err)
	lines := strings.Split(string(tab), "\n")
	if len(lines) != 3 {
		t.Fatalf("crontab\n%s", tab)
	}
	return strings.SplitN(lines[1], " ", 6)[5]
}

// as runs a command under another account, as cron does.
func as(t *testing.T, name string, args ...string) (output string, err error) {
	t.Helper()
	account, err := user.Lookup(name)
	check(t, err)
	uid, err := strconv.Atoi(account.Uid)
	check(t, err)
	gid, err := strconv.Atoi(account.Gid)
	check(t, err)
	command := exec.Command(args[0], args[1:]...)
	command.Dir = "/"
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + account.HomeDir, "LOGNAME=" + name, "SHELL=/bin/sh"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	text, err := command.CombinedOutput()
	return string(text), err
}

// copySelf puts this program, which is adsync under that name, somewhere else.
func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil {
		return err
	}
	return file.Close()
}
