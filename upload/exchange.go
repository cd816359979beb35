package upload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// onceMore writes what was refused for a value that another resource has, now
// that others of the phase may have given theirs up: an address that goes from
// one to another, a name that the service does not show. Those who want each
// other's values, which only the refusal says must be unique, exchange them.
func (a *applier) onceMore(ctx context.Context, changes []*Change) {
	var refused []*Change
	given := false
	wanted := wishes(changes)
	for _, c := range changes {
		if len(c.set) == 0 || c.Before == nil {
			continue
		}
		given = given || c.State == Applied
		if a.clashed(c) || refusedAtAll(c) && len(c.wanted(wanted)) > 0 {
			refused = append(refused, c)
		}
	}
	for given && a.stopped == nil {
		given = a.again(ctx, refused)
	}
	wanted = wishes(refused)
	for _, c := range refused {
		a.exchange(ctx, c, wanted)
	}
}

// again writes once more what was refused, and reports whether that helped any
// of them, and thereby perhaps others.
func (a *applier) again(ctx context.Context, refused []*Change) bool {
	waiting := slices.DeleteFunc(slices.Clone(refused), func(c *Change) bool { return !refusedAtAll(c) })
	for _, c := range waiting {
		a.forgive(c)
	}
	a.batch(ctx, waiting, a.write)
	return slices.ContainsFunc(waiting, func(c *Change) bool { return c.State == Applied })
}

// exchange gives a change, and those that wait for it, momentary values where
// others of them want what they have, so that each can have its own. One need
// not step aside: it is written first.
func (a *applier) exchange(ctx context.Context, c *Change, wanted map[wish][]*Change) {
	if !refusedAtAll(c) || a.stopped != nil {
		return
	}
	party := c.party(wanted)
	among := wishes(party)
	if len(c.wanted(among)) == 0 {
		return
	}
	last := party[len(party)-1]
	for _, p := range party[:len(party)-1] {
		if paths := slices.Sorted(maps.Keys(p.wanted(among))); len(paths) > 0 {
			a.moveAside(ctx, p, paths)
		}
	}
	a.again(ctx, []*Change{last})
	a.again(ctx, party)
}

// moveAside writes momentary values of a refused change, which stays refused.
func (a *applier) moveAside(ctx context.Context, c *Change, paths []string) {
	why := c.Failure
	a.forgive(c)
	a.batch(ctx, []*Change{c}, func(c *Change) (Write, error) { return aside(c, paths), nil })
	if c.State == Applied {
		a.aside[c] = append(a.aside[c], paths...)
	}
	c.State, c.Failure = Failed, why
}

// party is a refused change, those that wait for a value of it, then those
// that wait for a value of theirs, and so on.
func (c *Change) party(wanted map[wish][]*Change) []*Change {
	out, in := []*Change{c}, map[*Change]bool{c: true}
	for i := 0; i < len(out); i++ {
		gives := out[i].wanted(wanted)
		for _, path := range slices.Sorted(maps.Keys(gives)) {
			for _, o := range gives[path] {
				if refusedAtAll(o) && !in[o] {
					out, in[o] = append(out, o), true
				}
			}
		}
	}
	return out
}

// putBack gives those who stepped aside in vain their old values again.
func (a *applier) putBack(ctx context.Context, changes []*Change) {
	for _, c := range changes {
		paths := a.aside[c]
		if c.State != Failed || len(paths) == 0 || a.stopped != nil {
			continue
		}
		w := Write{Op: OpUpdate, Kind: c.Kind, Before: c.Before}
		for _, s := range c.set {
			if slices.Contains(paths, s.Path) {
				w.Set = append(w.Set, Attribute{Path: s.Path, Values: s.Old})
			}
		}
		a.target.Write(ctx, []Write{w}, func(_ int, r Result) {
			if r.Err != nil {
				c.Failure = fmt.Errorf("%w; it has %q for the moment, and the next run tries again", c.Failure, momentary(c, w.Set[0].Values[0]))
			}
		})
	}
}

// A wish is a name or an address that somebody is to have.
type wish struct{ path, value string }

// wishes are the changes by what they wish for.
func wishes(changes []*Change) map[wish][]*Change {
	out := map[wish][]*Change{}
	for _, c := range changes {
		for _, s := range c.set {
			if len(s.New) == 1 && (s.Path == nameOf(c.Kind) || strings.HasPrefix(s.Path, "emails")) {
				w := wish{s.Path, foldName(s.New[0])}
				out[w] = append(out[w], c)
			}
		}
	}
	return out
}

// wanted are the paths on which others wish for what a change gives up, and
// who they are.
func (c *Change) wanted(by map[wish][]*Change) map[string][]*Change {
	out := map[string][]*Change{}
	for _, s := range c.set {
		if len(s.Old) != 1 {
			continue
		}
		for _, o := range by[wish{s.Path, foldName(s.Old[0])}] {
			if o != c {
				out[s.Path] = append(out[s.Path], o)
			}
		}
	}
	return out
}

// clashed reports whether a change was refused for a value that another
// resource has.
func (a *applier) clashed(c *Change) bool {
	refusal := new(Refusal)
	return c.State == Failed && errors.As(c.Failure, &refusal) && refusal.Conflict()
}

// refusedAtAll reports whether the service refused a change, for whatever
// reason: some say 400 where a value is taken.
func refusedAtAll(c *Change) bool { return c.State == Failed && errors.As(c.Failure, new(*Refusal)) }

// forgive makes a refused change one that is yet to be made.
func (a *applier) forgive(c *Change) {
	c.State, c.Failure = Planned, nil
	delete(a.notTaken, resourceKey{c.Kind, c.Before.ID})
}
