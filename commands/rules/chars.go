package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace tells the characters that count as white space: those of Unicode's
// Zs that a person takes for a space. Line breaks and tabs are control
// characters here.
func isSpace(r rune) bool {
	switch r {
	case ' ', 0x00A0, 0x1680, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// isControl tells Unicode's Cc and its two separators of lines.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029
}

// isHidden tells characters without a shape: Unicode's Cf.
func isHidden(r rune) bool { return r >= 0x80 && unicode.Is(unicode.Cf, r) }

// isJoiner tells the two hidden characters that names are spelt with in
// Persian, Hindi and others: ZWNJ and ZWJ.
func isJoiner(r rune) bool { return r == 0x200C || r == 0x200D }

// printable reports whether a value is nothing but printable ASCII.
func printable(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] < 0x20 || v[i] >= 0x7F {
			return false
		}
	}
	return true
}

// plain reports whether a value is printable ASCII without spaces at its
// ends, which nearly all values are, and whether it holds a space.
func plain(v string) (ok, spaced bool) {
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c < 0x20 || c >= 0x7F {
			return false, spaced
		}
		if c == ' ' {
			spaced = true
		}
	}
	return v == "" || v[0] != ' ' && v[len(v)-1] != ' ', spaced
}

// stripped is a value without control and hidden characters and without what
// a wrong encoding left.
func stripped(v string) string {
	if printable(v) {
		return v
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) || isHidden(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, v)
}

// bare is stripped without any white space: what the checks of addresses
// look at.
func bare(v string) string {
	if ok, spaced := plain(v); ok && !spaced {
		return v
	}
	return strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, stripped(v))
}

// blank reports whether nothing of a value is visible.
func blank(v string) bool {
	if v != "" && v[0] > ' ' && v[0] < 0x7F {
		return false
	}
	return bare(v) == ""
}

// first returns the first of the values that is not blank.
func first(values []string) string {
	for _, v := range values {
		if !blank(v) {
			return v
		}
	}
	return ""
}

// points lists characters by code point, each once, at most four of them:
// "U+00FC ü, U+200B".
func points(v string, is func(rune) bool) string {
	var out []string
	seen := map[rune]bool{}
	for _, r := range v {
		if !is(r) || seen[r] {
			continue
		}
		seen[r] = true
		if len(out) == 4 {
			out[3] += " and others"
			break
		}
		text := fmt.Sprintf("U+%04X", r)
		if unicode.IsGraphic(r) && !isSpace(r) {
			text += " " + string(r)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// A charset is a set of ASCII characters.
type charset [128]bool

func charsetOf(ranges string) *charset {
	var s charset
	for i := 0; i < len(ranges); i++ {
		if i+2 < len(ranges) && ranges[i+1] == '-' && isAlnum(ranges[i]) {
			for c := ranges[i]; c <= ranges[i+2]; c++ {
				s[c] = true
			}
			i += 2
			continue
		}
		s[ranges[i]] = true
	}
	return &s
}

// without is a charset of all ASCII but the characters given.
func without(chars string) *charset {
	var s charset
	for c := range s {
		s[c] = !strings.ContainsRune(chars, rune(c))
	}
	return &s
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// utf16Len is the length that AD and Entra count.
func utf16Len(v string) int {
	n := 0
	for _, r := range v {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

func byteLen(v string) int { return len(v) }
