package upload

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// deepest is how many managers above a new user may be waited for. Longer
// chains are no company; who stands below gets the manager afterwards.
const deepest = 16

// managersFirst sorts new users so that a manager is made before those who
// name him, and can be named in their creates. Of a ring of managers one is
// left for afterwards.
func (a *applier) managersFirst(changes []*Change) []*Change {
	users := make([]directory.Anchor, len(changes))
	manager := make(map[directory.Anchor]directory.Anchor, len(changes))
	for i, c := range changes {
		users[i], manager[c.Anchor] = c.Anchor, ""
		if c.manager != nil {
			manager[c.Anchor] = c.manager.anchor
		}
	}
	a.depth = managersAbove(users, manager)
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(x, y *Change) int { return cmp.Compare(a.depth[x.Anchor], a.depth[y.Anchor]) })
	return sorted
}

// managersAbove counts the managers above each user, those who are users
// themselves; a ring of managers has an end where it began.
func managersAbove(users []directory.Anchor, manager map[directory.Anchor]directory.Anchor) map[directory.Anchor]int {
	depth := make(map[directory.Anchor]int, len(users))
	var path []directory.Anchor
	for _, user := range users {
		path = path[:0]
		for at := user; at != ""; at = manager[at] {
			_, known := depth[at]
			if _, here := manager[at]; known || !here {
				break
			}
			depth[at] = -1 // on the path: here a ring ends
			path = append(path, at)
		}
		for _, at := range slices.Backward(path) {
			above, known := depth[manager[at]]
			if depth[at] = 0; known {
				depth[at] = above + 1
			}
		}
	}
	return depth
}

// lead names the manager in a create, when he is there or made in the same
// call.
func (a *applier) lead(w *Write, m *managerChange) {
	if m == nil {
		return
	}
	if id := cmp.Or(m.id, a.ids[m.anchor]); id != "" {
		w.Manager = &id
	} else if i, ok := a.making[m.anchor]; ok {
		w.ManagerFrom = &i
	}
}

// managers is the second pass over the users, for those whose manager is not
// written yet: now everybody has an id.
func (a *applier) managers(ctx context.Context, users []*Change) {
	var with []*Change
	for _, c := range users {
		if c.manager != nil && c.whole == nil && !c.led && (c.State == Applied || (c.State == Planned && onlyManager(c))) {
			with = append(with, c)
		}
	}
	if len(with) > 0 && a.stopped == nil {
		a.managersTried(ctx, with)
	}
}

func (a *applier) managerWrite(c *Change) (Write, error) {
	id := c.manager.id
	if c.manager.anchor != "" && id == "" {
		if id = a.ids[c.manager.anchor]; id == "" {
			return Write{}, fmt.Errorf("the manager, %s, could not be created", c.manager.name)
		}
	}
	before := c.Before
	if before == nil {
		before = &Resource{Kind: User, ID: a.ids[c.Anchor], ExternalID: a.Mark.ExternalID(c.Source, c.Anchor), Name: c.Name, Active: true}
	}
	return Write{Op: OpUpdate, Kind: User, Before: before, Manager: &id}, nil
}
