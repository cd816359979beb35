package upload

import (
	"context"
	"slices"
)

// rename applies changes of unique names in an order in which each name is
// free when it is taken. A ring, such as two people who swap names, is broken
// by giving one of them a name of its own for a moment, each at most once;
// where two may have one name, only after the service has refused that.
func (a *applier) rename(ctx context.Context, changes []*Change) {
	waiting := slices.Clone(changes)
	for len(waiting) > 0 && a.stopped == nil {
		held := map[string]*Change{}
		for _, c := range waiting {
			held[foldName(c.Before.Name)] = c
		}
		var ready, rest []*Change
		for _, c := range waiting {
			if other := held[foldName(c.Name)]; other == nil || other == c {
				ready = append(ready, c)
			} else {
				rest = append(rest, c)
			}
		}
		switch {
		case len(ready) > 0:
		case a.aside[rest[0]] != nil:
			ready, rest = rest, nil // two of one name: let the service judge
		case !a.uniqueName(rest[0].Kind) && a.shares(ctx, rest[0]):
			rest = rest[1:]
		default:
			a.batch(ctx, rest[:1], a.stepAside)
			if rest[0].State == Applied {
				rest[0].State = Planned
				before := *rest[0].Before
				before.Name = momentary(rest[0], before.Name)
				rest[0].Before = &before
			} else {
				delete(a.aside, rest[0])
				rest = rest[1:]
			}
		}
		a.batch(ctx, ready, a.write)
		waiting = rest
	}
}

// shares writes the name of one change though another resource has it still,
// and reports whether that is settled: it is not if the service wants names to
// be unique after all.
func (a *applier) shares(ctx context.Context, c *Change) bool {
	a.batch(ctx, []*Change{c}, a.write)
	if !a.clashed(c) {
		return true
	}
	a.forgive(c)
	return false
}

// stepAside writes momentary values on every path that must be unique.
func (a *applier) stepAside(c *Change) (Write, error) {
	w := aside(c, append([]string{nameOf(c.Kind)}, a.can.Unique[c.Kind]...))
	for _, s := range w.Set {
		a.aside[c] = append(a.aside[c], s.Path)
	}
	return w, nil
}

// aside writes momentary values on some of the paths that a change writes.
func aside(c *Change, paths []string) Write {
	w := Write{Op: OpUpdate, Kind: c.Kind, Before: c.Before}
	for _, s := range c.set {
		if slices.Contains(paths, s.Path) && len(s.Old) > 0 {
			w.Set = append(w.Set, Attribute{Path: s.Path, Values: []string{momentary(c, s.Old[0])}})
		}
	}
	return w
}

// momentary is a name that nobody else has, still an address if it was one.
func momentary(c *Change, name string) string {
	return "adsync-" + string(c.Anchor)[:8] + "-" + name
}
