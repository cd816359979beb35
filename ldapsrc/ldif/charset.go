package ldif

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Reader returns a reader of UTF-8 without byte order mark over a text in
// UTF-8, with or without the mark, or in UTF-16 with it, as ldifde -u writes.
func utf8Reader(r io.Reader) *bufio.Reader {
	in := bufio.NewReaderSize(r, 64<<10)
	mark, _ := in.Peek(3) // an error shows again at the first Read
	switch {
	case bytes.HasPrefix(mark, []byte{0xEF, 0xBB, 0xBF}):
		_, _ = in.Discard(3)
		return in
	case bytes.HasPrefix(mark, []byte{0xFF, 0xFE}):
		_, _ = in.Discard(2)
		return bufio.NewReader(&utf16Reader{in: in, order: binary.LittleEndian})
	case bytes.HasPrefix(mark, []byte{0xFE, 0xFF}):
		_, _ = in.Discard(2)
		return bufio.NewReader(&utf16Reader{in: in, order: binary.BigEndian})
	}
	return in
}

var (
	errHalfUnit  = errors.New("UTF-16 text ends in the middle of a character")
	errSurrogate = errors.New("UTF-16 text has half of a surrogate pair")
)

type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte // UTF-8 of a character that did not fit
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	for n < len(p) {
		// Hand over what is there before waiting for more.
		if n > 0 && u.in.Buffered() < 4 {
			return n, nil
		}
		r, err := u.readRune()
		if err != nil {
			return n, err
		}
		var char [utf8.UTFMax]byte
		size := utf8.EncodeRune(char[:], r)
		copied := copy(p[n:], char[:size])
		n += copied
		if copied < size {
			u.rest = append(u.rest[:0], char[copied:size]...)
		}
	}
	return n, nil
}

func (u *utf16Reader) readRune() (rune, error) {
	first, err := u.readUnit()
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	second, err := u.readUnit()
	if err == io.EOF {
		return 0, errHalfUnit
	}
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(first, second)
	if r == utf8.RuneError {
		return 0, errSurrogate
	}
	return r, nil
}

func (u *utf16Reader) readUnit() (rune, error) {
	var unit [2]byte
	_, err := io.ReadFull(u.in, unit[:])
	if err == io.ErrUnexpectedEOF {
		return 0, errHalfUnit
	}
	return rune(u.order.Uint16(unit[:])), err
}
