package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// However a person lays a file out, an edit of one key changes its line alone.
func TestAnEditKeepsTheLayout(t *testing.T) {
	const file = `version: 1
sources:
- id:   corp   # permanent
  type: ad

  # the server
  url:  ldaps://dc1.corp.example.com
  bind: {username: svc@corp.example.com, password: {env: CORP}}


target: {url: "https://scim.example.com/v2", auth: {bearer: {file: token}}}
`
	for _, row := range []struct {
		name   string
		change func(*File)
		from   string
		to     string
	}{
		{"nothing", func(*File) {}, "", ""},
		{"a value", func(f *File) { f.Sources[0].URL = "ldaps://dc2.corp.example.com" }, "url:  ldaps://dc1", "url: ldaps://dc2"},
		{"a value in braces", func(f *File) { f.Sources[0].Bind.Password = Secret{File: "p"} }, "{env: CORP}", "{file: p}"},
		{"a new key", func(f *File) { f.Sources[0].Forest = true }, "{env: CORP}}\n", "{env: CORP}}\n  forest: true\n"},
		{"a new part", func(f *File) { f.Sources[0].Groups = Groups{Sync: true, Nested: "flatten", Filter: "(cn=a)"} }, "{env: CORP}}\n",
			"{env: CORP}}\n  groups:\n    sync: true\n    filter: (cn=a)\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "adsync.yaml")
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			row.change(f)
			if got, want := string(f.Render()), strings.Replace(file, row.from, row.to, 1); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
