// Package ask asks a person. What is asked is data (Question, Option); how it
// is asked is an Asker's affair: prompts with arrows and filters on a real
// terminal, numbered lines on a dumb one or a pipe, answers by key in tests and
// where flags have given them. Prompts go to the error stream, never to the
// output.
//
// What the questions are and what becomes of the answers is left to the
// commands.
package ask

import (
	"context"
	"errors"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// ErrInterrupted says that the person pressed Ctrl-C, or that the context ended.
// Nothing was answered and nothing more may be asked: leave things as they are
// and exit with 130.
var ErrInterrupted = errors.New("interrupted")

// Question is one thing to ask.
type Question struct {
	Key     string // names the question in errors: the flag without its dashes
	Label   string // what is asked, without a final colon
	Help    string // shown when the answer is "?"
	Default string // the answer of an empty line; for Confirm yes or no, for Choose an option's value
	// Validate refuses an answer with a reason. On a terminal the question is
	// asked again.
	Validate func(string) error
	// Suggest lists answers that begin with what was typed; may be nil.
	Suggest func(prefix string) []string
}

// Option is one of the answers to choose from.
type Option struct {
	Value string // stable and short, for flags and keyed answers
	Label string // what a person reads; the value when empty
	Help  string // a few words more
	// Marked is chosen beforehand (ChooseMany only).
	Marked bool
}

// Asker asks questions one after the other; it is not for several goroutines at
// once. Each method returns ErrInterrupted after Ctrl-C and otherwise an error
// that names the question. No error holds the answer to Secret.
type Asker interface {
	Text(ctx context.Context, q Question) (string, error)
	// Secret is not echoed.
	Secret(ctx context.Context, q Question) (string, error)
	Confirm(ctx context.Context, q Question) (bool, error)
	// Choose returns the index of an option. Without options it is an error.
	Choose(ctx context.Context, q Question, options []Option) (int, error)
	// ChooseMany returns the indexes of options, ascending, perhaps none.
	// Without options it does not ask.
	ChooseMany(ctx context.Context, q Question, options []Option) ([]int, error)
	// Say writes a line between the questions.
	Say(format string, args ...any)
}

// For decides once how to ask: with prompts when both streams are a terminal
// that can move its cursor, in plain lines otherwise. Getenv looks up TERM and
// NO_COLOR.
func For(in, errw *os.File, getenv func(string) string) Asker {
	terminal := term.IsTerminal(int(in.Fd()))
	if terminal && term.IsTerminal(int(errw.Fd())) && !dumb(getenv("TERM")) {
		return newPrompts(in, errw, getenv("NO_COLOR") == "")
	}
	lines := &lines{in: in, out: errw, terminal: terminal}
	if term.IsTerminal(int(errw.Fd())) {
		lines.width = func() int {
			width, _ := sizeOf(errw)
			return width
		}
	}
	if terminal {
		lines.readSecret = hiddenLine(in, errw)
	}
	return lines
}

// Possible reports whether someone is there to answer.
func Possible(in *os.File) bool { return term.IsTerminal(int(in.Fd())) }

func (o Option) label() string {
	if o.Label == "" {
		return plain(o.Value)
	}
	return plain(o.Label)
}

// find is the option with a value, or a label, the case of which does not
// count; -1 for none.
func find(options []Option, answer string) int {
	for i, o := range options {
		if o.Value == answer {
			return i
		}
	}
	for i, o := range options {
		if strings.EqualFold(o.Value, answer) || strings.EqualFold(o.label(), answer) {
			return i
		}
	}
	return -1
}

// contains reports whether an option has the words typed to find it.
func (o Option) contains(words string) bool {
	text := strings.ToLower(o.Label + " " + o.Value + " " + o.Help)
	for _, word := range strings.Fields(strings.ToLower(words)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func marked(options []Option) []int {
	list := []int{}
	for i, o := range options {
		if o.Marked {
			list = append(list, i)
		}
	}
	return list
}

// plain is text from a directory as it may be shown on a terminal: without the
// control characters that could move its cursor.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// yes reads the answer to Confirm.
func yes(answer string) (value, known bool) {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "true":
		return true, true
	case "n", "no", "false":
		return false, true
	}
	return false, false
}

func (q Question) validate(answer string) error {
	if q.Validate == nil {
		return nil
	}
	return q.Validate(answer)
}

// secretly is a validation error without the secret that a careless validator
// may have repeated.
func secretly(err error, secret string) error {
	if err == nil || secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), secret, "..."))
}

// errNoOptions is the answer to Choose without options.
var errNoOptions = errors.New("nothing to choose from")

// An Unanswered is a question without an answer that can be used, from
// somebody who cannot be asked again: the input has ended, or what came as a
// line cannot be right.
type Unanswered struct {
	Key, Label string // of the question
	Err        error
}

func (e *Unanswered) Error() string { return e.Key + ": " + e.Err.Error() }
func (e *Unanswered) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *Unanswered) Hint() string { return "answer on a terminal, or give the flags" }

// about says which question an error is about.
func (q Question) about(err error) error {
	if err == nil || errors.Is(err, ErrInterrupted) {
		return err
	}
	return &Unanswered{Key: q.Key, Label: q.Label, Err: err}
}
