package ldapsrc

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// foldDN returns the one form that all spellings of a DN (RFC 4514) have in
// common: lower case, no blanks that do not count (RFC 4518 2.6.1), one way of
// escaping, the parts of a multi-valued RDN sorted. In it a comma always parts
// two RDNs. A text that is no DN is folded as it stands.
func foldDN(dn string) string {
	if folded, ok := foldPlainDN(dn); ok {
		return folded
	}
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return strings.ToLower(dn)
	}
	rdns := make([]string, len(parsed.RDNs))
	for i, rdn := range parsed.RDNs {
		parts := make([]string, len(rdn.Attributes))
		for j, a := range rdn.Attributes {
			parts[j] = foldType(a.Type) + "=" + foldEscaped.Replace(foldValue(a.Value))
		}
		slices.Sort(parts)
		rdns[i] = strings.Join(parts, "+")
	}
	return strings.Join(rdns, ",")
}

var foldEscaped = strings.NewReplacer(`\`, `\5c`, `,`, `\2c`, `+`, `\2b`)

// foldPlainDN does the common case, in which nothing is escaped and no blank
// is out of place, without a parser.
func foldPlainDN(dn string) (string, bool) {
	if dn == "" {
		return "", true
	}
	start, equals := 0, -1
	for i := 0; i <= len(dn); i++ {
		c := byte(',')
		if i < len(dn) {
			c = dn[i]
		}
		switch c {
		case '\\', '"', '+', '#', ';', '<', '>', 0:
			return "", false
		case '=':
			if equals < start {
				equals = i
				// A longer type is an OID or the long name of a short one.
				if i == start || i-start > len("uid") {
					return "", false
				}
			}
		case ' ':
			if i == start || i == equals+1 || i+1 == len(dn) || strings.IndexByte(" ,=", dn[i+1]) >= 0 {
				return "", false
			}
		case ',':
			if equals < start || equals == i-1 {
				return "", false
			}
			start = i + 1
		}
	}
	return strings.ToLower(dn), true
}

// typeNames are the attribute types of RFC 4514 section 3 by their OID and by
// their long names.
var typeNames = map[string]string{
	"2.5.4.3": "cn", "2.5.4.7": "l", "2.5.4.8": "st", "2.5.4.10": "o", "2.5.4.11": "ou", "2.5.4.6": "c", "2.5.4.9": "street",
	"0.9.2342.19200300.100.1.25": "dc", "0.9.2342.19200300.100.1.1": "uid",
	"commonname": "cn", "organizationname": "o", "organizationalunitname": "ou", "domaincomponent": "dc", "userid": "uid",
	"localityname": "l", "stateorprovincename": "st", "countryname": "c", "streetaddress": "street",
}

func foldType(name string) string {
	name = strings.ToLower(strings.TrimPrefix(strings.ToLower(name), "oid."))
	if short, ok := typeNames[name]; ok {
		return short
	}
	return name
}

// foldValue prepares a value for caseIgnoreMatch: blanks at the ends do not
// count, several in a row are one.
func foldValue(v string) string {
	v = strings.ToLower(v)
	if strings.Contains(v, "  ") || strings.HasPrefix(v, " ") || strings.HasSuffix(v, " ") {
		v = strings.Join(strings.FieldsFunc(v, func(r rune) bool { return r == ' ' }), " ")
	}
	return v
}

// isBelow reports whether a folded DN is base or below it.
func isBelow(folded, base string) bool {
	if base == "" || folded == base {
		return true
	}
	return len(folded) > len(base) && folded[len(folded)-len(base)-1] == ',' && strings.HasSuffix(folded, base)
}

// checkDN reports whether a text is a DN.
func checkDN(dn string) error {
	if _, ok := foldPlainDN(dn); ok {
		return nil
	}
	_, err := ldap.ParseDN(dn)
	return err
}

// splitRDN cuts the first RDN off a DN, both in their own spelling.
func splitRDN(dn string) (rdn, parent string) {
	quoted := false
	for i := 0; i < len(dn); i++ {
		switch {
		case dn[i] == '\\':
			i++
		case dn[i] == '"':
			quoted = !quoted
		case (dn[i] == ',' || dn[i] == ';') && !quoted:
			return dn[:i], strings.TrimLeft(dn[i+1:], " ")
		}
	}
	return dn, ""
}

// rdnValue returns the value of a DN's first RDN without escapes: the name
// that people know an entry by.
func rdnValue(dn string) string {
	rdn, _ := splitRDN(dn)
	parsed, err := ldap.ParseDN(rdn)
	if err != nil || len(parsed.RDNs) == 0 {
		_, v, _ := strings.Cut(rdn, "=")
		return v
	}
	return parsed.RDNs[0].Attributes[0].Value
}

// domainName turns DC=corp,DC=example,DC=com into corp.example.com (RFC 2247).
func domainName(dn string) string {
	var labels []string
	for rest := foldDN(dn); rest != ""; {
		var rdn string
		rdn, rest, _ = strings.Cut(rest, ",")
		if label, ok := strings.CutPrefix(rdn, "dc="); ok {
			labels = append(labels, label)
		}
	}
	return strings.Join(labels, ".")
}

// An extendedName is a DN in the form of the extended DN control (MS-ADTS
// 3.1.1.3.4.1.5): <GUID=...>;<SID=...>;DN, where the SID may be missing.
type extendedName struct {
	guid [16]byte // in the order of the text form
	has  bool     // whether there is a GUID
	dn   []byte
}

// parseExtendedName splits the extended form; a plain DN is returned as it is.
func parseExtendedName(b []byte) extendedName {
	var n extendedName
	for len(b) > 0 && b[0] == '<' {
		part, rest, ok := bytes.Cut(b[1:], []byte(">"))
		if !ok {
			break
		}
		if guid, ok := bytes.CutPrefix(part, []byte("GUID=")); ok {
			n.guid, n.has = guidOf(guid)
		} else if !bytes.HasPrefix(part, []byte("SID=")) {
			break
		}
		b = bytes.TrimPrefix(rest, []byte(";"))
	}
	n.dn = b
	return n
}

// guidOf reads GUID text, hyphens or not, into its bytes in the order of the
// text. It allocates nothing.
func guidOf[T string | []byte](text T) (g [16]byte, ok bool) {
	var digits [32]byte
	n := 0
	for i := range len(text) {
		if text[i] == '-' {
			continue
		}
		if n == len(digits) {
			return g, false
		}
		digits[n] = text[i]
		n++
	}
	if n != len(digits) {
		return g, false
	}
	_, err := hex.Decode(g[:], digits[:])
	return g, err == nil
}
