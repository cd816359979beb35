package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"adsync/upload"
)

// addMembers adds members to a group, and looks, until it was seen once in a
// run, whether groups among them show.
func (t *Target) addMembers(ctx context.Context, w *upload.Write) error {
	err := t.addAll(ctx, w)
	if len(w.Groups) == 0 || err != nil && !isStatus(err, http.StatusOK) || t.nests() {
		return err
	}
	look := t.stillThere // it was waited for already
	if err == nil {
		look = func(ctx context.Context, group string, ids []string) ([]string, bool, error) {
			return t.eventuallyThere(ctx, group, ids, somebody)
		}
	}
	there, known, read := look(ctx, w.Before.ID, w.Groups)
	switch {
	case read != nil:
		return read
	case len(there) > 0:
		t.learned.proven.Store(provenNested, true)
	case known:
		return new(upload.Unshown)
	}
	return err
}

// nests reports whether a group was seen to become a member of another one.
func (t *Target) nests() bool {
	_, ok := t.learned.proven.Load(provenNested)
	return ok
}

// addAll adds members to a group, a chunk at a time: requests about one
// group are never in flight together. Where there is no PATCH the group is
// written whole.
func (t *Target) addAll(ctx context.Context, w *upload.Write) error {
	byPut := !t.facts.patch || t.learned.addByPut.Load()
	if byPut && !t.profile.NoGroupPut {
		return t.putMembers(ctx, w, w.Members)
	}
	err := t.inChunks(ctx, &t.learned.adds, w.Members, func(chunk []string) error {
		err := t.memberPatch(ctx, w, chunk, additions(chunk))
		if err == nil {
			t.learned.added.Store(true)
		}
		return err
	})
	if err == nil {
		return t.proveAdded(ctx, w)
	}
	switch {
	case t.profile.NoGroupPut:
	case isStatus(err, http.StatusMethodNotAllowed, http.StatusNotImplemented) || t.noRoute(ctx, upload.Group, w.Before.ID, err):
		t.learned.addByPut.Store(true)
		return t.putMembers(ctx, w, w.Members)
	case descends(err) && !t.learned.added.Load():
		// It may be this PATCH that is refused, and not the members.
		put := t.putMembers(ctx, w, w.Members)
		hidden := isStatus(put, http.StatusOK) && len(w.Groups) > 0 // groups among them need not show
		if put == nil || hidden || isStatus(put, http.StatusOK) && t.refusesPatch(ctx, upload.Group, w.Before.ID, additions(nil)) {
			t.learned.addByPut.Store(true)
			return put
		}
		if isStatus(put, http.StatusOK) {
			return fmt.Errorf("%w, and %w", err, put)
		}
	}
	return err
}

func additions(ids []string) []operation {
	return []operation{{"add", "members", references(ids)}}
}

// removals are the operations that take members out.
func (t *Target) removals(ids []string) []operation {
	if t.profile.RemoveByValue {
		return []operation{{"remove", "members", references(ids)}}
	}
	out := make([]operation, len(ids))
	for i, id := range ids {
		out[i] = operation{op: "remove", path: "members[value eq " + quoted(id) + "]"}
	}
	return out
}

// dropMembers takes members out of a group, one operation for each. Until it
// was seen to work the group is read before and after, and no other group is
// touched meanwhile; where nothing happened the group is written whole.
func (t *Target) dropMembers(ctx context.Context, w *upload.Write) error {
	if t.learned.dropsOthers.Load() && t.profile.NoGroupPut {
		return dropsOthers()
	}
	if (t.learned.removeByPut.Load() || !t.facts.patch) && !t.profile.NoGroupPut {
		return t.putMembers(ctx, w, w.Members)
	}
	if t.isProven(provenRemoves, len(w.Members)) {
		return t.dropChunks(ctx, w)
	}
	t.learned.removing.Lock()
	defer t.learned.removing.Unlock()
	if t.learned.removeByPut.Load() || t.learned.dropsOthers.Load() || t.isProven(provenRemoves, len(w.Members)) {
		return t.dropMembers(ctx, w)
	}
	return t.dropAndLook(ctx, w)
}

func (t *Target) dropChunks(ctx context.Context, w *upload.Write) error {
	ids := w.Members
	err := t.inChunks(ctx, &t.learned.removes, ids, func(chunk []string) error {
		return t.memberPatch(ctx, w, chunk, t.removals(chunk))
	})
	if err != nil && !t.profile.NoGroupPut && (descends(err) || t.noRoute(ctx, upload.Group, w.Before.ID, err)) {
		put := t.putMembers(ctx, w, ids)
		switch {
		case put == nil:
			t.learned.removeByPut.Store(true)
			return nil
		case isStatus(put, http.StatusOK):
			return fmt.Errorf("%w, and %w", err, put)
		}
	}
	return err
}

// eventuallyThere is stillThere once it shows what it should, or was waited
// for.
func (t *Target) eventuallyThere(ctx context.Context, group string, ids []string, should func(there []string) bool) (there []string, known bool, err error) {
	err = t.eventually(ctx, func() (bool, error) {
		var err error
		there, known, err = t.stillThere(ctx, group, ids)
		return !known || should(there), err
	})
	return there, known, err
}

func nobody(there []string) bool   { return len(there) == 0 }
func somebody(there []string) bool { return len(there) > 0 }

// stillThere are those of the ids that are members now.
func (t *Target) stillThere(ctx context.Context, group string, ids []string) ([]string, bool, error) {
	members, known, err := t.readMembers(context.WithoutCancel(ctx), group)
	if err != nil || !known {
		return nil, false, err
	}
	in := setOf(members)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !in[id] }), true, nil
}

// setOf is for lists of ids that may have a hundred thousand.
func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// memberPatch sends one PATCH of members. When its answer is lost, or
// somebody else was faster (412), the members are read and what is missing
// is sent again: adding twice makes duplicates at some services.
func (t *Target) memberPatch(ctx context.Context, w *upload.Write, ids []string, operations []operation) error {
	endpoint, err := t.endpoint(upload.Group)
	if err != nil {
		return err
	}
	group, add := w.Before.ID, w.Op == upload.OpAddMembers
	large := len(w.Members)+len(w.Before.Members) > memberChunk
	q := call{method: http.MethodPatch, path: endpoint + "/" + url.PathEscape(group), looks: add, doing: "change the members of a group"}
	for try := 1; ; try++ {
		q.body = appendPatch(nil, operations)
		err := t.patchGroup(ctx, q, large)
		failed := new(unsure)
		switch {
		case errors.As(err, &failed):
			if try >= tries || !t.client.budget.spend() {
				return t.client.exhausted(q, failed, t.client.env.Now())
			}
			if err := t.client.env.Sleep(context.WithoutCancel(ctx), backoff(try)); err != nil {
				return err
			}
		case !isStatus(err, http.StatusPreconditionFailed) || try > rereads:
			return err
		}
		there, known, err := t.stillThere(ctx, group, ids)
		switch {
		case err != nil:
			return err
		case known && add:
			ids = butFor(ids, there)
			operations = additions(ids)
		case known:
			ids = there
			operations = t.removals(ids)
		}
		if len(ids) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// patchGroup sends a PATCH of a group. The members of a large one are not to be
// sent back (RFC 7644 3.9): each of many answers would hold them all. A service
// that makes trouble of it is asked plainly.
func (t *Target) patchGroup(ctx context.Context, q call, large bool) error {
	l := &t.learned.brief
	if !large || t.profile.NoProjection || l.fails() {
		_, err := t.client.do(ctx, q)
		return err
	}
	brief := q
	brief.query = url.Values{"excludedAttributes": {"members"}}
	_, err := t.client.do(ctx, brief)
	if l.open() {
		l.settle(err == nil)
		if isRefusal(err) {
			_, err = t.client.do(ctx, q)
		}
	}
	return err
}
