package commands

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// facts prints what is known of something as a heading and lines of label and
// value. Long values go on below themselves, so that it can be read at 80
// columns and at 40.
type facts struct {
	out   io.Writer
	width int
	began bool
}

func newFacts(env Env) *facts { return &facts{out: env.Stdout, width: columns(env)} }

// columns is how wide the output may be: that of the terminal, or 80.
func columns(env Env) int {
	if n, err := strconv.Atoi(env.Getenv("COLUMNS")); err == nil && n >= 20 {
		return n
	}
	if f, ok := outputFile(env.Stdout); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n >= 20 {
			return n
		}
	}
	return 80
}

// section begins a new subject.
func (f *facts) section(format string, args ...any) {
	if f.began {
		fmt.Fprintln(f.out)
	}
	f.began = true
	f.wrapped("", "", fmt.Sprintf(format, args...))
}

// labelWidth is the place of the values: two of indentation, the longest
// label, two between.
const labelWidth = 15

// say prints one fact; nothing when there is no value.
func (f *facts) say(label, format string, args ...any) {
	value := fmt.Sprintf(format, args...)
	if value == "" {
		return
	}
	f.wrapped("  "+label+strings.Repeat(" ", max(1, labelWidth-2-len(label))), strings.Repeat(" ", labelWidth), value)
}

// command prints a command on one line, however long, so that it can be
// copied.
func (f *facts) command(label, text string) {
	fmt.Fprintf(f.out, "  %s%s%s\n", label, strings.Repeat(" ", max(1, labelWidth-2-len(label))), plainText(text))
}

// item prints a line of a list below a section.
func (f *facts) item(format string, args ...any) {
	f.wrapped("  ", "    ", fmt.Sprintf(format, args...))
}

// wrapped prints words within the width. A word that is longer than a line
// is broken where names and addresses have their joints.
func (f *facts) wrapped(lead, indent, text string) {
	var b strings.Builder
	b.WriteString(lead)
	room := f.width - utf8.RuneCountInString(indent)
	left, fresh := f.width-utf8.RuneCountInString(lead), true
	for _, word := range strings.Fields(plainText(text)) {
		for i, part := range pieces(word, room) {
			n := utf8.RuneCountInString(part)
			switch {
			case fresh:
			case i > 0 || n+1 > left:
				b.WriteString("\n" + indent)
				left = room
			default:
				b.WriteByte(' ')
				left--
			}
			b.WriteString(part)
			left, fresh = left-n, false
		}
	}
	fmt.Fprintln(f.out, b.String())
}

// pieces cuts a word so that each piece fits.
func pieces(word string, room int) []string {
	var out []string
	runes := []rune(word)
	for room > 0 && len(runes) > room {
		at := strings.LastIndexAny(string(runes[:room]), ",/;:@-")
		n := utf8.RuneCountInString(string(runes[:room])[:at+1])
		if n < room/3 {
			n = room
		}
		out = append(out, string(runes[:n]))
		runes = runes[n:]
	}
	return append(out, string(runes))
}

// plainText keeps control characters, which a directory may hold, off the
// terminal.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}
