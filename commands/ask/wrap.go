package ask

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// numbered is the beginning of a line of a list.
var numbered = regexp.MustCompile(`^[ *] *[0-9]+\) `)

// wrap breaks a line at its spaces. What follows is indented as the line
// begins; behind a comment's mark, a number, and under a key of YAML, so that
// it still reads as what it is.
func wrap(line string, room int) string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	words := strings.Split(line[len(indent):], " ")
	below := indent
	switch {
	case words[0] == "#":
		below += "# "
	case numbered.MatchString(line):
		below = strings.Repeat(" ", len(numbered.FindString(line)))
	case words[0] == "-", len(words) > 1 && strings.HasSuffix(words[0], ":"):
		below += "  "
	}
	var b strings.Builder
	used := 0
	for i, word := range words {
		long := columns(word)
		switch {
		case i == 0:
			b.WriteString(indent)
			used = len(indent)
		case used+1+long > room:
			b.WriteString("\n" + below)
			used = len(below)
		default:
			b.WriteByte(' ')
			used++
		}
		for used+long > room {
			// A distinguished name may break between its parts.
			part := comma(word, room-used)
			if part == 0 {
				break
			}
			b.WriteString(word[:part] + "\n" + below)
			word, used = word[part:], len(below)
			long = columns(word)
		}
		b.WriteString(word)
		used += long
	}
	return b.String()
}

// comma is the end of the longest beginning of a word in so many columns that
// ends with a comma; 0 for none.
func comma(word string, room int) int {
	end := 0
	for i, r := range word {
		if room -= columns(string(r)); room < 0 {
			break
		}
		if r == ',' && i+1 < len(word) {
			end = i + 1
		}
	}
	return end
}

// columns is how much of a line a text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// cut is a text in one line of so many columns.
func cut(text string, room int) string {
	if columns(text) <= room || room < 4 {
		return text
	}
	const dots = "..."
	used := len(dots)
	for i, r := range text {
		if used += columns(string(r)); used > room {
			return text[:i] + dots
		}
	}
	return text
}
