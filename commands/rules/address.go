package rules

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// address checks the form of an address, bare of what other rules report.
// used says whose limits count.
func (v *values) address(text string, used role) {
	p := &v.profile
	local, domain := text, ""
	at := strings.LastIndexByte(text, '@')
	if n := strings.Count(text, "@"); n != 1 || at == 0 || at == len(text)-1 {
		switch {
		case n != 1:
			v.fault(ruleBadAddress, fmt.Sprintf("not an address: %d @ signs", n))
		case at == 0:
			v.fault(ruleBadAddress, "not an address: nothing before the @")
		default:
			v.fault(ruleBadAddress, "not an address: nothing after the @")
		}
		if at >= 0 {
			local = text[:at]
		}
	} else {
		local, domain = text[:at], text[at+1:]
	}
	v.local(strings.ReplaceAll(local, "@", ""), used)
	if domain != "" {
		v.domain(domain, used)
	}
	v.addressLength(text, local, domain, used)
	if used&asLogin != 0 {
		for _, word := range p.reservedLocal {
			if strings.EqualFold(local, word) {
				v.fault(ruleReserved, fmt.Sprintf("%s is reserved by %s", local, p.title))
			}
		}
	}
}

// local checks the part before the @.
func (v *values) local(local string, used role) {
	allowed := dotAtom
	switch p := &v.profile; {
	case used&(asLogin|asUPN) != 0 && p.anyLogin:
		allowed = nil
	case used&(asLogin|asUPN) != 0:
		allowed = &p.local
	case used&asProxy != 0 && p.proxyChars != nil:
		allowed = p.proxyChars
	}
	if allowed != nil {
		bad := false
		for i := 0; i < len(local) && !bad; i++ {
			bad = local[i] < 0x80 && !allowed[local[i]] && local[i] != '.'
		}
		if bad {
			v.badChars(local, allowed)
		}
	}
	if local != "" && (local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..")) {
		v.fault(ruleBadDots, "dot at the start or end of the part before the @, or two in a row")
	}
	if !printable(local) && strings.IndexFunc(local, isNonASCII) >= 0 {
		v.fault(ruleNonASCII, fmt.Sprintf("%s is not allowed in an address here", points(local, isNonASCII)))
	}
}

func isNonASCII(r rune) bool { return r > 0x7F }

func (v *values) badChars(text string, allowed *charset) {
	bad := func(r rune) bool { return r < 0x80 && !allowed[r] && r != '.' && r != '@' && !isControl(r) }
	v.fault(ruleBadChar, fmt.Sprintf("%s not allowed in %s for %s", points(text, bad), v.attribute, v.profile.title))
}

// A domainVerdict is what there is to say about a domain, which many
// addresses share.
type domainVerdict struct {
	domain   string // as it is written
	ascii    string // A-labels, lower case; "" when it is not a domain
	nonASCII bool
	bad      string // why it is not a valid domain; "" when it is
	routable bool
}

func (v *values) domain(domain string, used role) {
	d := v.last
	if d == nil || d.domain != domain {
		if d = v.domains[domain]; d == nil {
			d = judgeDomain(strings.Clone(domain))
			v.domains[d.domain] = d
		}
		v.last = d
	}
	if d.nonASCII {
		v.fault(ruleNonASCII, fmt.Sprintf("%s in the domain: not every system takes it", points(domain, isNonASCII)))
	}
	if d.bad != "" {
		v.fault(ruleBadDomain, fmt.Sprintf("%s is not a valid domain: %s", quoted(domain), d.bad))
		return
	}
	verified := v.verified[d.ascii]
	if !d.routable && !verified {
		v.fault(ruleUnroutable, fmt.Sprintf("%s does not exist on the internet", domain))
	}
	if len(v.verified) > 0 && !verified && used&asLogin != 0 {
		v.fault(ruleUnverified, fmt.Sprintf("%s is not a domain of this target", domain))
	}
}

// lookup is how a domain is taken that a person typed (RFC 5891 5, UTS 46).
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// domainToASCII is a domain as A-labels in lower case. One in ASCII is left
// as it is but for its case, whatever else may be wrong with it.
func domainToASCII(domain string) (string, error) {
	if printable(domain) {
		return strings.ToLower(domain), nil
	}
	return lookup.ToASCII(domain)
}

// foldDomain is domainToASCII, or the text itself where it is no domain.
func foldDomain(domain string) string {
	ascii, err := domainToASCII(domain)
	if err != nil {
		return strings.ToLower(nfc(domain))
	}
	return ascii
}

func judgeDomain(domain string) *domainVerdict {
	d := &domainVerdict{domain: domain, nonASCII: strings.IndexFunc(domain, isNonASCII) >= 0}
	var err error
	if d.ascii, err = domainToASCII(domain); err != nil {
		d.bad = "it has no form in ASCII"
		return d
	}
	if d.bad = faultOfDomain(d.ascii); d.bad == "" {
		d.routable = routable(d.ascii)
	}
	return d
}

// faultOfDomain checks the preferred syntax of names (RFC 1123 2.1), and
// that the last label is not a number or like one.
func faultOfDomain(domain string) string {
	if len(domain) > 253 {
		return fmt.Sprintf("%d characters, 253 is the most", len(domain))
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return "it has no dot"
	}
	for _, label := range labels {
		switch {
		case label == "":
			return "a dot too many"
		case len(label) > 63:
			return fmt.Sprintf("a label of %d characters, 63 is the most", len(label))
		case label[0] == '-' || label[len(label)-1] == '-':
			return "a label begins or ends with a hyphen"
		}
		for i := 0; i < len(label); i++ {
			if !isAlnum(label[i]) && label[i] != '-' {
				return fmt.Sprintf("%s is no letter, digit or hyphen", points(label[i:i+1], func(rune) bool { return true }))
			}
		}
	}
	if last := labels[len(labels)-1]; !strings.HasPrefix(last, "xn--") && strings.ContainsAny(last, "0123456789") {
		return "digits in the last label"
	}
	return ""
}

// routable reports whether a domain can be reached from the internet: its
// suffix is one that ICANN or a registrant runs. .onion and .arpa are in the
// list and hold no mail (RFC 7686, RFC 3172).
func routable(domain string) bool {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last == "onion" || last == "arpa" {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return icann || strings.Contains(suffix, ".")
}

// addressLength reports the first limit that an address is over.
func (v *values) addressLength(text, local, domain string, used role) {
	p := &v.profile
	switch {
	case used&(asLogin|asUPN) != 0:
		v.over(p.length(local), p.localMax, "characters before the @")
		v.over(p.length(domain), p.domainMax, "characters after the @")
		v.over(p.length(text), p.loginMax, "characters")
	case used&asProxy != 0:
		v.over(p.length(local), emailLocalMax, "characters before the @")
	}
	if used&asEmail != 0 {
		v.over(len(local), emailLocalMax, "bytes before the @")
		v.over(len(text), emailMax, "bytes")
	}
}

// over reports a length over a limit; no limit is zero. One finding is
// enough.
func (v *values) over(n, limit int, what string) {
	if limit > 0 && n > limit && !v.has(ruleTooLong) {
		v.fault(ruleTooLong, fmt.Sprintf("%d %s, %s takes %d", n, what, v.profile.title, limit))
	}
}
