// Package rules are the data checks: what is wrong in a directory that would
// break a synchronisation, found before it does. A rule is a line of a table;
// a Checker runs them over the snapshots of all sources and, where it is
// known, what the target holds.
//
// The package reads nothing and changes nothing: it is functions over
// directory and upload. A rule looks only at attributes that are mapped, or
// named in Options, and always at the value as the directory has it.
package rules

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// Options say what to check for.
type Options struct {
	Profile  string            // of the target; generic when empty. "entra" stands for both of Entra's
	Domains  []string          // the target's verified domains; empty: not known
	Suffixes map[string]string // domain to the domain that is suggested in its place
	// Attributes are looked at besides the mapped ones.
	Attributes []string
	Only       []string // ids of the rules to run; empty: all
	Least      Severity // findings below it are not made; Info when empty
}

// A Source says how the snapshot that is added with it is mapped.
type Source struct {
	ID      string
	AD      bool
	BuiltIn bool // built-in accounts are wanted
	Mapping *upload.Mapping
}

// A Checker collects the findings of one or more sources. It keeps the
// snapshots that it is given, which must not change, and of the values only
// hashes.
type Checker struct {
	options Options
	values  values
	off     []bool // by rule
	least   int

	sources []*source
	index   index
	found   []found
	foreign []resource                                   // of the target, not ours
	owned   func(source string, a directory.Anchor) bool // nil where the target is not known
	left    []Finding                                    // of entries that were skipped while reading
	done    bool
	counts  Counts
	result  []Finding
}

// Counts say what was looked at.
type Counts struct {
	Users, Groups int
	Skipped       map[string]int // by reason
}

type source struct {
	Source
	snapshot      *directory.Snapshot // empty until it is there
	users, groups *plan
	eval, evalG   evaluation
}

// New returns a Checker, or an error that names the option at fault.
func New(o Options) (*Checker, error) {
	p, err := profileNamed(o.Profile)
	if err != nil {
		return nil, err
	}
	c := &Checker{options: o, off: make([]bool, len(table)), least: max(o.Least.weight(), Info.weight())}
	c.values = values{profile: p, domains: map[string]*domainVerdict{}, verified: map[string]bool{}}
	for _, domain := range o.Domains {
		c.values.verified[foldDomain(domain)] = true
	}
	for _, id := range o.Only {
		if _, ok := numbers[id]; !ok {
			return nil, fmt.Errorf("no rule %q", id)
		}
	}
	for i := range table {
		c.off[i] = len(o.Only) > 0 && !slices.Contains(o.Only, table[i].ID)
	}
	suffixes := map[string]string{}
	for old, new := range o.Suffixes {
		suffixes[foldDomain(old)] = new
	}
	c.options.Suffixes = suffixes
	c.counts.Skipped = map[string]int{}
	c.index = index{seed: maphash.MakeSeed(), one: map[uint64]holder{}, many: map[uint64][]holder{}}
	return c, nil
}

// Title is the target as messages name it.
func (c *Checker) Title() string { return c.values.profile.title }

// A Check is the check of one source.
type Check struct {
	checker *Checker
	number  int      // of the source
	early   *Checker // of the users who were shown
	shown   int      // how many they are
}

// Add checks the entries of a source, in one pass. What must be unique is
// judged when all sources have been added.
func (c *Checker) Add(s Source, snapshot *directory.Snapshot) { c.Begin(s).End(snapshot) }

// Begin adds a source that is still being read. Without an End there is nothing
// in it.
func (c *Checker) Begin(s Source) *Check {
	src := &source{Source: s, snapshot: &directory.Snapshot{}}
	src.users = newPlan(upload.User, s.Mapping, c.options.Attributes)
	src.groups = newPlan(upload.Group, s.Mapping, c.options.Attributes)
	src.eval, src.evalG = src.users.evaluation(), src.groups.evaluation()
	number := len(c.sources)
	c.sources = append(c.sources, src)
	return &Check{checker: c, number: number, early: c.part(number)}
}

// Users checks users while the rest of the source is read: all of them, in any
// order.
func (k *Check) Users(users []directory.User) {
	k.early.index.reserve(2 * len(users))
	for i := range users {
		k.early.user(holderOf(k.number, false, int(users[i].Number)), &users[i])
	}
	k.shown += len(users)
}

// End checks the entries of the source, but for users who all have been.
func (k *Check) End(snapshot *directory.Snapshot) {
	c, number := k.checker, k.number
	c.sources[number].snapshot = snapshot
	c.index.grow(len(snapshot.Users))
	c.counts.Users += len(snapshot.Users)
	c.counts.Groups += len(snapshot.Groups)
	for _, skip := range snapshot.Skipped {
		c.counts.Skipped[skip.Reason] += skip.Count
		for _, e := range skip.Entries {
			c.leftOut(c.sources[number].ID, skip.Reason, e)
		}
	}
	if k.shown == len(snapshot.Users) {
		c.takeEarly(k, snapshot)
	} else {
		c.users(number, snapshot.Users)
	}
	for i := range snapshot.Groups {
		c.group(holderOf(number, true, i))
	}
}

// usersAtOnce is how many users it takes to be checked on several processors.
const usersAtOnce = 1000

// users checks the users of a source: a part of them on each processor, by a
// Checker of its own whose findings are taken over.
func (c *Checker) users(number int, users []directory.User) {
	n := len(users)
	parts := make([]*Checker, min(runtime.GOMAXPROCS(0), 1+n/usersAtOnce))
	var wait sync.WaitGroup
	for p := range parts {
		parts[p] = c.part(number)
		parts[p].index.reserve(2 * n / len(parts))
		wait.Go(func() {
			for i := p * n / len(parts); i < (p+1)*n/len(parts); i++ {
				parts[p].user(holderOf(number, false, i), &users[i])
			}
		})
	}
	wait.Wait()
	for _, part := range parts {
		c.take(part)
	}
}

// take takes over what a part has found and seen.
func (c *Checker) take(part *Checker) {
	c.found = append(c.found, part.found...)
	for reason, n := range part.counts.Skipped {
		c.counts.Skipped[reason] += n
	}
	for _, k := range part.index.seen {
		c.index.put(k.sum, k.at)
	}
}

// takeEarly takes over what was found of users who were shown. They have their
// places in the snapshot now.
func (c *Checker) takeEarly(k *Check, snapshot *directory.Snapshot) {
	places := directory.Places(snapshot.Users)
	place := func(at *holder) { *at = holderOf(k.number, false, int(places[at.number()])).as(at.used()) }
	for i := range k.early.found {
		place(&k.early.found[i].at)
	}
	for i := range k.early.index.seen {
		place(&k.early.index.seen[i].at)
	}
	c.take(k.early)
}

// part is a Checker for some users of a source, with the same options.
func (c *Checker) part(number int) *Checker {
	s := *c.sources[number]
	s.eval = s.users.evaluation()
	sources := make([]*source, number+1)
	sources[number] = &s
	return &Checker{
		options: c.options, off: c.off, least: c.least, sources: sources, counts: Counts{Skipped: map[string]int{}},
		values: values{profile: c.values.profile, verified: c.values.verified, domains: map[string]*domainVerdict{}},
		index:  index{seed: c.index.seed},
	}
}

// Counts say what was looked at and left out so far.
func (c *Checker) Counts() Counts { return c.counts }

// Findings ends the check and returns what was found, in the order of the
// table, then of the sources, then by DN.
func (c *Checker) Findings() []Finding {
	if c.done {
		return c.result
	}
	c.done = true
	c.duplicates()
	c.lookalikes()
	c.managerLoops()
	c.groupLoops()
	c.suggest()
	slices.SortStableFunc(c.found, func(a, b found) int {
		if a.rule != b.rule {
			return cmp.Compare(a.rule, b.rule)
		}
		dnA, anchorA := c.identity(a.at)
		dnB, anchorB := c.identity(b.at)
		return cmp.Or(cmp.Compare(a.at.source(), b.at.source()), cmp.Compare(dnA, dnB), cmp.Compare(anchorA, anchorB), cmp.Compare(a.attribute, b.attribute), cmp.Compare(a.value, b.value))
	})
	c.result = make([]Finding, 0, len(c.found)+len(c.left))
	for i := range c.found {
		c.result = append(c.result, c.finding(&c.found[i]))
	}
	c.result = append(c.result, c.left...)
	c.found, c.left = nil, nil
	slices.SortStableFunc(c.result, func(a, b Finding) int { return cmp.Compare(numbers[a.Rule], numbers[b.Rule]) })
	return c.result
}

// found is a finding in the making.
type found struct {
	at         holder
	rule       ruleNumber
	severity   Severity
	used       role
	made       bool // the value is a template's
	safe       bool
	attribute  string
	value      string
	detail     string
	suggestion string
	others     []Holder
}

// report notes a finding unless its rule is off.
func (c *Checker) report(f found) {
	if c.off[f.rule] {
		return
	}
	if f.severity == "" {
		f.severity = table[f.rule].severity(c.values.profile.sets, f.used)
	}
	if w := f.severity.weight(); w > 0 && w >= c.least {
		c.found = append(c.found, f)
	}
}

func (c *Checker) finding(f *found) Finding {
	e := c.entry(f.at)
	r := &table[f.rule]
	return Finding{
		Rule: r.ID, Severity: f.severity, Kind: e.kind, Source: c.sources[f.at.source()].ID, DN: e.dn, Anchor: e.anchor,
		Name: e.name, Active: e.active, Attribute: f.attribute, Value: f.value, Suggestion: f.suggestion, Safe: f.safe,
		Others: f.others, Message: f.detail, Fix: r.Fix, ChangesLogin: f.used&asLogin != 0,
	}
}

// entryInfo is what a finding says of its object.
type entryInfo struct {
	kind   string
	dn     string
	anchor directory.Anchor
	name   string
	active bool
}

func (c *Checker) entry(h holder) entryInfo {
	s := c.sources[h.source()]
	if h.isGroup() {
		g := &s.snapshot.Groups[h.number()]
		return entryInfo{kind: KindGroup, dn: g.DN, anchor: g.Anchor, name: cmp.Or(nameAt(s.groups, asGroupName, g.Attributes), g.Login), active: true}
	}
	u := &s.snapshot.Users[h.number()]
	return entryInfo{kind: KindUser, dn: u.DN, anchor: u.Anchor, name: cmp.Or(nameAt(s.users, asLogin, u.Attributes), u.Login), active: u.Active}
}

// identity is what tells an entry from others.
func (c *Checker) identity(h holder) (dn string, anchor directory.Anchor) {
	s := c.sources[h.source()].snapshot
	if h.isGroup() {
		return s.Groups[h.number()].DN, s.Groups[h.number()].Anchor
	}
	return s.Users[h.number()].DN, s.Users[h.number()].Anchor
}

// nameAt evaluates the path that names an entry at the service.
func nameAt(p *plan, used role, a directory.Attributes) string {
	for i := range p.paths {
		if p.paths[i].used == used {
			values, _ := p.paths[i].from.Values(directory.ViewOf(a))
			return first(values)
		}
	}
	return ""
}
