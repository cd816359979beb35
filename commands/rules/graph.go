package rules

import (
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// managerLoops reports users who, one over the other, manage themselves.
func (c *Checker) managerLoops() {
	if c.off[ruleManagerLoop] || c.least > Warn.weight() {
		return
	}
	boss := map[directory.Anchor]directory.Anchor{}
	at := map[directory.Anchor]holder{}
	for n, s := range c.sources {
		for i := range s.snapshot.Users {
			if u := &s.snapshot.Users[i]; u.Manager != "" && u.Anchor != "" {
				boss[u.Anchor], at[u.Anchor] = u.Manager, holderOf(n, false, i)
			}
		}
	}
	next := func(a directory.Anchor) []directory.Anchor {
		if m, ok := boss[a]; ok {
			return []directory.Anchor{m}
		}
		return nil
	}
	c.loops(ruleManagerLoop, "manager", at, next)
}

// groupLoops reports groups that, one within the other, hold themselves.
func (c *Checker) groupLoops() {
	if c.off[ruleGroupLoop] || c.least > Warn.weight() {
		return
	}
	within := map[directory.Anchor][]directory.Anchor{}
	at := map[directory.Anchor]holder{}
	for n, s := range c.sources {
		for i := range s.snapshot.Groups {
			if g := &s.snapshot.Groups[i]; len(g.Groups) > 0 && g.Anchor != "" {
				within[g.Anchor], at[g.Anchor] = g.Groups, holderOf(n, true, i)
			}
		}
	}
	c.loops(ruleGroupLoop, "member", at, func(a directory.Anchor) []directory.Anchor { return within[a] })
}

// loops reports each entry that can be reached from itself. Entries are
// coloured as they are visited, so that each is visited once.
func (c *Checker) loops(rule ruleNumber, attribute string, at map[directory.Anchor]holder, next func(directory.Anchor) []directory.Anchor) {
	state := make(map[directory.Anchor]int8, len(at)) // 1: on the path, 2: done
	var path []directory.Anchor
	var visit func(directory.Anchor)
	visit = func(a directory.Anchor) {
		state[a] = 1
		path = append(path, a)
		for _, b := range next(a) {
			if _, known := at[b]; !known {
				continue
			}
			switch state[b] {
			case 0:
				visit(b)
			case 1:
				c.loop(rule, attribute, at, path[slices.Index(path, b):])
			}
		}
		path = path[:len(path)-1]
		state[a] = 2
	}
	for _, a := range sorted(at) {
		if state[a] == 0 {
			visit(a)
		}
	}
}

func sorted(at map[directory.Anchor]holder) []directory.Anchor {
	all := make([]directory.Anchor, 0, len(at))
	for a := range at {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// loop reports the members of one loop.
func (c *Checker) loop(rule ruleNumber, attribute string, at map[directory.Anchor]holder, loop []directory.Anchor) {
	for i, a := range loop {
		f := found{at: at[a], rule: rule, attribute: attribute, detail: "is its own " + attribute}
		var names []string
		for j := 1; j < len(loop); j++ {
			e := c.entry(at[loop[(i+j)%len(loop)]])
			h := at[loop[(i+j)%len(loop)]]
			f.others = append(f.others, Holder{Source: c.sources[h.source()].ID, Kind: e.kind, DN: e.dn, Anchor: e.anchor, Active: e.active})
			names = append(names, e.dn)
		}
		if len(names) > 0 {
			f.detail = "a loop of " + attribute + "s over " + strings.Join(names, ", ")
		} else {
			f.severity = Info
		}
		c.report(f)
	}
}
