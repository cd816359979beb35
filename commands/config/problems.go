package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Problem is one thing that is wrong with a configuration. It never holds a
// value that could be a secret.
type Problem struct {
	File string // the configuration's path
	Line int    // 0 when the problem belongs to no line
	Key  string // sources[0].bind.password; empty for the file as a whole
	Text string // what is wrong
	Hint string // what to do about it; empty when the text says it

	empty bool // there is nothing in the file
}

// ErrEmpty is what Load's error is where there is nothing in the file, or only
// comments.
var ErrEmpty = errors.New("nothing is configured")

// String is the problem in one line, as a compiler writes it.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems are all findings about one configuration, by line.
type Problems []Problem

// Error is one line for each problem.
func (p *Problems) Error() string {
	lines := make([]string, len(*p))
	for i, problem := range *p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Is finds ErrEmpty.
func (p *Problems) Is(target error) bool {
	return target == ErrEmpty && slices.ContainsFunc(*p, func(problem Problem) bool { return problem.empty })
}

// err is the problems as an error, sorted by line; nil when there are none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return &p
}
