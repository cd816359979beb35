package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// lines asks in plain lines, for terminals that cannot move the cursor and for
// pipes. On a pipe an answer that is not accepted is an error; on a terminal the
// question is asked again.
type lines struct {
	in         io.Reader
	out        io.Writer
	terminal   bool
	width      func() int                            // of the terminal; nil where nobody looks
	readSecret func(context.Context) (string, error) // nil: as any line
}

func (l *lines) Say(format string, args ...any) {
	for line := range strings.Lines(fmt.Sprintf(format, args...) + "\n") {
		line = strings.TrimSuffix(line, "\n")
		if l.width != nil {
			line = wrap(line, l.width())
		}
		_, _ = fmt.Fprintln(l.out, line)
	}
}

func (l *lines) Text(ctx context.Context, q Question) (string, error) {
	var answer string
	err := l.ask(ctx, q, prompt(q.Label, q.Default), l.line, func(line string) error {
		answer = line
		if answer == "" {
			answer = q.Default
		}
		return q.validate(answer)
	})
	return answer, err
}

func (l *lines) Secret(ctx context.Context, q Question) (string, error) {
	read := l.readSecret
	if read == nil {
		read = l.line
	}
	var answer string
	err := l.ask(ctx, q, q.Label+": ", read, func(line string) error {
		answer = line
		return secretly(q.validate(line), line)
	})
	if err != nil {
		return "", err
	}
	return answer, nil
}

func (l *lines) Confirm(ctx context.Context, q Question) (bool, error) {
	choice := "y/n"
	if standard, known := yes(q.Default); known {
		choice = map[bool]string{true: "Y/n", false: "y/N"}[standard]
	}
	var answer bool
	err := l.ask(ctx, q, prompt(q.Label, choice), l.line, func(line string) error {
		if line == "" {
			line = q.Default
		}
		value, known := yes(line)
		if !known {
			return errors.New("answer yes or no")
		}
		answer = value
		return nil
	})
	return answer, err
}

func (l *lines) Choose(ctx context.Context, q Question, options []Option) (int, error) {
	if len(options) == 0 {
		return -1, q.about(errNoOptions)
	}
	l.Say("%s", q.Label)
	l.list(options, "")
	chosen := -1
	err := l.ask(ctx, q, prompt("Number", number(options, q.Default)), l.line, func(line string) error {
		if line == "" {
			line = q.Default
		}
		if l.filtered(options, line) {
			return errAgain
		}
		var err error
		chosen, err = pick(options, line)
		return err
	})
	return chosen, err
}

func (l *lines) ChooseMany(ctx context.Context, q Question, options []Option) ([]int, error) {
	if len(options) == 0 {
		return []int{}, nil
	}
	l.Say("%s", q.Label)
	l.list(options, "")
	before := marked(options)
	var chosen []int
	err := l.ask(ctx, q, prompt("Numbers such as 1,3-5, all or none", numbers(before)), l.line, func(line string) error {
		if l.filtered(options, line) {
			return errAgain
		}
		if line == "" {
			chosen = before
			return nil
		}
		var err error
		chosen, err = pickMany(options, line)
		return err
	})
	return chosen, err
}

// errAgain asks the same question again without a complaint.
var errAgain = errors.New("again")

// ask writes a prompt and reads lines until accept takes one.
func (l *lines) ask(ctx context.Context, q Question, prompt string, read func(context.Context) (string, error), accept func(string) error) error {
	for {
		if ctx.Err() != nil {
			return ErrInterrupted
		}
		shown := prompt
		if l.width != nil {
			shown = wrap(strings.TrimSuffix(prompt, " "), l.width()-1) + " "
		}
		_, _ = io.WriteString(l.out, shown)
		line, err := read(ctx)
		if !l.terminal {
			// Nobody's Enter ended the prompt's line.
			_, _ = io.WriteString(l.out, "\n")
		}
		if err != nil {
			return q.about(err)
		}
		if line == "?" && q.Help != "" {
			l.help(q)
			continue
		}
		err = accept(line)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errAgain):
		case l.terminal:
			l.Say("  %v", err)
		default:
			return q.about(err)
		}
	}
}

func (l *lines) help(q Question) {
	l.Say("  %s", q.Help)
	if q.Suggest == nil {
		return
	}
	for i, text := range q.Suggest("") {
		if i == 10 {
			l.Say("  ...")
			return
		}
		l.Say("  for example %s", plain(text))
	}
}

// line reads up to a line's end and no byte further, since what follows may be
// for a reader that hides it. After an interruption the read is left behind,
// for a terminal's read cannot be taken back.
func (l *lines) line(ctx context.Context) (string, error) {
	return wait(ctx, func() (string, error) {
		var text []byte
		one := make([]byte, 1)
		for {
			n, err := l.in.Read(one)
			switch {
			case n == 1 && one[0] == '\n':
				return strings.TrimRight(string(text), "\r"), nil
			case n == 1:
				text = append(text, one[0])
			case errors.Is(err, io.EOF) && len(text) > 0:
				return strings.TrimRight(string(text), "\r"), nil
			case errors.Is(err, io.EOF):
				return "", fmt.Errorf("no answer, the input has ended: %w", io.ErrUnexpectedEOF)
			case err != nil:
				return "", fmt.Errorf("read the answer: %w", err)
			}
		}
	})
}

// hiddenLine reads a line that the terminal does not show.
func hiddenLine(in, out *os.File) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		fd := int(in.Fd())
		state, err := term.GetState(fd)
		if err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
		answer, err := wait(ctx, func() (string, error) {
			secret, err := term.ReadPassword(fd)
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("no answer, the input has ended: %w", io.ErrUnexpectedEOF)
			}
			return string(secret), err
		})
		if errors.Is(err, ErrInterrupted) {
			_ = term.Restore(fd, state)
		}
		// The Enter was not shown either.
		_, _ = fmt.Fprintln(out)
		return answer, err
	}
}

// wait returns what read returns, or ErrInterrupted as soon as ctx ends.
func wait[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ErrInterrupted
	}
}

func prompt(label, standard string) string {
	if standard != "" {
		label += " [" + standard + "]"
	}
	return label + ": "
}
