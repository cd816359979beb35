package upload

import (
	"context"
	"fmt"
	"slices"
)

// convinced is how many resources must show that the service does not take
// what is written to a path before a run leaves the others alone: one value
// may be bad.
const convinced = 3

// lossKey is a path and how what is written to it may be lost.
type lossKey struct {
	kind Kind
	path string
	loss loss
}

// losses are what a run has seen come to nothing. The next run finds the same
// differences again, since nothing remembers them, and is to leave the
// service alone all the same.
type losses struct {
	nobody map[lossKey]bool // whether nobody has a value, as the service was read
	taken  map[lossKey]bool // a write has shown that the service takes such values
	seen   map[lossKey]int  // resources that showed the loss
	left   map[lossKey]int  // resources that were not written to for it
}

func newLosses() losses {
	return losses{nobody: map[lossKey]bool{}, taken: map[lossKey]bool{}, seen: map[lossKey]int{}, left: map[lossKey]int{}}
}

// perhaps is the loss that a value of an update may come to. A value that
// others have at the service is not dropped there.
func (a *applier) perhaps(c *Change, s AttributeChange) (key lossKey, ok bool) {
	key = lossKey{c.Kind, s.Path, dropped}
	switch {
	case c.Before == nil || len(s.New) == 0:
		return key, false
	case len(s.Old) == 0:
		return key, a.nobodyHas(key) && !a.losses.taken[key]
	}
	key.loss = a.trait(c.Kind, s.Path).form(s.New, s.Old)
	return key, key.loss != "" && !a.losses.taken[key]
}

func (a *applier) nobodyHas(key lossKey) bool {
	none, known := a.losses.nobody[key]
	if !known {
		none = !slices.ContainsFunc(a.State.Of(key.kind), func(r Resource) bool {
			return len(r.Get(key.path)) > 0 || key.path == PathManager && r.Manager != ""
		})
		a.losses.nobody[key] = none
	}
	return none
}

// updates writes changes of one phase. Where many have a value that the
// service may not take, a few of them go first.
func (a *applier) updates(ctx context.Context, changes []*Change) {
	changes = a.adoptGroups(ctx, changes)
	var first, rest []*Change
	tries := map[lossKey]int{}
	for _, c := range changes {
		try := false
		for _, s := range c.set {
			if key, ok := a.perhaps(c, s); ok {
				try = try || tries[key] < convinced
				tries[key]++
			}
		}
		if try {
			first = append(first, c)
		} else {
			rest = append(rest, c)
		}
	}
	a.batch(ctx, first, a.write)
	if len(first) > 0 {
		rest = a.worthWriting(rest)
	}
	a.batch(ctx, rest, a.write)
}

// worthWriting leaves out the changes of which nothing is left to write but
// what the service was seen not to take. They stay planned.
func (a *applier) worthWriting(changes []*Change) []*Change {
	return slices.DeleteFunc(changes, func(c *Change) bool {
		if c.Verb != Update || len(c.set) == 0 || c.manager != nil {
			return false
		}
		lost := 0
		for _, s := range c.set {
			if key, ok := a.perhaps(c, s); ok && a.losses.seen[key] >= convinced {
				lost++
			}
		}
		if lost < len(c.set) {
			return false
		}
		for _, s := range c.set {
			key, _ := a.perhaps(c, s)
			a.losses.left[key]++
		}
		a.progress()
		return true
	})
}

// compare notes, once for each path, what the service made of a value. The
// next run would find the difference again and write it again.
func (a *applier) compare(c *Change, w Write, after *Resource) {
	if after == nil {
		return
	}
	if w.Op == OpDelete {
		a.rewritten[string(w.Op)] = fmt.Sprintf("the service deactivates a %s that it is asked to delete, and each run would ask again: set policy.user_gone and policy.user_disabled to deactivate", c.Kind)
		return
	}
	if w.ExternalID != "" && after.ExternalID != w.ExternalID && !a.can.Unmarked[c.Kind] {
		a.rewritten[KeyExternalID] = fmt.Sprintf("the service does not keep the externalId of a %s as it was written (%s): without it nothing is owned, and each run adopts anew",
			c.Kind, c.Name)
	}
	if w.Op == OpUpdate && w.Manager != nil && *w.Manager != "" && w.Before.Manager == "" {
		a.losses.weigh(lostManager, after.Manager == *w.Manager, after.Manager == "")
	}
	if w.Op == OpUpdate && w.Manager != nil && after.Manager != *w.Manager {
		a.rewritten[lostManager.sentence()] = fmt.Sprintf("the service does not keep the manager as it was written (%s %s): leave it out of the mapping", c.Kind, c.Name)
	}
	a.after.Read(after.Attributes)
	vain := w.Op == OpUpdate && c.Verb == Update && c.manager == nil && w.Before != nil && len(w.Set) > 0
	if onlyManager(c) && w.Op == OpUpdate && w.Manager != nil && after.Manager != *w.Manager {
		vain = after.Manager == w.Before.Manager
	}
	for _, s := range w.Set {
		t := a.trait(c.Kind, s.Path)
		if t.Hidden || t.WriteOnce {
			vain = false
			continue
		}
		have := a.after.Get(s.Path)
		same := t.same(s.Values, have)
		vain = vain && !same && slices.Equal(have, w.Before.Get(s.Path))
		a.weigh(c, w, s, have, same)
		if same {
			continue
		}
		if key := (lossKey{kind: c.Kind, path: s.Path}).sentence(); a.rewritten[key] == "" {
			a.rewritten[key] = became(c, s, have)
		}
	}
	if vain {
		c.State = Planned // nothing came of it
	}
}

// alreadyOff reports whether a change deletes an account that is inactive.
func (c *Change) alreadyOff() bool {
	return c.Verb == Delete && c.Kind != Group && c.Before != nil && !c.Before.Active
}

// deletions deletes. One goes first, of somebody active where there is any: if
// the service only deactivates him, those who are off already are not asked for.
// They stay planned.
func (a *applier) deletions(ctx context.Context, changes []*Change) {
	first := max(0, slices.IndexFunc(changes, func(c *Change) bool { return !c.alreadyOff() }))
	a.batch(ctx, changes[first:first+1], a.write)
	rest := slices.Delete(slices.Clone(changes), first, first+1)
	if a.rewritten[string(OpDelete)] == "" {
		a.batch(ctx, rest, a.write)
		return
	}
	active := slices.DeleteFunc(slices.Clone(rest), (*Change).alreadyOff)
	a.batch(ctx, active, a.write)
	if left := len(rest) - len(active); left > 0 {
		a.rewritten[string(OpDelete)] += fmt.Sprintf("; %d more are not asked for", left)
		a.answered += left
	}
}

// weigh takes down what became of a value that an update has written.
func (a *applier) weigh(c *Change, w Write, s Attribute, have []string, same bool) {
	if w.Op != OpUpdate || w.Before == nil {
		return
	}
	before := w.Before.Get(s.Path)
	if key, ok := a.perhaps(c, AttributeChange{Path: s.Path, Old: before, New: s.Values}); ok {
		a.losses.weigh(key, same, slices.Equal(have, before))
	}
}

// weigh takes down one write that a service has taken, or that came to nothing.
func (l *losses) weigh(key lossKey, taken, lost bool) {
	switch {
	case taken:
		l.taken[key] = true
	case lost:
		l.seen[key]++
	}
}

// lostManager is a manager that a service does not keep.
var lostManager = lossKey{User, PathManager, dropped}

// managersTried writes managers, where nobody has one a few of them first: if
// the service keeps none of these, the others are left. Those who had nothing
// else to be written stay planned.
func (a *applier) managersTried(ctx context.Context, with []*Change) {
	led := func(c *Change) bool { return c.led }
	if a.nobodyHas(lostManager) && !a.losses.taken[lostManager] && len(with) > convinced && !slices.ContainsFunc(with, led) {
		for range convinced {
			if !a.losses.taken[lostManager] {
				a.batch(ctx, with[:1], a.managerWrite)
				with = with[1:]
			}
		}
		if a.losses.seen[lostManager] >= convinced {
			a.losses.left[lostManager] += len(with)
			a.answered += len(with)
			return
		}
	}
	a.batch(ctx, with, a.managerWrite)
}

// leftOut adds to the sentences how many were not written to.
func (a *applier) leftOut() {
	for key, n := range a.losses.left {
		a.rewritten[key.sentence()] += fmt.Sprintf("; %d more are not written", n)
	}
}

func (k lossKey) sentence() string { return string(k.kind) + " " + k.path }
