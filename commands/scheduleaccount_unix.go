//go:build unix

package commands

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// account is an account of the machine.
type account struct {
	uid, gid int
	groups   []int
}

// accountOf looks an account up.
func accountOf(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("%q is no account of this machine", name)
	}
	a := account{}
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return a, err
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return a, err
	}
	ids, err := u.GroupIds()
	if err != nil {
		ids = []string{u.Gid}
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			a.groups = append(a.groups, n)
		}
	}
	return a, nil
}

func (a account) own(path string) error { return os.Chown(path, a.uid, a.gid) }

// stranger is an account that owns nothing and is in no group.
var stranger = account{uid: -1, gid: -1}

// blockedAt is where the way to a file ends for the account: a folder that it
// may not enter, or the file itself; "" where it can read it. Root tries it as
// that account; else the modes decide, without access lists.
func (a account) blockedAt(path string) string {
	read, tried := a.tryReading(path)
	if a.uid == 0 || tried && read {
		return ""
	}
	if at := a.endOfWay(path); at != "" || !tried {
		return at
	}
	return path
}

// tryReading opens a file as the account, which only root can do.
func (a account) tryReading(path string) (read, tried bool) {
	if os.Geteuid() != 0 || a.uid < 0 {
		return false, false
	}
	shell := exec.Command("/bin/sh", "-c", `: <"$1"`, "sh", path)
	shell.Dir = "/"
	credential := &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	for _, group := range a.groups {
		credential.Groups = append(credential.Groups, uint32(group))
	}
	shell.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	err := shell.Run()
	var refused *exec.ExitError
	return err == nil, err == nil || errors.As(err, &refused)
}

// endOfWay is blockedAt by the modes.
func (a account) endOfWay(path string) string {
	const enter, read = 1, 4
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if !a.may(folder, enter) {
			return folder
		}
		if folder == filepath.Dir(folder) {
			break
		}
	}
	if !a.may(path, read) {
		return path
	}
	return ""
}

func (a account) may(path string, right os.FileMode) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case int(stat.Uid) == a.uid:
		mode >>= 6
	case int(stat.Gid) == a.gid || slices.Contains(a.groups, int(stat.Gid)):
		mode >>= 3
	}
	return mode&right != 0
}

// restrict has nothing to do where a file has a mode.
func restrict(string, string) error { return nil }
