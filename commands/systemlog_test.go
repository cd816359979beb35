package commands

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// events of a system that has a log beside standard error.
type recorded struct{ lines []string }

func (r *recorded) line(level slog.Level, text string) {
	r.lines = append(r.lines, level.String()+" "+text)
}

func TestTheJournalIsToldTheLevels(t *testing.T) {
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	var stdout, stderr bytes.Buffer
	env := Env{Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }, Now: time.Now, system: journal{&stderr}}
	args := func(more ...string) []string { return append([]string{"adsync", "--config", c.configPath()}, more...) }
	execute(t.Context(), args("sync", "--dry-run", "--log-level", "debug"), env)
	for line := range strings.Lines(stderr.String()) {
		level := map[bool]string{true: "<7>", false: "<6>"}[strings.Contains(line, "level=DEBUG")]
		if strings.Contains(line, "level=") && !strings.HasPrefix(line, level) && !strings.HasPrefix(line, "<4>") {
			t.Errorf("without its level: %s", line)
		}
	}
	if !strings.Contains(stderr.String(), "<7>time=") {
		t.Errorf("no debug line: %.2000s", stderr.String())
	}
	stderr.Reset()
	if err := os.WriteFile(filepath.Join(c.dir, "password"), []byte("wrong-password"), 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t.Context(), args("sync"), env)
	execute(t.Context(), args("sync", "stray"), env)
	for _, want := range []string{"<3>adsync: source corp was not read completely", "<3>adsync: hint: ", "<3>adsync: unexpected argument \"stray\"\n<3>adsync: hint: "} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the journal lacks %q:\n%s", want, stderr.String())
		}
	}
}

func TestAnEventIsOneMessage(t *testing.T) {
	events := new(recorded)
	var stderr bytes.Buffer
	env := Env{Stderr: &stderr, system: events}
	tell(env, &Failure{Code: ExitTarget, Err: errors.New("list users: refused"), Hint: "start it"}, false)
	if got, want := strings.Join(events.lines, "|"), "ERROR adsync: list users: refused\nadsync: hint: start it"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
	if got, want := stderr.String(), "adsync: list users: refused\nadsync: hint: start it\n"; got != want {
		t.Errorf("standard error %q, want %q", got, want)
	}
}
