package scim

import (
	"context"
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

// proofs is how often another write of a sort is tried singly when the one
// before has proven nothing.
const proofs = 3

// inBulk sends what it can in bulk requests, and returns the rest. What is not
// proven yet goes first, singly, one write of each sort: what that one shows
// decides how the others go.
func (r *run) inBulk(ctx context.Context, chosen []int) []int {
	t := r.target
	for range proofs {
		seen := map[string]bool{}
		var first, rest []int
		for _, i := range chosen {
			if sort := t.sortOf(&r.writes[i]); !t.mayBulk(&r.writes[i]) && !seen[sort] {
				seen[sort] = true
				first = append(first, i)
				continue
			}
			rest = append(rest, i)
		}
		if len(first) == 0 {
			break
		}
		r.ones(ctx, first)
		chosen = rest
	}
	var bulk, rest []int
	for _, i := range chosen {
		if t.bulkOffered() && t.mayBulk(&r.writes[i]) {
			bulk = append(bulk, i)
		} else {
			rest = append(rest, i)
		}
	}
	bulk = r.tryReference(ctx, bulk)
	r.each(slices.Values(t.batches(r.writes, bulk)), func(writes []int) { r.batch(ctx, writes) })
	return rest
}

// sortOf is the same for writes of which one proves the others.
func (t *Target) sortOf(w *upload.Write) string {
	switch {
	case namesManager(w) && t.learned.managers.open():
		return "create with a manager"
	case w.Op == upload.OpCreate && t.learned.joins.open() && len(t.brought(w)) > 0:
		return "create with members"
	case w.Op != upload.OpUpdate:
		return string(w.Op) + string(w.Kind)
	}
	return strings.Join(t.updating(w).paths(PatchPaths, managerForm(t.learned.manager.Load())), ",")
}

// mayBulk says whether a write may go in a bulk request: not before one of
// its sort was seen to take effect, and as a single operation.
func (t *Target) mayBulk(w *upload.Write) bool {
	switch w.Op {
	case upload.OpCreate:
		unproven := namesManager(w) && t.learned.managers.open() || t.learned.joins.open() && len(t.brought(w)) > 0
		return t.learned.created[place(w.Kind)].Load() && !unproven
	case upload.OpDelete:
		return !t.profile.NoDelete[w.Kind] && t.learned.deleted[place(w.Kind)].Load()
	case upload.OpUpdate:
		u := t.updating(w)
		return !u.finished() && !t.watches(w.Kind) && !t.replaces(w.Kind) && t.startOf(u) == PatchPaths && t.offers(w.Kind, PatchPaths, &u.left) && t.trusted(u, PatchPaths, u.form)
	case upload.OpAddMembers:
		return t.provenAdding(w) && !t.learned.addByPut.Load() && len(w.Members) <= t.learned.adds.get() && (len(w.Groups) == 0 || t.nests())
	}
	return t.isProven(provenRemoves, len(w.Members)) && len(w.Members) <= t.learned.removes.get() && !t.learned.removeByPut.Load()
}

// batches divides writes into bulk requests within what the service takes:
// its operations, and about as many bytes.
func (t *Target) batches(writes []upload.Write, chosen []int) [][]int {
	ops, size := t.bulkLimits()
	var out [][]int
	room := 0
	for _, i := range chosen {
		need := roughSize(&writes[i])
		if len(out) == 0 || room < need || len(out[len(out)-1]) >= ops {
			out = append(out, nil)
			room = size
		}
		room -= need
		out[len(out)-1] = append(out[len(out)-1], i)
	}
	return out
}

// bulkLimits are how many operations one bulk request holds, and how many
// bytes: four fifths of what the service takes.
func (t *Target) bulkLimits() (operations, bytes int) {
	operations = t.profile.BulkOps
	if n := t.facts.bulkOps; n > 0 {
		operations = min(operations, n)
	}
	bytes = 800 << 10
	if n := t.facts.bulkSize; n > 0 {
		bytes = min(bytes, n/5*4)
	}
	return operations, bytes
}

// roughSize is about how many bytes an operation has.
func roughSize(w *upload.Write) int {
	n := 300 + 60*len(w.Members)
	for _, a := range w.Set {
		n += len(a.Path) + 20
		for _, v := range a.Values {
			n += len(v) + 20
		}
	}
	return n
}

// A batch is one bulk request.
type batch struct {
	writes []int // by index
	refers []bool
	body   []byte
}

// encode makes a bulk request, as late as it is sent. Where one operation
// makes the manager of another, that one refers to it.
func (r *run) encode(ctx context.Context, writes []int) batch {
	b := batch{writes: make([]int, 0, len(writes)), refers: make([]bool, 0, len(writes))}
	size := 100
	for _, i := range writes {
		size += roughSize(&r.writes[i])
	}
	b.body = append(make([]byte, 0, size), `{"schemas":["`+schemaBulk+`"],"Operations":[`...)
	made := map[int]bool{}
	for _, i := range writes {
		w := r.writes[i]
		here := namesManager(&w) && w.Manager == nil && made[*w.ManagerFrom]
		refers := here && r.mayRefer()
		if refers {
			id := "bulkId:" + bulkID(*w.ManagerFrom)
			w.Manager = &id
		} else if !here {
			r.lead(ctx, &r.writes[i])
			w = r.writes[i]
		}
		before := len(b.body)
		if len(b.writes) > 0 {
			b.body = append(b.body, ',')
		}
		body, err := r.target.appendBulk(b.body, &w, i)
		if err != nil {
			b.body = b.body[:before]
			r.report(i, upload.Result{Err: err})
			continue
		}
		b.body = append(body, '}')
		b.writes, b.refers = append(b.writes, i), append(b.refers, refers)
		made[i] = w.Op == upload.OpCreate
	}
	b.body = append(b.body, "]}"...)
	return b
}

func bulkID(i int) string { return "w" + strconv.Itoa(i) }

// appendBulk appends one operation of a bulk request but for its last brace.
func (t *Target) appendBulk(out []byte, w *upload.Write, i int) ([]byte, error) {
	path, err := t.endpoint(w.Kind)
	if err != nil {
		return out, err
	}
	method := http.MethodPatch
	switch w.Op {
	case upload.OpCreate:
		method = http.MethodPost
	case upload.OpDelete:
		method = http.MethodDelete
	}
	if w.Before != nil {
		path += "/" + url.PathEscape(t.pathID(w.Before))
	}
	out = append(out, `{"method":"`+method+`","path":`...)
	out = append(AppendText(out, path), `,"bulkId":"`+bulkID(i)+`"`...)
	if w.Op == upload.OpDelete {
		return out, nil
	}
	out = append(out, `,"data":`...)
	switch w.Op {
	case upload.OpCreate:
		return t.appendCreate(out, w), nil
	case upload.OpUpdate:
		u := t.updating(w)
		return appendPatch(out, t.writer(w.Kind).operations(&u.left, u.form)), nil
	case upload.OpAddMembers:
		return appendPatch(out, additions(w.Members)), nil
	}
	return appendPatch(out, t.removals(w.Members)), nil
}

// batch sends one bulk request. Operations that it does not speak of, and
// all of them when its answer is lost, are done singly, after a look at what
// has taken effect.
func (r *run) batch(ctx context.Context, writes []int) {
	t := r.target
	if err := ctx.Err(); err != nil {
		for _, i := range writes {
			r.report(i, upload.Result{Err: err})
		}
		return
	}
	if t.learned.noBulk.Load() {
		r.singly(ctx, writes, false)
		return
	}
	if most := int(t.learned.bulkOps.Load()); most > 0 && len(writes) > most {
		r.halves(ctx, writes)
		return
	}
	b := r.encode(ctx, writes)
	if len(b.writes) == 0 {
		return
	}
	if _, size := t.bulkLimits(); len(b.body) > size && len(writes) > 1 && len(b.writes) == len(writes) {
		r.halves(ctx, writes)
		return
	}
	a, err := t.client.do(ctx, call{method: http.MethodPost, path: "/Bulk", body: b.body, looks: r.addsTwice(b.writes), doing: "send a bulk request", timeout: t.client.timeout * bulkPatience})
	failed := new(unsure)
	switch {
	case err == nil:
		r.settle(ctx, b, a.body)
	case errors.As(err, &failed):
		r.singly(ctx, b.writes, true)
	case isStatus(err, http.StatusRequestEntityTooLarge) && len(b.writes) > 1:
		t.learned.bulkOps.Store(int32((len(b.writes) + 1) / 2))
		r.halves(ctx, b.writes)
	case isRefusal(err):
		// 404 and 501 say that there is no such thing; whatever else it is,
		// single requests say it better.
		t.learned.noBulk.Store(true)
		r.singly(ctx, b.writes, false)
	default:
		for _, i := range b.writes {
			r.report(i, upload.Result{Err: err})
		}
	}
}

// addsTwice reports whether some of the writes add something more when they
// are made twice.
func (r *run) addsTwice(writes []int) bool {
	return slices.ContainsFunc(writes, func(i int) bool {
		w := &r.writes[i]
		return w.Op == upload.OpAddMembers || w.Op == upload.OpCreate && w.Kind != upload.User
	})
}

func (r *run) halves(ctx context.Context, writes []int) {
	middle := len(writes) / 2
	r.batch(ctx, writes[:middle])
	r.batch(ctx, writes[middle:])
}

// bulkPatience is how many times longer the answer to a bulk request may take.
const bulkPatience = 5

// singly does the writes of a batch one by one; unsettled says that they may
// have been done already.
func (r *run) singly(ctx context.Context, writes []int, unsettled bool) {
	for _, i := range writes {
		r.single(ctx, i, unsettled)
	}
}

func (r *run) single(ctx context.Context, i int, unsettled bool) {
	if unsettled {
		r.lead(ctx, &r.writes[i])
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
		has := setOf(there)
		w.Members = slices.DeleteFunc(slices.Clone(w.Members), func(id string) bool { return has[id] == (w.Op == upload.OpAddMembers) })
		return upload.Result{}, len(w.Members) == 0
	}
	return upload.Result{}, false
}
