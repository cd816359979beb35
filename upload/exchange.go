package upload

import (
	"context"
	"errors"
	"fmt"
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
	for _, c := range changes {
		if len(c.set) == 0 || c.Before == nil {
			continue
		}
		given = given || c.State == Applied
		if a.clashed(c) || refusedAtAll(c) && len(c.givenTo(changes)) > 0 {
			refused = append(refused, c)
		}
	}
	for given && a.stopped == nil {
		given = a.again(ctx, refused)
	}
	for _, c := range refused {
		a.exchange(ctx, c, refused)
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
func (a *applier) exchange(ctx context.Context, c *Change, refused []*Change) {
	if !refusedAtAll(c) || a.stopped != nil {
		return
	}
	party := c.party(refused)
	last := party[len(party)-1]
	if len(c.givenTo(party)) == 0 {
		return
	}
	for _, p := range party[:len(party)-1] {
		if paths := p.givenTo(party); len(paths) > 0 {
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
func (c *Change) party(refused []*Change) []*Change {
	out := []*Change{c}
	for i := 0; i < len(out); i++ {
		for _, o := range refused {
			if refusedAtAll(o) && !slices.Contains(out, o) && len(out[i].givenTo([]*Change{o})) > 0 {
				out = append(out, o)
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

// givenTo are the names and addresses of a change that others are to have.
func (c *Change) givenTo(others []*Change) []string {
	var out []string
	for _, s := range c.set {
		if len(s.Old) != 1 || s.Path != nameOf(c.Kind) && !strings.HasPrefix(s.Path, "emails") {
			continue
		}
		wants := func(t AttributeChange) bool {
			return t.Path == s.Path && len(t.New) == 1 && foldName(t.New[0]) == foldName(s.Old[0])
		}
		if slices.ContainsFunc(others, func(o *Change) bool { return o != c && slices.ContainsFunc(o.set, wants) }) {
			out = append(out, s.Path)
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
