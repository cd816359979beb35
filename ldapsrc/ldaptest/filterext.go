package ldaptest

import (
	"fmt"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// The matching rules that a filter may name. The first three are AD's
// ([MS-ADTS] section 3.1.1.3.4.4), the others RFC 4517's.
const (
	ruleBitAnd     = "1.2.840.113556.1.4.803"
	ruleBitOr      = "1.2.840.113556.1.4.804"
	ruleInChain    = "1.2.840.113556.1.4.1941"
	ruleIgnoreCase = "2.5.13.2"
	ruleExactCase  = "2.5.13.5"
	ruleDN         = "2.5.13.1"
	ruleInteger    = "2.5.13.14"
	ruleOctets     = "2.5.13.17"
)

var ruleNames = map[string]string{
	"caseIgnoreMatch": ruleIgnoreCase, "caseExactMatch": ruleExactCase, "distinguishedNameMatch": ruleDN,
	"integerMatch": ruleInteger, "octetStringMatch": ruleOctets, "caseExactIA5Match": ruleExactCase, "caseIgnoreIA5Match": ruleIgnoreCase,
}

// compileExtensible handles (attr:dn:rule:=value), RFC 4511 section 4.5.1.7.7.
func (d *Directory) compileExtensible(p *ber.Packet) (matcher, error) {
	var rule, name string
	var value []byte
	inDN := false
	for _, part := range p.Children {
		content := packetBytes(part)
		switch part.Tag {
		case ldap.MatchingRuleAssertionMatchingRule:
			rule = string(content)
		case ldap.MatchingRuleAssertionType:
			name = string(content)
		case ldap.MatchingRuleAssertionMatchValue:
			value = content
		case ldap.MatchingRuleAssertionDNAttributes:
			inDN = len(content) == 1 && content[0] != 0
		default:
			return nil, fmt.Errorf("extensible filter with part %d", part.Tag)
		}
	}
	typ := d.schema.lookup(name)
	if name == "" || typ == nil || typ.is(secret) {
		return never, nil
	}
	if known, ok := ruleNames[rule]; ok {
		rule = known
	}
	m := d.compileRule(rule, typ, value)
	if inDN && d.flavor == OpenLDAP {
		return orInName(m, typ, value), nil
	}
	return m, nil
}

func (d *Directory) compileRule(rule string, typ *attributeType, value []byte) matcher {
	if d.flavor == ActiveDirectory && !slices.Contains([]string{"", ruleBitAnd, ruleBitOr, ruleInChain}, rule) {
		return never
	}
	switch rule {
	case ruleBitAnd, ruleBitOr:
		bits, ok := parseInt(value)
		if !ok || typ.syntax != integer {
			return never
		}
		return d.matchValues(typ, func(have []byte) bool {
			n, ok := parseInt(have)
			if rule == ruleBitAnd {
				return ok && n&bits == bits
			}
			return ok && n&bits != 0
		})
	case ruleInChain:
		return d.compileInChain(typ, value)
	case ruleExactCase, ruleOctets:
		return d.matchValues(typ, func(have []byte) bool { return string(have) == string(value) })
	case "", ruleIgnoreCase, ruleDN, ruleInteger:
		m, err := d.compileItem(ldap.FilterEqualityMatch, typ.name, value)
		if err != nil {
			return never
		}
		return m
	}
	return never
}

// compileInChain follows a link to its end: (memberOf:inChain:=G) is all that
// is in G, nested; (member:inChain:=U) is all groups that U is in.
func (d *Directory) compileInChain(typ *attributeType, value []byte) matcher {
	key, err := parseName(string(value))
	target := d.entries[key]
	if err != nil || typ.syntax != dn {
		return never
	}
	if target == nil {
		return func(*entry) truth { return no }
	}
	var reached map[*entry]bool
	if typ.is(constructed) {
		reached = closure([]*entry{target}, func(e *entry) []*entry {
			var next []*entry
			for _, a := range e.attrs {
				if a.typ.back != typ.name {
					continue
				}
				for _, l := range a.links {
					if l.target != nil {
						next = append(next, l.target)
					}
				}
			}
			return next
		})
	} else {
		reached = closure([]*entry{target}, func(e *entry) []*entry {
			var next []*entry
			for _, back := range e.back {
				if back.typ == typ {
					next = append(next, back.source)
				}
			}
			return next
		})
	}
	return func(e *entry) truth { return truthOf(reached[e]) }
}

// orInName also matches the RDNs of the entry's DN, as (ou:dn:=People) asks.
func orInName(m matcher, typ *attributeType, value []byte) matcher {
	return func(e *entry) truth {
		for name := e.dn; name != ""; name = parentDN(name) {
			parts, err := firstRDN(name)
			if err != nil {
				break
			}
			for _, part := range parts {
				if part.Type != "" && typ.key == foldText(part.Type) && typ.equal([]byte(part.Value), value) {
					return yes
				}
			}
		}
		return m(e)
	}
}
