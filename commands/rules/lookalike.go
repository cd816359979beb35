package rules

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// lookalikes are the letters of other scripts that cannot be told from Latin
// ones (Unicode UTS 39, the single letters of Cyrillic and Greek).
var lookalikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm',
	'о': 'o', 'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'т': 't', 'ц': 'u', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y',
	'α': 'a', 'β': 'b', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
	'ı': 'i', 'ɡ': 'g', 'ɑ': 'a',
}

// skeleton is a login with look-alikes in the place of what they look like.
func skeleton(folded string) string {
	return strings.Map(func(r rune) rune {
		if latin, ok := lookalikes[r]; ok {
			return latin
		}
		return r
	}, strings.ToLower(norm.NFKC.String(folded)))
}

// lookalikes reports logins that look like another one.
func (c *Checker) lookalikes() {
	if c.off[ruleLookalike] || c.least > Warn.weight() {
		return
	}
	seen := map[string][]claim{}
	for n, s := range c.sources {
		for i := range s.snapshot.Users {
			c.lookalike(s, holderOf(n, false, i), seen)
		}
	}
	for _, claims := range seen {
		slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.at, b.at) })
		c.shared(ruleLookalike, asLogin, claims, unlikeFolded, func(_, others string) string { return "looks like the login of " + others })
	}
}

// lookalike gathers the claims on the skeleton of a login that is not ASCII:
// its own and that of the login which it looks like.
func (c *Checker) lookalike(s *source, at holder, seen map[string][]claim) {
	p := s.users
	p.evaluate(s.snapshot.Users[at.number()].Attributes, &s.eval)
	login, field := p.fed(&s.eval, asLogin)
	if field < 0 || strings.IndexFunc(login, isNonASCII) < 0 {
		return
	}
	folded := string(appendFolded(nil, login))
	shape := skeleton(folded)
	if shape == folded {
		return
	}
	list := append(seen[shape], claim{at, asLogin, []hold{{asLogin, field, login}}})
	if len(list) == 1 {
		for _, h := range slices.Clone(c.index.holders([]byte(shape))) {
			if h.isGroup() || h.used()&asLogin == 0 {
				continue
			}
			c.evaluated(h, func(p *plan, e *evaluation) {
				if other, i := p.fed(e, asLogin); i >= 0 && string(appendFolded(nil, other)) == shape {
					list = append(list, claim{h.entry(), asLogin, []hold{{asLogin, i, other}}})
				}
			})
		}
	}
	seen[shape] = list
}
