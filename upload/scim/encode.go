package scim

import (
	"encoding/json"
	"unicode/utf8"
)

// AppendText appends a string as JSON text, as encoding/json writes it but for
// <, > and &, which nobody takes for HTML here.
func AppendText(out []byte, s string) []byte {
	out = append(out, '"')
	done := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r < utf8.RuneSelf || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1 {
			text, _ := json.Marshal(s[i : i+size]) // a string is always encoded
			out = append(append(out, s[done:i]...), text[1:len(text)-1]...)
			done = i + size
		}
		i += size
	}
	return append(append(out, s[done:]...), '"')
}

// plain are the bytes that stand for themselves in JSON text.
var plain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()
