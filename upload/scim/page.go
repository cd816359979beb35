package scim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"adsync/upload"
)

// A page is one ListResponse (RFC 7644 3.4.2, RFC 9865 2).
type page struct {
	rows     []upload.Resource
	members  bool   // a row had the members attribute
	nameless bool   // and a member in it no id
	total    int    // -1 when not said
	start    int    // the answer's startIndex; -1 when not said
	next     string // nextCursor
}

// A lister reads pages of one kind in one shape.
type lister struct {
	target *Target
	kind   upload.Kind
	shape  *shape
	path   string
	// params are sent with every page: filter, attributes.
	params url.Values
	count  int
	ids    *idPool

	mu   sync.Mutex
	free []*decoder
}

func (t *Target) newLister(k upload.Kind, s *shape) (*lister, error) {
	path, err := t.endpoint(k)
	if err != nil {
		return nil, err
	}
	count := t.profile.PageSize
	if n := t.facts.pageSize; n > 0 && n < count {
		count = n
	}
	if n := int(t.learned.pageSize.Load()); n > 0 && n < count {
		count = n
	}
	return &lister{target: t, kind: k, shape: s, path: path, params: url.Values{}, count: count, ids: new(idPool)}, nil
}

func (l *lister) decoder() *decoder {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		d := l.free[n-1]
		l.free = l.free[:n-1]
		return d
	}
	return newDecoder(newScanner(nil), l.shape, l.ids)
}

func (l *lister) done(d *decoder) {
	l.mu.Lock()
	l.free = append(l.free, d)
	l.mu.Unlock()
}

// page gets one page; more are the parameters that say which.
func (l *lister) page(ctx context.Context, more url.Values) (*page, error) {
	return l.read(ctx, l.call(more))
}

// call is the request of a page.
func (l *lister) call(more url.Values) call {
	q := call{method: http.MethodGet, path: l.path, query: url.Values{}, doing: "list " + string(l.kind) + "s", again: true}
	for _, values := range []url.Values{l.params, more} {
		for name, v := range values {
			q.query[name] = v
		}
	}
	return q
}

func (l *lister) read(ctx context.Context, q call) (*page, error) {
	d := l.decoder()
	defer l.done(d)
	var got *page
	q.read = func(body io.Reader) error {
		d.reset(body)
		var err error
		got, err = readPage(d, l.count)
		return err
	}
	a, err := l.target.client.do(ctx, q)
	if err != nil && l.nobody(a, err) {
		return &page{total: 0, start: -1}, nil
	}
	if err != nil {
		return nil, err
	}
	return got, nil
}

// nobody reports whether an answer of 404 says that there are none. It says so
// in SCIM's own form (RFC 7644 3.12), of a resource type that the service has;
// otherwise it may be the address that is not there.
func (l *lister) nobody(a *answer, err error) bool {
	return isStatus(err, http.StatusNotFound) && a != nil && l.target.facts.named[l.kind] && isSCIMError(a.body)
}

// at gets the page that starts at an index.
func (l *lister) at(ctx context.Context, start int) (*page, error) {
	return l.page(ctx, l.from(start))
}

func (l *lister) from(start int) url.Values {
	return url.Values{"startIndex": {strconv.Itoa(start)}, "count": {strconv.Itoa(l.count)}}
}

// readPage reads a list answer, the names of its parts in any case: Entra
// and Google write "resources". A bare array is taken as its resources.
func readPage(d *decoder, room int) (*page, error) {
	p := &page{total: -1, start: -1}
	c, err := d.peek()
	if err != nil {
		return nil, err
	}
	if c == '[' {
		return p, d.rows(p, room)
	}
	list := false
	err = d.object(func(name []byte) error {
		switch strings.ToLower(string(name)) {
		case "resources":
			list = true
			if c, err := d.peek(); err != nil || c != '[' {
				return d.skip()
			}
			return d.rows(p, room)
		case "totalresults":
			list = true
			return d.integer(&p.total)
		case "startindex":
			return d.integer(&p.start)
		case "nextcursor":
			return d.text(&p.next)
		}
		return d.skip()
	})
	if err == nil && !list {
		return nil, fmt.Errorf("the answer is not a SCIM list")
	}
	return p, err
}

func (d *decoder) rows(p *page, room int) error {
	if p.rows == nil {
		p.rows = make([]upload.Resource, 0, min(room, 1000))
	}
	return d.array(func() error {
		if c, err := d.peek(); err != nil || c != '{' {
			return d.skip()
		}
		r, members, err := d.resource()
		if err != nil {
			return err
		}
		p.members, p.nameless = p.members || members, p.nameless || d.nameless
		p.rows = append(p.rows, r)
		return nil
	})
}

// integer reads a number that may come as text; what is no number is as if
// it were not there.
func (d *decoder) integer(into *int) error {
	c, err := d.peek()
	if err != nil || c == '{' || c == '[' {
		return d.skip()
	}
	text, present, err := d.scalar()
	if err != nil || !present {
		return err
	}
	if n, err := strconv.ParseFloat(string(text), 64); err == nil && n >= 0 && n < 1<<40 {
		*into = int(n)
	}
	return nil
}

func (d *decoder) text(into *string) error {
	c, err := d.peek()
	if err != nil || c == '{' || c == '[' {
		return d.skip()
	}
	text, present, err := d.scalar()
	if present {
		*into = string(text)
	}
	return err
}
