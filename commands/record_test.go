package commands

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestReplaceFileKeepsWhatIsNoFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("devices and links of a Unix file system")
	}
	dir := t.TempDir()
	kept, link := filepath.Join(dir, "kept.json"), filepath.Join(dir, "link.json")
	if err := os.Symlink("kept.json", link); err != nil {
		t.Fatal(err)
	}
	text := func(w io.Writer) error { _, err := fmt.Fprint(w, "new"); return err }
	for _, path := range []string{kept, link, os.DevNull} {
		if err := replaceFile(path, text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got, _ := os.ReadFile(kept); string(got) != "new" {
		t.Errorf("behind the link: %q", got)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v %v", info, err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Fatalf("%s is no device any more", os.DevNull)
	}
	if err := replaceFile(dir, text); err == nil {
		t.Errorf("a folder was written to")
	}
	broken := errors.New("half way")
	err := replaceFile(kept, func(w io.Writer) error { fmt.Fprint(w, "ha"); return broken })
	if got, _ := os.ReadFile(kept); !errors.Is(err, broken) || string(got) != "new" {
		t.Errorf("half a file: %q, %v", got, err)
	}
}
