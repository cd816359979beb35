//go:build unix

package config

import "os"

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
