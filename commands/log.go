package commands

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/term"
	"gopkg.in/natefinch/lumberjack.v2"
)

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// openLog makes the log: to stderr, or to the configured file, which is
// rotated. Whatever is logged, the run's secrets are taken out of it.
func (r *run) openLog() error {
	level, format := r.file.Log.Level, r.file.Log.Format
	if r.options.LogLevel != "" {
		level = r.options.LogLevel
	}
	if r.options.LogFormat != "" {
		format = r.options.LogFormat
	}
	switch {
	case r.options.Verbose:
		level = "debug"
	case r.options.Quiet && r.options.LogLevel == "":
		level = "error"
	case r.options.LogLevel == "" && r.file.Log.File == "":
		// What a person reads on stderr are remarks; log lines are for
		// those who ask for them.
		level = "warn"
	}
	var to io.Writer = r.env.Stderr
	if r.file.Log.File != "" {
		path := r.file.Abs(r.file.Log.File)
		_ = os.MkdirAll(filepath.Dir(path), 0o700) // what stands in the way is said by the next line
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return usage(fmt.Errorf("%s: log.file: %w", r.file.Path, err), "name a file in a folder that this account may write")
		}
		f.Close()
		rotated := &lumberjack.Logger{Filename: path, MaxSize: 10, MaxBackups: r.file.Log.Keep}
		r.release = append(r.release, func() { _ = rotated.Close() })
		to = rotated
		if r.options.Verbose {
			to = io.MultiWriter(rotated, r.env.Stderr)
		}
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return usage(fmt.Errorf("%s: log.level: %w", r.file.Path, err), "")
	}
	options := &slog.HandlerOptions{Level: l}
	handler := func(to io.Writer) slog.Handler {
		if format == "json" {
			return slog.NewJSONHandler(to, options)
		}
		return slog.NewTextHandler(to, options)
	}
	main := handler(r.redactor.Writer(to))
	system := redactedLog{r.redactor, r.env.system}
	switch r.env.system.(type) {
	case nil:
		r.log = slog.New(main)
	case journal:
		if r.file.Log.File == "" {
			main = newLeveled(system, handler)
		}
		r.log = slog.New(main)
	default:
		r.log = slog.New(slog.NewMultiHandler(main, newLeveled(system, handler)))
	}
	return nil
}
