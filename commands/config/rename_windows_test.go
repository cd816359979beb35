package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileThatSomebodyReadsIsReplacedAMomentLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "last-run.json")
	for range 2 {
		if err := replace(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err == nil {
		t.Fatal("a file that is read can be moved here: nothing to test")
	}
	time.AfterFunc(100*time.Millisecond, func() { _ = reader.Close() })
	if err := replace(path, []byte("y")); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "y" {
		t.Errorf("the file holds %q", text)
	}
}
