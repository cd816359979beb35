package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"adsync/commands/ask"
)

// answering is an Asker that answers from flags, each once, and asks a person
// for the rest. Without a person the rest has its default.
type answering struct {
	given map[string][]string
	next  ask.Asker // nil: nobody is there
	out   io.Writer // for what is said when nobody is there
}

// take is the answer of a flag, which then is used up: a question that is
// asked again is for the person.
func (a *answering) take(key string) (string, bool) {
	list := a.given[key]
	if len(list) == 0 {
		return "", false
	}
	delete(a.given, key)
	return list[0], true
}

// holds reports whether a flag has an answer that is not used up.
func (a *answering) holds(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return len(a.given[key]) > 0 })
}

// list takes all answers of a flag that may be given several times.
func (a *answering) list(key string) []string {
	list := a.given[key]
	delete(a.given, key)
	return list
}

func (a *answering) Say(format string, args ...any) {
	if a.next != nil {
		a.next.Say(format, args...)
		return
	}
	_, _ = fmt.Fprintf(a.out, format+"\n", args...)
}

func (a *answering) Text(ctx context.Context, q ask.Question) (string, error) {
	answer, given := a.take(q.Key)
	if !given && a.next != nil {
		return a.next.Text(ctx, q)
	}
	if !given {
		answer = q.Default
	}
	if q.Validate != nil {
		if err := q.Validate(answer); err != nil {
			return "", badFlag(q.Key, err)
		}
	}
	return answer, nil
}

// Secret has no flag: what stands on a command line is seen by all.
func (a *answering) Secret(ctx context.Context, q ask.Question) (string, error) {
	if a.next == nil {
		return "", badFlag(q.Key, errors.New("nobody is there to type it"))
	}
	return a.next.Secret(ctx, q)
}

func (a *answering) Confirm(ctx context.Context, q ask.Question) (bool, error) {
	answer, given := a.take(q.Key)
	if !given && a.next != nil {
		return a.next.Confirm(ctx, q)
	}
	if !given {
		answer = q.Default
	}
	return answer == "yes", nil
}

func (a *answering) Choose(ctx context.Context, q ask.Question, options []ask.Option) (int, error) {
	answer, given := a.take(q.Key)
	if !given && a.next != nil {
		return a.next.Choose(ctx, q, options)
	}
	if !given {
		answer = q.Default
	}
	var values []string
	for i, o := range options {
		if strings.EqualFold(o.Value, answer) {
			return i, nil
		}
		values = append(values, o.Value)
	}
	return -1, badFlag(q.Key, fmt.Errorf("%q is none of %s", answer, strings.Join(values, ", ")))
}

func (a *answering) ChooseMany(ctx context.Context, q ask.Question, options []ask.Option) ([]int, error) {
	if a.next != nil {
		return a.next.ChooseMany(ctx, q, options)
	}
	return nil, nil
}

func badFlag(key string, err error) error {
	return usage(fmt.Errorf("--%s: %w", key, err), `run "adsync init --help"`)
}
