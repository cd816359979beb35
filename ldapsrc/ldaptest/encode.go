package ldaptest

// BER as RFC 4511 section 5.1 restricts it: definite lengths only. Entries are
// encoded here and kept, since building them from packets each time would make
// the server slower than the readers it is to test.

const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagEnumerated  = 0x0A
	tagSequence    = 0x30
	tagSet         = 0x31

	opBindResponse    = 0x61
	opSearchEntry     = 0x64
	opSearchDone      = 0x65
	opModifyResponse  = 0x67
	opAddResponse     = 0x69
	opDelResponse     = 0x6B
	opModDNResponse   = 0x6D
	opCompareResponse = 0x6F
	opSearchReference = 0x73
	opExtended        = 0x78
	tagControls       = 0xA0
	tagReferral       = 0xA3
	tagExtendedOID    = 0x8A
	tagExtendedValue  = 0x8B
)

func appendLength(b []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 0x100:
		return append(b, 0x81, byte(n))
	case n < 0x10000:
		return append(b, 0x82, byte(n>>8), byte(n))
	case n < 0x1000000:
		return append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

func appendElement[T string | []byte](b []byte, tag byte, content T) []byte {
	return append(appendLength(append(b, tag), len(content)), content...)
}

func appendInteger(b []byte, tag byte, n int64) []byte {
	size := 1
	for v := n; v > 127 || v < -128; v >>= 8 {
		size++
	}
	b = append(b, tag, byte(size))
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

// appendMessage wraps an operation, and controls if any, in an LDAPMessage.
func appendMessage(b []byte, id int64, op, controls []byte) []byte {
	var head [12]byte
	number := appendInteger(head[:0], tagInteger, id)
	b = appendLength(append(b, tagSequence), len(number)+len(op)+len(controls))
	b = append(b, number...)
	b = append(b, op...)
	return append(b, controls...)
}

// result is an LDAPResult, RFC 4511 section 4.1.9.
type result struct {
	code     uint16
	matched  string
	message  string
	referral []string
}

func (r result) encode(op byte, extra ...byte) []byte {
	body := appendInteger(nil, tagEnumerated, int64(r.code))
	body = appendElement(body, tagOctetString, r.matched)
	body = appendElement(body, tagOctetString, r.message)
	if len(r.referral) > 0 {
		var uris []byte
		for _, uri := range r.referral {
			uris = appendElement(uris, tagOctetString, uri)
		}
		body = appendElement(body, tagReferral, uris)
	}
	return appendElement(nil, op, append(body, extra...))
}
