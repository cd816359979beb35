package directory

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// An Anchor is the immutable id of an entry (objectGUID, entryUUID,
// nsUniqueId, ipaUniqueID) as canonical lower-case GUID text:
// 8-4-4-4-12 hexadecimal digits.
type Anchor string

// AnchorLength is the length of every anchor.
const AnchorLength = len("00000000-0000-0000-0000-000000000000")

// IsAnchor reports whether a text is an anchor.
func IsAnchor(text string) bool { return len(text) == AnchorLength && BeginsAnchor(text) }

// BeginsAnchor reports whether a text of at most that length is the beginning
// of one.
func BeginsAnchor(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// AnchorFromGUID returns the anchor of a binary objectGUID: 16 bytes whose
// first three fields are little-endian (MS-DTYP 2.3.4.2).
func AnchorFromGUID(b []byte) (Anchor, error) {
	if len(b) != 16 {
		return "", fmt.Errorf("object GUID of %d bytes, want 16", len(b))
	}
	g := [16]byte{
		b[3], b[2], b[1], b[0],
		b[5], b[4],
		b[7], b[6],
		b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
	}
	return anchorOf(g[:]), nil
}

// ParseAnchor reads the text forms in use: 8-4-4-4-12 (RFC 4530), in braces,
// the four groups of eight of nsUniqueId, or 32 bare digits. Case is ignored.
func ParseAnchor(text string) (Anchor, error) {
	if IsAnchor(text) {
		return Anchor(text), nil
	}
	bare := make([]byte, 0, 32)
	for _, c := range []byte(strings.TrimSpace(text)) {
		if c != '-' && c != '{' && c != '}' {
			bare = append(bare, c)
		}
	}
	b := make([]byte, hex.DecodedLen(len(bare)))
	if _, err := hex.Decode(b, bare); err != nil || len(b) != 16 {
		return "", fmt.Errorf("%q is not a GUID", text)
	}
	return anchorOf(b), nil
}

// GUID returns the anchor in the binary form of objectGUID (MS-DTYP 2.3.4.2),
// for filters; nil when the anchor is not canonical.
func (a Anchor) GUID() []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(string(a), "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	return []byte{
		b[3], b[2], b[1], b[0],
		b[5], b[4],
		b[7], b[6],
		b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
	}
}

func anchorOf(b []byte) Anchor {
	var t [AnchorLength]byte
	hex.Encode(t[0:8], b[0:4])
	hex.Encode(t[9:13], b[4:6])
	hex.Encode(t[14:18], b[6:8])
	hex.Encode(t[19:23], b[8:10])
	hex.Encode(t[24:36], b[10:16])
	t[8], t[13], t[18], t[23] = '-', '-', '-', '-'
	return Anchor(t[:])
}
