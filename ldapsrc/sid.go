package ldapsrc

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// maxSubauthorities is the limit of MS-DTYP 2.4.2.2.
const maxSubauthorities = 15

// sidText writes a binary SID (MS-DTYP 2.4.2.2) as S-1-5-21-... (2.4.2.1).
func sidText(b []byte) (string, error) {
	text, err := appendSID(nil, b)
	return string(text), err
}

func appendSID(text, b []byte) ([]byte, error) {
	if len(b) < 8 || b[0] != 1 || b[1] > maxSubauthorities || len(b) != 8+4*int(b[1]) {
		return text, fmt.Errorf("a SID of %d bytes is malformed", len(b))
	}
	authority := uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(binary.BigEndian.Uint32(b[4:8]))
	text = append(text, "S-1-"...)
	if authority < 1<<32 {
		text = strconv.AppendUint(text, authority, 10)
	} else {
		text = fmt.Appendf(text, "0x%012x", authority)
	}
	for rest := b[8:]; len(rest) > 0; rest = rest[4:] {
		text = append(text, '-')
		text = strconv.AppendUint(text, uint64(binary.LittleEndian.Uint32(rest)), 10)
	}
	return text, nil
}

// parseSID reads the text form into the binary one.
func parseSID(text string) ([]byte, error) {
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(parts) > 3+maxSubauthorities || !strings.EqualFold(parts[0], "S") || parts[1] != "1" {
		return nil, fmt.Errorf("%q is not a SID", text)
	}
	authority, err := strconv.ParseUint(parts[2], 0, 48)
	if err != nil {
		return nil, fmt.Errorf("%q is not a SID: %w", text, err)
	}
	b := make([]byte, 8, 8+4*len(parts))
	binary.BigEndian.PutUint64(b, authority)
	b[0], b[1] = 1, byte(len(parts)-3)
	for _, part := range parts[3:] {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a SID: %w", text, err)
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b, nil
}

// splitSID splits the SID of an account into its domain's SID and its RID.
func splitSID(sid string) (domain string, rid uint32, ok bool) {
	at := strings.LastIndexByte(sid, '-')
	if at < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(sid[at+1:], 10, 32)
	return sid[:at], uint32(n), err == nil
}
