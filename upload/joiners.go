package upload

import (
	"cmp"
	"slices"
)

// findJoining finds the members that new groups are to have. They can come with
// the groups, which saves a request for each.
func (a *applier) findJoining(plan *Plan) {
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Verb == AddMembers && c.Before == nil && c.State == Planned {
			a.joining[c.Anchor] = c
		}
	}
}

// largestFirst sorts new groups by the number of their members. What the
// service makes of the first one decides how the others are sent: it is to be
// the hardest.
func (a *applier) largestFirst(changes []*Change) []*Change {
	members := func(c *Change) int {
		if j := a.joining[c.Anchor]; j != nil {
			return len(j.Members)
		}
		return 0
	}
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(x, y *Change) int { return cmp.Compare(members(y), members(x)) })
	return sorted
}

// joiners are the ids of a new group's members, none when some of them are
// yet to be made, or are groups, which are seen to by themselves.
func (a *applier) joiners(c *Change) []string {
	j := a.joining[c.Anchor]
	if c.Kind != Group || j == nil || j.nests() {
		return nil
	}
	ids := make([]string, len(j.Members))
	for i, m := range j.Members {
		if ids[i] = a.idOf(m); ids[i] == "" {
			return nil
		}
	}
	return ids
}

// joined takes note of the members that have come with a new group.
func (a *applier) joined(c *Change, n int) {
	j := a.joining[c.Anchor]
	if j == nil || n == 0 {
		return
	}
	if j.joined = n; n == len(j.Members) {
		j.State = Applied
		a.progress()
	}
}
