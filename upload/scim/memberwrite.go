package scim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"adsync/upload"
)

// A chunkSize is how many members go into one request: as the profile says,
// halved where that is too many, doubled where nobody has set a limit.
type chunkSize struct {
	size  atomic.Int32
	grows atomic.Bool
}

// largestChunk is where growing ends.
const largestChunk = 1000

func (c *chunkSize) set(n int, grows bool) {
	c.size.Store(int32(n))
	c.grows.Store(grows)
}

func (c *chunkSize) get() int { return int(c.size.Load()) }

func (c *chunkSize) tooMany(n int) {
	c.grows.Store(false)
	for {
		have := c.size.Load()
		if int(have) <= n || c.size.CompareAndSwap(have, int32(max(1, n))) {
			return
		}
	}
}

func (c *chunkSize) worked(n int) {
	if have := c.size.Load(); c.grows.Load() && n >= int(have) && have < largestChunk {
		c.size.CompareAndSwap(have, min(have*2, largestChunk))
	}
}

type reference struct {
	Value string `json:"value"`
}

func references(ids []string) []reference {
	out := make([]reference, len(ids))
	for i, id := range ids {
		out[i] = reference{id}
	}
	return out
}

// addMembers adds members to a group, a chunk at a time: requests about one
// group are never in flight together. Where there is no PATCH the group is
// written whole.
func (t *Target) addMembers(ctx context.Context, w *upload.Write) error {
	byPut := !t.facts.patch || t.learned.addByPut.Load()
	if byPut && !t.profile.NoGroupPut {
		return t.putMembers(ctx, w, w.Members)
	}
	err := t.inChunks(ctx, &t.learned.adds, w.Members, func(chunk []string) error {
		return t.memberPatch(ctx, w, chunk, additions(chunk))
	})
	if err == nil {
		return t.provenAdded(ctx, w)
	}
	if !t.profile.NoGroupPut && (isStatus(err, http.StatusMethodNotAllowed, http.StatusNotImplemented) || t.noRoute(ctx, upload.Group, w.Before.ID, err)) {
		t.learned.addByPut.Store(true)
		return t.putMembers(ctx, w, w.Members)
	}
	return err
}

// provenAdded looks, until it was seen once in a run, whether a group shows
// any of those who were added. Where nothing has happened the group is
// written whole. A group that shows no members at all may hide them: then it
// is written whole only if it was empty before, and if they do not show
// after that either, that is how the service is.
func (t *Target) provenAdded(ctx context.Context, w *upload.Write) error {
	if _, ok := t.learned.proven.Load(provenAdds); ok {
		return nil
	}
	if mode := t.memberReading(); mode == MembersByFilter || mode == MembersNever {
		t.learned.proven.Store(provenAdds, true)
		return nil
	}
	there, known, err := t.eventuallyThere(ctx, w.Before.ID, w.Members, somebody)
	if err != nil {
		return err
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
	t.learned.proven.Store(provenAdds, true)
	return nil
}

// What is remembered once members were seen to come and to go.
const (
	provenAdds    = "group members added"
	provenRemoves = "group members removed"
)

func additions(ids []string) []operation {
	return []operation{{Op: "add", Path: "members", Value: references(ids)}}
}

// removals are the operations that take members out.
func (t *Target) removals(ids []string) []operation {
	if t.profile.RemoveByValue {
		return []operation{{Op: "remove", Path: "members", Value: references(ids)}}
	}
	out := make([]operation, len(ids))
	for i, id := range ids {
		out[i] = operation{Op: "remove", Path: "members[value eq " + quoted(id) + "]"}
	}
	return out
}

// dropMembers takes members out of a group, one operation for each. The
// first time in a run, and until it was seen to work, the group is read
// back; where nothing happened the group is written whole.
func (t *Target) dropMembers(ctx context.Context, w *upload.Write) error {
	ids := w.Members
	if (t.learned.removeByPut.Load() || !t.facts.patch) && !t.profile.NoGroupPut {
		return t.putMembers(ctx, w, ids)
	}
	err := t.inChunks(ctx, &t.learned.removes, ids, func(chunk []string) error {
		return t.memberPatch(ctx, w, chunk, t.removals(chunk))
	})
	if err != nil {
		if !t.profile.NoGroupPut && (descends(err) || t.noRoute(ctx, upload.Group, w.Before.ID, err)) {
			if put := t.putMembers(ctx, w, ids); put == nil {
				t.learned.removeByPut.Store(true)
				return nil
			}
		}
		return err
	}
	if _, ok := t.learned.proven.Load(provenRemoves); ok {
		return nil
	}
	still, known, err := t.eventuallyThere(ctx, w.Before.ID, ids, nobody)
	switch {
	case err != nil:
		return err
	case !known:
		return nil
	case len(still) == 0:
		t.learned.proven.Store(provenRemoves, true)
		return nil
	case t.profile.NoGroupPut:
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and the members are still there"}
	}
	if err := t.putMembers(ctx, w, still); err != nil {
		return err
	}
	t.learned.removeByPut.Store(true)
	return nil
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

// inChunks sends ids in chunks. A chunk that is too large is halved; where
// both halves are taken the size is remembered, and where one is not it was
// the members.
func (t *Target) inChunks(ctx context.Context, size *chunkSize, ids []string, send func(chunk []string) error) error {
	var failed error
	for len(ids) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(size.get(), len(ids))
		chunk := ids[:n]
		ids = ids[n:]
		err := send(chunk)
		if n > 1 && isStatus(err, http.StatusRequestEntityTooLarge, http.StatusBadRequest) && isRefusal(err) {
			if err = t.halves(ctx, size, chunk, send); err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			size.worked(n)
		case !isRefusal(err):
			return err
		case failed == nil:
			failed = err
		}
	}
	return failed
}

func (t *Target) halves(ctx context.Context, size *chunkSize, chunk []string, send func(chunk []string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	middle := len(chunk) / 2
	var failed error
	for _, half := range [][]string{chunk[:middle], chunk[middle:]} {
		err := send(half)
		if len(half) > 1 && isStatus(err, http.StatusRequestEntityTooLarge, http.StatusBadRequest) && isRefusal(err) {
			err = t.halves(ctx, size, half, send)
		}
		if err != nil && !isRefusal(err) {
			return err
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	if failed == nil {
		size.tooMany(len(chunk) - middle)
	}
	return failed
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
	q := call{method: http.MethodPatch, path: endpoint + "/" + url.PathEscape(group), doing: "change the members of a group"}
	for try := 1; ; try++ {
		if q.body, err = patchBody(operations); err != nil {
			return err
		}
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
			has := setOf(there)
			ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return has[id] })
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

// putMembers writes a group whole, with some members more or fewer. It
// starts from the group as it is now, and begins anew when somebody else
// writes it at the same time.
func (t *Target) putMembers(ctx context.Context, w *upload.Write, ids []string) error {
	endpoint, err := t.endpoint(upload.Group)
	if err != nil {
		return err
	}
	group := w.Before.ID
	for try := 1; ; try++ {
		doc, version, err := t.document(ctx, upload.Group, group)
		if err != nil {
			return err
		}
		if err := t.withMembers(ctx, doc, w.Before); err != nil {
			return err
		}
		changeMembers(doc, w, ids)
		forPut(doc)
		body, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		_, err = t.client.do(ctx, call{method: http.MethodPut, path: endpoint + "/" + url.PathEscape(group), body: body, match: version, again: true, doing: "change the members of a group"})
		if isStatus(err, http.StatusPreconditionFailed) && try < rereads {
			continue
		}
		if err != nil {
			return err
		}
		there, known, err := t.eventuallyThere(ctx, group, ids, func(there []string) bool {
			return w.Op == upload.OpAddMembers && len(there) == len(ids) || w.Op != upload.OpAddMembers && len(there) == 0
		})
		if want := w.Op == upload.OpAddMembers; err == nil && known && (want && len(there) < len(ids) || !want && len(there) > 0) {
			return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and the members are as before"}
		}
		return err
	}
}

// withMembers adds the members to a group's document where the service shows
// them only when asked, or only with the users. A group that is shown without
// members is taken for an empty one only where its members are known: a list
// that is merely hidden would be lost.
func (t *Target) withMembers(ctx context.Context, doc document, before *upload.Resource) error {
	name, v := member(doc, "members")
	if v != nil {
		return nil
	}
	members, known, err := t.readMembers(ctx, before.ID)
	if err != nil {
		return err
	}
	if !known && !(before.MembersKnown && len(before.Members) == 0) {
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service does not show the group's members, so that the group cannot be written whole"}
	}
	if len(members) > 0 {
		list := make([]any, len(members))
		for i, id := range members {
			list[i] = map[string]any{"value": id}
		}
		doc[name] = list
	}
	return nil
}

// changeMembers changes the members of a group's document.
func changeMembers(doc document, w *upload.Write, ids []string) {
	name, v := member(doc, "members")
	list, _ := v.([]any)
	list = slices.DeleteFunc(list, func(e any) bool {
		id := referred(e)
		if m, ok := e.(map[string]any); ok {
			if name, value := member(m, "value"); value == nil {
				m[name] = id // by $ref alone it may not be known
			}
		}
		return slices.Contains(ids, id)
	})
	if w.Op == upload.OpAddMembers {
		for _, id := range ids {
			list = append(list, reference{id})
		}
	}
	if list == nil {
		list = []any{}
	}
	doc[name] = list
}

// referred is the id that an element of members in a document stands for.
func referred(element any) string {
	m, _ := element.(map[string]any)
	_, id := member(m, "value")
	if id == nil {
		_, address := member(m, "$ref")
		return lastSegment(textOf(address))
	}
	return textOf(id)
}
