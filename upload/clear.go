package upload

import (
	"maps"
	"slices"
)

// clears reports whether the change takes a user's only values of a path
// away, or the manager.
func (c *Change) clears(path string) bool {
	if path == PathManager {
		return c.clearsManager()
	}
	return slices.ContainsFunc(c.set, func(a AttributeChange) bool { return a.Path == path && a.empties() })
}

func (a *AttributeChange) empties() bool { return len(notBlank(a.Old)) > 0 && len(a.New) == 0 }

func (c *Change) clearsManager() bool {
	return c.Before != nil && c.manager != nil && c.manager.anchor == "" && c.manager.id == ""
}

// checkAttributes holds back what would empty one path of most users at once:
// the bind account may have lost the right to read it, or the mapping may name
// another attribute. What else is written to these users goes ahead.
func (f *fuse) checkAttributes() {
	p := f.plan
	losing := map[string]int{}
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Kind != User || c.State != Planned {
			continue
		}
		for j := range c.set {
			if c.set[j].empties() {
				losing[c.set[j].Path]++
			}
		}
		if c.clearsManager() {
			losing[PathManager]++
		}
	}
	for _, path := range slices.Sorted(maps.Keys(losing)) {
		limit := f.limits.AttributeRemovals
		if of := max(p.having(path), losing[path]); losing[path] > limit.Allows(of) {
			f.blown = append(f.blown, Blown{What: "users who would lose their " + ShortPath(path), Key: "what one run may empty", Planned: losing[path], Allowed: limit.Allows(of), Of: of, Limit: limit})
			p.withholdClearing(path)
		}
	}
}

// withholdClearing splits the taking away of a path off the changes that do
// more than that. It is applied in a phase of its own, so that two writes of
// one user are never under way together.
func (p *Plan) withholdClearing(path string) {
	var split []Change
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Kind != User || c.State != Planned || !c.clears(path) {
			continue
		}
		rest := c.splitClearing(path)
		rest.Why, rest.overLimit = "most users would lose it", true
		split = append(split, rest)
	}
	p.dropHollow()
	p.Changes = append(p.Changes, split...)
}

// splitClearing takes the taking away of a path off a change, as a withheld one
// of its own.
func (c *Change) splitClearing(path string) Change {
	rest := Change{Verb: Update, Kind: User, Name: c.Name, Source: c.Source, Anchor: c.Anchor, DN: c.DN, Reason: c.Reason, Before: c.Before, State: Withheld, clearing: true}
	if path == PathManager {
		rest.manager, c.manager = c.manager, nil
		return rest
	}
	at := slices.IndexFunc(c.set, func(a AttributeChange) bool { return a.Path == path })
	rest.set = []AttributeChange{c.set[at]}
	c.set = slices.Delete(slices.Clone(c.set), at, at+1)
	return rest
}

// dropHollow drops the updates of users of which nothing is left.
func (p *Plan) dropHollow() {
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool {
		return c.Kind == User && c.State == Planned && c.Verb == Update && c.whole == nil && len(c.set) == 0 && c.manager == nil
	})
}

// managerBefore is the id of the manager that a changed user has; "" when none.
func (c *Change) managerBefore() string {
	if c.Before == nil {
		return ""
	}
	return c.Before.Manager
}
