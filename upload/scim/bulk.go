package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"adsync/upload"
)

// schemaBulk is the message of RFC 7644 3.7.
const schemaBulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

// bulkOffered says whether /Bulk is used.
func (t *Target) bulkOffered() bool {
	return t.facts != nil && t.facts.bulk && !t.profile.NoBulk && !t.learned.noBulk.Load() && t.facts.bulkOps != 1
}

// fewest is how many writes make a bulk request worth its while.
const fewest = 4

// divide says which writes go first, singly: all where there is no bulk,
// else one of each sort. What that one shows decides how the rest goes.
func (t *Target) divide(writes []upload.Write) (first, rest []int) {
	bulk := t.bulkOffered() && len(writes) >= fewest
	seen := map[string]bool{}
	for i := range writes {
		w := &writes[i]
		if !bulk {
			first = append(first, i)
			continue
		}
		if sort := t.sortOf(w); !seen[sort] && !t.inBulk(w) {
			seen[sort] = true
			first = append(first, i)
			continue
		}
		rest = append(rest, i)
	}
	return first, rest
}

// sortOf is the same for writes of which one proves the others.
func (t *Target) sortOf(w *upload.Write) string {
	if w.Op != upload.OpUpdate {
		return string(w.Op) + string(w.Kind)
	}
	return strings.Join(t.updating(w).paths(PatchPaths, managerForm(t.learned.manager.Load())), ",")
}

// inBulk says whether a write may go in a bulk request: not before one of
// its sort was seen to take effect, and as a single operation.
func (t *Target) inBulk(w *upload.Write) bool {
	switch w.Op {
	case upload.OpCreate:
		return t.learned.created[place(w.Kind)].Load()
	case upload.OpDelete:
		return !t.profile.NoDelete[w.Kind] && t.learned.deleted[place(w.Kind)].Load()
	case upload.OpUpdate:
		u := t.updating(w)
		return !u.finished() && t.startOf(u) == PatchPaths && t.offers(w.Kind, PatchPaths, &u.left) && t.trusted(u, PatchPaths, u.form)
	case upload.OpAddMembers:
		_, works := t.learned.proven.Load(provenAdds)
		return works && len(w.Members) <= t.learned.adds.get()
	}
	_, works := t.learned.proven.Load(provenRemoves)
	return works && len(w.Members) <= t.learned.removes.get() && !t.learned.removeByPut.Load()
}

// A bulkOperation is one of a bulk request.
type bulkOperation struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`
	BulkID string          `json:"bulkId,omitempty"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// A batch is the writes of one bulk request, by index.
type batch struct {
	writes     []int
	operations []bulkOperation
}

// batches divides writes into bulk requests within what the service takes:
// its operations, and four fifths of its bytes.
func (t *Target) batches(writes []upload.Write, chosen []int) []batch {
	ops := t.profile.BulkOps
	if n := t.facts.bulkOps; n > 0 {
		ops = min(ops, n)
	}
	size := 800 << 10
	if n := t.facts.bulkSize; n > 0 {
		size = min(size, n/5*4)
	}
	var out []batch
	room := 0
	for _, i := range chosen {
		op, err := t.bulkOperation(&writes[i], i)
		if err != nil {
			continue // endpoints were checked, and documents are always encoded
		}
		need := len(op.Data) + len(op.Path) + 100
		if len(out) == 0 || room < need || len(out[len(out)-1].writes) >= ops {
			out = append(out, batch{})
			room = size
		}
		room -= need
		b := &out[len(out)-1]
		b.writes = append(b.writes, i)
		b.operations = append(b.operations, op)
	}
	return out
}

func (t *Target) bulkOperation(w *upload.Write, i int) (bulkOperation, error) {
	endpoint, err := t.endpoint(w.Kind)
	if err != nil {
		return bulkOperation{}, err
	}
	op := bulkOperation{Method: http.MethodPatch, Path: endpoint, BulkID: "w" + strconv.Itoa(i)}
	if w.Before != nil {
		op.Path += "/" + url.PathEscape(t.pathID(w.Before))
	}
	switch w.Op {
	case upload.OpCreate:
		op.Method = http.MethodPost
		op.Data, err = t.createBody(w)
	case upload.OpDelete:
		op.Method = http.MethodDelete
	case upload.OpUpdate:
		u := t.updating(w)
		op.Data, err = patchBody(t.writer(w.Kind).operations(&u.left, u.form))
	case upload.OpAddMembers:
		op.Data, err = patchBody(additions(w.Members))
	case upload.OpRemoveMembers:
		op.Data, err = patchBody(t.removals(w.Members))
	}
	return op, err
}

// batch sends one bulk request. Operations that it does not speak of, and
// all of them when its answer is lost, are done singly, after a look at what
// has taken effect.
func (r *run) batch(ctx context.Context, b batch) {
	t := r.target
	if err := ctx.Err(); err != nil {
		r.all(b, upload.Result{Err: err})
		return
	}
	if t.learned.noBulk.Load() {
		r.singly(ctx, b, false)
		return
	}
	if most := int(t.learned.bulkOps.Load()); most > 0 && len(b.writes) > most {
		r.halves(ctx, b)
		return
	}
	body, err := json.Marshal(map[string]any{"schemas": []string{schemaBulk}, "Operations": b.operations})
	if err != nil {
		r.all(b, upload.Result{Err: err})
		return
	}
	a, err := t.client.do(ctx, call{method: http.MethodPost, path: "/Bulk", body: body, doing: "send a bulk request", timeout: t.client.timeout * bulkPatience})
	failed := new(unsure)
	switch {
	case err == nil:
		r.settle(ctx, b, a.body)
	case errors.As(err, &failed):
		r.singly(ctx, b, true)
	case isStatus(err, http.StatusRequestEntityTooLarge) && len(b.writes) > 1:
		t.learned.bulkOps.Store(int32((len(b.writes) + 1) / 2))
		r.halves(ctx, b)
	case isRefusal(err):
		// 404 and 501 say that there is no such thing; whatever else it is,
		// single requests say it better.
		t.learned.noBulk.Store(true)
		r.singly(ctx, b, false)
	default:
		r.all(b, upload.Result{Err: err})
	}
}

func (r *run) halves(ctx context.Context, b batch) {
	middle := len(b.writes) / 2
	r.batch(ctx, batch{b.writes[:middle], b.operations[:middle]})
	r.batch(ctx, batch{b.writes[middle:], b.operations[middle:]})
}

// bulkPatience is how many times longer the answer to a bulk request may take.
const bulkPatience = 5

func (r *run) all(b batch, result upload.Result) {
	for _, i := range b.writes {
		r.report(i, result)
	}
}

// singly does the writes of a batch one by one; unknown says that they may
// have been done already.
func (r *run) singly(ctx context.Context, b batch, unknown bool) {
	for _, i := range b.writes {
		r.single(ctx, i, unknown)
	}
}

func (r *run) single(ctx context.Context, i int, unknown bool) {
	if unknown {
		if result, done := r.target.settled(ctx, &r.writes[i]); done {
			r.report(i, result)
			return
		}
	}
	r.one(ctx, i)
}

// settled looks whether a write has taken effect already, wholly or in part;
// what is left of it stands in w then.
func (t *Target) settled(ctx context.Context, w *upload.Write) (upload.Result, bool) {
	ctx = context.WithoutCancel(ctx)
	switch w.Op {
	case upload.OpCreate:
		return t.lookForOurs(ctx, w)
	case upload.OpUpdate:
		u := t.updating(w)
		after, err := t.fetch(ctx, w.Kind, u.id, t.shapeOf(w.Kind), nil)
		if err != nil {
			return upload.Result{Err: err}, !isRefusal(err)
		}
		u.after = after
		u.strike()
		*w = u.left
		return upload.Result{After: after}, u.finished()
	case upload.OpAddMembers, upload.OpRemoveMembers:
		there, known, err := t.stillThere(ctx, w.Before.ID, w.Members)
		if err != nil || !known {
			return upload.Result{Err: err}, err != nil
		}
		w.Members = slices.DeleteFunc(slices.Clone(w.Members), func(id string) bool {
			return slices.Contains(there, id) == (w.Op == upload.OpAddMembers)
		})
		return upload.Result{}, len(w.Members) == 0
	}
	return upload.Result{}, false
}

// An outcome is what a bulk answer says of one operation.
type outcome struct {
	BulkID   string          `json:"bulkId"`
	Method   string          `json:"method"`
	Location string          `json:"location"`
	Status   json.RawMessage `json:"status"`
	Response json.RawMessage `json:"response"`
}

// settle gives each operation its outcome. Operations without a bulkId are
// told by their place, if all were answered.
func (r *run) settle(ctx context.Context, b batch, body []byte) {
	var reply struct{ Operations []outcome }
	if err := json.Unmarshal(body, &reply); err != nil {
		r.singly(ctx, b, true)
		return
	}
	byID := map[string]*outcome{}
	for i := range reply.Operations {
		if o := &reply.Operations[i]; o.BulkID != "" {
			byID[o.BulkID] = o
		}
	}
	for n, i := range b.writes {
		o := byID[b.operations[n].BulkID]
		if b.operations[n].BulkID == "" && len(reply.Operations) == len(b.writes) {
			o = &reply.Operations[n]
		}
		r.outcome(ctx, i, o)
	}
}

func (r *run) outcome(ctx context.Context, i int, o *outcome) {
	w := &r.writes[i]
	if o == nil {
		r.single(ctx, i, true)
		return
	}
	status := statusOf(o.Status)
	switch {
	case status == 0 || status >= 500 || status == http.StatusTooManyRequests:
		r.single(ctx, i, true)
	case status < 300 && w.Op == upload.OpCreate:
		header := http.Header{"Location": {o.Location}}
		r.report(i, r.target.newlyCreated(ctx, w, &answer{status: status, header: header, body: o.Response}))
	case status < 300, status == http.StatusNotFound && w.Op == upload.OpDelete:
		result := upload.Result{}
		if after, err := decodeOne(o.Response, r.target.shapeOf(w.Kind)); err == nil && w.Op == upload.OpUpdate && !after.Attributes.Empty() {
			result.After = after
		}
		r.report(i, result)
	case status == http.StatusConflict && w.Op == upload.OpCreate, status == http.StatusRequestEntityTooLarge,
		status == http.StatusBadRequest && (w.Op == upload.OpAddMembers || w.Op == upload.OpRemoveMembers):
		// SCIMMY answers 409 to an operation of its own making, and members
		// may be too many.
		r.single(ctx, i, true)
	default:
		r.report(i, upload.Result{Err: refusal(&answer{status: status, body: o.Response})})
	}
}

// statusOf reads "201", 201 and {"code": "201"}: the RFC, what many send,
// and an old draft.
func statusOf(raw json.RawMessage) int {
	var object struct{ Code json.RawMessage }
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) && json.Unmarshal(raw, &object) == nil {
		raw = object.Code
	}
	n, err := strconv.Atoi(strings.Trim(string(raw), `" `))
	if err != nil {
		return 0
	}
	return n
}
