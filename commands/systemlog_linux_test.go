package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestJournalIsKnownByItsStream(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	stream := fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
	if openSystemLog(file, func(string) string { return stream }) == nil {
		t.Error("standard error is the journal, and is not known as it")
	}
	// The unit's standard error was redirected: systemd's variable stays.
	if l := openSystemLog(file, func(string) string { return "1:2" }); l != nil {
		t.Errorf("another stream is taken for the journal: %v", l)
	}
}
