package scim

import (
	"context"
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
	var mu sync.Mutex
	report := func(i int, r upload.Result) {
		mu.Lock()
		defer mu.Unlock()
		done(i, r)
	}
	r := run{target: t, writes: slices.Clone(writes), report: report}
	first, rest := t.divide(r.writes)
	r.each(ctx, len(first), func(n int) { r.one(ctx, first[n]) })
	var bulk, single []int
	for _, i := range rest {
		if t.bulkOffered() && t.inBulk(&r.writes[i]) {
			bulk = append(bulk, i)
		} else {
			single = append(single, i)
		}
	}
	batches := t.batches(r.writes, bulk)
	r.each(ctx, len(batches), func(n int) { r.batch(ctx, batches[n]) })
	r.each(ctx, len(single), func(n int) { r.one(ctx, single[n]) })
}

// A run is one call of Write.
type run struct {
	target *Target
	writes []upload.Write
	report func(i int, r upload.Result)
}

// each does n things, as many at once as there may be requests in flight.
func (r *run) each(ctx context.Context, n int, do func(n int)) {
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(n, r.target.profile.Width) {
		wait.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}

// one does one write by requests of its own.
func (r *run) one(ctx context.Context, i int) {
	if err := ctx.Err(); err != nil {
		r.report(i, upload.Result{Err: err})
		return
	}
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
