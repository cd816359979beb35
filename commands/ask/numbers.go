package ask

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// listed is how many options are shown at once; the others are found by words.
const listed = 20

// list shows the options that contain some words, with their numbers.
func (l *lines) list(options []Option, words string) {
	shown, more := 0, 0
	for i, o := range options {
		switch {
		case !o.contains(words):
		case shown == listed:
			more++
		default:
			shown++
			mark := " "
			if o.Marked {
				mark = "*"
			}
			text := fmt.Sprintf("%s%3d) %s", mark, i+1, o.label())
			if o.Help != "" {
				text += " - " + plain(o.Help)
			}
			l.Say("%s", text)
		}
	}
	switch {
	case more > 0:
		l.Say("     and %d more: /words shows those that contain the words", more)
	case shown == 0:
		l.Say("     none contains %q", words)
	}
}

// filtered answers a line that is a search and not a choice.
func (l *lines) filtered(options []Option, line string) bool {
	words, search := strings.CutPrefix(line, "/")
	if search && l.terminal {
		l.list(options, words)
	}
	return search && l.terminal
}

// number is the number of an option's value, for a prompt.
func number(options []Option, value string) string {
	if i := find(options, value); value != "" && i >= 0 {
		return strconv.Itoa(i + 1)
	}
	return ""
}

func numbers(indexes []int) string {
	var list []string
	for _, i := range indexes {
		list = append(list, strconv.Itoa(i+1))
	}
	return strings.Join(list, ",")
}

// pick reads a number, or an option's own text.
func pick(options []Option, line string) (int, error) {
	line = strings.TrimSpace(line)
	if i := find(options, line); i >= 0 && line != "" {
		return i, nil
	}
	n, err := strconv.Atoi(line)
	if err != nil || n < 1 || n > len(options) {
		return -1, fmt.Errorf("%q is not a number from 1 to %d", line, len(options))
	}
	return n - 1, nil
}

// pickMany reads numbers and ranges, all, none, or one option's own text.
func pickMany(options []Option, line string) ([]int, error) {
	line = strings.TrimSpace(line)
	if i := find(options, line); i >= 0 {
		return []int{i}, nil
	}
	chosen := []int{}
	switch strings.ToLower(line) {
	case "none":
		return chosen, nil
	case "all":
		for i := range options {
			chosen = append(chosen, i)
		}
		return chosen, nil
	}
	for _, part := range strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		from, to, isRange := strings.Cut(part, "-")
		first, err := pick(options, from)
		if err != nil {
			return nil, err
		}
		last := first
		if isRange {
			if last, err = pick(options, to); err != nil {
				return nil, err
			}
		}
		for i := first; i <= last; i++ {
			chosen = append(chosen, i)
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}
