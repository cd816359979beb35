package ldapsrc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

const (
	pageSize = 1000
	// holdBack is how much of a page is held undecoded so that the next page
	// can be asked for before its last entries are decoded.
	holdBack = 64 << 10
	// emptyPages is how many pages in a row may be empty. AD sends some while
	// it works through a filter without index.
	emptyPages = 1000
	// firstID is far from go-ldap's own message ids, which start at 1.
	firstID = 1 << 30
)

// smallerPages are tried in turn when a server refuses the size of a page.
var smallerPages = []int{500, 100}

// A request is one search (RFC 4511 4.5.1).
type request struct {
	base   string
	scope  int // ldap.ScopeBaseObject, ldap.ScopeSingleLevel, ldap.ScopeWholeSubtree
	filter string
	names  *directory.Names // the attributes that the entries are decoded to
	ask    []string         // the attributes that are asked for, if not the names
	// controls are sent with every page.
	controls []ldap.Control
	pageSize int  // 1,000 when zero
	single   bool // at most one entry is expected: without paging
}

// wanted are the names to decode to; none when only the DNs matter.
func (r *request) wanted() *directory.Names {
	if r.names == nil {
		return directory.NewNames()
	}
	return r.names
}

// attributes are what the request asks for: "1.1" for none (RFC 4511
// 4.5.1.8), since an empty list would mean all.
func (r *request) attributes() []string {
	if len(r.ask) > 0 {
		return r.ask
	}
	if names := r.wanted().List(); len(names) > 0 {
		return names
	}
	return []string{"1.1"}
}

// stats count what a search brought.
type stats struct {
	entries, pages int
	referrals      []string // continuation references, which are not followed: of each the first URI
}

// search runs one search to the end and gives every entry to each. It returns
// nil only when every page ended with success and a paging control, whose
// cookie was empty on the last page and only there. After any error the
// entries given so far must not be used. After a result code the link is good
// for another search, after anything else it is lost.
func (l *link) search(ctx context.Context, req request, each func(*entry) error) (stats, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := req.pageSize
	if size == 0 {
		size = pageSize
	}
	if req.single || l.unpaged {
		size = 0
	}
	smaller := smallerPages
	for {
		s := &running{link: l, req: req, size: size, each: each, decoder: newDecoder(req.wanted())}
		err := s.run(ctx)
		if err == nil {
			return s.stats, nil
		}
		for len(smaller) > 0 && smaller[0] >= size {
			smaller = smaller[1:]
		}
		if size > 0 && len(smaller) > 0 && s.stats.entries == 0 && s.refused && ldap.IsErrorWithCode(err, ldap.LDAPResultAdminLimitExceeded) {
			size, smaller = smaller[0], smaller[1:]
			continue
		}
		return s.stats, &SearchError{Server: l.server.String(), Base: req.base, Filter: req.filter, Entries: s.came, Err: err}
	}
}

// running is a search under way.
type running struct {
	link    *link
	req     request
	filter  *ber.Packet
	size    int // of a page; 0 for a search without paging
	each    func(*entry) error
	decoder *decoder
	stats   stats

	id    int64 // of the page's request
	held  int   // bytes of the stream that are looked through, and not yet decoded
	page  int   // entries of the page
	came  int   // entries of all pages, decoded or not
	empty int   // pages in a row without an entry

	begun bool   // an entry of the page was decoded
	turns int    // pages of which one was
	mark  []byte // DN of the first entry of an earlier page

	refused bool // the server ended the search with a result of its own
}

func (s *running) run(ctx context.Context) error {
	l := s.link
	if l.broken != nil {
		return fmt.Errorf("the connection was lost before: %w", l.broken)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.wire.idle() {
		return l.lose(ctx, errors.New("the server sent a message that nobody asked for"))
	}
	var err error
	if s.filter, err = ldap.CompileFilter(s.req.filter); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { l.raw.Close() })
	defer stop()
	l.logSearch(s.req, s.size)
	if err = s.pages(); err != nil && !s.refused {
		return l.lose(ctx, err)
	}
	if !stop() {
		return l.lose(ctx, ctx.Err())
	}
	return err
}

// pages reads page after page. The next one is asked for before the rest of
// the one that came is decoded.
func (s *running) pages() error {
	if err := s.send(nil); err != nil {
		return err
	}
	for {
		done, size, err := s.await()
		if err != nil {
			return err
		}
		cookie, err := s.pageEnd(done)
		if err != nil {
			s.link.wire.stream.skip(s.held + size)
			return err
		}
		if len(cookie) > 0 {
			if err := s.send(cookie); err != nil {
				return err
			}
		}
		if err := s.decode(); err != nil {
			return err
		}
		s.begun = false
		s.link.wire.stream.skip(size)
		if len(cookie) == 0 {
			return nil
		}
	}
}

// send asks for a page.
func (s *running) send(cookie []byte) error {
	s.id = s.link.nextID
	s.link.nextID++
	controls := s.req.controls
	if s.size > 0 {
		controls = append(slices.Clip(controls), &pagingControl{size: s.size, cookie: cookie})
	}
	_, err := s.link.wire.Conn.Write(searchRequest(s.id, &s.req, s.filter, controls))
	return err
}

// await reads to the end of the page. What it leaves undecoded is held before
// the message that ends it, whose size it returns.
func (s *running) await() (message, int, error) {
	stream := &s.link.wire.stream
	for {
		size, err := stream.frame(s.held)
		if err != nil {
			return message{}, 0, err
		}
		if size == 0 {
			s.gather()
			if err := stream.fill(); err != nil {
				return message{}, 0, err
			}
			continue
		}
		m, err := parseMessage(stream.buf[stream.r+s.held : stream.r+s.held+size])
		if err != nil {
			return m, 0, err
		}
		if m.id != s.id {
			return m, 0, unexpected(m)
		}
		switch m.op {
		case opSearchResultDone:
			return m, size, nil
		case opSearchResultEntry:
			s.page++
			s.came++
		case opSearchResultReference:
			uris, err := parseReferrals(m.body)
			if err != nil {
				return m, 0, err
			}
			s.stats.referrals = append(s.stats.referrals, uris[:min(1, len(uris))]...)
		case opIntermediateResponse: // RFC 4511 4.13: to be ignored
		default:
			return m, 0, fmt.Errorf("the server answered a search with the operation 0x%02x", m.op)
		}
		if s.held += size; s.held >= holdBack {
			if err := s.decode(); err != nil {
				return m, 0, err
			}
		}
	}
}

// decode hands over the entries that are held.
func (s *running) decode() error {
	stream := &s.link.wire.stream
	held := stream.buf[stream.r : stream.r+s.held]
	for len(held) > 0 {
		size, err := messageSize(held)
		if err != nil {
			return err
		}
		m, err := parseMessage(held[:size])
		if err != nil {
			return err
		}
		held = held[size:]
		if m.op != opSearchResultEntry {
			continue
		}
		e, err := s.decoder.decode(m.body)
		if err != nil {
			return err
		}
		s.stats.entries++
		if err := s.turn(e.dn); err != nil {
			return err
		}
		if err := s.each(e); err != nil {
			return err
		}
	}
	stream.skip(s.held)
	s.held = 0
	return nil
}

// turn looks at the first entry of each page: a server that does not understand
// its own cookies sends the same pages again, for ever. One page is kept in
// mind until twice as many have come (R. P. Brent's way of finding a cycle).
func (s *running) turn(dn []byte) error {
	if s.begun {
		return nil
	}
	s.begun = true
	if s.turns++; s.turns > 1 && bytes.Equal(dn, s.mark) {
		return fmt.Errorf("the server sent a page for the second time, the one from %q: it does not find its place by the cookie (RFC 2696)", dn)
	}
	if s.turns&(s.turns-1) == 0 {
		s.mark = bytes.Clone(dn)
	}
	return nil
}

// pageEnd judges the end of a page and returns the cookie for the next one,
// empty when this was the last.
func (s *running) pageEnd(m message) ([]byte, error) {
	s.stats.pages++
	r, err := parseResult(m.body)
	if err != nil {
		return nil, err
	}
	if r.code != ldap.LDAPResultSuccess {
		s.refused = true
		return nil, r.err()
	}
	if s.size == 0 {
		return nil, nil
	}
	cookie, found, err := pagingCookie(m.controls)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &ReadError{Problem: "the server ended a page without saying whether more follow (RFC 2696): the list may be cut short",
			Advice: "a proxy may drop the answer's control, as OpenLDAP's back-ldap and back-meta do: connect to the server behind it"}
	}
	if s.empty++; s.page > 0 {
		s.empty = 0
	}
	s.page = 0
	if s.empty > emptyPages {
		return nil, fmt.Errorf("the server sent %d empty pages in a row", s.empty)
	}
	return slices.Clone(cookie), nil
}
