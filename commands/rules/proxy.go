package rules

import (
	"fmt"
	"strings"
)

// cutType takes a proxy address apart: the type before the first colon, as
// written, and the rest. ok is false when there is no type.
func cutType(value string) (kind, rest string, ok bool) {
	i := strings.IndexByte(value, ':')
	if i <= 0 {
		return "", value, false
	}
	kind = value[:i]
	if strings.ContainsAny(kind, "@ ") {
		return "", value, false
	}
	return kind, value[i+1:], true
}

// isSMTP reports whether a value is an e-mail address with its prefix, and
// whether it is the primary one, which is written in capitals.
func isSMTP(value string) (address string, primary, ok bool) {
	kind, rest, typed := cutType(trimmed(stripped(value)))
	if !typed || !strings.EqualFold(kind, "smtp") {
		return "", false, false
	}
	return bare(rest), kind == "SMTP", true
}

// proxy checks one value of proxyAddresses or targetAddress.
func (v *values) proxy(value string, used role) {
	text := trimmed(stripped(value))
	kind, rest, ok := cutType(text)
	v.over(utf16Len(value), proxyMax, "characters with the prefix")
	if !ok || blank(rest) {
		v.fault(ruleProxyNoType, "proxy address without a type or without an address")
		return
	}
	inner := trimmed(rest)
	if inner != rest {
		v.fault(ruleEdgeSpace, "space after the type of the address")
	}
	switch strings.ToLower(kind) {
	case "smtp":
		v.innerSpace(inner)
		if strings.Contains(inner, ":") {
			// Which of the parts is the address, nobody knows.
			v.fault(ruleProxyColon, fmt.Sprintf("second colon in %s", quoted(value)))
			return
		}
		v.address(bare(inner), used)
	case "sip", "eum":
		v.innerSpace(inner)
		allowed := typedChars
		if v.profile.proxyChars != nil && v.profile.sets&entra != 0 {
			allowed = v.profile.proxyChars
		}
		bad := func(r rune) bool { return r > ' ' && r < 0x7F && !allowed[r] }
		if strings.IndexFunc(inner, bad) >= 0 {
			v.fault(ruleBadChar, fmt.Sprintf("%s not allowed in %s for %s", points(inner, bad), v.attribute, v.profile.title))
		}
		if strings.IndexFunc(inner, isNonASCII) >= 0 {
			v.fault(ruleNonASCII, fmt.Sprintf("%s is not allowed in an address here", points(inner, isNonASCII)))
		}
	}
}
