package config

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"gopkg.in/yaml.v3"
)

const hunter = "hunter2 & <wife>" // a planted secret with characters that encoders change

// TestMain lets the test binary stand for a password program.
func TestMain(m *testing.M) {
	switch os.Getenv("ADSYNC_TEST_PROGRAM") {
	case "prints":
		fmt.Println(os.Getenv("ADSYNC_TEST_SECRET"))
	case "prints nothing":
	case "complains":
		fmt.Println(os.Getenv("ADSYNC_TEST_SECRET"))
		fmt.Fprintf(os.Stderr, "vault is sealed, not giving %q\nsecond line\n", os.Getenv("ADSYNC_TEST_SECRET"))
		os.Exit(3)
	case "prints a book":
		fmt.Println(strings.Repeat("x", 10*largestSecret))
	case "hangs":
		time.Sleep(time.Minute)
	default:
		os.Exit(m.Run())
	}
}

func program(t *testing.T, does string) []string {
	t.Helper()
	t.Setenv("ADSYNC_TEST_PROGRAM", does)
	t.Setenv("ADSYNC_TEST_SECRET", "hunter2")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{self}
}

func TestSecretsComeFromWhereTheyAre(t *testing.T) {
	dir := t.TempDir()
	secretFile(t, filepath.Join(dir, "plain"), "hunter2\n", 0o600)
	secretFile(t, filepath.Join(dir, "windows"), "\xef\xbb\xbfhunter2\r\n", 0o600)
	secretFile(t, filepath.Join(dir, "two lines"), " hunter2\n\n", 0o600)
	secretFile(t, filepath.Join(dir, "handed", "token"), "hunter2", 0o444)
	env := map[string]string{"SECRET": "hunter2", "CREDENTIALS_DIRECTORY": filepath.Join(dir, "handed")}
	r := Resolver{
		Dir:     dir,
		Getenv:  func(name string) string { return env[name] },
		Keyring: func(service, name string) (string, error) { return service + " " + name, nil },
	}
	for _, c := range []struct {
		name   string
		secret Secret
		want   string
	}{
		{"a variable", Secret{Env: "SECRET"}, "hunter2"},
		{"a file beside the configuration", Secret{File: "plain"}, "hunter2"},
		{"a file by its whole path", Secret{File: filepath.Join(dir, "plain")}, "hunter2"},
		{"a file of a Windows editor", Secret{File: "windows"}, "hunter2"},
		{"a file of which one newline goes", Secret{File: "two lines"}, " hunter2\n"},
		{"a credential of systemd", Secret{File: "credential:token"}, "hunter2"},
		{"a credential of systemd by its path", Secret{File: filepath.Join(dir, "handed", "token")}, "hunter2"},
		{"a command", Secret{Command: program(t, "prints")}, "hunter2"},
		{"the keyring", Secret{Keyring: "corp"}, "adsync corp"},
		{"no secret", Secret{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.secret.Resolve(t.Context(), r)
			if err != nil || got.Reveal() != c.want {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
		})
	}
}

func TestSecretsThatCannotBeHad(t *testing.T) {
	dir := t.TempDir()
	secretFile(t, filepath.Join(dir, "empty"), "\n", 0o600)
	secretFile(t, filepath.Join(dir, "open"), "hunter2", 0o640)
	secretFile(t, filepath.Join(dir, "utf16"), "\xff\xfeh\x00", 0o600)
	secretFile(t, filepath.Join(dir, "cp1252"), "Schl\xfcssel", 0o600)
	secretFile(t, filepath.Join(dir, "large"), strings.Repeat("x", largestSecret+1), 0o600)
	env := map[string]string{"EMPTY": ""}
	r := Resolver{
		Dir:     dir,
		Getenv:  func(name string) string { return env[name] },
		Keyring: func(_, name string) (string, error) { return map[string]string{}[name], keyring.ErrNotFound },
	}
	broken := r
	broken.Keyring = func(string, string) (string, error) { return "", errors.New("no session bus") }
	handed := r
	handed.Getenv = func(string) string { return dir }
	for _, c := range []struct {
		name     string
		secret   Secret
		resolver Resolver
		want     string
		unix     bool
	}{
		{"an unset variable", Secret{Env: "ABSENT"}, r, "environment variable ABSENT is not set or empty", false},
		{"an empty variable", Secret{Env: "EMPTY"}, r, "environment variable EMPTY is not set or empty", false},
		{"an absent file", Secret{File: "absent"}, r, "read the secret: open DIR/absent: no such file or directory", true},
		{"a folder", Secret{File: "."}, r, "DIR is a folder, not a file", false},
		{"an empty file", Secret{File: "empty"}, r, "DIR/empty: the secret is empty", false},
		{"a file in UTF-16", Secret{File: "utf16"}, r, "DIR/utf16: the secret is UTF-16 or binary; save it as UTF-8", false},
		{"a file in a code page of Windows", Secret{File: "cp1252"}, r, "DIR/cp1252: the secret is in another encoding than UTF-8; save or print it as UTF-8", false},
		{"a large file", Secret{File: "large"}, r, "DIR/large: more than 65536 bytes are no secret", false},
		{"a credential without systemd", Secret{File: "credential:token"}, r, "credential token: systemd handed none over (CREDENTIALS_DIRECTORY is not set); the unit wants LoadCredential=token:PATH", false},
		{"a credential in a folder", Secret{File: "credential:../token"}, handed, "credential: wants the name of a systemd credential, without a folder", false},
		{"a keyring without the entry", Secret{Keyring: "corp"}, r, `the keyring of this account has no entry "corp" for adsync; "adsync init" stores it`, false},
		{"a keyring that does not open", Secret{Keyring: "corp"}, broken, "the keyring of this account cannot be read: no session bus", false},
		{"a program that is not there", Secret{Command: []string{"adsync-test-absent"}}, r, `adsync-test-absent: exec: "adsync-test-absent": executable file not found in $PATH`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.unix && runtime.GOOS == "windows" {
				t.Skip("Windows says it in other words")
			}
			_, err := c.secret.Resolve(t.Context(), c.resolver)
			if err == nil {
				t.Fatal("no error")
			}
			got := strings.ReplaceAll(err.Error(), dir, "DIR")
			if got = filepath.ToSlash(got); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestCommandsThatFail(t *testing.T) {
	for _, c := range []struct{ name, does, want string }{
		{"it complains", "complains", `SELF: exit status 3: vault is sealed, not giving "(secret)"`},
		{"it prints nothing", "prints nothing", "SELF: the secret is empty"},
		{"it prints a book", "prints a book", "SELF: more than 65536 bytes are no secret"},
		{"it does not end", "hangs", "SELF did not end within 200ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := program(t, c.does)
			r := Resolver{}
			if c.does == "hangs" {
				r.Timeout = 200 * time.Millisecond
			}
			_, err := Secret{Command: words}.Resolve(t.Context(), r)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), words[0], "SELF"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAllSecretsThatAreMissingAreNamedWithTheirLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adsync.yaml")
	text := source + "target:\n  url: https://scim.example.com\n  auth:\n    bearer: {env: TOKEN}\n"
	secretFile(t, path, text, 0o600)
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	none := Resolver{Getenv: func(string) string { return "" }}
	_, err = f.Secrets(t.Context(), none, nil)
	want := path + ":6: sources[0].bind.password: environment variable P is not set or empty\n" +
		path + ":10: target.auth.bearer: environment variable TOKEN is not set or empty"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	token := Resolver{Getenv: func(name string) string { return map[string]string{"TOKEN": "hunter2"}[name] }}
	secrets, err := f.Secrets(t.Context(), token, func(key string) bool { return key == "target.auth.bearer" })
	if err != nil || len(secrets) != 1 || secrets["target.auth.bearer"].Reveal() != "hunter2" {
		t.Errorf("got %d secrets, %v", len(secrets), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Secrets(ctx, token, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestValuesDoNotPrint(t *testing.T) {
	v := NewValue(hunter)
	holder := struct {
		Name  string
		Token Value
	}{"x", v}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("bind", "password", v, "holder", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("bind", "password", v, "holder", holder)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(asJSON) + string(asYAML)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		all += fmt.Sprintf(verb, v) + fmt.Sprintf(verb, holder) + fmt.Sprintf(verb, &holder) + fmt.Sprintf(verb, Secrets{"a": v})
	}
	all += fmt.Sprint(v) + fmt.Errorf("bind with %w %v", errors.New("x"), v).Error()
	for _, form := range append(formsOf(hunter), "68756e746572", "hunter") {
		if strings.Contains(all, form) {
			t.Errorf("%q stands in\n%s", form, all)
		}
	}
	if got := fmt.Sprint(Value{}); got != "" {
		t.Errorf("no secret prints %q", got)
	}
}

func TestRedactorTakesSecretsOutInEveryForm(t *testing.T) {
	var r Redactor
	r.Add(NewValue(hunter))
	r.Add(NewValue("abc")) // would be found in ordinary words
	const keyLine = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
	r.Add(NewValue("-----BEGIN PRIVATE KEY-----\n" + keyLine + "\n-----END PRIVATE KEY-----\n"))
	var out bytes.Buffer
	w := r.Writer(&out)
	quoted, _ := json.Marshal(hunter)
	text := "plain " + hunter + "\nurl ?p=hunter2+%26+%3Cwife%3E\npath /hunter2%20&%20%3Cwife%3E/\njson " + string(quoted) + "\nbase64 aHVudGVyMiAmIDx3aWZlPg==\nabc\n" +
		"line " + keyLine + "\nend -----END PRIVATE KEY-----\n"
	n, err := w.Write([]byte(text))
	if n != len(text) || err != nil {
		t.Errorf("wrote %d of %d, %v", n, len(text), err)
	}
	want := "plain (secret)\nurl ?p=(secret)\npath /(secret)/\njson \"(secret)\"\nbase64 (secret)\nabc\nline (secret)\nend -----END PRIVATE KEY-----\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	for _, before := range []string{"", "a", "ad", "ada:", "client:id:"} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
			for _, behind := range []string{"", "b", "be", "!?>"} {
				shown := r.Redact(encoding.EncodeToString([]byte(before + hunter + behind)))
				if !strings.Contains(shown, placeholder) || len(shown) > len(placeholder)+20 {
					t.Errorf("%q in base64 is shown as %s", before+hunter+behind, shown)
				}
			}
		}
	}
	if got := (*Redactor)(nil).Redact("x"); got != "x" {
		t.Errorf("a nil redactor makes %q of x", got)
	}
}

func TestSecretsAreNamedByTheirPlace(t *testing.T) {
	for want, s := range map[string]Secret{
		"{env: NAME}":            {Env: "NAME"},
		"{file: PATH}":           {File: "PATH"},
		"{command: [pass, ...]}": {Command: []string{"pass", "show", "x"}},
		"{keyring: NAME}":        {Keyring: "NAME"},
		"{}":                     {},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestResolveTellsTheRedactor(t *testing.T) {
	var r Redactor
	resolver := Resolver{Redactor: &r, Getenv: func(string) string { return "hunter2" }}
	if _, err := (Secret{Env: "X"}).Resolve(t.Context(), resolver); err != nil {
		t.Fatal(err)
	}
	if got := r.Redact("it is hunter2"); got != "it is (secret)" {
		t.Errorf("got %q", got)
	}
}

// secretFile writes a file of the mode, with its folder.
func secretFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestASecretThatOthersCanReadIsWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are made up here")
	}
	path := filepath.Join(t.TempDir(), "open")
	secretFile(t, path, "s3cret", 0o644)
	var remarks []string
	v, err := Secret{File: path}.Resolve(t.Context(), Resolver{Warn: func(s string) { remarks = append(remarks, s) }})
	if err != nil || v.Reveal() != "s3cret" {
		t.Fatalf("got %v, %v", v, err)
	}
	if want := path + " can be read by other users of this machine: chmod 600 " + path; len(remarks) != 1 || remarks[0] != want {
		t.Errorf("got %q, want %q", remarks, want)
	}
}
