package ldapsrc

import (
	"errors"
	"fmt"
)

// Tags of the protocol operations (RFC 4511 4.2 to 4.13) and of the universal
// types in use (X.690 8.1.2).
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagEnumerated  = 0x0a
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext0    = 0xa0

	opUnbindRequest         = 0x42
	opAbandonRequest        = 0x50
	opSearchResultEntry     = 0x64
	opSearchResultDone      = 0x65
	opSearchResultReference = 0x73
	opExtendedResponse      = 0x78
	opIntermediateResponse  = 0x79
)

var (
	errTruncated  = errors.New("malformed message: an element is longer than what holds it")
	errIndefinite = errors.New("malformed message: indefinite length (RFC 4511 5.1)")
	errLength     = errors.New("malformed message: the length of an element is out of range")
)

// header reads tag and length of the element at the start of b. A size of 0
// means that b does not hold the whole header.
func header(b []byte) (tag byte, size, length int, err error) {
	if len(b) < 2 {
		return 0, 0, 0, nil
	}
	tag = b[0]
	if tag&0x1f == 0x1f {
		return 0, 0, 0, fmt.Errorf("malformed message: tag 0x%02x of several octets", tag)
	}
	if b[1] < 0x80 {
		return tag, 2, int(b[1]), nil
	}
	n := int(b[1] & 0x7f)
	if n == 0 {
		return 0, 0, 0, errIndefinite
	}
	if n > 8 {
		return 0, 0, 0, errLength
	}
	if len(b) < 2+n {
		return 0, 0, 0, nil
	}
	for _, c := range b[2 : 2+n] {
		if length > 1<<30>>8 {
			return 0, 0, 0, errLength
		}
		length = length<<8 | int(c)
	}
	return tag, 2 + n, length, nil
}

// element splits b after its first element.
func element(b []byte) (tag byte, content, rest []byte, err error) {
	tag, size, length, err := header(b)
	if err != nil {
		return 0, nil, nil, err
	}
	if size == 0 || length > len(b)-size {
		return 0, nil, nil, errTruncated
	}
	return tag, b[size : size+length : size+length], b[size+length:], nil
}

// expect splits b after its first element, which must have the tag.
func expect(b []byte, want byte, what string) (content, rest []byte, err error) {
	tag, content, rest, err := element(b)
	if err != nil {
		return nil, nil, err
	}
	if tag != want {
		return nil, nil, fmt.Errorf("malformed message: tag 0x%02x instead of %s", tag, what)
	}
	return content, rest, nil
}

// integer reads a non-negative INTEGER or ENUMERATED.
func integer(content []byte) (int64, error) {
	if len(content) == 0 || len(content) > 8 || content[0] >= 0x80 {
		return 0, errors.New("malformed message: an integer out of range")
	}
	v := int64(0)
	for _, c := range content {
		v = v<<8 | int64(c)
	}
	return v, nil
}

// messageSize returns the size of the message at the start of b, 0 while its
// header is not there in full.
func messageSize(b []byte) (int, error) {
	if len(b) > 0 && b[0] != tagSequence {
		return 0, fmt.Errorf("what came is not LDAP: it starts with the byte 0x%02x", b[0])
	}
	_, size, length, err := header(b)
	if err != nil || size == 0 {
		return 0, err
	}
	return size + length, nil
}

// A message is one LDAPMessage (RFC 4511 4.1.1).
type message struct {
	id       int64
	op       byte
	body     []byte // content of the protocol operation
	controls []byte // content of the controls, nil without
}

func parseMessage(b []byte) (message, error) {
	var m message
	content, rest, err := expect(b, tagSequence, "a message")
	if err != nil {
		return m, err
	}
	if len(rest) > 0 {
		return m, errors.New("malformed message: bytes after its end")
	}
	id, content, err := expect(content, tagInteger, "a message id")
	if err != nil {
		return m, err
	}
	if m.id, err = integer(id); err != nil {
		return m, err
	}
	if m.op, m.body, content, err = element(content); err != nil {
		return m, err
	}
	if len(content) > 0 && content[0] == tagContext0 {
		m.controls, _, err = expect(content, tagContext0, "controls")
	}
	return m, err
}

// final reports whether the message ends the answer to its request.
func (m *message) final() bool {
	switch m.op {
	case opSearchResultEntry, opSearchResultReference, opIntermediateResponse:
		return false
	}
	return true
}

// A result is an LDAPResult (RFC 4511 4.1.9).
type result struct {
	code       int
	matchedDN  string
	diagnostic string
	referrals  []string
}

func parseResult(body []byte) (result, error) {
	var r result
	code, body, err := expect(body, tagEnumerated, "a result code")
	if err != nil {
		return r, err
	}
	n, err := integer(code)
	if err != nil {
		return r, err
	}
	r.code = int(n)
	matched, body, err := expect(body, tagOctetString, "a matched DN")
	if err != nil {
		return r, err
	}
	diagnostic, body, err := expect(body, tagOctetString, "a diagnostic message")
	if err != nil {
		return r, err
	}
	r.matchedDN, r.diagnostic = string(matched), string(diagnostic)
	if len(body) > 0 && body[0] == 0xa3 {
		list, _, err := expect(body, 0xa3, "referrals")
		if err != nil {
			return r, err
		}
		if r.referrals, err = parseReferrals(list); err != nil {
			return r, err
		}
	}
	return r, nil
}

// parseReferrals reads the URIs of a referral or of a continuation reference
// (RFC 4511 4.1.10, 4.5.3).
func parseReferrals(list []byte) (all []string, err error) {
	for len(list) > 0 {
		var uri []byte
		if uri, list, err = expect(list, tagOctetString, "a referral"); err != nil {
			return nil, err
		}
		all = append(all, string(uri))
	}
	return all, nil
}
