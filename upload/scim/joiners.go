package scim

import (
	"context"
	"slices"

	"adsync/upload"
)

// brought are the members that a create brings along: as many as one request
// adds.
func (t *Target) brought(w *upload.Write) []string {
	if len(w.Members) == 0 || t.profile.BareGroups || t.learned.joins.fails() {
		return nil
	}
	most := t.learned.adds.get()
	if t.learned.adds.grows.Load() {
		most = largestChunk
	}
	return w.Members[:min(most, len(w.Members))]
}

// keepsMembers is how many of the members of its create a new group has. The
// first such group is read back, for what a service echoes it need not have
// kept.
func (t *Target) keepsMembers(ctx context.Context, x *upload.Write, after *upload.Resource) int {
	joins := &t.learned.joins
	if len(x.Members) == 0 || joins.fails() {
		return 0
	}
	if joins.open() {
		joins.settle(t.hasAll(ctx, after.ID, x.Members))
	}
	switch {
	case joins.fails():
		return 0
	case !after.MembersKnown:
		return len(x.Members)
	}
	there := make(map[string]bool, len(after.Members))
	for _, id := range after.Members {
		there[id] = true
	}
	missing := slices.IndexFunc(x.Members, func(id string) bool { return !there[id] })
	if missing >= 0 {
		return missing
	}
	return len(x.Members)
}

// hasAll reads a group back and reports whether it has all these members.
func (t *Target) hasAll(ctx context.Context, group string, ids []string) bool {
	there, known, err := t.stillThere(ctx, group, ids)
	return err == nil && known && len(there) == len(ids)
}
