package commands

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unzipped are the files of a ZIP by name.
func unzipped(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

func bundled(t *testing.T, anonymize bool) (files map[string]string, c *company) {
	t.Helper()
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	config, err := os.ReadFile(c.configPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.configPath(), append(config, "log: {file: adsync.log, level: debug}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run(t, ExitPartial, "sync")
	if err := c.aQuietWeek(); err != nil {
		t.Fatal(err)
	}
	c.run(t, ExitPartial, "sync")
	env := Env{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now}
	r, err := prepare(context.Background(), env, globalOptions{Config: c.configPath()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	path := filepath.Join(t.TempDir(), "bundle.zip")
	err = r.writeBundle(path, bundleOptions{Anonymize: anonymize, Status: func(w io.Writer) {
		writeJSON(w, map[string]string{"type": "source-status", "id": "corp", "bound_as": demoUser, "leak": demoPassword + " " + c.scim.Token()})
	}})
	if err != nil {
		t.Fatal(err)
	}
	return unzipped(t, path), c
}

func TestBundleHoldsWhatAHelperNeedsAndNoSecrets(t *testing.T) {
	files, c := bundled(t, false)
	for name, contains := range map[string]string{
		"README.txt": "--anonymize", "adsync.yaml": "id: corp", "versions.json": `"system":`,
		"status.jsonl": demoUser, lastRunFile: "hsommer@example.com", "adsync.log": "ldapsearch",
	} {
		if !strings.Contains(files[name], contains) {
			t.Errorf("%s lacks %q:\n%.2000s", name, contains, files[name])
		}
		for _, secret := range []string{demoPassword, c.scim.Token()} {
			if strings.Contains(files[name], secret) {
				t.Errorf("%s holds the secret %s", name, secret)
			}
		}
	}
}

func TestAnonymousBundleHoldsNoNames(t *testing.T) {
	files, _ := bundled(t, true)
	for name, text := range files {
		for _, word := range []string{"sommer", "Hana", "jkaya", "Trainee", "Finance", "All Staff", "svc-adsync", "corp.example.com", "OU=People", "Mina"} {
			if at := strings.Index(strings.ToLower(text), strings.ToLower(word)); at >= 0 {
				t.Errorf("%s holds %s: ...%s...", name, word, text[max(0, at-80):min(len(text), at+80)])
			}
		}
	}
	for _, kept := range []string{`"verb":"update"`, `"source":"corp"`, `"path":"title"`, `"state":"applied"`} {
		if !strings.Contains(files[lastRunFile], kept) {
			t.Errorf("%s lacks %s:\n%.3000s", lastRunFile, kept, files[lastRunFile])
		}
	}
}

func TestAnonymizerUsesOneWordForOneName(t *testing.T) {
	a := &anonymizer{words: map[string]string{}, made: map[string]bool{}, counts: map[string]int{}}
	a.learn([]byte(`{"changes":[{"kind":"user","name":"Ada","dn":"CN=Ada King (x),OU=People,DC=example,DC=com",
		"attributes":[{"path":"title","old":"Lead","new":["+1 555 0100","name"]}]}]}`))
	got := a.text(`update ada: "Lead" mislead "+1 555 0100" CN=Ada King (x),OU=People,DC=example,DC=com and cn=ada,dc=example,dc=com, ada@example.com from 10.1.2.3 name`)
	want := `update user-1: "value-1" mislead "+value-2" CN=name-1,OU=name-2,DC=domain-1,DC=domain-2 and cn=user-1,dc=domain-1,dc=domain-2, user-1@domain-3.example from ip-1 name`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTailBeginsWithALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789\n"), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := tail(path, 25)
	if err != nil || string(text) != "0123456789\n0123456789\n" {
		t.Errorf("tail: %v %q", err, text)
	}
}
