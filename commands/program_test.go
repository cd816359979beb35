package commands_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"adsync/commands"
)

// program is the program as one administrator has set it up: a folder with a
// configuration.
type program struct{ dir string }

// ended is what one run of the program said and how it ended.
type ended struct {
	code           int
	stdout, stderr string
}

// install makes the folder for a configuration of these sources and a service.
func install(t *testing.T, s *service, sources ...string) *program {
	t.Helper()
	p := &program{dir: t.TempDir()}
	p.write(t, "token", s.token)
	p.configure(t, s, sources...)
	return p
}

// configure replaces the sources. Each is an item of the list, its first line
// without indentation.
func (p *program) configure(t *testing.T, s *service, sources ...string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\nsources:\n")
	for _, source := range sources {
		b.WriteString("  - " + strings.ReplaceAll(strings.TrimSpace(source), "\n", "\n    ") + "\n")
	}
	b.WriteString("target:\n  url: " + s.url + "\n  auth: {bearer: {file: token}}\nreport: {dir: .}\n")
	p.write(t, "adsync.yaml", b.String())
}

func (p *program) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is the program as a process of its own: this test's binary, which
// TestMain makes the program. Its environment holds nothing of the machine's.
func (p *program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, append([]string{"--config", filepath.Join(p.dir, "adsync.yaml")}, args...)...)
	c.Dir = p.dir
	c.Env = []string{asProgram + "=1", "HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "TERM=dumb"}
	return c
}

func (p *program) run(t *testing.T, args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := p.command(t, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	var failed *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	p.showsNoSecret(t, stdout.String()+stderr.String())
	return ended{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

var secretFile = regexp.MustCompile(`\{file: "?([^"}]+)"?\}`)

// showsNoSecret fails the test when an output holds a secret of the
// configuration's files.
func (p *program) showsNoSecret(t *testing.T, output string) {
	t.Helper()
	text, _ := os.ReadFile(filepath.Join(p.dir, "adsync.yaml"))
	for _, found := range secretFile.FindAllStringSubmatch(string(text), -1) {
		file := found[1]
		if !filepath.IsAbs(file) {
			file = filepath.Join(p.dir, file)
		}
		secret, err := os.ReadFile(file)
		if value := strings.TrimSpace(string(secret)); err == nil && len(value) >= 8 && strings.Contains(output, value) {
			t.Errorf("the secret of %s is shown:\n%s", file, output)
		}
	}
}

// succeeds runs the program and returns what it printed, without the time
// that it took.
func (p *program) succeeds(t *testing.T, args ...string) string {
	t.Helper()
	e := p.run(t, args...)
	if e.code != commands.ExitOK || e.stderr != "" {
		t.Fatalf("adsync %s: exit code %d\n%s%s", strings.Join(args, " "), e.code, e.stdout, e.stderr)
	}
	return untimed(e.stdout)
}

var took = regexp.MustCompile(` in [0-9][0-9hms.]*\n$`)

func untimed(text string) string { return took.ReplaceAllString(text, "\n") }

// same compares two texts.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}
