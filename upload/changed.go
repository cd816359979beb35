package upload

import (
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// A difference is in what a resource differs from its entry, and what could not
// be evaluated for it.
type difference struct {
	set    []AttributeChange
	broken []error
}

// compare finds out in what the resources of users differ from them that were
// found by more than their mark.
func (d *differ) compare(all []*candidate) {
	spread(len(all), piece, func(from, to int) {
		var both views
		for i := from; i < to; i++ {
			if c := all[i]; c.held != nil && !c.compared {
				both.want.Read(c.user.Attributes)
				c.compare(d.managed(c.source, User), &both)
			}
		}
	})
}

// compare finds out in what a user's resource differs; both.want has the user.
func (c *candidate) compare(paths []managed, both *views) {
	c.compared = true
	if set, broken := changed(paths, c.held, both); len(set)+len(broken) > 0 {
		c.diff = &difference{set, broken}
	}
}

// created are the attributes of a new resource, worked out in a room.
func created(m *Mapping, k Kind, a directory.Attributes, in *room) []AttributeChange {
	in.view.Read(a)
	in.made = in.made[:0]
	for _, r := range m.Of(k) {
		if r.Path == PathManager {
			continue
		}
		values, err := r.From.Values(&in.view)
		if err != nil {
			return nil
		}
		if len(values) > 0 {
			in.made = append(in.made, AttributeChange{Path: r.Path, New: values})
		}
	}
	return in.made
}

// A managed path is one that is compared, and how.
type managed struct {
	Rule
	trait Trait
}

type managedKey struct {
	source string
	kind   Kind
}

// managed are the paths of a source's mapping that are compared.
func (d *differ) managed(s *Source, k Kind) []managed {
	key := managedKey{s.ID, k}
	out, known := d.paths[key]
	if known {
		return out
	}
	for _, rule := range s.Mapping.Of(k) {
		if t := d.trait(k, rule.Path); rule.Path != PathManager && !t.ReadOnly && !t.WriteOnce && !t.Hidden {
			out = append(out, managed{rule, t})
		}
	}
	d.paths[key] = out
	return out
}

// views are of an entry and of its resource.
type views struct{ want, have directory.View }

// changed are the managed attributes in which the service differs from
// both.want, and the paths for which the mapping cannot be evaluated.
func changed(paths []managed, r *Resource, both *views) (out []AttributeChange, broken []error) {
	both.have.Read(r.Attributes)
	for i := range paths {
		m := &paths[i]
		want, err := m.From.Values(&both.want)
		if err != nil {
			broken = append(broken, fmt.Errorf("mapping of %s: %w", m.Path, err))
			continue
		}
		have := both.have.Get(m.Path)
		if !m.trait.same(want, have) {
			out = append(out, AttributeChange{Path: m.Path, Old: slices.Clone(have), New: slices.Clone(m.trait.effective(want))})
		}
	}
	return out, broken
}

// changed are the attributes of one entry in which the service differs.
func (d *differ) changed(s *Source, k Kind, a directory.Attributes, r *Resource) []AttributeChange {
	d.both.want.Read(a)
	out, broken := changed(d.managed(s, k), r, &d.both)
	d.warn(broken)
	return out
}

func (d *differ) warn(broken []error) {
	for _, err := range broken {
		d.plan.Warnings = append(d.plan.Warnings, err.Error())
	}
}
