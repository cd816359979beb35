package upload

import (
	"context"
	"errors"
	"fmt"
)

// lookUpMembers reads who is in the groups that are about to be adopted, where
// the service shows members group by group and those of others were not asked
// for. A group whose members stay unknown is adopted all the same: members are
// added then, and those that do not belong leave in the next run.
func lookUpMembers(ctx context.Context, target Target, in Input) error {
	groups := adoptable(in)
	if len(groups) > 0 {
		in.State.index = nil
	}
	return forEach(ctx, len(groups), func(ctx context.Context, i int) error {
		g := groups[i]
		found, err := target.Find(ctx, Group, KeyDisplayName, g.Name)
		if gone := new(Unavailable); errors.As(err, &gone) {
			return fmt.Errorf("look up the members of group %s: %w", g.Name, err)
		}
		for j := range found {
			if r := &found[j]; r.ID == g.ID && r.MembersKnown {
				g.Members, g.MembersKnown = r.Members, true
			}
		}
		return ctx.Err()
	})
}

// adoptable are the groups of unknown members that nobody owns and whose name
// is that of a group of a complete source. Where groups keep no mark that is
// how they are known in every run.
func adoptable(in Input) []*Resource {
	if !in.Policy.Adopt {
		return nil
	}
	free := map[string][]*Resource{}
	for i := range in.State.Groups {
		g := &in.State.Groups[i]
		_, _, owned := in.Mark.Owner(g.ExternalID)
		if _, foreign := in.Mark.Foreign(g.ExternalID); !g.MembersKnown && !owned && !foreign {
			free[foldName(g.Name)] = append(free[foldName(g.Name)], g)
		}
	}
	if len(free) == 0 {
		return nil
	}
	d := &differ{Input: in, plan: &Plan{}}
	d.prepare()
	var out []*Resource
	for _, s := range d.complete {
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Groups {
			g := &snapshot.Groups[i]
			name := foldName(d.nameFor(s, Group, g.Attributes))
			if s.Groups && len(free[name]) == 1 && d.bearer(Group, s.ID, g.Anchor) == nil {
				out = append(out, free[name][0])
				delete(free, name)
			}
		}
	}
	return out
}
