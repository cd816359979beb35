package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Unshown is an addition of groups to a group that was answered with success
// and does not show: the service drops it, or shows users alone as members.
// Nothing remembers it for the next run, which finds it missing again.
type Unshown struct{}

func (e *Unshown) Error() string {
	return "the service answers with success and does not show groups as members of a group"
}

// Hint says what to do.
func (e *Unshown) Hint() string {
	return "set groups.nested: flatten, so that the members of member groups are written themselves"
}

// nests reports whether a change adds groups to a group.
func (c *Change) nests() bool {
	return c.Verb == AddMembers && slices.ContainsFunc(c.Members, func(m Member) bool { return m.group })
}

// additions adds members, users first. Where no group at the service shows
// another one as its member, a single addition of such a group goes ahead of
// the others: what comes of it decides about them.
func (a *applier) additions(ctx context.Context, changes []*Change) {
	var nesting []*Change
	others := slices.DeleteFunc(slices.Clone(changes), (*Change).nests)
	if len(others) < len(changes) && !a.nestingSeen() {
		nesting = slices.DeleteFunc(slices.Clone(changes), func(c *Change) bool { return !c.nests() })
	} else {
		others = changes
	}
	a.batch(ctx, others, a.write)
	if len(nesting) == 0 {
		return
	}
	a.batch(ctx, nesting[:1], a.write)
	rest := nesting[1:]
	if unshown := new(Unshown); errors.As(nesting[0].Failure, &unshown) && len(rest) > 0 {
		a.rewritten[string(Group)] = fmt.Sprintf("%v: those of %d more are not written", unshown, len(rest))
		rest = slices.DeleteFunc(rest, a.withoutGroups)
	}
	a.batch(ctx, rest, a.write)
}

// withoutGroups leaves the users of an addition, and reports one that has none
// and stays planned.
func (a *applier) withoutGroups(c *Change) (nothing bool) {
	users := slices.DeleteFunc(slices.Clone(c.Members), func(m Member) bool { return m.group })
	if len(users) == 0 {
		a.progress()
		return true
	}
	c.Members = users
	return false
}

// nestingSeen reports whether some group shows another one as its member.
func (a *applier) nestingSeen() bool {
	groups := make(map[string]bool, len(a.State.Groups))
	for i := range a.State.Groups {
		groups[a.State.Groups[i].ID] = true
	}
	for i := range a.State.Users { // some services count each kind by itself
		delete(groups, a.State.Users[i].ID)
	}
	return slices.ContainsFunc(a.State.Groups, func(g Resource) bool {
		return slices.ContainsFunc(g.Members, func(id string) bool { return groups[id] })
	})
}
