package scim

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// string takes a string.
func (s *scanner) string() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	start := s.pos
	for {
		rest := s.buf[s.pos:s.end]
		n := bytes.IndexByte(rest, '"')
		ends := n >= 0
		if ends {
			rest = rest[:n]
		}
		if n := verbatim(rest); n < len(rest) {
			s.pos += n
			return s.escaped(start)
		}
		s.pos += len(rest)
		if ends {
			s.pos++
			return s.buf[start : s.pos-1], nil
		}
		moved, ok := s.fill(start)
		if !ok {
			return nil, s.fault()
		}
		start -= moved
	}
}

// verbatim is how many bytes of a string come before the first that does not
// stand for itself: a control character, a backslash or one beyond ASCII. It
// looks at eight at a time.
func verbatim(b []byte) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(b); n += 8 {
		eight := binary.LittleEndian.Uint64(b[n:])
		backslash := eight ^ '\\'*each
		if (eight|(eight-' '*each)&^eight|(backslash-each)&^backslash)&high != 0 {
			break
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}

// escaped takes the rest of a string that is not plain ASCII.
func (s *scanner) escaped(start int) ([]byte, error) {
	s.text = append(s.text[:0], s.buf[start:s.pos]...)
	for {
		c, err := s.byte()
		if err != nil {
			return nil, err
		}
		switch {
		case c == '"':
			return s.text, nil
		case c < ' ':
			return nil, fmt.Errorf("%w: control character in a string", errSyntax)
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < utf8.RuneSelf:
			s.text = append(s.text, c)
		default:
			s.pos--
			s.rune()
		}
	}
}

// byte takes one byte.
func (s *scanner) byte() (byte, error) {
	if s.pos == s.end {
		if _, ok := s.fill(s.pos); !ok {
			return 0, s.fault()
		}
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

// rune takes one character that is not ASCII.
func (s *scanner) rune() {
	for !utf8.FullRune(s.buf[s.pos:s.end]) {
		if _, ok := s.fill(s.pos); !ok {
			break
		}
	}
	r, n := utf8.DecodeRune(s.buf[s.pos:s.end])
	s.pos += n
	s.text = utf8.AppendRune(s.text, r)
}

// escape takes what follows a backslash.
func (s *scanner) escape() error {
	c, err := s.byte()
	if err != nil {
		return err
	}
	switch c {
	case '"', '\\', '/':
		s.text = append(s.text, c)
	case 'b':
		s.text = append(s.text, '\b')
	case 'f':
		s.text = append(s.text, '\f')
	case 'n':
		s.text = append(s.text, '\n')
	case 'r':
		s.text = append(s.text, '\r')
	case 't':
		s.text = append(s.text, '\t')
	case 'u':
		return s.unicode()
	default:
		return fmt.Errorf("%w: escape \\%c", errSyntax, c)
	}
	return nil
}

// unicode takes the digits of \u, and the second half of a surrogate pair.
func (s *scanner) unicode() error {
	r, err := s.hex()
	if err != nil {
		return err
	}
	for utf16.IsSurrogate(r) {
		if !s.ahead('\\', 'u') {
			s.text = utf8.AppendRune(s.text, utf8.RuneError)
			return nil
		}
		s.pos += 2
		second, err := s.hex()
		if err != nil {
			return err
		}
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			r = pair
			break
		}
		s.text = utf8.AppendRune(s.text, utf8.RuneError)
		r = second
	}
	s.text = utf8.AppendRune(s.text, r)
	return nil
}

// ahead reports whether these two bytes come next.
func (s *scanner) ahead(a, b byte) bool {
	for s.end-s.pos < 2 {
		if _, ok := s.fill(s.pos); !ok {
			return false
		}
	}
	return s.buf[s.pos] == a && s.buf[s.pos+1] == b
}

func (s *scanner) hex() (rune, error) {
	var r rune
	for range 4 {
		c, err := s.byte()
		if err != nil {
			return 0, err
		}
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, fmt.Errorf("%w: escape \\u with %q", errSyntax, c)
		}
	}
	return r, nil
}

func checked(word []byte) ([]byte, error) {
	switch string(word) {
	case "true", "false", "null":
		return word, nil
	}
	if !isNumber(word) {
		return nil, fmt.Errorf("%w: %.20q", errSyntax, word)
	}
	return word, nil
}

// isNumber checks the grammar of RFC 8259 6.
func isNumber(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("-"))
	digits := func() bool {
		n := 0
		for n < len(b) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		b = b[n:]
		return n > 0
	}
	switch {
	case len(b) > 0 && b[0] == '0':
		b = b[1:]
	case !digits():
		return false
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
		if !digits() {
			return false
		}
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(b) == 0
}
