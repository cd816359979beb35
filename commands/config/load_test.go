package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLoadReadsTheDesignsExample(t *testing.T) {
	f, err := Load(filepath.Join("testdata", "design.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.Render()); got != string(text) {
		t.Errorf("an unchanged configuration is rendered as\n%s", got)
	}
}
