package upload

import (
	"context"
	"slices"
)

// twins finds what this phase and a run on another host have both made, where
// the service lets two groups have one name, and takes its own back. Each run
// looks for the first change of the phase before it writes (overtaken). If both
// have written all the same, both have made that one, and the later of them
// finds it twice when the phase is done, which is one more request. What both
// take back the next run makes.
func (a *applier) twins(ctx context.Context, changes []*Change) {
	made := slices.DeleteFunc(slices.Clone(changes), func(c *Change) bool {
		return c.Verb != Create || c.Kind != Group || c.State != Applied || c.taken != nil
	})
	if len(made) == 0 || a.can.WriteOnly || a.uniqueName(Group) || ctx.Err() != nil || a.twin(ctx, made[0]) == nil {
		return
	}
	own := make([]*Resource, len(made))
	_ = forEach(ctx, len(made), func(ctx context.Context, i int) error {
		own[i] = a.twin(ctx, made[i])
		return nil
	})
	var writes []Write
	var of []*Change
	for i, r := range own {
		if r != nil {
			writes, of = append(writes, Write{Op: OpDelete, Kind: Group, Before: r}), append(of, made[i])
		}
	}
	a.target.Write(ctx, writes, func(i int, r Result) {
		c := of[i]
		if r.Err != nil {
			c.State, c.Failure = Failed, r.Err
			return
		}
		c.State = Planned
		if j := a.joining[c.Anchor]; j != nil {
			j.State, j.joined = Planned, 0
		}
	})
	a.stopped = &Overtaken{Kind: Group, Name: made[0].Name, What: "created"}
}

// twin is what a change has made, if something else has its mark too. Where
// the service cannot answer, it is left at that.
func (a *applier) twin(ctx context.Context, c *Change) *Resource {
	found, err := a.target.Find(ctx, Group, KeyExternalID, a.Mark.ExternalID(c.Source, c.Anchor))
	if err != nil {
		return nil
	}
	var own *Resource
	others := false
	for i := range found {
		if found[i].ID == a.groups[c.Anchor] {
			own = &found[i]
		} else {
			others = true
		}
	}
	if !others {
		return nil
	}
	return own
}
