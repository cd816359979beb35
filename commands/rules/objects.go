package rules

import (
	"fmt"
	"strconv"
	"strings"

	"adsync/ldapsrc/directory"
)

// user checks one user.
func (c *Checker) user(at holder, u *directory.User) {
	s := c.sources[at.source()]
	if c.skipped(at, s, u.DN, u.Login, u.SID, u.Attributes) {
		return
	}
	p, e := s.users, &s.eval
	p.evaluate(u.Attributes, e)
	c.missing(at, s, u)
	c.fields(at, p, e)
	c.addresses(at, p, e)
	if u.Anchor == "" {
		c.report(found{at: at, rule: ruleMissingID, used: asID, detail: "no stable id"})
	}
	c.keys(p, e, func(k keyed) { c.index.add(k.key, at.as(k.used)) })
}

// group checks one group.
func (c *Checker) group(at holder) {
	s := c.sources[at.source()]
	g := &s.snapshot.Groups[at.number()]
	if c.skipped(at, s, g.DN, g.Login, g.SID, g.Attributes) {
		return
	}
	p, e := s.groups, &s.evalG
	p.evaluate(g.Attributes, e)
	for i := range p.paths {
		if p.paths[i].used == asGroupName && !e.filled[i] {
			c.report(found{at: at, rule: ruleMissingGroup, used: asGroupName, attribute: "displayName",
				detail: "group has no name", suggestion: nameInDN(g.DN, "cn")})
		}
	}
	c.fields(at, p, e)
	c.addresses(at, p, e)
	if g.Anchor == "" {
		c.report(found{at: at, rule: ruleMissingID, used: asID, detail: "no stable id"})
	}
	if n := len(g.Groups); n > 0 {
		c.report(found{at: at, rule: ruleNested, detail: fmt.Sprintf("%s in it: %s has no nested groups", count(n, "group"), c.Title())})
	}
	if g.Outside > 0 {
		c.report(found{at: at, rule: ruleOutOfScope, detail: count(g.Outside, "member") + " not synced"})
	}
	c.keys(p, e, func(k keyed) { c.index.add(k.key, at.as(k.used)) })
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Bits of msExchRecipientTypeDetails that tell mailboxes of the system
// (Entra Connect's default configuration).
const (
	systemMailboxes = 0x21C07000
	systemGroups    = 0x40000000
)

// skipped reports entries that are not for the service: what is left of a
// replication conflict, and what the directory needs for itself.
func (c *Checker) skipped(at holder, s *source, dn, login, sid string, a directory.Attributes) bool {
	if isConflict(dn, login) {
		c.counts.Skipped["replication conflict"]++
		c.report(found{at: at, rule: ruleConflict, detail: "copy left by a replication conflict"})
		return true
	}
	if !s.AD {
		return false
	}
	why := ""
	mask := int64(systemMailboxes)
	if at.isGroup() {
		mask = systemGroups
	}
	kind := int64(0)
	if text := a.First("msExchRecipientTypeDetails"); text != "" {
		kind, _ = strconv.ParseInt(text, 10, 64)
	}
	switch {
	case strings.HasSuffix(login, "$"):
		why = "the account name ends in $"
	case kind&mask != 0:
		why = "a mailbox of the system"
	case s.BuiltIn:
	case strings.EqualFold(a.First("isCriticalSystemObject"), "true"):
		why = "built-in object"
	case !at.isGroup() && strings.HasPrefix(sid, "S-1-5-21-") && (strings.HasSuffix(sid, "-500") || strings.HasSuffix(sid, "-501") || strings.HasSuffix(sid, "-502")):
		why = "built-in account"
	}
	if why == "" {
		return false
	}
	c.counts.Skipped["built-in or service object"]++
	c.report(found{at: at, rule: ruleSystem, detail: why + ", not synced"})
	return true
}

// leftOut reports an entry that was skipped while reading.
func (c *Checker) leftOut(source, reason string, e directory.Skipped) {
	rule, detail := ruleSystem, reason+", not synced"
	if isConflict(e.DN, e.Login) {
		rule, detail = ruleConflict, "copy left by a replication conflict"
	}
	severity := table[rule].severity(c.values.profile.sets, 0)
	if c.off[rule] || severity.weight() < c.least {
		return
	}
	kind := KindUser
	if e.Group {
		kind = KindGroup
	}
	c.left = append(c.left, Finding{Rule: table[rule].ID, Severity: severity, Kind: kind, Source: source, DN: e.DN, Name: e.Login,
		Active: true, Message: detail, Fix: table[rule].Fix})
}

// isConflict tells the loser of a replication conflict (MS-DRSR
// 4.1.10.6.9): CNF: and a GUID in its name, or $DUPLICATE- in its login.
func isConflict(dn, login string) bool {
	if len(login) > 11 && strings.EqualFold(login[:11], "$DUPLICATE-") {
		return true
	}
	i := strings.IndexByte(dn, '\\')
	if i < 0 {
		return false
	}
	return strings.Contains(strings.ToUpper(dn[i:]), `\0ACNF:`)
}

// missing reports what a user has not.
func (c *Checker) missing(at holder, s *source, u *directory.User) {
	p, e := s.users, &s.eval
	email := false
	for i := range p.paths {
		to := &p.paths[i]
		switch {
		case to.used == asEmail:
			email = email || e.filled[i]
			continue
		case e.filled[i]:
			if to.used == asDisplay && s.AD {
				c.fallback(at, p, to, u)
			}
			continue
		}
		switch to.used {
		case asLogin:
			attribute := to.attribute()
			c.report(found{at: at, rule: ruleMissingLogin, used: asLogin, attribute: attribute, detail: "no login name: " + attribute + " is empty"})
		case asGiven, asFamily:
			c.report(found{at: at, rule: ruleMissingName, used: to.used, attribute: to.attribute(), detail: "first or last name is empty", suggestion: c.nameFrom(u, to.used)})
		case asDisplay:
			c.report(found{at: at, rule: ruleMissingDisplay, used: asDisplay, attribute: to.attribute(), detail: "no display name", suggestion: displayFor(u)})
		}
	}
	if p.emails && !email {
		c.report(found{at: at, rule: ruleMissingEmail, used: asEmail, attribute: p.emailFrom(), detail: "no e-mail address", suggestion: primaryOf(u.Attributes)})
	}
}

// fallback warns of a display name that another attribute stands in for.
func (c *Checker) fallback(at holder, p *plan, to *path, u *directory.User) {
	text := to.from.Alternatives()
	if len(text) < 2 || !strings.EqualFold(text[0], "displayName") || first(u.Attributes.Get(text[0])) != "" {
		return
	}
	c.report(found{at: at, rule: ruleMissingDisplay, severity: Warn, used: asDisplay, attribute: text[0],
		detail: "no display name: another attribute stands in for it", suggestion: displayFor(u)})
}

// primaryOf is the primary proxy address, "" when it is not known.
func primaryOf(a directory.Attributes) string {
	for _, v := range a.Get("proxyAddresses") {
		if address, primary, ok := isSMTP(v); ok && primary {
			return address
		}
	}
	return ""
}

// displayFor makes a display name: given and last name, else cn.
func displayFor(u *directory.User) string {
	given, family := first(u.Attributes.Get("givenName")), first(u.Attributes.Get("sn"))
	if given != "" && family != "" {
		return trimmed(stripped(given)) + " " + trimmed(stripped(family))
	}
	if cn := first(u.Attributes.Get("cn")); cn != "" {
		return cn
	}
	return nameInDN(u.DN, "cn")
}

// nameFrom is the first or last word of the display name.
func (c *Checker) nameFrom(u *directory.User, used role) string {
	words := strings.FieldsFunc(stripped(first(u.Attributes.Get("displayName"))), isSpace)
	if len(words) < 2 {
		return ""
	}
	if used == asGiven {
		return words[0]
	}
	return words[len(words)-1]
}

// nameInDN is the value of an attribute in the first RDN, "" where it has
// another or one that needs unescaping.
func nameInDN(dn, attribute string) string {
	rdn, _, _ := strings.Cut(dn, ",")
	name, value, ok := strings.Cut(rdn, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), attribute) || strings.ContainsAny(value, `\+"#`) {
		return ""
	}
	return strings.TrimSpace(value)
}

// fields checks each value of each field that is used.
func (c *Checker) fields(at holder, p *plan, e *evaluation) {
	group := at.isGroup()
	for i, used := range e.used {
		if used == 0 {
			continue
		}
		f := &p.fields[i]
		values := e.values[i]
		for _, v := range values {
			if len(v) > 0 && used&(asKey|asGroupName|asDisplay|asGiven|asFamily) == 0 {
				if ok, _ := plain(v); ok {
					continue
				}
			}
			for _, fault := range c.values.check(f.text, v, used, group) {
				c.report(found{at: at, rule: fault.rule, used: used, made: f.made, attribute: f.name, value: v, detail: fault.detail})
			}
		}
		if len(values) > 1 && c.values.profile.singles && !f.made && p.takesOne(i, e) {
			c.report(found{at: at, rule: ruleMultiValue, attribute: f.name, value: values[0],
				detail: fmt.Sprintf("%d values, one is taken: %s", len(values), quoted(first(values)))})
		}
	}
}

// takesOne reports whether a field feeds a managed path.
func (p *plan) takesOne(field int, e *evaluation) bool {
	f := &p.fields[field]
	return !f.always || e.used[field] != f.by
}

// addresses checks what the addresses of an object say together.
func (c *Checker) addresses(at holder, p *plan, e *evaluation) {
	mail := ""
	if i, ok := p.index["mail"]; ok {
		mail = first(e.values[i])
	}
	if i, ok := p.index["proxyaddresses"]; ok && e.used[i] != 0 {
		c.proxies(at, &p.fields[i], e.values[i], mail)
	}
	i, ok := p.index["userprincipalname"]
	if !ok || e.used[i] == 0 || mail == "" || at.isGroup() {
		return
	}
	login := first(e.values[i])
	if login != "" && !sameKey(login, mail) {
		c.report(found{at: at, rule: ruleLoginMail, attribute: p.fields[i].name, value: login,
			detail: fmt.Sprintf("people will sign in with %s but get mail at %s", quoted(login), quoted(mail))})
	}
}

// proxies checks the proxy addresses of an object as a whole.
func (c *Checker) proxies(at holder, f *field, values []string, mail string) {
	var primaries []string
	smtp, likeMail := 0, ""
	for _, v := range values {
		address, primary, ok := isSMTP(v)
		if !ok {
			continue
		}
		smtp++
		if primary {
			primaries = append(primaries, v)
		}
		if mail != "" && sameKey(address, mail) {
			likeMail = v
		}
	}
	note := found{at: at, used: asProxy, attribute: f.name}
	switch {
	case smtp > 0 && len(primaries) == 0:
		note.rule, note.value, note.detail = ruleNoPrimary, likeMail, "no primary address"
		if likeMail != "" {
			note.suggestion = "SMTP:" + cleanAddress(likeMail)
		}
		c.report(note)
	case len(primaries) > 1:
		note.rule, note.value, note.detail = ruleManyPrimary, primaries[0], fmt.Sprintf("%d primary addresses", len(primaries))
		if strings.HasPrefix(likeMail, "SMTP:") {
			for _, v := range primaries {
				if v != likeMail {
					note.value, note.suggestion = v, "smtp:"+cleanAddress(v)
					break
				}
			}
		}
		c.report(note)
	case len(primaries) == 1 && mail != "" && likeMail != primaries[0]:
		if !sameKey(cleanAddress(primaries[0]), mail) {
			note.rule, note.value = ruleMismatch, primaries[0]
			note.detail = "mail is " + quoted(mail) + ", which is not the primary address"
			c.report(note)
		}
	}
	if len(values) > proxyCountMax {
		c.report(found{at: at, rule: ruleProxyMany, used: asProxy, attribute: f.name,
			detail: fmt.Sprintf("%d addresses, %s holds about %d", len(values), c.Title(), proxyCountMax)})
	}
}

func cleanAddress(proxy string) string {
	address, _, _ := isSMTP(proxy)
	return address
}
