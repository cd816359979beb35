package rules

import (
	"slices"
	"strings"
)

// suggest works out, for every finding, the value that would put it right:
// the value with everything repaired that can be repaired unread and, where
// the rule's own repair wants a person's judgement, with that.
func (c *Checker) suggest() {
	wanted := map[string][]holder{} // by key: who would get it, and as what
	for i := range c.found {
		f := &c.found[i]
		if f.made {
			f.suggestion = ""
			continue
		}
		if f.suggestion == "" {
			f.suggestion = c.repair(f)
		}
		if f.suggestion == "" || f.suggestion == f.value {
			f.suggestion = ""
			continue
		}
		f.safe = table[f.rule].safe && c.passes(f)
		c.newKeys(f, func(key string) {
			// A few are enough to know that it is wanted by others too.
			if len(wanted[key]) < 8 && !slices.ContainsFunc(wanted[key], f.at.same) {
				wanted[key] = append(wanted[key], f.at.as(f.used))
			}
		})
	}
	for i := range c.found {
		if f := &c.found[i]; f.suggestion != "" && c.collides(f, wanted) {
			f.suggestion, f.safe = "", false
		}
	}
}

// repair is the value that breaks the rule no longer, "" when nobody can
// know it.
func (c *Checker) repair(f *found) string {
	if f.value == "" || f.rule == ruleNoPrimary || f.rule == ruleManyPrimary {
		return ""
	}
	clean := c.clean(f.value, f)
	switch f.rule {
	case ruleEdgeSpace, ruleControl, ruleHidden, ruleNotNFC, ruleNonASCII, ruleBadDomain, ruleUnroutable, ruleUnverified:
	case ruleInnerSpace:
		clean = c.clean(c.inAddress(clean, f, bare), f)
	case ruleBadChar:
		clean = c.inAddress(clean, f, func(s string) string { return c.allowedOnly(s, f) })
	case ruleBadAddress:
		for strings.Contains(clean, "@@") {
			clean = strings.ReplaceAll(clean, "@@", "@")
		}
	case ruleBadDots:
		clean = c.inAddress(clean, f, dropDots)
	case ruleTooLong:
		if f.used&asKey != 0 {
			return ""
		}
		clean = c.cut(clean, f)
	case ruleProxyNoType:
		if strings.Count(clean, "@") != 1 {
			return ""
		}
		clean = "smtp:" + clean
	default:
		return ""
	}
	if clean == f.value || blank(clean) {
		return ""
	}
	for _, left := range c.values.check(f.attribute, clean, f.used, f.at.isGroup()) {
		if left.rule == f.rule {
			return ""
		}
	}
	return clean
}

// clean makes all the repairs that want no judgement.
func (c *Checker) clean(value string, f *found) string {
	key := f.used&asKey != 0
	var b strings.Builder
	spaced := false
	for _, r := range value {
		switch {
		case isControl(r) && f.used == asLines && (r == '\n' || r == '\r'):
			b.WriteRune(r)
		case isControl(r):
			if !key && !spaced {
				b.WriteByte(' ')
			}
			spaced = true
			continue
		case isHidden(r) && (key || !isJoiner(r)):
			continue
		default:
			b.WriteRune(r)
		}
		spaced = isSpace(r)
	}
	text := trimmed(nfc(b.String()))
	if !key {
		return text
	}
	if f.used&asProxy != 0 {
		kind, rest, ok := cutType(text)
		if !ok || !strings.EqualFold(kind, "smtp") {
			if ok {
				return kind + ":" + trimmed(rest)
			}
			return text
		}
		return kind + ":" + c.cleanDomain(trimmed(rest))
	}
	if c.values.isAddress(f.attribute, f.used) {
		return c.cleanDomain(text)
	}
	return text
}

// cleanDomain repairs the domain of an address: A-labels, no trailing dot or
// bracket, and the suffix that is to be used instead.
func (c *Checker) cleanDomain(address string) string {
	local, domain, ok := cutLast(address, '@')
	if !ok {
		return address
	}
	domain = strings.TrimRight(domain, ".>)]")
	if strings.IndexFunc(domain, isNonASCII) >= 0 && strings.IndexFunc(domain, isSpace) < 0 {
		domain = foldDomain(domain)
	}
	if other, ok := c.options.Suffixes[foldDomain(domain)]; ok {
		domain = other
	}
	return local + "@" + domain
}

// inAddress applies a repair to the part of a value that it is about: the
// whole of an alias, of an address what stands before the @, of a proxy
// address that without its type.
func (c *Checker) inAddress(value string, f *found, repair func(string) string) string {
	prefix := ""
	if f.used&asProxy != 0 {
		if kind, rest, ok := cutType(value); ok {
			prefix, value = kind+":", rest
		}
	}
	if f.rule == ruleInnerSpace {
		return prefix + repair(value)
	}
	local, domain, ok := cutLast(value, '@')
	if !ok || f.used&asAlias != 0 && f.used&(asEmail|asUPN) == 0 {
		return prefix + repair(value)
	}
	return prefix + repair(local) + "@" + domain
}

// allowedOnly drops the characters that are not allowed. An apostrophe is
// part of a name and never dropped.
func (c *Checker) allowedOnly(s string, f *found) string {
	v := &c.values
	allowed := dotAtom
	switch p := &v.profile; {
	case f.used&asProxy != 0 && p.proxyChars != nil:
		allowed = p.proxyChars
	case f.used&(asLogin|asUPN) != 0 && v.isAddress(f.attribute, f.used):
		allowed = &p.local
	case f.used&asAlias != 0:
		allowed = aliasChars
	case f.used&asSAM != 0:
		allowed = samChars
	case f.used&asGroupName != 0 && p.groupChars != nil:
		allowed = p.groupChars
	case f.used&(asGiven|asFamily) != 0 && p.nameChars != nil:
		allowed = p.nameChars
	case f.used&asDisplay != 0 && p.displayChars != nil:
		allowed = p.displayChars
	}
	return strings.Map(func(r rune) rune {
		if r < 0x80 && !allowed[r] && r != '.' && r != '\'' {
			return -1
		}
		return r
	}, s)
}

func dropDots(s string) string {
	for strings.Contains(s, "..") {
		s = strings.ReplaceAll(s, "..", ".")
	}
	return strings.Trim(s, ".")
}

// cut shortens a name to the limit, at the border of a character.
func (c *Checker) cut(value string, f *found) string {
	p := &c.values.profile
	limit := p.displayMax
	switch {
	case f.used&asGroupName != 0:
		limit = p.groupMax
	case f.used&(asGiven|asFamily) != 0:
		limit = p.nameMax
	}
	if limit == 0 {
		return ""
	}
	for p.length(value) > limit {
		runes := []rune(value)
		value = string(runes[:len(runes)-max(1, (p.length(value)-limit)/2)])
	}
	return trimmed(value)
}

// passes reports whether the value after the suggestion has no fault that
// blocks and none that the value before it had not.
func (c *Checker) passes(f *found) bool {
	if strings.EqualFold(f.attribute, rdnAttribute(c.entry(f.at).dn)) {
		// What names an entry is changed by renaming it.
		return false
	}
	old := map[ruleNumber]bool{}
	group := f.at.isGroup()
	for _, was := range c.values.check(f.attribute, f.value, f.used, group) {
		old[was.rule] = true
	}
	for _, is := range c.values.check(f.attribute, f.suggestion, f.used, group) {
		severity := table[is.rule].severity(c.values.profile.sets, f.used)
		if severity == Block || severity != "" && !old[is.rule] {
			return false
		}
	}
	return true
}

// rdnAttribute is the attribute that names an entry.
func rdnAttribute(dn string) string {
	name, _, _ := strings.Cut(dn, "=")
	return strings.TrimSpace(name)
}

// newKeys visits the keys that a suggestion would give an entry.
func (c *Checker) newKeys(f *found, visit func(key string)) {
	if f.used&(asKey|asGroupName) == 0 {
		return
	}
	c.index.buf = c.keysOf(c.index.buf, f.suggestion, f.used, &field{text: f.attribute}, true, func(key []byte, _ role) {
		visit(string(key))
	})
}

// collides reports whether another entry has, or is to get, a key that the
// suggestion would give. Where the key stays what it was, only those count
// who have it in the same role: the others were no conflict before either.
func (c *Checker) collides(f *found, wanted map[string][]holder) bool {
	var keys []string
	c.newKeys(f, func(key string) { keys = append(keys, key) })
	old := map[string]bool{}
	c.index.buf = c.keysOf(c.index.buf, f.value, f.used, &field{text: f.attribute}, true, func(key []byte, _ role) { old[string(key)] = true })
	for _, key := range keys {
		counts := func(h holder) bool { return !h.same(f.at) && (!old[key] || h.used()&f.used != 0) }
		if slices.ContainsFunc(wanted[key], counts) {
			return true
		}
		for _, h := range slices.Clone(c.index.holders([]byte(key))) {
			if counts(h) && c.holds(h, key) {
				return true
			}
		}
		if f.used&asEmail != 0 && !old[key] && c.atTargetAlready(key) {
			return true
		}
	}
	return false
}

// atTargetAlready reports whether a resource of nobody's has an address.
func (c *Checker) atTargetAlready(key string) bool {
	for i := range c.foreign {
		for _, email := range c.foreign[i].emails {
			if string(appendFolded(nil, email)) == key {
				return true
			}
		}
	}
	return false
}

// holds reports whether an entry really has a key and not only its hash.
func (c *Checker) holds(h holder, key string) bool {
	has := false
	c.evaluated(h, func(p *plan, e *evaluation) {
		c.keys(p, e, func(k keyed) { has = has || string(k.key) == key })
	})
	return has
}
