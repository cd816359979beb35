package scim

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"adsync/upload"
)

// A numbering is how the pages of a list are asked for where startIndex does
// not count resources: the index of the first page, and how much further each
// next one is.
type numbering struct{ first, step int }

// numberings are those that are tried for pages of a size: startIndex is the
// number of a page, counted from 0 or from 1, or that number times the size.
func numberings(size int) []numbering {
	return []numbering{{0, 1}, {1, 1}, {size, size}}
}

// byNumber walks a list whose startIndex counts pages; nil where it is not seen
// to do so.
func (t *Target) byNumber(ctx context.Context, l *lister, progress func(read, total int)) (*walk, error) {
	one, _, err := l.glance(ctx, 1, l.count)
	if err != nil || one == nil || len(one.rows) < 2 {
		return nil, err
	}
	for _, n := range numberings(len(one.rows)) {
		fits, silent, err := l.fits(ctx, one, n)
		if err != nil || silent && one.total < 0 {
			return nil, err // without a number, a page that cannot be seen is not missed
		}
		if fits {
			return l.byNumbering(ctx, n, progress)
		}
	}
	return nil, nil
}

func (l *lister) byNumbering(ctx context.Context, n numbering, progress func(read, total int)) (*walk, error) {
	w := l.newWalk(progress)
	if err := w.numbered(ctx, n); err != nil || w.total >= 0 {
		return w, err
	}
	again := l.newWalk(progress)
	if err := again.numbered(ctx, n); err != nil {
		return nil, err
	}
	if !w.ended || !again.ended || !again.same(w) {
		w.suspect("it does not say how many there are, and two readings differ")
	}
	return w, nil
}

// fits reports whether a numbering fits a list, by its first two pages: if
// indexes counted resources, the second would repeat the first but for its
// beginning. one is the page at index 1. silent says that a page was asked for
// and not answered.
func (l *lister) fits(ctx context.Context, one *page, n numbering) (fits, silent bool, err error) {
	if n.step > 1 && one.total < 0 {
		return false, false, nil // what is left out between the pages would not be missed
	}
	head := one
	if n.first != 1 {
		if head, silent, err = l.glance(ctx, n.first, l.count); err != nil || head == nil {
			return false, silent, err
		}
	}
	// Only where numbers begin with 0 is the page at 1 another one than the first.
	if len(head.rows) < 2 || slices.EqualFunc(head.rows, one.rows, sameID) != (n.first > 0) {
		return false, false, nil
	}
	next, silent, err := l.glance(ctx, n.first+n.step, l.count)
	if err != nil || next == nil {
		return false, silent, err
	}
	return len(next.rows) > 0 && !slices.ContainsFunc(next.rows, head.shows), false, nil
}

// shows reports whether a resource is on the page.
func (p *page) shows(r upload.Resource) bool {
	return slices.ContainsFunc(p.rows, func(o upload.Resource) bool { return sameID(o, r) })
}

// glance gets a page that may be none: nil where it is refused, or, silent,
// where there is no answer. Some fail over an index that is none, so it is asked
// for once.
func (l *lister) glance(ctx context.Context, start, count int) (p *page, silent bool, err error) {
	q := l.call(l.from(start))
	q.query.Set("count", strconv.Itoa(count))
	q.again = false
	p, err = l.read(ctx, q)
	if gone := new(upload.Unavailable); errors.As(err, &gone) || ctx.Err() != nil {
		return nil, false, cmp.Or(ctx.Err(), err)
	}
	if err != nil {
		return nil, !isRefusal(err), nil
	}
	return p, false, nil
}

// numbered walks page after page to the end.
func (w *walk) numbered(ctx context.Context, n numbering) error {
	for i := range maxPages {
		behindEnd := i > 0 && w.total >= 0 && len(w.rows) >= w.total
		p, err := w.numberedPage(ctx, n.first+i*n.step, behindEnd)
		switch {
		case err != nil:
			return err
		case i == 0:
			w.total = p.total
		case p.total != w.total && len(p.rows) > 0:
			w.suspect("its number of resources changed from %d to %d in the course of one listing", w.total, p.total)
		}
		if len(p.rows) > 0 && !(behindEnd && w.knows(p)) && w.take(p) > 0 {
			continue
		}
		w.ended = len(p.rows) == 0 || behindEnd
		w.checkTotal()
		return nil
	}
	w.suspect("the list does not end")
	return nil
}

// numberedPage gets one page. Behind the end it may be refused.
func (w *walk) numberedPage(ctx context.Context, start int, behindEnd bool) (*page, error) {
	if !behindEnd {
		return w.at(ctx, start)
	}
	p, _, err := w.glance(ctx, start, w.count)
	if err == nil && p == nil {
		p = &page{total: w.total, start: -1}
	}
	return p, err
}

// lookForMore tries a list of which one page may have been taken for all: that
// says of no total, or of one that may be the number of rows on the page. Asked
// for two in its middle it must show somebody, and nobody new: if indexes counted
// pages, that would be far behind its end, or behind the page.
func (w *walk) lookForMore(ctx context.Context) error {
	one := w.total == w.firstRows && mayBePage(w.total, w.count)
	if w.wrong != "" || w.repeats > 0 || len(w.rows) < 2 || w.total >= 0 && !one {
		return nil
	}
	p, _, err := w.glance(ctx, 1+len(w.rows)/2, 2)
	if err != nil || p == nil {
		return err
	}
	if len(p.rows) == 0 || slices.ContainsFunc(p.rows, func(r upload.Resource) bool { return !w.ids[r.ID] }) {
		w.partial = true
		w.suspect("its indexes do not count resources")
		return nil
	}
	// One that looks neither at the index nor at the count may have no more than
	// its total, or show no more.
	w.unsaid = one && len(p.rows) == len(w.rows)
	return nil
}

// atOnce judges a list without a total that is the same at every index: it is
// all there is, unless it is cut off, and then at a round number.
func (w *walk) atOnce() error {
	if n := len(w.rows); mayBePage(n, w.count) {
		w.suspect("it has no pages and does not say how many there are, and %d may be as many as it shows of any number", n)
		return nil
	}
	w.ended, w.unsaid = true, true
	return nil
}

// fewestPage is the least number of resources at which a list is cut off.
const fewestPage = 10

// mayBePage reports whether so many resources may be what a service shows at
// most, or as many as it was asked for.
func mayBePage(n, asked int) bool {
	return n == asked || n >= fewestPage && (n%10 == 0 || n%25 == 0 || n == 15 || n&(n-1) == 0 || n%100 == 99)
}
