package config

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse feeds the reader with whatever: it never panics, its problems all
// have a text, and what it accepts is rendered to something it accepts again.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob(filepath.Join(samples, "*.yaml"))
	for _, path := range append(paths, filepath.Join("testdata", "design.yaml")) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{"", "\x00", "a: &a [*a]", "? {a: b}\n: c", "- - - x", "version: !!int '1'", "<<: {a: b}", "a: *b"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parse("adsync.yaml", text)
		if err != nil {
			for _, p := range *err.(*Problems) {
				if p.Text == "" {
					t.Errorf("a problem without a text: %+v", p)
				}
			}
			return
		}
		if _, err := parse("adsync.yaml", file.Render()); err != nil {
			t.Errorf("what was read does not read again: %v", err)
		}
		file.text, file.tree = nil, nil
		fresh := file.Render()
		if _, err := parse("adsync.yaml", fresh); err != nil {
			t.Errorf("what is rendered does not read:\n%s\n%v", fresh, err)
		}
	})
}
