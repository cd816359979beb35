package scim

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Bounds of what is read of an answer.
const (
	maxPage = 1 << 30
	maxBody = 64 << 20
)

// ErrNotSCIM is a web page where a SCIM answer was asked for: the URL is not
// that of a SCIM service.
var ErrNotSCIM = errors.New("the answer is a web page and no SCIM")

// errNothing is an answer without a body where one was asked for.
var errNothing = errors.New("the answer is empty")

// byteOrderMark is written before JSON by some, though it must not be
// (RFC 8259 8.1).
var byteOrderMark = []byte("\xef\xbb\xbf")

// withoutMark reads a body past its byte order mark.
func withoutMark(body io.Reader) *bufio.Reader {
	b := bufio.NewReader(body)
	if head, err := b.Peek(len(byteOrderMark)); err == nil && bytes.Equal(head, byteOrderMark) {
		_, _ = b.Discard(len(byteOrderMark)) // what was peeked is there
	}
	return b
}

// wholeBody reads a body to its end, past its byte order mark, into room that
// it fits if its length is said.
func wholeBody(r *http.Response) ([]byte, error) {
	room := int64(bytes.MinRead)
	if r.ContentLength > 0 {
		room += min(r.ContentLength, 1<<20)
	}
	b := bytes.NewBuffer(make([]byte, 0, room))
	if _, err := b.ReadFrom(&bounded{from: r.Body, left: maxBody}); err != nil {
		return nil, err
	}
	return bytes.TrimPrefix(b.Bytes(), byteOrderMark), nil
}

// scimText is a body that can be SCIM by its first byte, whatever it is called
// (PHP says text/html unless it is told otherwise): a web page, and
// nothing at all, are named for what they are.
func scimText(body io.Reader, contentType string) (io.Reader, error) {
	b := withoutMark(body)
	for {
		head, err := b.Peek(1)
		switch {
		case errors.Is(err, io.EOF):
			return nil, errNothing
		case err == nil && bytes.ContainsAny(head, " \t\r\n"):
			_, _ = b.Discard(1) // what was peeked is there
			continue
		case err == nil && (head[0] == '<' || strings.HasPrefix(contentType, "text/html") && !bytes.ContainsAny(head, "{[")):
			return nil, ErrNotSCIM
		}
		return b, nil
	}
}

// drain reads what is left, so that the connection can be used again.
func drain(r io.Reader) error {
	if _, err := io.Copy(io.Discard, io.LimitReader(r, 1<<20)); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// bounded fails when more comes than an answer may hold.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer is too large")
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
