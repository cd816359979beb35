package commands

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"

	"adsync/commands/config"
)

// complain shows an error on standard error, and to the operating system's log
// as what it is. The text may have several lines.
func (e Env) complain(text string) {
	j, journaled := e.system.(journal)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if journaled {
			j.line(slog.LevelError, line)
		} else {
			_, _ = io.WriteString(e.Stderr, line+"\n")
		}
	}
	if e.system != nil && !journaled {
		e.system.line(slog.LevelError, strings.TrimRight(text, "\n"))
	}
}

// redactedLog keeps a run's secrets out of a system log.
type redactedLog struct {
	redactor *config.Redactor
	systemLog
}

func (l redactedLog) line(level slog.Level, text string) {
	l.systemLog.line(level, l.redactor.Redact(text))
}

// systemLog is the log of the operating system, which has levels of its own:
// journald behind standard error, or the Event Log of Windows.
type systemLog interface {
	// line takes one line without its line break.
	line(level slog.Level, text string)
}

// journal is standard error as journald reads it: a line may begin with its
// priority (sd-daemon(3)).
type journal struct{ to io.Writer }

func (j journal) line(level slog.Level, text string) {
	_, _ = io.WriteString(j.to, priority(level)+text+"\n")
}

// priority is the prefix of syslog's severity (RFC 5424 6.2.1).
func priority(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "<3>"
	case level >= slog.LevelWarn:
		return "<4>"
	case level >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}

// leveled is a log handler that hands each line to a system log with its
// level.
type leveled struct {
	slog.Handler // writes into line
	line         *lineBuffer
	to           systemLog
}

type lineBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

// newLeveled makes the handler; format makes the one that writes the text.
func newLeveled(to systemLog, format func(io.Writer) slog.Handler) slog.Handler {
	line := new(lineBuffer)
	return &leveled{Handler: format(&line.Buffer), line: line, to: to}
}

// Handle implements slog.Handler.
func (h *leveled) Handle(ctx context.Context, record slog.Record) error {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.Reset()
	if err := h.Handler.Handle(ctx, record); err != nil {
		return err
	}
	h.to.line(record.Level, string(bytes.TrimRight(h.line.Bytes(), "\n")))
	return nil
}

// WithAttrs implements slog.Handler.
func (h *leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &leveled{h.Handler.WithAttrs(attrs), h.line, h.to}
}

// WithGroup implements slog.Handler.
func (h *leveled) WithGroup(name string) slog.Handler {
	return &leveled{h.Handler.WithGroup(name), h.line, h.to}
}
