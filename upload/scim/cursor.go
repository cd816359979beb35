package scim

import (
	"context"
	"net/url"
	"strconv"
)

// byCursor walks with cursors (RFC 9865 2).
func (w *walk) byCursor(ctx context.Context) error {
	cursor, restarts := "", 0
	first := true
	for range maxPages {
		more := url.Values{"cursor": {cursor}, "count": {strconv.Itoa(w.count)}}
		p, err := w.page(ctx, more)
		if reason := scimType(err); reason != "" && restarts < 3 {
			switch {
			case reason == "invalidCount" && w.count > 1:
				w.count /= 2
				restarts++
				continue
			case (reason == "invalidCursor" || reason == "expiredCursor") && !first:
				// The place is lost; what was read is read again.
				restarts++
				cursor, first = "", true
				w.rows, w.ids, w.repeats, w.total, w.wrong = nil, map[string]bool{}, 0, -1, ""
				continue
			}
		}
		if err != nil {
			return err
		}
		if first {
			w.total = p.total
		}
		fresh := w.take(p)
		if p.next == "" {
			w.endOfCursors(p)
			return nil
		}
		if p.next == cursor || fresh == 0 && len(p.rows) > 0 {
			w.suspect("its cursors lead in a circle")
			return nil
		}
		cursor, first = p.next, false
	}
	w.suspect("the list does not end")
	return nil
}

// endOfCursors judges a walk that came to a page without nextCursor.
func (w *walk) endOfCursors(p *page) {
	w.ended = true
	if p.total >= 0 {
		w.total = p.total
	}
	if w.total >= 0 || w.repeats > 0 {
		w.checkTotal()
	}
}
