package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A claim is one entry's hold on a key.
type claim struct {
	at    holder
	used  role
	holds []hold
}

// A hold is a value by which an entry claims a key.
type hold struct {
	used  role
	field int
	value string
}

// as is the value by which the claim stands in a role, or its first.
func (cl *claim) as(used role) hold {
	for _, h := range cl.holds {
		if h.used&used != 0 {
			return h
		}
	}
	return cl.holds[0]
}

// duplicates reports what must be unique and is not. Only entries whose
// hashes met are looked at again.
func (c *Checker) duplicates() {
	for sum := range c.index.many {
		for key, claims := range c.claims(sum) {
			if len(claims) < 2 {
				continue
			}
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
					list[n-1].used |= k.used
					list[n-1].holds = append(list[n-1].holds, hold{k.used, k.field, k.value})
					return
				}
				out[string(k.key)] = append(list, claim{h.entry(), k.used, []hold{{k.used, k.field, k.value}}})
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
		c.shared(ruleDupAlias, asAlias, claims, alike, func(_, others string) string { return "same alias as " + others })
		return
	case keyGroupName:
		c.shared(ruleDupGroupName, asGroupName, claims, alike, func(value, others string) string {
			return fmt.Sprintf("displayName %q is also that of %s", value, others)
		})
		return
	case keyNormalized:
		c.shared(ruleDupNormalized, asLogin, claims, unlikeFolded, func(_, others string) string {
			return fmt.Sprintf("becomes %s, as that of %s does", key[1:], others)
		})
		return
	}
	login := func(a, b role) bool { return a&b&asLogin != 0 }
	email := func(a, b role) bool { return !login(a, b) && a&b&asEmail != 0 }
	rest := func(a, b role) bool { return !login(a, b) && !email(a, b) }
	c.shared(ruleDupLogin, asLogin, claims, byRole(login), func(value, others string) string {
		return fmt.Sprintf("userName %q is also that of %s", value, others)
	})
	c.shared(ruleDupEmail, asEmail, claims, byRole(email), func(_, others string) string { return "same e-mail as " + others })
	c.shared(ruleDupAddress, asAddress, claims, byRole(rest), func(_, others string) string {
		return fmt.Sprintf("%s also belongs to %s", strings.TrimLeft(key, "\x04"), others)
	})
}

// A meeting says which claims are at odds with each other. Claims of one
// class are alike in that, so that thousands of them are not compared one
// with another.
type meeting struct {
	class func(*claim) string
	meet  func(a, b string) bool
}

var (
	alike        = meeting{func(*claim) string { return "" }, func(_, _ string) bool { return true }}
	unlikeFolded = meeting{
		func(cl *claim) string { return string(appendFolded(nil, cl.as(asLogin).value)) },
		func(a, b string) bool { return a != b },
	}
)

func byRole(meet func(a, b role) bool) meeting {
	return meeting{
		func(cl *claim) string { return string(rune(cl.used)) },
		func(a, b string) bool { return meet(role([]rune(a)[0]), role([]rune(b)[0])) },
	}
}

// othersShown is how many other holders a finding lists; its message says
// how many more there are.
const othersShown = 20

// A class are claims that are at odds with the same others.
type class struct {
	claims []int // into the list of claims
	active int
}

// shared reports the rule for each claim that meets another one.
func (c *Checker) shared(rule ruleNumber, used role, claims []claim, m meeting, detail func(value, others string) string) {
	if c.off[rule] {
		return
	}
	classes := map[string]*class{}
	var names []string
	of := make([]string, len(claims))
	for i := range claims {
		of[i] = m.class(&claims[i])
		if classes[of[i]] == nil {
			classes[of[i]] = new(class)
			names = append(names, of[i])
		}
		k := classes[of[i]]
		k.claims = append(k.claims, i)
		if c.isActive(claims[i].at) {
			k.active++
		}
	}
	for i := range claims {
		cl := &claims[i]
		var others []Holder
		total, active := 0, 0
		for _, name := range names {
			if !m.meet(of[i], name) {
				continue
			}
			k := classes[name]
			total, active = total+len(k.claims), active+k.active
			for _, j := range k.claims {
				if len(others) == othersShown {
					break
				}
				if j != i {
					others = append(others, c.holderAs(&claims[j], used))
				}
			}
		}
		own := c.isActive(cl.at)
		if m.meet(of[i], of[i]) {
			total--
			if own {
				active--
			}
		}
		if len(others) == 0 {
			continue
		}
		h := cl.as(used)
		field := &c.plan(cl.at).fields[h.field]
		f := found{at: cl.at, rule: rule, used: used & cl.used, made: field.made, attribute: field.name, value: h.value, others: others}
		f.severity = table[rule].severity(c.values.profile.sets, used)
		// An account that is off claims no name that somebody else uses.
		if f.severity == Block && (active == 0 || !own) {
			f.severity = Warn
		}
		f.detail = detail(h.value, listed(others, total))
		c.report(f)
	}
}

// plan is the plan of an entry's kind and source.
func (c *Checker) plan(h holder) *plan {
	if s := c.sources[h.source()]; !h.isGroup() {
		return s.users
	}
	return c.sources[h.source()].groups
}

func (c *Checker) isActive(h holder) bool {
	return h.isGroup() || c.sources[h.source()].snapshot.Users[h.number()].Active
}

func (c *Checker) holderAs(cl *claim, used role) Holder {
	dn, anchor := c.identity(cl.at)
	h := Holder{Source: c.sources[cl.at.source()].ID, Kind: KindUser, DN: dn, Anchor: anchor, Attribute: c.plan(cl.at).fields[cl.as(used).field].name, Active: c.isActive(cl.at)}
	if cl.at.isGroup() {
		h.Kind = KindGroup
	}
	h.AtTarget = c.owned != nil && h.Kind == KindUser && c.owned(h.Source, h.Anchor)
	return h
}

// listed names holders in a sentence, three of them at most.
func listed(others []Holder, total int) string {
	var parts []string
	for i, h := range others {
		if i == 3 {
			parts = append(parts, fmt.Sprintf("%d more", total-i))
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
	c.owned = func(source string, a directory.Anchor) bool { return state.Owned(upload.User, mark, source, a) }
	for _, r := range state.Unowned(upload.User, mark) {
		out := resource{id: r.ID, name: r.Name}
		for path, values := range r.Attributes.All() {
			if useOf(upload.User, path) == asEmail {
				out.emails = append(out.emails, values...)
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
				detail: fmt.Sprintf("same e-mail as %q, %s", r.name, listed(others, 1))})
		})
	})
}
