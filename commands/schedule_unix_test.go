//go:build unix

package commands

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"adsync/commands/ask"
)

// The files of a sync that another account runs from its crontab belong to
// that account, and it can get at them.
func TestSecretsAreStoredForTheAccountOfTheSchedule(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	s := corp(t)
	nobody, err := accountOf("nobody")
	if err != nil {
		t.Skip(err)
	}
	for dir := s.dir; dir != "/"; dir = filepath.Dir(dir) {
		if dir == filepath.Clean(os.TempDir()) {
			break
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.ok(s.init(s.answers("run-as", "other", "account", "nobody", "schedule", "no"), func(o *initOptions) { o.Kind = crontab }))
	for _, name := range []string{"adsync.yaml", "corp.password", "target.token"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != nobody.uid || info.Mode().Perm() != 0o600 {
			t.Errorf("%s belongs to %d and has mode %v", name, uid, info.Mode())
		}
	}
}

// Enter keeps the account that the present schedule has.
func TestTheAccountOfThePresentScheduleIsSuggested(t *testing.T) {
	if _, err := accountOf("nobody"); err != nil {
		t.Skip(err)
	}
	units, config := t.TempDir(), filepath.Join(t.TempDir(), "adsync.yaml")
	if err := os.WriteFile(filepath.Join(units, "adsync.service"), []byte("[Service]\nUser=nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := newSchedule(t.Context(), System(nil), scheduleOptions{Kind: systemdTimer, UnitDir: units}, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.askAccount(t.Context(), ask.NewKeyed(nil, io.Discard)); err != nil || s.account != "nobody" || s.byHand {
		t.Errorf("the account is %q, by hand: %v, %v", s.account, s.byHand, err)
	}
	for account, other := range map[string]bool{"nobody": false, "root": true, dynamicAccount: true} {
		if s.account = account; s.otherAccount() != other {
			t.Errorf("%s instead of nobody: %v", account, !other)
		}
	}
}

// Secrets that are stored for another account than the schedule has are not
// left to the old schedule.
func TestAnotherAccountIsOfferedAnotherSchedule(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	if _, err := accountOf("nobody"); err != nil {
		t.Skip(err)
	}
	s := corp(t)
	units := func(o *initOptions) { o.Kind, o.UnitDir = systemdTimer, filepath.Join(s.dir, "units") }
	s.ok(s.init(s.answers("run-as", "dynamic", "schedule", "install"), units))
	again := func(account ...string) map[string]string {
		answers := map[string]string{"change#1": "password:corp", "password": demoPassword, "change#2": "done", "write": "write"}
		for i := 0; i < len(account); i += 2 {
			answers[account[i]] = account[i+1]
		}
		return answers
	}
	s.ok(s.init(again("run-as", "dynamic"), units)).says(t, nil, "The schedule stays as it is.")
	s.ok(s.init(again("run-as", "other", "account", "nobody", "schedule", "install"), units))
	if !strings.Contains(s.read("units/adsync.service"), "\nUser=nobody\n") {
		t.Error(s.read("units/adsync.service"))
	}
}

func TestAnAccountThatCannotReachTheFilesIsRefusedAndNothingWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	if _, err := accountOf("nobody"); err != nil {
		t.Skip(err)
	}
	s := corp(t)
	if err := os.Chmod(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	before := s.files()
	r := s.init(s.answers("run-as", "other", "account", "nobody"), func(o *initOptions) { o.Kind = crontab })
	want := "nobody cannot read DIR/adsync.yaml: its permissions end at DIR; nothing was written"
	if r.code != ExitUsage || s.neutral(r.err.Error()) != want {
		t.Errorf("exit %d: %v", r.code, r.err)
	}
	r = s.init(s.answers("run-as", "other", "account", "nobody"), func(o *initOptions) { o.Kind, o.Config = crontab, filepath.Join(s.dir, "new", "adsync.yaml") })
	if r.code != ExitUsage || !strings.HasSuffix(r.err.Error(), "; nothing was written") {
		t.Errorf("exit %d: %v", r.code, r.err)
	}
	if got := s.files(); len(got) != len(before) {
		t.Errorf("files %v", got)
	}
}

// Root edits what another account runs: that account can still read all of it.
func TestAnEditLeavesTheFilesWithTheirAccount(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	nobody, err := accountOf("nobody")
	if err != nil {
		t.Skip(err)
	}
	s := corp(t)
	s.ok(s.init(s.answers()))
	names := []string{"adsync.yaml", "corp.password", "target.token"}
	for _, name := range names {
		if err := nobody.own(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.ok(s.init(map[string]string{"change": "token", "change#2": "done", "token": s.service.Token(), "write": "write", "run-as": "hand"}))
	s.ok(s.init(nil, flags("profile", "okta")))
	proxy, _ := forwarder(t)
	answers := ask.NewKeyed(map[string]string{"proxy": "other", "url": proxy, "username": "ada", "password": "hunter2-pass", "no-proxy": "", "save": "yes"}, io.Discard)
	env := Env{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now}
	if err := runProxy(t.Context(), env, proxyOptions{globalOptions: globalOptions{Config: s.config()}, Asker: answers}); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "proxy.password") {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; int(uid) != nobody.uid || info.Mode().Perm() != 0o600 {
			t.Errorf("%s belongs to %d and has mode %v", name, uid, info.Mode())
		}
	}
}

// What cron makes of a line (crontab(5): the first unescaped % ends it) and a
// shell of the rest starts the program with these very words.
func TestTheCrontabLineStartsTheProgramWithItsWords(t *testing.T) {
	for _, name := range []string{"adsync.yaml", "Prüfung Ä ü 名.yaml", "it's 50% off; $HOME `id` \"x\" & (y) #z !.yaml", "a\\%b.yaml", "*.yaml", "-n.yaml"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "100% Prüfung's $1")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "my adsync")
			if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			f := fileOf(t, dir, name, usualConfig)
			s, err := newSchedule(t.Context(), Env{}, scheduleOptions{Kind: crontab}, f.Path)
			if err != nil {
				t.Fatal(err)
			}
			s.program = program
			files, err := s.files(f)
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Split(files[0].text, "\n")[1]
			command := strings.SplitN(line, " ", 6)[5]
			out, err := exec.Command("/bin/sh", "-c", byCron(command)).CombinedOutput()
			if want := "sync\n--quiet\n--random-delay\n20m\n--config\n" + f.Path + "\n"; err != nil || string(out) != want {
				t.Errorf("%s\nstarts it with\n%s, %v", line, out, err)
			}
		})
	}
}

// byCron is the part of a command that cron gives to the shell.
func byCron(command string) string {
	var b strings.Builder
	for i := 0; i < len(command); i++ {
		switch {
		case command[i] == '\\' && i+1 < len(command) && command[i+1] == '%':
			i++
		case command[i] == '%':
			return b.String()
		}
		b.WriteByte(command[i])
	}
	return b.String()
}

func TestAnAccountThatDoesNotExistIsRefused(t *testing.T) {
	if _, err := accountOf("no-such-account"); err == nil || err.Error() != `"no-such-account" is no account of this machine` {
		t.Errorf("%v", err)
	}
}
