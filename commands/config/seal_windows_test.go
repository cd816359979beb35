package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The file of a secret does not hold it, and gives it back.
func TestASecretIsSealedForThisMachine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "corp.password")
	if err := StoreFile(path, NewValue(hunter)); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(content), sealMark) || strings.Contains(string(content), hunter) {
		t.Errorf("the file holds %q, %v", content, err)
	}
	v, err := Secret{File: path}.Resolve(t.Context(), Resolver{})
	if err != nil || v.Reveal() != hunter {
		t.Errorf("got another secret back, %v", err)
	}
}
