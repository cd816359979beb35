package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A claim is one entry's hold on a key.
type claim struct {
	at    holder
	used  role
	field int
	value string
}

// duplicates reports what must be unique and is not. Only entries whose
// hashes met are looked at again.
func (c *Checker) duplicates() {
	seen := map[string]bool{}
	for sum := range c.index.many {
		for key, claims := range c.claims(sum) {
			if len(claims) < 2 || seen[key] {
				continue
			}
			seen[key] = true
			slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.at, b.at) })
			c.judge(key, claims)
		}
	}
	c.sameIDs()
	c.atTarget()
}

// claims are the entries of one hash, by key.
func (c *Checker) claims(sum uint64) map[string][]claim {
	out := map[string][]claim{}
	for _, h := range c.index.many[sum] {
		c.evaluated(h, func(p *plan, e *evaluation) {
			c.keys(p, e, func(k keyed) {
				if c.index.hash(k.key) != sum {
					return
				}
				list := out[string(k.key)]
				if n := len(list); n > 0 && list[n-1].at.same(h) {
					// The attribute that makes the login speaks for the entry.
					if k.used&asLogin != 0 && list[n-1].used&asLogin == 0 {
						list[n-1].field, list[n-1].value = k.field, k.value
					}
					list[n-1].used |= k.used
					return
				}
				out[string(k.key)] = append(list, claim{h.entry(), k.used, k.field, k.value})
			})
		})
	}
	return out
}

// evaluated evaluates an entry again.
func (c *Checker) evaluated(h holder, do func(*plan, *evaluation)) {
	s := c.sources[h.source()]
	if h.isGroup() {
		e := s.groups.evaluation()
		s.groups.evaluate(s.snapshot.Groups[h.number()].Attributes, &e)
		do(s.groups, &e)
		return
	}
	e := s.users.evaluation()
	s.users.evaluate(s.snapshot.Users[h.number()].Attributes, &e)
	do(s.users, &e)
}

// judge decides which rule those who share a key break: one fault is one
// finding of each of them.
func (c *Checker) judge(key string, claims []claim) {
	switch key[0] {
	case keyAlias:
		c.shared(ruleDupAlias, asAlias, claims, func(*claim, *claim) bool { return true }, func(cl *claim, others string) string {
			return "same alias as " + others
		})
		return
	case keyGroupName:
		c.shared(ruleDupGroupName, asGroupName, claims, func(*claim, *claim) bool { return true }, func(cl *claim, others string) string {
			return fmt.Sprintf("displayName %q is also that of %s", cl.value, others)
		})
		return
	case keyNormalized:
		differ := func(a, b *claim) bool {
			return string(appendFolded(nil, a.value)) != string(appendFolded(nil, b.value))
		}
		c.shared(ruleDupNormalized, asLogin, claims, differ, func(cl *claim, others string) string {
			return fmt.Sprintf("becomes %s, as that of %s does", key[1:], others)
		})
		return
	}
	login := func(a, b *claim) bool { return a.used&b.used&asLogin != 0 }
	email := func(a, b *claim) bool { return !login(a, b) && a.used&b.used&asEmail != 0 }
	rest := func(a, b *claim) bool { return !login(a, b) && !email(a, b) }
	c.shared(ruleDupLogin, asLogin, claims, login, func(cl *claim, others string) string {
		return fmt.Sprintf("userName %q is also that of %s", cl.value, others)
	})
	c.shared(ruleDupEmail, asEmail, claims, email, func(cl *claim, others string) string {
		return "same e-mail as " + others
	})
	c.shared(ruleDupAddress, asAddress, claims, rest, func(cl *claim, others string) string {
		return fmt.Sprintf("%s also belongs to %s", strings.TrimLeft(key, "\x04"), others)
	})
}

// shared reports the rule for each claim that meets another one.
func (c *Checker) shared(rule ruleNumber, used role, claims []claim, meet func(a, b *claim) bool, detail func(cl *claim, others string) string) {
	for i := range claims {
		cl := &claims[i]
		var others []Holder
		active := false
		for j := range claims {
			if i == j || !meet(cl, &claims[j]) {
				continue
			}
			h := c.holderAs(&claims[j], used)
			active = active || h.Active
			others = append(others, h)
		}
		if len(others) == 0 {
			continue
		}
		attribute, value, made := c.valueAs(cl, used)
		f := found{at: cl.at, rule: rule, used: used & cl.used, made: made, attribute: attribute, value: value, others: others}
		f.severity = table[rule].severity(c.values.profile.sets, used)
		// An account that is off claims no name that somebody else uses.
		if f.severity == Block && (!active || !c.entry(cl.at).active) {
			f.severity = Warn
		}
		f.detail = detail(&claim{cl.at, cl.used, cl.field, value}, listed(others))
		c.report(f)
	}
}

// valueAs finds the attribute and value by which an entry holds a key in a
// role, as the claim may rest on several.
func (c *Checker) valueAs(cl *claim, used role) (attribute, value string, made bool) {
	want := string(c.keyOfClaim(cl))
	c.evaluated(cl.at, func(p *plan, e *evaluation) {
		attribute, value, made = p.fields[cl.field].name, cl.value, p.fields[cl.field].made
		found := false
		c.keys(p, e, func(k keyed) {
			if !found && k.used&used != 0 && string(k.key) == want {
				found = true
				attribute, value, made = p.fields[k.field].name, k.value, p.fields[k.field].made
			}
		})
	})
	return attribute, value, made
}

func (c *Checker) keyOfClaim(cl *claim) (key []byte) {
	c.evaluated(cl.at, func(p *plan, e *evaluation) {
		c.keys(p, e, func(k keyed) {
			if key == nil && k.field == cl.field && k.value == cl.value && k.key[0] >= ' ' {
				key = slices.Clone(k.key)
			}
		})
	})
	return key
}

func (c *Checker) holderAs(cl *claim, used role) Holder {
	e := c.entry(cl.at)
	attribute, _, _ := c.valueAs(cl, used)
	h := Holder{Source: c.sources[cl.at.source()].ID, Kind: e.kind, DN: e.dn, Anchor: e.anchor, Attribute: attribute, Active: e.active}
	h.AtTarget = c.owned != nil && e.kind == KindUser && c.owned()[c.mark.ExternalID(h.Source, h.Anchor)]
	return h
}

// listed names holders in a sentence, three of them at most.
func listed(others []Holder) string {
	var parts []string
	for i, h := range others {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("%d more", len(others)-i))
			break
		}
		if h.Source == "" {
			parts = append(parts, fmt.Sprintf("%s %s at the target, which is not ours", h.Kind, h.Resource))
			continue
		}
		text := fmt.Sprintf("%s (%s, source %s", h.DN, h.Anchor, h.Source)
		if h.Kind == KindGroup {
			text += ", a group"
		}
		if !h.Active {
			text += ", disabled"
		}
		if h.AtTarget {
			text += ", at the target already"
		}
		parts = append(parts, text+")")
	}
	return strings.Join(parts, " and ")
}

// sameIDs reports anchors that two entries have. Snapshots are sorted by
// anchor.
func (c *Checker) sameIDs() {
	if c.off[ruleDupID] {
		return
	}
	for n, s := range c.sources {
		users := s.snapshot.Users
		for i := range users {
			if i > 0 && users[i].Anchor != "" && users[i].Anchor == users[i-1].Anchor {
				c.sameID(holderOf(n, false, i), holderOf(n, false, i-1))
				c.sameID(holderOf(n, false, i-1), holderOf(n, false, i))
			}
			for m, other := range c.sources[:n] {
				j, found := slices.BinarySearchFunc(other.snapshot.Users, users[i].Anchor, func(u directory.User, a directory.Anchor) int {
					return cmp.Compare(u.Anchor, a)
				})
				if found && users[i].Anchor != "" {
					c.sameID(holderOf(n, false, i), holderOf(m, false, j))
					c.sameID(holderOf(m, false, j), holderOf(n, false, i))
				}
			}
		}
	}
}

func (c *Checker) sameID(at, other holder) {
	o := c.entry(other)
	id := c.sources[other.source()].ID
	c.report(found{at: at, rule: ruleDupID, used: asID, value: string(o.anchor),
		detail: fmt.Sprintf("same id as %s of source %s", o.dn, id),
		others: []Holder{{Source: id, Kind: o.kind, DN: o.dn, Anchor: o.anchor, Active: o.active}}})
}

// A resource is one of the target's that no source owns.
type resource struct {
	id, name string
	emails   []string
}

// AddTarget adds what the target holds and nobody owns, so that addresses
// are compared with it too. A resource that a user will adopt by its name is
// no conflict.
func (c *Checker) AddTarget(state *upload.State, mark *upload.Mark) {
	c.mark = mark
	c.owned = sync.OnceValue(func() map[string]bool {
		owned := map[string]bool{}
		for i := range state.Users {
			if id := state.Users[i].ExternalID; id != "" {
				owned[id] = true
			}
		}
		return owned
	})
	for i := range state.Users {
		r := &state.Users[i]
		if _, _, ours := mark.Owner(r.ExternalID); ours {
			continue
		}
		out := resource{id: r.ID, name: r.Name}
		for _, a := range r.Attributes {
			if useOf(upload.User, a.Path) == asEmail {
				out.emails = append(out.emails, a.Values...)
			}
		}
		c.foreign = append(c.foreign, out)
	}
}

// atTarget reports addresses that a resource of nobody's has too. Whether
// the target minds is known only of some; elsewhere it is a warning.
func (c *Checker) atTarget() {
	for i := range c.foreign {
		r := &c.foreign[i]
		for _, email := range r.emails {
			if blank(email) {
				continue
			}
			key := appendFolded(nil, email)
			for _, h := range slices.Clone(c.index.holders(key)) {
				c.takenAtTarget(h, string(key), r)
			}
		}
	}
}

func (c *Checker) takenAtTarget(h holder, key string, r *resource) {
	if h.isGroup() || h.used()&asEmail == 0 {
		return
	}
	if string(appendFolded(nil, c.entry(h).name)) == string(appendFolded(nil, r.name)) {
		return
	}
	c.evaluated(h, func(p *plan, e *evaluation) {
		done := false
		c.keys(p, e, func(k keyed) {
			if done || k.used&asEmail == 0 || string(k.key) != key {
				return
			}
			done = true
			others := []Holder{{Kind: KindUser, Resource: r.id, Active: true}}
			severity := Warn
			if c.values.profile.sets&(entra|google|aws|github) != 0 {
				severity = Block
			}
			c.report(found{at: h.entry(), rule: ruleDupEmail, severity: severity, used: asEmail, made: p.fields[k.field].made,
				attribute: p.fields[k.field].name, value: k.value, others: others,
				detail: fmt.Sprintf("same e-mail as %q, %s", r.name, listed(others))})
		})
	})
}
