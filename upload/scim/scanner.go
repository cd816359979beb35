package scim

import (
	"errors"
	"fmt"
	"io"
)

// A scanner reads JSON (RFC 8259) from a stream without building values for
// what nobody asks for. The bytes it hands out are valid until its next
// call. Strings are read as encoding/json reads them: what is not UTF-8, and
// half a surrogate pair, becomes U+FFFD.
type scanner struct {
	from   io.Reader
	buf    []byte
	pos    int
	end    int
	text   []byte // of a string with escapes
	broken error  // of the reader
}

// maxDepth bounds the nesting of values, as encoding/json does.
const maxDepth = 10000

var errSyntax = errors.New("malformed JSON")

func newScanner(r io.Reader) *scanner { return &scanner{from: r, buf: make([]byte, 32<<10)} }

// scannerOf reads a text that is there already.
func scannerOf(text []byte) *scanner {
	return &scanner{buf: text, end: len(text), broken: io.EOF}
}

// reset makes the scanner read another stream, keeping its buffer.
func (s *scanner) reset(r io.Reader) {
	s.from, s.pos, s.end, s.broken = r, 0, 0, nil
}

// fill reads more behind what is there, keeping the bytes from keep on. It
// returns how far those moved to the front, and false at the end.
func (s *scanner) fill(keep int) (moved int, ok bool) {
	if s.broken != nil {
		return 0, false
	}
	if keep > 0 {
		copy(s.buf, s.buf[keep:s.end])
		s.pos -= keep
		s.end -= keep
	}
	if s.end == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range 100 {
		n, err := s.from.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.broken = err
		}
		if n > 0 || err != nil {
			return keep, n > 0
		}
	}
	s.broken = io.ErrNoProgress
	return keep, false
}

// fault is what ended the reading: the stream's own error, or a syntax error.
func (s *scanner) fault() error {
	switch {
	case s.broken == nil:
		return errSyntax
	case errors.Is(s.broken, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return s.broken
}

// peek returns the next byte that is not white space, without taking it.
func (s *scanner) peek() (byte, error) {
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case ' ', '\t', '\r', '\n':
				s.pos++
			default:
				return c, nil
			}
		}
		if _, ok := s.fill(s.pos); !ok {
			return 0, s.fault()
		}
	}
}

// expect takes one byte.
func (s *scanner) expect(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("%w: %q where %q was expected", errSyntax, c, want)
	}
	s.pos++
	return nil
}

// next takes a comma, or the closing byte: then it returns false.
func (s *scanner) next(first bool, closing byte) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	switch {
	case c == closing:
		s.pos++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.pos++
		if c, err = s.peek(); err == nil && c == closing {
			return false, fmt.Errorf("%w: nothing after a comma", errSyntax)
		}
		return true, err
	}
	return false, fmt.Errorf("%w: %q where a comma was expected", errSyntax, c)
}

// object calls member for each member of the object that comes next. The
// name is valid until member reads on; member must read the value.
func (s *scanner) object(member func(name []byte) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil || !more {
			return err
		}
		name, err := s.string()
		if err != nil {
			return err
		}
		// The colon may be behind the end of the buffer, and reading on would
		// move the name.
		if s.pos < s.end && s.buf[s.pos] == ':' {
			s.pos++
		} else {
			name = append([]byte(nil), name...)
			if err := s.expect(':'); err != nil {
				return err
			}
		}
		if err := member(name); err != nil {
			return err
		}
	}
}

// array calls element for each element; element must read it.
func (s *scanner) array(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.next(first, ']')
		if err != nil || !more {
			return err
		}
		if err := element(); err != nil {
			return err
		}
	}
}

// word takes true, false, null or a number, as it is written.
func (s *scanner) word() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	start := s.pos
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; {
			case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == 'E', c == '-', c == '+', c == '.':
				s.pos++
				continue
			}
			return checked(s.buf[start:s.pos])
		}
		moved, ok := s.fill(start)
		start -= moved
		if !ok {
			if errors.Is(s.broken, io.EOF) {
				return checked(s.buf[start:s.pos])
			}
			return nil, s.fault()
		}
	}
}

// skip takes a value and forgets it.
func (s *scanner) skip() error { return s.skipAt(0) }

func (s *scanner) skipAt(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: nested too deeply", errSyntax)
	}
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return s.object(func([]byte) error { return s.skipAt(depth + 1) })
	case '[':
		return s.array(func() error { return s.skipAt(depth + 1) })
	case '"':
		_, err = s.string()
	default:
		_, err = s.word()
	}
	return err
}

// scalar takes a value that is not an object or an array, as text: strings
// without their quotes, null as no text and false.
func (s *scanner) scalar() (text []byte, present bool, err error) {
	c, err := s.peek()
	if err != nil {
		return nil, false, err
	}
	if c == '"' {
		text, err = s.string()
		return text, err == nil, err
	}
	text, err = s.word()
	return text, err == nil && string(text) != "null", err
}
