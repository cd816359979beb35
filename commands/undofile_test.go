package commands

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// However a run ends, its undo file is there whole before anything is
// changed, and nobody else can read it.
func TestUndoFileIsThereBeforeTheFirstChange(t *testing.T) {
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	var once sync.Once
	var images []upload.Image
	var mode fs.FileMode
	c.scim.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Match: func(r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		once.Do(func() {
			files, _ := filepath.Glob(filepath.Join(c.dir, undoPattern))
			if len(files) == 1 {
				_, images, _ = readUndo(files[0])
				info, _ := os.Stat(files[0])
				mode = info.Mode().Perm()
			}
		})
		return false
	}})
	c.run(t, ExitPartial, "sync")
	if len(images) < 300 {
		t.Errorf("at the first change the undo file holds %d changes, want all", len(images))
	}
	if mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the undo file has mode %o", mode)
	}
}

func TestUndoFilesAreKeptAsConfigured(t *testing.T) {
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	config, err := os.ReadFile(c.configPath())
	if err != nil {
		t.Fatal(err)
	}
	keep := func(setting string) {
		text := strings.Replace(string(config), "report: {dir: .}", "report: {dir: ., "+setting+"}", 1)
		if err := os.WriteFile(c.configPath(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := func() string {
		found, _ := filepath.Glob(filepath.Join(c.dir, undoPattern))
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		return strings.Join(found, " ")
	}
	for _, old := range []string{"undo-20250101T000000.000Z.jsonl", "undo-20250102T000000.000Z.jsonl", "undo-20250103T000000.000Z.jsonl"} {
		if err := os.WriteFile(filepath.Join(c.dir, old), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep("keep_undo: 2")
	c.run(t, ExitPartial, "sync")
	if got, want := files(), "undo-20250103T000000.000Z.jsonl undo-20260301T040012.000Z.jsonl"; got != want {
		t.Errorf("kept are %s, want %s", got, want)
	}
	keep("keep_undo: 0")
	if err := c.aQuietWeek(); err != nil {
		t.Fatal(err)
	}
	c.run(t, ExitPartial, "sync")
	if got, want := files(), "undo-20250103T000000.000Z.jsonl undo-20260301T040012.000Z.jsonl"; got != want {
		t.Errorf("a run that is to leave none leaves %s, want %s", got, want)
	}
}
