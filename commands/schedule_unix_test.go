//go:build unix

package commands

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
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
	if got := s.files(); len(got) != len(before) {
		t.Errorf("files %v", got)
	}
}

func TestAnAccountThatDoesNotExistIsRefused(t *testing.T) {
	if _, err := accountOf("no-such-account"); err == nil || err.Error() != `"no-such-account" is no account of this machine` {
		t.Errorf("%v", err)
	}
}
