package commands

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestBarsFitTheTerminal(t *testing.T) {
	began := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name    string
		bar     bar
		after   time.Duration
		columns int
		want    string
	}{
		{"a wide terminal has all of it", bar{name: "changes", done: 1500, total: 6000}, 30 * time.Second, 79,
			"changes [#####...............] 1,500 of 6,000, 50/s, 1m30s left"},
		{"without an end there is neither bar nor time left", bar{name: "corp users", done: 12000}, 4 * time.Second, 79,
			"corp users 12,000, 3,000/s"},
		{"40 columns have no bar", bar{name: "service users", done: 300, total: 5000}, 3 * time.Second, 39,
			"service users 300 of 5,000"},
		{"40 columns and room for the rate", bar{name: "changes", done: 30, total: 50}, 3 * time.Second, 39,
			"changes 30 of 50, 10/s, 3s left"},
		{"what has only begun has no rate", bar{name: "changes", done: 1, total: 50}, 0, 79, "changes [....................] 1 of 50"},
		{"planning has no count", bar{name: "working out the changes"}, time.Minute, 79, "working out the changes ..."},
		{"hours are hours", bar{name: "changes", done: 100, total: 40000}, 100 * time.Second, 79, "changes [....................] 100 of 40,000, 1/s, 11h05m left"},
		{"a narrow one cuts the line", bar{name: "service users", done: 300, total: 5000}, time.Second, 10, "service us"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.bar.began = began
			if got := test.bar.draw(began.Add(test.after), test.columns); got != test.want || len(got) > test.columns {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// The changes that go by stand above the bars, whole, and the bars are gone
// in the end: what is left on the screen is the output alone.
func TestBarsLeaveTheOutputAlone(t *testing.T) {
	now := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	var screen bytes.Buffer
	p := &progress{now: func() time.Time { return now }, screen: &screen, width: func() int { return 80 }}
	p.began = now
	out := overBars{p, &screen}
	for i := range 3 {
		now = now.Add(time.Second)
		p.at("corp users", 10*i, 0)
		p.at("service users", i, 3)
		p.show()
		fmt.Fprintf(out, "update user u%d\n", i)
	}
	p.show()
	p.wipe()
	if got, want := onScreen(screen.String()), "update user u0\nupdate user u1\nupdate user u2\n"; got != want {
		t.Errorf("the screen shows:\n%q\nwant:\n%q", got, want)
	}
	if !strings.Contains(screen.String(), "service users [#############.......] 2 of 3") {
		t.Errorf("no bar was drawn: %q", screen.String())
	}
}

// onScreen is what a terminal shows in the end, which knows line breaks,
// moving up and erasing below.
func onScreen(text string) string {
	lines := []string{""}
	for text != "" {
		var n int
		if _, err := fmt.Sscanf(text, "\x1b[%dA", &n); err == nil {
			lines = lines[:len(lines)-n]
			lines[len(lines)-1] = ""
			text = text[strings.Index(text, "A")+1:]
			continue
		}
		if rest, ok := strings.CutPrefix(text, "\x1b[J"); ok {
			text = rest
			continue
		}
		if text[0] == '\n' {
			lines = append(lines, "")
		} else {
			lines[len(lines)-1] += text[:1]
		}
		text = text[1:]
	}
	return strings.Join(lines, "\n")
}

func TestALogHasALineAMinute(t *testing.T) {
	now := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	var log bytes.Buffer
	p := &progress{now: func() time.Time { return now }}
	p.logTo(slog.New(slog.NewTextHandler(&log, nil)))
	p.began, p.logged = now, now
	for i := range 150 {
		now = now.Add(time.Second)
		p.at("changes", i, 9000)
		p.show()
	}
	if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), `msg="still at it" changes="59 of 9,000" for=1m0s`) {
		t.Errorf("in two and a half minutes the log says:\n%s", log.String())
	}
}

// What only waits says for what, once it takes long, and leaves nothing.
func TestWaitingIsShownAndTakenAway(t *testing.T) {
	var screen bytes.Buffer
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	p := &progress{now: func() time.Time { return now }, screen: &screen, width: func() int { return 80 }}
	end := p.waiting("trying https://scim.example.com/v2")
	p.show()
	p.mu.Lock() // it shows itself, too
	if screen.Len() > 0 {
		t.Errorf("shown at once: %q", &screen)
	}
	now = now.Add(time.Second)
	p.mu.Unlock()
	p.show()
	end()
	if got := screen.String(); !strings.HasPrefix(got, "trying https://scim.example.com/v2 ...\n") || !strings.HasSuffix(got, "\x1b[1A\x1b[J") {
		t.Errorf("shown %q", got)
	}
}
