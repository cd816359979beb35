package commands

import (
	"fmt"
	"os"
	"syscall"
)

// openSystemLog returns the journal when systemd connected standard error to
// it: JOURNAL_STREAM names the device and inode (systemd.exec(5)).
func openSystemLog(stderr *os.File, getenv func(string) string) systemLog {
	info, err := stderr.Stat()
	if err != nil {
		return nil
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || getenv("JOURNAL_STREAM") != fmt.Sprintf("%d:%d", stat.Dev, stat.Ino) {
		return nil
	}
	return journal{stderr}
}
