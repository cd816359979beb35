package ldif

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Reader reads records one after another and keeps none of them.
type Reader struct {
	lines      lines
	started    bool // past the place of "version:"
	references int
	ended      bool // the last block was ldapsearch's result
	more       bool // and said that another page follows
	err        error
}

// NewReader returns a Reader of a text in UTF-8, with or without byte order
// mark, or in UTF-16 with one.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: lines{in: utf8Reader(r)}}
}

// References returns how many search references ("ref:" lines that ldapsearch
// prints outside of entries) were passed over so far.
func (r *Reader) References() int { return r.references }

// CutShort returns why the text, read to its end, is not the whole that it was
// written as; nil when nothing says so.
func (r *Reader) CutShort() error {
	switch {
	case r.lines.open > 0:
		return errorAt(r.lines.open, "the last line has no end: the file was cut short") // RFC 2849: every line has one
	case r.lines.extended && !r.ended:
		return errorAt(r.lines.number, "ldapsearch's result is missing below the entries: the file was cut short")
	case r.more:
		return errorAt(r.lines.number, "ldapsearch's last page is missing: the file was cut short")
	}
	return nil
}

// Next returns the next record, io.EOF after the last, or an *Error. After an
// error it returns the same error again: what follows cannot be trusted.
//
// The result that ldapsearch prints below its entries is passed over if it
// says success; any other is an error, for then the export is incomplete.
func (r *Reader) Next() (*Record, error) {
	for r.err == nil {
		fields, err := r.block()
		if err != nil {
			r.err = err
			break
		}
		record, err := r.parse(fields)
		if err != nil {
			r.err = err
			break
		}
		if record != nil {
			return record, nil
		}
	}
	return nil, r.err
}

// block returns the fields up to the next blank line; a modify record's "-"
// lines are fields without value, named "-".
func (r *Reader) block() ([]field, error) {
	var fields []field
	for {
		line, number, err := r.lines.next()
		if err == io.EOF && len(fields) > 0 {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			if len(fields) > 0 {
				return fields, nil
			}
			continue
		}
		if len(line) == 1 && line[0] == '-' {
			fields = append(fields, field{name: "-", line: number})
			continue
		}
		f, err := split(line, number)
		if err != nil {
			return nil, err
		}
		if !r.started && strings.EqualFold(f.name, "version") {
			if version := string(f.value); version != "1" {
				return nil, errorAt(number, "version %s is unknown, only 1 is", quote(f.value))
			}
			r.started = true
			continue
		}
		r.started = true
		fields = append(fields, f)
	}
}

// parse returns nil without error for a block that is no record.
func (r *Reader) parse(fields []field) (*Record, error) {
	first := fields[0]
	r.ended, r.more = false, false
	switch strings.ToLower(first.name) {
	case "dn":
	case "ref":
		r.references++
		return nil, nil
	case "search", "result":
		r.ended, r.more = true, hasCookie(fields)
		return nil, checkResult(fields)
	default:
		return nil, errorAt(first.line, "a record begins with dn:, not with %s:", first.name)
	}
	if !utf8.Valid(first.value) {
		return nil, errorAt(first.line, "dn is not UTF-8")
	}
	record := &Record{DN: string(first.value), Line: first.line}
	if rest := fields[1:]; isChange(rest) {
		return record, record.parseChange(rest)
	}
	return record, record.parseContent(fields[1:])
}

func isChange(fields []field) bool {
	for _, f := range fields {
		switch strings.ToLower(f.name) {
		case "changetype":
			return true
		case "control":
		default:
			return false
		}
	}
	return false
}

// parseContent gathers the values of each attribute. A server may send the
// attribute in one run or not: both are one attribute.
func (r *Record) parseContent(fields []field) error {
	last := -1
	for _, f := range fields {
		if f.name == "-" {
			return errorAt(f.line, "\"-\" stands only in a record with changetype: modify")
		}
		if last < 0 || !strings.EqualFold(r.Attributes[last].Name, f.name) {
			last = find(r.Attributes, f.name)
		}
		if last < 0 {
			last = len(r.Attributes)
			r.Attributes = append(r.Attributes, Attribute{Name: f.name})
		}
		r.Attributes[last].Values = append(r.Attributes[last].Values, f.value)
	}
	return nil
}

// checkResult reads the trailer of ldapsearch: "search: 2", "result: 0 Success".
func checkResult(fields []field) error {
	for _, f := range fields {
		if !strings.EqualFold(f.name, "result") {
			continue
		}
		code, _, _ := bytes.Cut(f.value, []byte(" "))
		n, err := strconv.Atoi(string(code))
		if err != nil {
			return errorAt(f.line, "result %s is not a number", quote(code))
		}
		if n != 0 {
			return &Error{Line: f.line, Err: &ResultError{Code: n, Text: string(f.value)}}
		}
	}
	return nil
}

// hasCookie reads the trailer of a page: "pagedresults: cookie=RwAAAAAAAAA=".
func hasCookie(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		cookie, ok := bytes.CutPrefix(f.value, []byte("cookie="))
		return strings.EqualFold(f.name, "pagedresults") && ok && len(cookie) > 0
	})
}

// ResultError says that the search which wrote the text did not succeed, so
// that entries may be missing.
type ResultError struct {
	Code int    // LDAP result code, RFC 4511 section 4.1.9
	Text string // as printed, the code included
}

func (e *ResultError) Error() string {
	return "the export is incomplete, its search ended with result " + e.Text
}

// IsIncomplete tells whether err says that the text is a search's partial result.
func IsIncomplete(err error) bool {
	var result *ResultError
	return errors.As(err, &result)
}

func quote(text []byte) string { return strconv.Quote(string(text)) }
