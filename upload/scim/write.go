package scim

import (
	"context"
	"iter"
	"slices"
	"sync"

	"adsync/upload"
)

// Write carries out independent writes, as many at once as the service
// bears, in bulk where that is offered.
func (t *Target) Write(ctx context.Context, writes []upload.Write, done func(i int, r upload.Result)) {
	if err := t.ready(ctx); err != nil {
		for i := range writes {
			done(i, upload.Result{Err: err})
		}
		return
	}
	r := run{target: t, writes: slices.Clone(writes), making: managersOf(writes), done: done}
	rest := make([]int, len(writes))
	for i := range rest {
		rest[i] = i
	}
	if t.bulkOffered() && len(writes) >= fewest {
		rest = r.inBulk(ctx, rest)
	}
	r.ones(ctx, rest)
}

// A run is one call of Write.
type run struct {
	target *Target
	writes []upload.Write
	making *making
	mu     sync.Mutex
	done   func(i int, r upload.Result)
}

func (r *run) report(i int, result upload.Result) {
	r.making.end(i, result.ID)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done(i, result)
}

// each does writes, as many parts of them at once as there may be requests in
// flight. Parts begin in their order.
func (r *run) each(parts iter.Seq[[]int], do func(writes []int)) {
	var wait sync.WaitGroup
	next := make(chan []int)
	for range r.target.profile.Width {
		wait.Go(func() {
			for writes := range next {
				do(writes)
			}
		})
	}
	for writes := range parts {
		r.making.begin(writes)
		next <- writes
	}
	close(next)
	wait.Wait()
}

// ones does writes by requests of their own.
func (r *run) ones(ctx context.Context, writes []int) {
	r.each(slices.Chunk(writes, 1), func(one []int) { r.one(ctx, one[0]) })
}

// one does one write by requests of its own.
func (r *run) one(ctx context.Context, i int) {
	if err := ctx.Err(); err != nil {
		r.report(i, upload.Result{Err: err})
		return
	}
	r.lead(ctx, &r.writes[i])
	r.report(i, r.target.writeOne(ctx, &r.writes[i]))
}

func (t *Target) writeOne(ctx context.Context, w *upload.Write) upload.Result {
	if _, err := t.endpoint(w.Kind); err != nil {
		return upload.Result{Err: err}
	}
	switch w.Op {
	case upload.OpCreate:
		return t.create(ctx, w)
	case upload.OpUpdate:
		return t.update(ctx, w)
	case upload.OpDelete:
		return t.delete(ctx, w)
	case upload.OpAddMembers:
		return upload.Result{Err: t.addMembers(ctx, w)}
	}
	return upload.Result{Err: t.dropMembers(ctx, w)}
}
