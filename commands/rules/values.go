package rules

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The rules by their place in the table.
var (
	ruleMissingLogin   = numbers["missing-login"]
	ruleMissingID      = numbers["missing-id"]
	ruleMissingEmail   = numbers["missing-email"]
	ruleMissingName    = numbers["missing-name"]
	ruleMissingDisplay = numbers["missing-display"]
	ruleMissingGroup   = numbers["missing-group-name"]
	ruleEdgeSpace      = numbers["edge-space"]
	ruleInnerSpace     = numbers["inner-space"]
	ruleControl        = numbers["control-char"]
	ruleHidden         = numbers["hidden-char"]
	ruleEncoding       = numbers["bad-encoding"]
	ruleNotNFC         = numbers["not-nfc"]
	ruleNonASCII       = numbers["non-ascii"]
	ruleBadChar        = numbers["bad-char"]
	ruleBadAddress     = numbers["bad-address"]
	ruleBadDots        = numbers["bad-dots"]
	ruleBadDomain      = numbers["bad-domain"]
	ruleUnroutable     = numbers["unroutable-domain"]
	ruleUnverified     = numbers["unverified-domain"]
	ruleTooLong        = numbers["too-long"]
	ruleReserved       = numbers["reserved-name"]
	ruleDupLogin       = numbers["dup-login"]
	ruleDupEmail       = numbers["dup-email"]
	ruleDupAddress     = numbers["dup-address"]
	ruleDupID          = numbers["dup-id"]
	ruleDupAlias       = numbers["dup-alias"]
	ruleDupGroupName   = numbers["dup-group-name"]
	ruleDupNormalized  = numbers["dup-normalized"]
	ruleLookalike      = numbers["dup-lookalike"]
	ruleBadNormalized  = numbers["bad-normalized"]
	ruleProxyNoType    = numbers["proxy-no-type"]
	ruleProxyColon     = numbers["proxy-extra-colon"]
	ruleNoPrimary      = numbers["proxy-no-primary"]
	ruleManyPrimary    = numbers["proxy-many-primary"]
	ruleMismatch       = numbers["primary-mismatch"]
	ruleProxyMany      = numbers["proxy-too-many"]
	ruleLoginMail      = numbers["login-mail-differ"]
	ruleMultiValue     = numbers["multi-value"]
	ruleConflict       = numbers["conflict-object"]
	ruleSystem         = numbers["system-object"]
	ruleManagerLoop    = numbers["manager-loop"]
	ruleGroupLoop      = numbers["group-loop"]
	ruleNested         = numbers["group-nested"]
	ruleOutOfScope     = numbers["member-out-of-scope"]
)

// A fault is a rule that a value breaks.
type fault struct {
	rule   ruleNumber
	detail string
}

// values checks single values, one at a time, and collects their faults.
type values struct {
	profile  profile
	verified map[string]bool // domains, as A-labels; empty: not known
	domains  map[string]*domainVerdict
	last     *domainVerdict // of domains

	attribute string // of the value under check
	faults    []fault
}

func (v *values) fault(rule ruleNumber, detail string) {
	if !v.has(rule) {
		v.faults = append(v.faults, fault{rule, detail})
	}
}

func (v *values) has(rule ruleNumber) bool {
	for i := range v.faults {
		if v.faults[i].rule == rule {
			return true
		}
	}
	return false
}

// check collects the faults of one value of an attribute in its roles.
func (v *values) check(attribute, value string, used role, group bool) []fault {
	v.attribute, v.faults = attribute, v.faults[:0]
	if blank(value) {
		return nil
	}
	ok, spaced := plain(value)
	if !ok {
		v.characters(value, used)
	}
	switch {
	case used&asProxy != 0:
		v.proxy(value, used)
	case v.isAddress(attribute, used):
		if spaced || !ok {
			v.innerSpace(value)
			value = bare(value)
		}
		v.address(value, used)
		v.login(value, used)
	case used&asAlias != 0:
		v.innerSpace(value)
		v.alias(bare(value))
		v.login(value, used)
	case used&asSAM != 0:
		v.sam(trimmed(value), group)
		v.login(value, used)
	case used&asLogin != 0:
		v.login(value, used)
	default:
		v.name(value, used)
	}
	return v.faults
}

// isAddress reports whether a value has to be an address.
func (v *values) isAddress(attribute string, used role) bool {
	return used&(asEmail|asUPN) != 0 || used&asLogin != 0 && (v.profile.addressLogin || strings.EqualFold(attribute, "mail"))
}

// characters are the checks of a value that is not plain printable ASCII.
func (v *values) characters(value string, used role) {
	key := used&asKey != 0
	if strings.ContainsRune(value, utf8.RuneError) || !utf8.ValidString(value) {
		v.fault(ruleEncoding, "the text was damaged by a wrong encoding")
	}
	control := isControl
	if used == asLines {
		control = func(r rune) bool { return isControl(r) && r != '\n' && r != '\r' }
	}
	if strings.IndexFunc(value, control) >= 0 {
		v.fault(ruleControl, "hidden line break or control character "+points(value, control))
	}
	hidden := isHidden
	if !key && used&asLogin == 0 {
		hidden = func(r rune) bool { return isHidden(r) && !isJoiner(r) }
	}
	if strings.IndexFunc(value, hidden) >= 0 {
		v.fault(ruleHidden, "invisible character "+points(value, hidden))
	}
	if !norm.NFC.IsNormalString(value) {
		v.fault(ruleNotNFC, "an accent is stored as a character of its own")
	}
	text := stripped(value)
	if trimmed(text) != text && !blank(text) {
		v.fault(ruleEdgeSpace, "space before or after the value")
	}
}

func trimmed(v string) string {
	if n := len(v); n == 0 || v[0] > ' ' && v[0] < 0x80 && v[n-1] > ' ' && v[n-1] < 0x80 {
		return v
	}
	return strings.TrimFunc(v, isSpace)
}

// innerSpace reports white space inside of an address or alias.
func (v *values) innerSpace(value string) {
	if printable(value) && strings.IndexByte(value, ' ') < 0 {
		return
	}
	text := trimmed(stripped(value))
	if strings.IndexFunc(text, isSpace) < 0 {
		return
	}
	dotted := strings.Map(func(r rune) rune {
		if isSpace(r) {
			return '.'
		}
		return r
	}, text)
	v.fault(ruleInnerSpace, fmt.Sprintf("space inside the address: is it %s or %s?", quoted(bare(value)), quoted(dotted)))
}

// alias checks a mailNickname.
func (v *values) alias(text string) {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x80 && !aliasChars[c] && c != '@' || c == '@' {
			allowed := aliasChars
			bad := func(r rune) bool { return r < 0x80 && !allowed[r] }
			v.fault(ruleBadChar, fmt.Sprintf("%s not allowed in %s for %s", points(text, bad), v.attribute, v.profile.title))
			break
		}
	}
	if text != "" && (text[0] == '.' || text[len(text)-1] == '.' || strings.Contains(text, "..")) {
		v.fault(ruleBadDots, "dot at the start or end, or two in a row")
	}
	v.over(utf16Len(text), aliasMax, "characters")
}

// sam checks a sAMAccountName.
func (v *values) sam(text string, group bool) {
	bad := func(r rune) bool { return r >= ' ' && r < 0x7F && !samChars[r] }
	if strings.IndexFunc(text, bad) >= 0 {
		v.fault(ruleBadChar, fmt.Sprintf("%s not allowed in %s", points(text, bad), v.attribute))
	}
	limit := samUserMax
	if group {
		limit = samGroupMax
	}
	v.over(utf16Len(text), limit, "characters")
}

// login are the target's own rules for names to sign in with, whatever their
// form.
func (v *values) login(text string, used role) {
	p := &v.profile
	if used&asLogin == 0 {
		return
	}
	text = trimmed(stripped(text))
	if p.anyLogin && p.loginMax > 0 {
		if strings.IndexFunc(text, isSpace) >= 0 {
			v.fault(ruleInnerSpace, "space inside the login, which "+p.title+" refuses")
		}
		v.over(p.length(text), p.loginMax, "characters")
	}
	for _, word := range p.reserved {
		if strings.EqualFold(text, word) {
			v.fault(ruleReserved, fmt.Sprintf("%s is reserved by %s", text, p.title))
		}
	}
	if !p.rewrites {
		return
	}
	name := normalized(text)
	if strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-") || strings.Contains(name, "--") {
		v.fault(ruleBadNormalized, fmt.Sprintf("becomes %s, which is not allowed", quoted(name)))
	}
	v.over(len(name), githubMax, "characters with the short code to come")
}

// normalized is the user name that GitHub makes of a login: what stands
// before the @, in lower case, with a hyphen for each character that is
// neither letter nor digit.
func normalized(login string) string {
	local, _, _ := strings.Cut(login, "@")
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && isAlnum(byte(r)):
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}
		return '-'
	}, local)
}

// name checks text that a person reads.
func (v *values) name(value string, used role) {
	p := &v.profile
	limit, allowed := 0, (*charset)(nil)
	switch {
	case used&asGroupName != 0:
		limit, allowed = p.groupMax, p.groupChars
		for _, word := range p.reserved {
			if strings.EqualFold(trimmed(value), word) {
				v.fault(ruleReserved, fmt.Sprintf("%s is reserved by %s", trimmed(value), p.title))
			}
		}
	case used&(asGiven|asFamily) != 0:
		limit, allowed = p.nameMax, p.nameChars
	case used&asDisplay != 0:
		limit, allowed = p.displayMax, p.displayChars
	}
	if allowed != nil {
		bad := func(r rune) bool { return r >= ' ' && r < 0x7F && !allowed[r] }
		if strings.IndexFunc(value, bad) >= 0 {
			v.fault(ruleBadChar, fmt.Sprintf("%s not allowed in %s for %s", points(value, bad), v.attribute, p.title))
		}
	}
	if limit > 0 && len(value) > limit {
		v.over(p.length(value), limit, "characters")
	}
}

func nfc(v string) string { return norm.NFC.String(v) }

// Quote shows a value in quotes, what cannot be seen in it escaped.
func Quote(v string) string {
	text := strconv.QuoteToGraphic(v)
	if strings.IndexFunc(text, isForeignSpace) < 0 {
		return text
	}
	// White space that is no plain space cannot be told from one by eye.
	var b strings.Builder
	for _, r := range text {
		if isForeignSpace(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Show is a text that goes to a terminal: quoted only if it has to be.
func Show(v string) string {
	for _, r := range v {
		if !unicode.IsGraphic(r) || isForeignSpace(r) {
			return Quote(v)
		}
	}
	return v
}

func isForeignSpace(r rune) bool { return r != ' ' && isSpace(r) }

func quoted(v string) string { return Quote(v) }
