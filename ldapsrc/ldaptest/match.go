package ldaptest

import (
	"bytes"
	"strconv"
	"strings"
)

// foldText prepares text for caseIgnoreMatch (RFC 4518): folded case, no
// blanks at the ends, one between words. AD's tables go further, to accents.
func foldText(s string) string {
	folded := strings.ToLower(s)
	if strings.Contains(folded, "  ") || strings.Trim(folded, " ") != folded {
		folded = strings.Join(strings.FieldsFunc(folded, func(r rune) bool { return r == ' ' }), " ")
	}
	return folded
}

// equal compares two values under the type's equality rule.
func (t *attributeType) equal(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	switch t.syntax {
	case text, boolean, classOID:
		return bytes.EqualFold(a, b) || foldText(string(a)) == foldText(string(b))
	case integer:
		x, okX := parseInt(a)
		y, okY := parseInt(b)
		return okX && okY && x == y
	case instant:
		return timeKey(a) == timeKey(b)
	case dn:
		x, errX := parseName(string(a))
		y, errY := parseName(string(b))
		return errX == nil && errY == nil && x == y
	}
	return false
}

// ordered tells whether the standard schema gives the type an ordering rule;
// names and descriptions have none. AD orders everything.
func (t *attributeType) ordered() bool { return t.syntax == integer || t.syntax == instant }

// superiors are the superclasses of the standard schema's classes but top.
var superiors = map[string]string{
	"inetorgperson": "organizationalperson", "organizationalperson": "person", "residentialperson": "person",
	"pilotperson": "person",
}

// isOrInherits tells whether an object of a class is one of another, as slapd
// matches objectClass.
func isOrInherits(class, other string) bool {
	other = strings.ToLower(other)
	for class = strings.ToLower(class); class != ""; class = superiors[class] {
		if class == other {
			return true
		}
	}
	return other == "top"
}

// compare orders two values; only integers and times have an order of their own.
func (t *attributeType) compare(a, b []byte) int {
	switch t.syntax {
	case integer:
		x, _ := parseInt(a)
		y, _ := parseInt(b)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	case instant:
		return strings.Compare(timeKey(a), timeKey(b))
	case text, classOID, boolean:
		return strings.Compare(foldText(string(a)), foldText(string(b)))
	}
	return bytes.Compare(a, b)
}

func parseInt(b []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// timeKey brings GeneralizedTime in UTC to one form: 20261121005509Z,
// 20261121005509.0Z and without seconds.
func timeKey(b []byte) string {
	s, _, _ := strings.Cut(strings.TrimSuffix(string(b), "Z"), ".")
	for len(s) < 14 {
		s += "0"
	}
	return s
}

// assertion brings a filter's value into the form that is compared with stored
// values; ok is false if it can match nothing.
func (t *attributeType) assertion(value []byte) (prepared []byte, ok bool) {
	switch t.syntax {
	case guid:
		switch {
		case t.key == "entryuuid":
			return bytes.ToLower(value), true
		case len(value) != 16:
			id, ok := parseGUID(string(value))
			return id[:], ok
		}
	case sid:
		if bytes.HasPrefix(bytes.ToUpper(value), []byte("S-1-")) {
			return parseSID(string(value))
		}
	case integer:
		n, ok := parseInt(value)
		return strconv.AppendInt(nil, n, 10), ok
	case dn:
		key, err := parseName(string(value))
		return []byte(key), err == nil
	}
	return value, true
}
