package upload

import (
	"context"
	"fmt"
	"slices"
)

// twins finds what this phase and a run on another host have both made, where
// the service lets two groups have one name, and takes its own back. Each run
// looks for the first change of the phase before it writes it (overtaken). If
// both have written all the same, both have made that one first, and the later
// of them finds it twice when the phase is done. What both take back the next
// run makes.
func (a *applier) twins(ctx context.Context, changes []*Change) {
	made := slices.DeleteFunc(slices.Clone(changes), func(c *Change) bool {
		return c.Verb != Create || c.State != Applied || c.taken != nil
	})
	if len(made) == 0 || a.can.WriteOnly || a.uniqueName(Group) || ctx.Err() != nil {
		return
	}
	if _, others := a.twin(ctx, made[0]); !others {
		return
	}
	if a.stopped == nil {
		a.stopped = &Overtaken{Kind: Group, Name: made[0].Name, What: "created"}
	}
	own := make([]*Resource, len(made))
	_ = forEach(ctx, len(made), func(ctx context.Context, i int) error {
		if r, others := a.twin(ctx, made[i]); others {
			own[i] = r
		}
		return nil
	})
	var writes []Write
	var of []*Change
	for i, r := range own {
		if r != nil {
			writes, of = append(writes, Write{Op: OpDelete, Kind: Group, Before: r}), append(of, made[i])
		}
	}
	a.target.Write(ctx, writes, func(i int, r Result) { a.takenBack(of[i], r.Err) })
}

// takenBack notes that what a change has made is gone again, or is there twice.
func (a *applier) takenBack(c *Change, err error) {
	if err != nil {
		c.State, c.Failure = Failed, fmt.Errorf("made, and made by another run too; it is there twice, for taking it back: %w", err)
		return
	}
	c.State = Planned
	if j := a.joining[c.Anchor]; j != nil {
		j.State, j.joined = Planned, 0
	}
}

// twin is what a change has made, nil where it is not shown, and whether
// something else has its mark. Where the service cannot answer, nothing has.
func (a *applier) twin(ctx context.Context, c *Change) (own *Resource, others bool) {
	found, err := a.target.Find(ctx, Group, KeyExternalID, a.Mark.ExternalID(c.Source, c.Anchor))
	if err != nil {
		return nil, false
	}
	for i := range found {
		if found[i].ID == a.groups[c.Anchor] {
			own = &found[i]
		} else {
			others = true
		}
	}
	return own, others
}
