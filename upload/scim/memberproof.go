package scim

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"adsync/upload"
)

// What is remembered once members were seen to come and to go.
const (
	provenAdds    = "group members added"
	provenRemoves = "group members removed"
	provenNested  = "groups added as members"
)

// isProven reports whether changing so many members of a group was seen to
// take effect: some services do the first of several and no more.
func (t *Target) isProven(what string, members int) bool {
	_, several := t.learned.proven.Load(what)
	if several || members > 1 {
		return several
	}
	_, one := t.learned.proven.Load(what + " one by one")
	return one
}

func (t *Target) prove(what string, members int) {
	if members == 1 {
		what += " one by one"
	}
	t.learned.proven.Store(what, true)
}

// proveAdded looks, until it was seen in a run, whether a group shows those
// who were added. Where nothing has happened the group is written whole, and
// where the service took only some of several they are added one by one. A
// group that shows no members at all may hide them: then it is written whole
// only if it was empty before, and if they do not show after that either, that
// is how the service is.
func (t *Target) proveAdded(ctx context.Context, w *upload.Write) error {
	if t.provenAdding(w) {
		return nil
	}
	mode := t.memberReading()
	if mode == MembersNever {
		t.learned.proven.Store(provenAdds, true)
		return nil
	}
	if done, err := t.addsKeep(ctx, w, w.Before.Members); done || err != nil {
		return err
	}
	shown := t.shown(w)
	all := func(there []string) bool { return len(there) == len(shown) }
	there, known, err := t.eventuallyThere(ctx, w.Before.ID, shown, all)
	if err != nil {
		return err
	}
	if mode == MembersByFilter {
		if len(there) == 0 && known {
			t.remark("the service does not find who was added to a group by the filter groups.value: nobody can be seen to be a member, members are added in every run, and none is taken out")
		}
		t.learned.proven.Store(provenAdds, true)
		return nil
	}
	if before := len(w.Before.Members); known && len(there) == 0 && t.mayBeCut(before) && !t.isCut(before) {
		return t.unshown(ctx, w.Before.ID, shown[0], before)
	}
	if len(there) > 0 && !all(there) {
		return t.addOneByOne(ctx, w, shown, there)
	}
	empty := w.Before.MembersKnown && len(w.Before.Members) == 0
	if len(there) == 0 && !t.profile.NoGroupPut && (known || empty) {
		put := t.putMembers(ctx, w, w.Members)
		if put != nil && !isRefusal(put) {
			return put
		}
		if there, known, err = t.stillThere(ctx, w.Before.ID, w.Members); err != nil {
			return err
		}
		if len(there) > 0 {
			t.learned.addByPut.Store(true)
			return put
		}
	}
	if len(there) == 0 && known {
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and the members are not there"}
	}
	t.prove(provenAdds, len(w.Members))
	return nil
}

// provenAdding reports whether adding these members was seen to take effect, and
// to leave alone those who are there.
func (t *Target) provenAdding(w *upload.Write) bool {
	return t.isProven(provenAdds, len(w.Members)) && (len(w.Before.Members) == 0 || t.profile.Name != generic || t.learned.keepsThere.works())
}

// addsKeep looks, until it was seen in a run, whether those who were members
// before others were added still are. Where none is the group is written whole,
// with all of them, and groups are from then on.
func (t *Target) addsKeep(ctx context.Context, w *upload.Write, before []string) (done bool, err error) {
	keeps := &t.learned.keepsThere
	if len(before) == 0 || t.profile.Name != generic || keeps.works() {
		return false, nil
	}
	there, known, err := t.eventuallyThere(ctx, w.Before.ID, before, somebody)
	if err != nil || !known {
		return false, err
	}
	if len(there) > 0 {
		keeps.settle(true)
		return false, nil
	}
	keeps.settle(false)
	t.learned.addByPut.Store(true)
	all := *w
	all.Members = slices.Concat(butFor(before, w.Members), w.Members)
	if err := t.putMembers(context.WithoutCancel(ctx), &all, all.Members); err != nil {
		return true, fmt.Errorf("adding members, the service took out %d who were there, and they could not be put back: %w", len(before), err)
	}
	return true, nil
}

// shown are the members that a group must show once they were added: not the
// groups among them where none was seen to show, unless they are all there is.
func (t *Target) shown(w *upload.Write) []string {
	if users := butFor(w.Members, w.Groups); len(users) > 0 && !t.nests() {
		return users
	}
	return w.Members
}

func butFor(ids, others []string) []string {
	out := setOf(others)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return out[id] })
}

// addOneByOne adds those whom the service left out of several. If they are
// there then, it goes on so. If two in a row are not, it may be that the group
// does not show them.
func (t *Target) addOneByOne(ctx context.Context, w *upload.Write, ids, there []string) error {
	rest := butFor(ids, there)
	works := false
	for i, id := range rest {
		if err := t.memberPatch(ctx, w, []string{id}, additions([]string{id})); err != nil {
			return err
		}
		if i == 0 {
			if done, err := t.addsKeep(ctx, w, there); done || err != nil {
				return err
			}
		}
		if works || i > 1 {
			continue
		}
		came, known, err := t.eventuallyThere(ctx, w.Before.ID, rest[i:i+1], somebody)
		if err != nil {
			return err
		}
		if works = len(came) > 0 || !known; !works && i == 1 && len(there) >= fewestCut {
			return t.unshown(ctx, w.Before.ID, id, len(there)+len(w.Before.Members))
		}
	}
	came, _, err := t.eventuallyThere(ctx, w.Before.ID, rest, func(there []string) bool { return len(there) == len(rest) })
	switch {
	case err != nil:
		return err
	case len(came) < len(rest):
		return &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and %d of %d members are not there", len(rest)-len(came), len(ids))}
	}
	t.learned.adds.tooMany(1)
	t.learned.proven.Store(provenAdds, true)
	return nil
}

// dropAndLook takes members out and looks what came of it. A service that has
// taken out others too has them put back.
func (t *Target) dropAndLook(ctx context.Context, w *upload.Write) error {
	had, knew, err := t.readMembers(ctx, w.Before.ID)
	if err != nil {
		return err
	}
	if err := t.dropChunks(ctx, w); err != nil || t.learned.removeByPut.Load() {
		return err
	}
	still, known, err := t.eventuallyThere(ctx, w.Before.ID, w.Members, nobody)
	switch {
	case err != nil:
		return err
	case !known:
		return nil
	case len(still) > 0 && t.profile.NoGroupPut:
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and the members are still there"}
	case len(still) > 0:
		if err := t.putMembers(ctx, w, still); err != nil {
			return err
		}
		t.learned.removeByPut.Store(true)
		return nil
	}
	stay := butFor(had, w.Members)
	if knew && len(stay) > 0 {
		return t.othersStayed(ctx, w, stay)
	}
	return nil // nobody was left to see
}

// othersStayed puts back those whom a service took out though it was asked
// for others: where it does not look at the filter (RFC 7644 3.5.2.2) nobody
// is left. From then on groups are written whole. That some are gone may be
// somebody else's doing, and proves nothing.
func (t *Target) othersStayed(ctx context.Context, w *upload.Write, stay []string) error {
	there, known, err := t.eventuallyThere(ctx, w.Before.ID, stay, somebody)
	switch {
	case err != nil || !known:
		return err
	case len(there) == len(stay):
		t.prove(provenRemoves, len(w.Members))
		return nil
	case len(there) > 0:
		return nil
	}
	t.learned.dropsOthers.Store(true)
	t.learned.removeByPut.Store(true)
	back := upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: w.Before, Members: stay}
	if err := t.addMembers(context.WithoutCancel(ctx), &back); err != nil {
		return fmt.Errorf("the service took %d members out whom it was not asked to, and they could not be put back: %w", len(stay), err)
	}
	if t.profile.NoGroupPut {
		return dropsOthers()
	}
	return nil
}

func dropsOthers() error {
	return &upload.Refusal{Status: http.StatusOK, Detail: "asked to take out one member, the service takes out others too: those were put back, and nobody more is taken out"}
}
