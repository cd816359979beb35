package ldaptest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// guidText returns the text form of an objectGUID ([MS-DTYP] section 2.3.4.3):
// the first three fields are little-endian.
func guidText(b [16]byte) string {
	swap(&b)
	return uuidText(b)
}

// uuidText returns the text form of a UUID in network order, RFC 9562.
func uuidText(b [16]byte) string {
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func swap(b *[16]byte) {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
}

// parseGUID reads the text form, with or without braces, into AD's byte order.
func parseGUID(text string) ([16]byte, bool) {
	b, ok := parseUUID(strings.Trim(text, "{}"))
	swap(&b)
	return b, ok
}

func parseUUID(text string) (b [16]byte, ok bool) {
	if len(text) != 36 && len(text) != 32 {
		return b, false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		return b, false
	}
	return [16]byte(raw), true
}

// sidText returns the S-1-... form of a binary SID ([MS-DTYP] section 2.4.2).
func sidText(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	s := fmt.Sprintf("S-%d-%d", b[0], authority)
	for i := 8; i < len(b); i += 4 {
		s += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(b[i:]))
	}
	return s
}

func parseSID(text string) ([]byte, bool) {
	parts := strings.Split(strings.ToUpper(text), "-")
	if len(parts) < 3 || len(parts) > 18 || parts[0] != "S" || parts[1] != "1" {
		return nil, false
	}
	authority, err := strconv.ParseUint(parts[2], 10, 48)
	if err != nil {
		return nil, false
	}
	b := binary.BigEndian.AppendUint64(nil, authority)
	b[0], b[1] = 1, byte(len(parts)-3)
	for _, part := range parts[3:] {
		word, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(word))
	}
	return b, true
}

// rid returns the last word of a SID as text, "" if there is none.
func rid(sid []byte) string {
	if len(sid) < 12 {
		return ""
	}
	return strconv.FormatUint(uint64(binary.LittleEndian.Uint32(sid[len(sid)-4:])), 10)
}
