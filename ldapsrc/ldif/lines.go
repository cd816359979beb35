package ldif

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"unicode/utf8"
)

// maxLine bounds one unfolded line, so that a file that is no LDIF cannot fill
// the memory. A photo of 48 MB still passes as base64.
const maxLine = 64 << 20

// lines joins folded lines (RFC 2849 note 2) and drops comments, folded ones too.
type lines struct {
	in     *bufio.Reader
	number int    // of the physical line last read
	ahead  []byte // the next physical line, read to see whether it is a continuation
	have   bool   // ahead holds a line

	open     int  // the number of a last line that has no end
	extended bool // ldapsearch wrote it without -L: its result stands at the end
}

// next returns an unfolded line and the number of its first physical line. A
// blank line, which ends a record, comes back empty.
func (l *lines) next() ([]byte, int, error) {
	for {
		line, number, err := l.unfold()
		if err != nil {
			return nil, number, err
		}
		if len(line) > 0 && line[0] == '#' {
			l.extended = l.extended || string(line) == "# extended LDIF"
			continue
		}
		return line, number, nil
	}
}

func (l *lines) unfold() ([]byte, int, error) {
	line, err := l.physical()
	number := l.number
	if err != nil {
		return nil, number, err
	}
	if len(line) == 0 {
		return line, number, nil
	}
	for {
		more, err := l.physical()
		if err == io.EOF {
			return line, number, nil
		}
		if err != nil {
			return nil, l.number, err
		}
		if len(more) == 0 || more[0] != ' ' {
			l.ahead, l.have = more, true
			return line, number, nil
		}
		if len(line)+len(more) > maxLine {
			return nil, number, errorAt(number, "longer than %d bytes", maxLine)
		}
		line = append(line, more[1:]...)
	}
}

// physical returns the next line of the text without its end, LF or CRLF. The
// slice is the caller's.
func (l *lines) physical() ([]byte, error) {
	if l.have {
		l.have = false
		return l.ahead, nil
	}
	var line []byte
	l.number++
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errorAt(l.number, "longer than %d bytes", maxLine)
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) == 0:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, &Error{Line: l.number, Err: err}
		case err == io.EOF:
			l.open = l.number
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		return bytes.TrimSuffix(line, []byte("\r")), nil
	}
}

// field is "name: value", decoded.
type field struct {
	name  string
	value []byte
	line  int
}

// split takes an unfolded line apart (RFC 2849, attrval-spec).
func split(line []byte, number int) (field, error) {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return field{}, errorAt(number, "%s is not of the form \"name: value\"", excerpt(line))
	}
	name, rest := line[:colon], line[colon+1:]
	if !validName(name) {
		return field{}, errorAt(number, "%s is not an attribute name", excerpt(name))
	}
	f := field{name: string(name), line: number}
	switch {
	case len(rest) > 0 && rest[0] == '<':
		return f, errorAt(number, "%s has its value in another file (:<), which is not read", f.name)
	case len(rest) > 0 && rest[0] == ':':
		value, err := decodeBase64(bytes.Trim(rest[1:], " "))
		if err != nil {
			return f, errorAt(number, "%s: %w", f.name, err)
		}
		f.value = value
	default:
		f.value = rest[len(rest)-len(bytes.TrimLeft(rest, " ")):]
		// RFC 2849 wants base64 here; ldifde -u and many exporters write the text itself.
		if !utf8.Valid(f.value) {
			return f, errorAt(number, "%s is neither base64 nor UTF-8 (export with ldifde -u, or as UTF-8)", f.name)
		}
	}
	return f, nil
}

func decodeBase64(text []byte) ([]byte, error) {
	value := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(value, text)
	return value[:n:n], err
}

// validName takes attribute descriptions with their options (RFC 4512 section
// 2.5), AD's range option, and the underscore that some schemas have.
func validName(name []byte) bool {
	for i, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i == 0:
			return false
		case c == '-', c == ';', c == '.', c == '_', c == '=', c == '*':
		default:
			return false
		}
	}
	return len(name) > 0
}

// excerpt quotes the start of a line for an error message.
func excerpt(line []byte) string {
	const most = 40
	if len(line) <= most {
		return quote(line)
	}
	return quote(line[:most]) + "..."
}
