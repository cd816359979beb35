package scim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"adsync/upload"
)

// A walk is one way through a list, and what it found.
type walk struct {
	*lister
	progress func(read, total int)

	rows      []upload.Resource
	ids       map[string]bool
	members   bool
	nameless  bool // a member came without an id
	repeats   int
	total     int    // -1 when the service gives none
	zero      bool   // the first page is said to start at 0
	erratic   bool   // the total was another one from page to page
	ended     bool   // the walk came to an empty page, or to the last cursor
	firstRows int    // rows of the page at index 1
	partial   bool   // somebody was seen, or may be, whom it does not show
	unsaid    bool   // all came at once, and nothing but that says that it is all
	wrong     string // why the walk proves nothing; "" when nothing speaks against it
}

func (l *lister) newWalk(progress func(read, total int)) *walk {
	return &walk{lister: l, ids: map[string]bool{}, total: -1, progress: progress}
}

// take adds the rows of a page and returns how many were new.
func (w *walk) take(p *page) int {
	fresh := 0
	if w.rows == nil && p.total > len(p.rows) {
		w.rows, w.ids = make([]upload.Resource, 0, min(p.total, 1<<20)), make(map[string]bool, min(p.total, 1<<17))
	}
	for i := range p.rows {
		r := &p.rows[i]
		if r.ID == "" {
			w.suspect("it shows resources without an id")
		}
		if r.ID == "" || w.ids[r.ID] {
			w.repeats++
			continue
		}
		w.ids[r.ID] = true
		w.rows = append(w.rows, *r)
		fresh++
	}
	w.members, w.nameless = w.members || p.members, w.nameless || p.nameless
	if w.progress != nil {
		w.progress(len(w.rows), max(0, w.total))
	}
	return fresh
}

func (w *walk) suspect(format string, args ...any) {
	if w.wrong == "" {
		w.wrong = fmt.Sprintf(format, args...)
	}
}

// maxPages bounds a walk that does not seem to end.
const maxPages = 1 << 20

// inParallel walks by index (RFC 7644 3.4.2.4): the first page says how many
// there are and how many come at once, and the others are asked for at the
// same time. One request behind the end makes sure that it is the end.
func (w *walk) inParallel(ctx context.Context) error {
	first, err := w.at(ctx, 1)
	if err != nil {
		return err
	}
	w.total, w.firstRows = first.total, len(first.rows)
	w.checkStart(first, 1)
	w.take(first)
	step := len(first.rows)
	if w.total < 0 || w.wrong != "" {
		return w.onwards(ctx, 1+step)
	}
	if step > 0 {
		if err := w.pages(ctx, step); err != nil {
			return err
		}
	}
	return w.finish(ctx)
}

// finish ends a walk by index. Where one is missing, or nothing says how many
// there are, it is looked whether the service counts from 0: the page before
// the first then holds one more, and goes on as this walk began.
func (w *walk) finish(ctx context.Context) error {
	if w.repeats == 0 && (w.total != len(w.rows) || w.erratic) {
		q := w.call(w.from(0))
		q.again = false // some fail over an index that is none
		p, err := w.read(ctx, q)
		if gone := new(upload.Unavailable); errors.As(err, &gone) || ctx.Err() != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err == nil && len(p.rows) > 0 && !w.ids[p.rows[0].ID] && w.goesOn(p.rows[1:]) {
			w.take(&page{rows: p.rows[:1], total: p.total})
		}
	}
	if err := w.lookForMore(ctx); err != nil {
		return err
	}
	w.checkTotal()
	return nil
}

// goesOn reports whether rows are the first ones of this walk, in its order.
func (w *walk) goesOn(rows []upload.Resource) bool {
	return len(rows) <= len(w.rows) && slices.EqualFunc(rows, w.rows[:len(rows)], sameID)
}

func sameID(a, b upload.Resource) bool { return a.ID == b.ID }

// pages gets all pages after the first at the same time, and one behind the
// last.
func (w *walk) pages(ctx context.Context, step int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var starts []int
	for start := 1 + step; start <= w.total; start += step {
		starts = append(starts, start)
	}
	starts = append(starts, w.total+1)
	got := make([]*page, len(starts))
	errs := make([]error, len(starts))
	var mu sync.Mutex
	var wait sync.WaitGroup
	places := make(chan struct{}, w.target.profile.Width)
	taken := 0
	for i, start := range starts {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			errs[i] = ctx.Err()
			break
		}
		wait.Go(func() {
			defer func() { <-places }()
			p, err := w.at(ctx, start)
			if err == nil && i < len(starts)-1 {
				err = w.fillUp(ctx, p, start, min(step, w.total+1-start))
			}
			if err != nil {
				errs[i] = err
				cancel()
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got[i] = p
			// Pages are taken in order, so that the state is the same in each
			// run.
			for ; taken < len(got) && got[taken] != nil; taken++ {
				w.takeAt(got[taken], starts[taken], taken == len(got)-1)
				got[taken] = &page{}
			}
		})
	}
	wait.Wait()
	return firstCause(errs)
}

// firstCause is the error that ended the others.
func firstCause(errs []error) error {
	var cancelled error
	for _, err := range errs {
		switch {
		case err == nil:
		case err == context.Canceled:
			cancelled = err
		default:
			return err
		}
	}
	return cancelled
}

// fillUp gets the rest of a page that came shorter than the first one.
func (w *walk) fillUp(ctx context.Context, p *page, start, want int) error {
	for len(p.rows) < want {
		more, err := w.at(ctx, start+len(p.rows))
		if err != nil {
			return err
		}
		if len(more.rows) == 0 || !w.startsAt(more, start+len(p.rows)) {
			return nil
		}
		p.rows = append(p.rows, more.rows...)
	}
	return nil
}

func (w *walk) takeAt(p *page, start int, behindEnd bool) {
	if !behindEnd {
		w.checkStart(p, start)
		if p.total != w.total {
			w.suspect("its number of resources changed from %d to %d in the course of one listing", w.total, p.total)
		}
		w.take(p)
		return
	}
	// Behind the end there is nothing, or (SCIMMY) the beginning again.
	repeats := w.repeats
	if !w.knows(p) {
		w.suspect("what it shows behind the end is neither nothing nor the beginning")
	}
	if fresh := w.take(p); fresh > 0 {
		w.suspect("it says that there are %d and shows more", w.total)
	}
	w.repeats = repeats
}

// knows reports whether a page repeats the beginning of the list, or its end,
// in the order that was seen before.
func (w *walk) knows(p *page) bool {
	n := len(p.rows)
	if n > len(w.rows) {
		return false
	}
	return slices.EqualFunc(p.rows, w.rows[:n], sameID) || slices.EqualFunc(p.rows, w.rows[len(w.rows)-n:], sameID)
}

// startsAt reports whether a page starts where it was asked to, as far as it
// says. Indexes begin with 1 (RFC 7644 3.4.2.4): 0 says nothing, but that of the
// first page may mean that all are one less.
func (w *walk) startsAt(p *page, start int) bool {
	if p.start == 0 && start == 1 {
		w.zero = true
	}
	return p.start <= 0 || p.start == start || w.zero && p.start == start-1
}

// checkStart requires that a page starts where it was asked to. An answer
// without rows need not.
func (w *walk) checkStart(p *page, start int) {
	if len(p.rows) > 0 && !w.startsAt(p, start) {
		w.suspect("asked for the page at %d it answers with that at %d", start, p.start)
	}
}

func (w *walk) checkTotal() {
	switch {
	case w.repeats > 0:
		w.suspect("it repeats resources on several pages")
	case w.total >= 0 && len(w.rows) != w.total:
		w.suspect("it says that there are %d and shows %d", w.total, len(w.rows))
	}
}

// oneByOne walks page after page to an empty one, or one with nothing new.
func (w *walk) oneByOne(ctx context.Context) error { return w.onwards(ctx, 1) }

func (w *walk) onwards(ctx context.Context, start int) error {
	for range maxPages {
		p, err := w.at(ctx, start)
		if err != nil {
			return err
		}
		if start == 1 {
			w.firstRows = len(p.rows)
		}
		if start == 1 || w.total < 0 {
			w.total = p.total
		} else if p.total != w.total && len(p.rows) > 0 {
			w.erratic = true
			w.suspect("its number of resources changed from %d to %d in the course of one listing", w.total, p.total)
		}
		if len(p.rows) == 0 {
			w.ended = true
			return w.finish(ctx)
		}
		w.checkStart(p, start)
		repeats := w.repeats
		if w.take(p) == 0 {
			// Nothing new: behind the end some start again. Only the number
			// can tell whether this is the end.
			w.repeats = repeats
			switch {
			case w.total == len(w.rows) && w.knows(p):
			case w.total < 0 && slices.EqualFunc(p.rows, w.rows, sameID):
				return w.atOnce()
			default:
				w.suspect("its pages repeat before all resources were shown")
			}
			return w.finish(ctx)
		}
		start += len(p.rows)
	}
	w.suspect("the list does not end")
	return nil
}

// same reports whether two walks found the same resources.
func (w *walk) same(other *walk) bool {
	return w.repeats == 0 && other.repeats == 0 && maps.Equal(w.ids, other.ids)
}
