package commands

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	progressRedraw = 150 * time.Millisecond // on a terminal
	progressReport = time.Minute            // in a log
	progressAfter  = 500 * time.Millisecond // what is faster needs no bar
)

// progress shows how far the parts of a run have come: as bars below the
// output of a terminal, which are gone when the part is done, and as a line a
// minute in the log where there is no terminal. A nil progress shows nothing.
//
// It draws its few lines itself: bar libraries own the terminal, and here the
// changes that go by have to come out above the bars, whole.
type progress struct {
	mu     sync.Mutex
	now    func() time.Time
	log    *slog.Logger // for lines; may be nil
	screen io.Writer    // nil where there is no terminal
	width  func() int   // of the screen
	bars   []*bar       // of the part that is under way
	began  time.Time    // the part
	drawn  int          // lines on the screen now
	logged time.Time
}

// bar is one thing that goes on.
type bar struct {
	name        string
	done, total int // total 0: nobody knows
	began       time.Time
}

// withProgress prepares the display for a run and returns the environment in
// which output comes out above the bars.
func withProgress(env Env, g globalOptions) Env {
	p := &progress{now: env.Now}
	env.progress = p
	if g.Quiet || g.JSON || env.Terminal == nil || env.Getenv("TERM") == "dumb" {
		return env
	}
	p.screen = env.Terminal
	p.width = func() int { return terminalWidth(env.Terminal) }
	env.Stdout, env.Stderr = overBars{p, env.Stdout}, overBars{p, env.Stderr}
	return env
}

// terminalWidth is how many columns a terminal has, 80 when it does not say.
func terminalWidth(f *os.File) int {
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// overBars writes output above the bars.
type overBars struct {
	progress *progress
	to       io.Writer
}

func (o overBars) Write(b []byte) (int, error) {
	o.progress.mu.Lock()
	defer o.progress.mu.Unlock()
	o.progress.wipe()
	return o.to.Write(b)
}

// logTo gives the log for where there is no terminal.
func (p *progress) logTo(log *slog.Logger) {
	if p != nil {
		p.log = log
	}
}

// begin starts a part of the run; the function that it returns ends it and
// takes its bars away.
func (p *progress) begin() (end func()) {
	if p == nil || (p.screen == nil && p.log == nil) {
		return func() {}
	}
	p.mu.Lock()
	p.bars, p.began, p.logged = nil, p.now(), p.now()
	p.mu.Unlock()
	every := progressRedraw
	if p.screen == nil {
		every = time.Second
	}
	stopped := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show()
			case <-stopped:
				return
			}
		}
	})
	return func() {
		close(stopped)
		wait.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.wipe()
		p.bars = nil
	}
}

// waiting is a part of the run of which nobody knows how far it has come. The
// function that it returns ends it.
func (p *progress) waiting(what string) (end func()) {
	end = p.begin()
	p.at(what, 0, 0)
	return end
}

// at notes how far something has come. total is 0 when nobody knows.
func (p *progress) at(name string, done, total int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.bars {
		if b.name == name {
			b.done, b.total = max(b.done, done), total
			return
		}
	}
	p.bars = append(p.bars, &bar{name: name, done: done, total: total, began: p.now()})
}

// show draws the bars, or logs them if the minute is over.
func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.screen == nil {
		if now.Sub(p.logged) >= progressReport && len(p.bars) > 0 {
			p.logged = now
			p.logBars(now)
		}
		return
	}
	if now.Sub(p.began) < progressAfter {
		return
	}
	var b bytes.Buffer
	width := p.width() - 1 // a full line would wrap
	for _, line := range p.bars {
		b.WriteString(line.draw(now, width))
		b.WriteByte('\n')
	}
	p.wipe()
	p.drawn = len(p.bars)
	_, _ = p.screen.Write(b.Bytes())
}

func (p *progress) logBars(now time.Time) {
	var args []any
	for _, b := range p.bars {
		args = append(args, strings.ReplaceAll(b.name, " ", "_"), b.count())
	}
	p.log.Info("still at it", append(args, "for", now.Sub(p.began).Round(time.Second).String())...)
}

// wipe takes the bars off the screen, so that the cursor is where they began.
func (p *progress) wipe() {
	if p.drawn > 0 {
		_, _ = fmt.Fprintf(p.screen, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

// draw is the bar in so many columns: name, bar if the end is known, count,
// rate and time left. What has no room is left out from the end.
func (b *bar) draw(now time.Time, columns int) string {
	line := b.name
	const barColumns = 20
	if b.total > 0 && columns >= 60 {
		filled := min(barColumns, barColumns*b.done/b.total)
		line += " [" + strings.Repeat("#", filled) + strings.Repeat(".", barColumns-filled) + "]"
	}
	if b.done == 0 && b.total == 0 {
		return cut(line+" ...", columns)
	}
	line += " " + b.count()
	elapsed := now.Sub(b.began).Seconds()
	rate := 0.0
	if elapsed > 0.5 {
		rate = float64(b.done) / elapsed
	}
	more := ""
	if rate >= 1 && b.total != b.done {
		more += fmt.Sprintf(", %s/s", thousands(int(rate)))
	}
	if left := b.total - b.done; left > 0 && rate > 0 {
		more += ", " + remaining(time.Duration(float64(left)/rate*float64(time.Second))) + " left"
	}
	if len(line)+len(more) <= columns {
		line += more
	}
	return cut(line, columns)
}

func cut(line string, columns int) string {
	if len(line) > columns {
		line = line[:max(0, columns)]
	}
	return line
}

func (b *bar) count() string {
	if b.total > 0 {
		return thousands(b.done) + " of " + thousands(b.total)
	}
	return thousands(b.done)
}

// remaining is a duration as a person estimates it.
func remaining(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds())+1)
}
