package ldaptest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// parseName returns the canonical form of a DN: folded case, no optional
// blanks, one way of escaping. Two DNs name the same entry exactly when their
// canonical forms are equal, and a comma in one always parts two RDNs.
func parseName(dn string) (string, error) {
	if key, ok := foldPlain(dn); ok {
		return key, nil
	}
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return "", fmt.Errorf("parse DN %q: %w", dn, err)
	}
	rdns := make([]string, len(parsed.RDNs))
	for i, rdn := range parsed.RDNs {
		for _, part := range rdn.Attributes {
			if !validType(part.Type) {
				return "", fmt.Errorf("parse DN %q: %q is not an attribute type", dn, part.Type)
			}
		}
		rdns[i] = canonicalRDN(rdn)
	}
	return strings.Join(rdns, ","), nil
}

// foldPlain does the common case, a DN without anything escaped or doubled,
// an order of magnitude faster than the parser.
func foldPlain(dn string) (string, bool) {
	if strings.ContainsAny(dn, "\\\"+#;<>\x00") || strings.Contains(dn, "  ") {
		return "", false
	}
	if dn == "" {
		return "", true
	}
	folded := strings.ToLower(dn)
	if strings.Contains(folded, " ,") || strings.Contains(folded, ", ") || strings.Contains(folded, " =") || strings.Contains(folded, "= ") {
		return "", false
	}
	for rdn := range strings.SplitSeq(folded, ",") {
		at := strings.IndexByte(rdn, '=')
		if at <= 0 || at == len(rdn)-1 || rdn[len(rdn)-1] == ' ' || !validType(rdn[:at]) {
			return "", false
		}
	}
	return folded, true
}

// validType tells whether s is a name or an OID (RFC 4512 section 1.4).
func validType(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.':
		default:
			return false
		}
	}
	return s != ""
}

func canonicalRDN(rdn *ldap.RelativeDN) string {
	parts := make([]string, len(rdn.Attributes))
	for i, part := range rdn.Attributes {
		value := foldText(part.Value)
		value = strings.NewReplacer(`\`, `\5c`, `,`, `\2c`, `+`, `\2b`).Replace(value)
		parts[i] = strings.ToLower(part.Type) + "=" + value
	}
	if len(parts) > 1 {
		slices.Sort(parts)
	}
	return strings.Join(parts, "+")
}

// parentKey returns the canonical name of the entry above, "" at the top.
func parentKey(key string) string {
	_, parent, _ := strings.Cut(key, ",")
	return parent
}

// isBelow tells whether key is base or below it.
func isBelow(key, base string) bool {
	if base == "" || key == base {
		return true
	}
	return len(key) > len(base) && key[len(key)-len(base)-1] == ',' && strings.HasSuffix(key, base)
}

// parentDN returns dn without its first RDN, in the spelling of dn.
func parentDN(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return strings.TrimLeft(dn[i+1:], " ")
		}
	}
	return ""
}

// firstRDN returns the attributes and values of a DN's first RDN, unescaped.
func firstRDN(dn string) ([]*ldap.AttributeTypeAndValue, error) {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return nil, fmt.Errorf("parse DN %q: %w", dn, err)
	}
	if len(parsed.RDNs) == 0 {
		return nil, nil
	}
	return parsed.RDNs[0].Attributes, nil
}

// dnsName turns DC=corp,DC=example,DC=com into corp.example.com.
func dnsName(suffix string) string {
	var labels []string
	parsed, err := ldap.ParseDN(suffix)
	if err != nil {
		return ""
	}
	for _, rdn := range parsed.RDNs {
		if strings.EqualFold(rdn.Attributes[0].Type, "dc") {
			labels = append(labels, rdn.Attributes[0].Value)
		}
	}
	return strings.Join(labels, ".")
}
