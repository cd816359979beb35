package ldapsrc

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
	"adsync/ldapsrc/ldif"
)

// A truth is the value of a filter: RFC 4511 4.5.1.7 has three.
type truth int8

const (
	matchFalse truth = iota
	matchTrue
	matchUndefined
)

func truthOf(b bool) truth {
	if b {
		return matchTrue
	}
	return matchFalse
}

// A matcher is a compiled filter.
type matcher func(*ldif.Record) truth

// compileMatcher makes a matcher of a filter that go-ldap compiled.
func compileMatcher(p *ber.Packet) (matcher, error) {
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr:
		return compileSet(p, p.Tag == ldap.FilterAnd)
	case ldap.FilterNot:
		if len(p.Children) != 1 {
			return nil, fmt.Errorf("a negation of %d filters", len(p.Children))
		}
		inner, err := compileMatcher(p.Children[0])
		if err != nil {
			return nil, err
		}
		return func(r *ldif.Record) truth {
			switch inner(r) {
			case matchTrue:
				return matchFalse
			case matchFalse:
				return matchTrue
			}
			return matchUndefined
		}, nil
	case ldap.FilterPresent:
		name := packetText(p)
		return func(r *ldif.Record) truth { return truthOf(len(valuesOf(r, name)) > 0) }, nil
	case ldap.FilterSubstrings:
		return compileSubstrings(p)
	case ldap.FilterExtensibleMatch:
		return compileExtensible(p)
	}
	if len(p.Children) != 2 {
		return nil, fmt.Errorf("a filter item of %d parts", len(p.Children))
	}
	name, want := packetText(p.Children[0]), []byte(packetText(p.Children[1]))
	switch p.Tag {
	case ldap.FilterEqualityMatch, ldap.FilterApproxMatch:
		return anyValue(name, func(have []byte) bool { return equalValues(name, have, want) }), nil
	case ldap.FilterGreaterOrEqual:
		return anyValue(name, func(have []byte) bool { return compareValues(have, want) >= 0 }), nil
	case ldap.FilterLessOrEqual:
		return anyValue(name, func(have []byte) bool { return compareValues(have, want) <= 0 }), nil
	}
	return nil, fmt.Errorf("a filter of the unknown kind %d", p.Tag)
}

func compileSet(p *ber.Packet, and bool) (matcher, error) {
	parts := make([]matcher, len(p.Children))
	for i, child := range p.Children {
		var err error
		if parts[i], err = compileMatcher(child); err != nil {
			return nil, err
		}
	}
	decides, otherwise := matchTrue, matchFalse
	if and {
		decides, otherwise = matchFalse, matchTrue
	}
	return func(r *ldif.Record) truth {
		result := otherwise
		for _, part := range parts {
			switch part(r) {
			case decides:
				return decides
			case matchUndefined:
				result = matchUndefined
			}
		}
		return result
	}, nil
}

// anyValue matches if one of the values does.
func anyValue(name string, match func([]byte) bool) matcher {
	return func(r *ldif.Record) truth {
		for _, v := range valuesOf(r, name) {
			if match(v) {
				return matchTrue
			}
		}
		return matchFalse
	}
}

// valuesOf returns the values of an attribute with all its options (RFC 4512
// 2.5.2). A DN is the value of two attributes that an export may lack.
func valuesOf(r *ldif.Record, name string) [][]byte {
	if values := r.Values(name); values != nil {
		return values
	}
	if strings.EqualFold(name, "distinguishedName") || strings.EqualFold(name, "entryDN") {
		return [][]byte{[]byte(r.DN)}
	}
	var values [][]byte
	for _, a := range r.Attributes {
		if base, _, _ := strings.Cut(a.Name, ";"); strings.EqualFold(base, name) {
			values = append(values, a.Values...)
		}
	}
	return values
}

// equalValues compares without a schema: as text without case and without
// blanks that do not count, as numbers, and by name where DNs and ids are known
// to be.
func equalValues(name string, have, want []byte) bool {
	if bytes.Equal(have, want) || bytes.EqualFold(have, want) {
		return true
	}
	switch formOf(name) {
	case asGUID:
		a, err := directory.ParseAnchor(string(want))
		return err == nil && bytes.Equal(have, a.GUID())
	case asSID:
		sid, err := parseSID(string(want))
		return err == nil && bytes.Equal(have, sid)
	case asBase64:
		return false
	}
	// objectCategory takes the class name for the DN of its schema entry
	// (MS-ADTS 3.1.1.3.1.3.5).
	if strings.EqualFold(name, "objectCategory") && !bytes.ContainsRune(want, '=') {
		return strings.EqualFold(rdnValue(string(have)), string(want))
	}
	if bytes.IndexByte(have, '=') > 0 && bytes.IndexByte(want, '=') > 0 && foldDN(string(have)) == foldDN(string(want)) {
		return true
	}
	return foldValue(string(have)) == foldValue(string(want))
}

// compareValues orders as numbers where both are, otherwise as text.
func compareValues(have, want []byte) int {
	x, errX := strconv.ParseInt(string(have), 10, 64)
	y, errY := strconv.ParseInt(string(want), 10, 64)
	if errX == nil && errY == nil {
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	}
	return strings.Compare(foldValue(string(have)), foldValue(string(want)))
}

// compileSubstrings handles (attr=a*b*c), RFC 4511 4.5.1.7.2.
func compileSubstrings(p *ber.Packet) (matcher, error) {
	if len(p.Children) != 2 {
		return nil, fmt.Errorf("a substring filter of %d parts", len(p.Children))
	}
	name := packetText(p.Children[0])
	parts := p.Children[1].Children
	return anyValue(name, func(have []byte) bool {
		rest := foldValue(string(have))
		for _, part := range parts {
			want := strings.ToLower(packetText(part))
			switch part.Tag {
			case ldap.FilterSubstringsInitial:
				if !strings.HasPrefix(rest, want) {
					return false
				}
				rest = rest[len(want):]
			case ldap.FilterSubstringsFinal:
				if !strings.HasSuffix(rest, want) {
					return false
				}
				rest = ""
			default:
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					return false
				}
				rest = after
			}
		}
		return true
	}), nil
}

// The matching rules of a bit mask, LDAP_MATCHING_RULE_BIT_AND and _OR (MS-ADTS
// 3.1.1.3.4.4.1 and 3.1.1.3.4.4.2).
const (
	bitAnd = "1.2.840.113556.1.4.803"
	bitOr  = "1.2.840.113556.1.4.804"
)

// compileExtensible handles (attr:rule:=value) with AD's bit rules and without
// a rule; a rule that is not known is an error and not an empty result.
func compileExtensible(p *ber.Packet) (matcher, error) {
	var rule, name string
	var want []byte
	for _, part := range p.Children {
		switch part.Tag {
		case ldap.MatchingRuleAssertionMatchingRule:
			rule = packetText(part)
		case ldap.MatchingRuleAssertionType:
			name = packetText(part)
		case ldap.MatchingRuleAssertionMatchValue:
			want = []byte(packetText(part))
		}
	}
	if name == "" {
		return nil, fmt.Errorf("a filter by rule %s without an attribute cannot be used on a file", rule)
	}
	switch rule {
	case "", "caseIgnoreMatch", "2.5.13.2":
		return anyValue(name, func(have []byte) bool { return equalValues(name, have, want) }), nil
	case "caseExactMatch", "2.5.13.5":
		return anyValue(name, func(have []byte) bool { return bytes.Equal(have, want) }), nil
	case bitAnd, bitOr:
		mask, err := strconv.ParseInt(string(want), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the bit mask %q is not a number", want)
		}
		return anyValue(name, func(have []byte) bool {
			n, err := strconv.ParseInt(string(have), 10, 64)
			if rule == bitAnd {
				return err == nil && n&mask == mask
			}
			return err == nil && n&mask != 0
		}), nil
	}
	return nil, fmt.Errorf("the matching rule %s cannot be used on a file", rule)
}
