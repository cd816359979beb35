package upload

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// unmarkedGroups is what there is to say of a service whose groups keep no
// externalId.
const unmarkedGroups = "the service keeps no externalId of groups: they are known by name alone, so that none is removed, and one that is renamed is made anew; remove by hand what is left over"

// inferUnmarked tells, before anything is written, that groups keep no mark:
// users have ours, not one group has any, and most of those of a name of ours
// have the members that they are to have, as a run before has left them. In case
// it is another's doing a run tries a mark on one group.
func (d *differ) inferUnmarked(all []groupCandidate) {
	if !d.Policy.Adopt || d.Capabilities.Unmarked[Group] || d.State.Unproven[Group] != "" {
		return
	}
	if slices.ContainsFunc(d.State.Groups, func(g Resource) bool { return g.ExternalID != "" }) {
		return
	}
	found, alike := 0, 0
	var one *groupCandidate
	for i := range all {
		c := &all[i]
		if c.held == nil {
			continue
		}
		found++
		if len(c.add)+len(c.remove) == 0 && c.held.MembersKnown && slices.ContainsFunc(c.held.Members, d.marked) {
			alike++
			one = cmp.Or(one, c)
		}
	}
	if alike*2 <= found {
		return
	}
	d.Capabilities.Unmarked = map[Kind]bool{Group: true}
	d.plan.Warnings = append(d.plan.Warnings, unmarkedGroups)
	d.plan.trial = &Change{Verb: Adopt, Kind: Group, Name: one.name, Source: one.source.ID, Anchor: one.group.Anchor, DN: one.group.DN, Reason: d.adoption(one.held), Before: one.held, State: Planned}
}

// marked reports whether an id is of a user who has a mark of ours.
func (d *differ) marked(id string) bool {
	r := d.byID(id)
	if r == nil {
		return false
	}
	_, _, ok := d.Mark.Owner(r.ExternalID)
	return ok
}

// tryMark writes the mark of one group where it seems that none is kept. If it
// is kept, that group is adopted, and the next run adopts the others.
func (a *applier) tryMark(ctx context.Context, plan *Plan) {
	c := plan.trial
	if c == nil || a.stopped != nil || a.can.Unmarked[Group] {
		return
	}
	w := Write{Op: OpUpdate, Kind: Group, Before: c.Before, ExternalID: a.Mark.ExternalID(c.Source, c.Anchor), Trial: true}
	a.target.Write(ctx, []Write{w}, func(_ int, r Result) {
		if r.Err == nil && !r.Unmarked {
			c.State = Applied
			plan.Changes = append(plan.Changes, *c)
			a.observe([]*Change{c})
		}
	})
}

// settleUnmarked takes note that the mark of a group was not kept. An adoption
// of which nothing is left was none.
func (a *applier) settleUnmarked(c *Change) {
	a.can.Unmarked = map[Kind]bool{Group: true}
	a.rewritten[string(Group)+" "+KeyExternalID] = unmarkedGroups
	switch {
	case c.Verb == Adopt && len(c.set) == 0:
		c.State = Planned
	case c.Verb == Adopt:
		c.Verb, c.Reason = Update, differs
	}
}

func (c *Change) adoptsGroup() bool { return c.Verb == Adopt && c.Kind == Group }

// adoptGroups adopts one of several groups and returns the other changes. If
// its mark is not kept, nothing but their names says whose the others are
// either: they stay planned, but for what else is to be written to them.
func (a *applier) adoptGroups(ctx context.Context, changes []*Change) []*Change {
	one := slices.IndexFunc(changes, (*Change).adoptsGroup)
	if one < 0 {
		return changes
	}
	if !a.can.Unmarked[Group] {
		a.batch(ctx, changes[one:one+1], a.write)
		changes = slices.Delete(slices.Clone(changes), one, one+1)
	}
	if !a.can.Unmarked[Group] {
		return changes
	}
	return slices.DeleteFunc(changes, func(c *Change) bool {
		nothing := c.adoptsGroup() && len(c.set) == 0
		if nothing {
			a.progress()
		}
		return nothing
	})
}

// makeGroups makes new groups. Where nothing is adopted they are known by their
// marks alone: if the first one keeps none, it is taken back, and the others are
// not made, for each run would make them all again.
func (a *applier) makeGroups(ctx context.Context, changes []*Change) {
	if !a.Adopt && !a.can.Unmarked[Group] && !a.marksGroups() {
		a.batch(ctx, changes[:1], a.write)
		if a.can.Unmarked[Group] {
			a.unmake(ctx, changes)
			return
		}
		changes = changes[1:]
	}
	a.batch(ctx, changes, a.write)
}

// marksGroups reports whether some group is seen to have a mark of ours.
func (a *applier) marksGroups() bool {
	return slices.ContainsFunc(a.State.Groups, func(g Resource) bool {
		_, _, ours := a.Mark.Owner(g.ExternalID)
		return ours
	})
}

// unmake takes the first of several new groups back, and fails them all.
func (a *applier) unmake(ctx context.Context, changes []*Change) {
	refusal := &Refusal{Status: 200, Detail: "the service keeps no externalId of groups, so that with target.adopt: never each run would make it anew", Hint: "set target.adopt: userName, for groups are known by name alone here, or groups.sync: false"}
	for i, c := range changes {
		c.State, c.Failure = Failed, refusal
		if j := a.joining[c.Anchor]; j != nil {
			j.State, j.Failure = Failed, refusal
		}
		if i > 0 {
			a.progress()
			continue
		}
		made := &Resource{Kind: Group, ID: a.groups[c.Anchor], Name: c.Name}
		a.target.Write(ctx, []Write{{Op: OpDelete, Kind: Group, Before: made}}, func(_ int, r Result) {
			if r.Err != nil {
				c.Failure = fmt.Errorf("%w; it could not be taken back: %w", refusal, r.Err)
			}
		})
	}
	delete(a.rewritten, string(Group)+" "+KeyExternalID)
}
