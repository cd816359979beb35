//go:build unix

package config

import (
	"os"
	"syscall"
)

// SameAccess gives a file to the owner of another one, which stands for the
// account that runs the sync. Only root can, and for others it does nothing.
func SameAccess(path, as string) error {
	info, err := os.Stat(as)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || owner.Uid == 0 {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// openToOthers is a warning about a configuration that anyone may change.
func openToOthers(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o002 == 0 {
		return ""
	}
	return path + " can be changed by every user of this machine: chmod 600 " + path
}

// readableByOthers reports whether the mode lets anyone but the owner read.
func readableByOthers(info os.FileInfo) bool {
	return info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}
