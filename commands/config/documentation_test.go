package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var example = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// rest is what an example leaves to the reader, by top-level key.
var rest = map[string]string{
	"version": "version: 1\n",
	"sources": "sources:\n  - id: corp\n    type: ad\n    domain: corp.example.com\n    bind: {username: svc-adsync@corp.example.com, password: {env: PASSWORD}}\n",
	"target":  "target:\n  url: https://scim.example.com/v2\n  auth: {bearer: {file: token}}\n",
}

// Every example of a configuration in the documentation loads, with what it
// leaves out put in.
func TestEveryExampleInTheDocumentationLoads(t *testing.T) {
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range example.FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(found[1], "- alert:") {
				continue // a rule of Prometheus
			}
			examples++
			path := filepath.Join(t.TempDir(), "adsync.yaml")
			if err := os.WriteFile(path, []byte(completed(found[1])), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Load(path)
			if err != nil {
				t.Errorf("%s: %v\n%s", page, err, completed(found[1]))
				continue
			}
			if len(f.Warnings) > 0 {
				t.Errorf("%s: warnings: %q", page, f.Warnings)
			}
		}
	}
	if examples < 20 {
		t.Errorf("%d examples", examples)
	}
}

// completed is an example with the rest of a configuration around it.
func completed(text string) string {
	if strings.HasPrefix(text, "expect:") { // a part of a source
		text = rest["sources"] + "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
	}
	_, place, _ := strings.Cut(rest["sources"], "type: ad\n")
	text = strings.Replace(text, "    # ...\n", place, 1)
	for _, key := range []string{"version", "sources", "target"} {
		if !strings.HasPrefix(text, key+":") && !strings.Contains(text, "\n"+key+":") {
			text = rest[key] + text
		}
	}
	return text
}
