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
				if _, err := as(t, "daemon", nil, "cat", path); err != nil {
					t.Errorf("daemon cannot read %s: %v", name, err)
				}
				if text, err := as(t, "nobody", nil, "cat", path); err == nil {
					t.Errorf("nobody can read %s: %s", name, text)
				}
			}
			for range 2 {
				if output, err := as(t, "daemon", nil, "/bin/sh", "-c", line); err != nil || output != "" {
					t.Errorf("%s\n%v\n%s", line, err, output)
				}
			}
			if n := len(p.service.Users()); n != len(pairPeople) {
				t.Errorf("the service has %d users", n)
			}
			if _, err := as(t, "daemon", nil, dir+"/adsync", "--config", config, "status"); err != nil {
				t.Errorf("status: %v", err)
			}
		})
	}
}

// What systemd does with the unit, done by hand: an account that can read none
// of root's files is handed copies, and a folder for its state.
func TestTheServiceRunsWithWhatItIsHanded(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another account")
	}
	p := newPair(t, "")
	dir := openFolder(t, "Prüfung Ä ü 名")
	closed := filepath.Join(dir, "50% closed")
	check(t, os.Mkdir(closed, 0o700))
	if output, err := p.setUp(dir, filepath.Join(closed, "adsync.yaml"), "--schedule-kind", "systemd", "--unit-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, output)
	}
	unit, err := os.ReadFile(filepath.Join(dir, "adsync.service"))
	check(t, err)
	handed, state := filepath.Join(dir, "credentials"), filepath.Join(dir, "state")
	check(t, os.Mkdir(handed, 0o700))
	check(t, os.Mkdir(state, 0o700))
	start, given := "", 0
	for line := range strings.Lines(string(unit)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.ReplaceAll(value, "%%", "%")
		switch key {
		case "ExecStart":
			start = value // a shell that splits no variables reads it as systemd does
		case "LoadCredential":
			name, path, _ := strings.Cut(value, ":")
			text, err := os.ReadFile(path)
			check(t, err)
			check(t, os.WriteFile(filepath.Join(handed, name), text, 0o400))
			give(t, filepath.Join(handed, name), "daemon")
			given++
		}
	}
	give(t, handed, "daemon")
	give(t, state, "daemon")
	if given != 3 {
		t.Errorf("%d files are handed over:\n%s", given, unit)
	}
	environment := []string{"CREDENTIALS_DIRECTORY=" + handed, "STATE_DIRECTORY=" + state}
	if output, err := as(t, "daemon", environment, "/bin/sh", "-c", "IFS=; "+start); err != nil || output != "" {
		t.Errorf("%s\n%v\n%s", start, err, output)
	}
	if n := len(p.service.Users()); n != len(pairPeople) {
		t.Errorf("the service has %d users", n)
	}
	if _, err := os.Stat(filepath.Join(state, "last-run.json")); err != nil {
		t.Error(err)
	}
}

// A schedule that could never run is not installed; what was set up stays.
func TestAnAccountThatCannotStartTheProgramGetsNoSchedule(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to another account")
	}
	p := newPair(t, "")
	dir := openFolder(t, "closed")
	check(t, os.Chmod(dir, 0o700))
	config := filepath.Join(openFolder(t, "open"), "adsync.yaml")
	if output, err := p.setUp(dir, config, "--schedule-kind", "cron", "--run-as", "daemon").CombinedOutput(); err != nil {
		t.Errorf("init: %v\n%s", err, output)
	}
	alone := exec.Command(filepath.Join(dir, "adsync"), "--config", config, "init", "--schedule", "--schedule-kind", "cron", "--run-as", "daemon", "--yes")
	alone.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir}
	output, err := alone.CombinedOutput()
	want := fmt.Sprintf("adsync: daemon cannot start %s/adsync: its permissions end at %s\n"+
		"adsync: hint: put the program where everybody can start it, such as /usr/local/bin\n", dir, dir)
	if err == nil || string(output) != want {
		t.Errorf("%v\n%s", err, output)
	}
	if tab, err := os.ReadFile(filepath.Join(dir, "tab")); err == nil {
		t.Errorf("crontab\n%s", tab)
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

// setUp answers init's questions by lines, and has it install a schedule. A
// program in the place of crontab(1) keeps its input in the file tab.
func (p *pair) setUp(dir, config string, more ...string) *exec.Cmd {
	tab := filepath.Join(dir, "tab")
	script := "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = - ] && cat >'" + tab + "'\n"
	if err := copySelf(filepath.Join(dir, "adsync")); err != nil {
		return exec.Command("false")
	}
	_ = os.WriteFile(filepath.Join(dir, "crontab"), []byte(script), 0o755)
	args := []string{"--config", config, "init", "--schedule",
		"--source-id", "corp", "--source-url", p.ldap.URL(), "--bind-method", "simple", "--bind-user", "cn=reader,dc=example,dc=org",
		"--target-url", p.service.URL(), "--target-auth", "bearer", "--profile", "generic"}
	command := exec.Command(filepath.Join(dir, "adsync"), append(args, more...)...)
	command.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb"}
	// The scope, groups, another directory, the review and so on are as suggested.
	command.Stdin = strings.NewReader("secret-of-reader\n\n\n\n" + p.service.Token() + strings.Repeat("\n", 8))
	return command
}

// schedule sets it up and returns the command that cron would run, without the
// long wait at its beginning.
func (p *pair) schedule(t *testing.T, dir, config, account string) string {
	t.Helper()
	if output, err := p.setUp(dir, config, "--schedule-kind", "cron", "--run-as", account).CombinedOutput(); err != nil {
		t.Fatalf("init: %v\n%s", err, output)
	}
	tab, err := os.ReadFile(filepath.Join(dir, "tab"))
	check(t, err)
	lines := strings.Split(string(tab), "\n")
	if len(lines) != 3 {
		t.Fatalf("crontab\n%s", tab)
	}
	const delay = " --random-delay 20m "
	command := strings.SplitN(lines[1], " ", 6)[5]
	if !strings.Contains(command, delay) {
		t.Errorf("the run is not put off: %s", command)
	}
	return strings.Replace(command, delay, " --random-delay 1ms ", 1)
}

func lookUp(t *testing.T, name string) (account *user.User, uid, gid int) {
	t.Helper()
	account, err := user.Lookup(name)
	check(t, err)
	uid, err = strconv.Atoi(account.Uid)
	check(t, err)
	gid, err = strconv.Atoi(account.Gid)
	check(t, err)
	return account, uid, gid
}

func give(t *testing.T, path, name string) {
	t.Helper()
	_, uid, gid := lookUp(t, name)
	check(t, os.Chown(path, uid, gid))
}

// as runs a command under another account, as cron does.
func as(t *testing.T, name string, environment []string, args ...string) (output string, err error) {
	t.Helper()
	account, uid, gid := lookUp(t, name)
	command := exec.Command(args[0], args[1:]...)
	command.Dir = "/"
	command.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + account.HomeDir, "LOGNAME=" + name, "SHELL=/bin/sh"}, environment...)
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
