package ldaptest

import (
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// match is an entry found, with the directory it is in.
type match struct {
	dir   *Directory
	entry *entry
}

// encode returns the entry as it is now, nil if it was deleted meanwhile.
func (m match) encode(selections map[*Directory]*selection, attrs []string, v view) []byte {
	m.dir.mu.RLock()
	defer m.dir.mu.RUnlock()
	if m.entry.deleted {
		return nil
	}
	s := selections[m.dir]
	if s == nil {
		s = m.dir.selection(attrs, v)
		selections[m.dir] = s
	}
	return m.dir.encode(m.entry, s)
}

// matches is what a search found, and which part of it this answer is.
type matches struct {
	entries    []match
	references []string
	next, end  int
	exceeded   bool // a limit ends the search after end
}

// last tells whether this answer is the search's last.
func (m *matches) last() bool { return m.end == len(m.entries) && !m.exceeded }

// pagedSearch is what the server keeps between two pages, on one connection
// only (RFC 2696 section 3).
type pagedSearch struct {
	key    string // the first part of the cookie
	number int    // pages served
	found  *matches
}

func (p *pagedSearch) cookie() string { return p.key + "." + strconv.Itoa(p.number) }

// openPage finds the search that a cookie continues; nil for a first page.
func (c *conn) openPage(request searchRequest) (*pagedSearch, *result) {
	paging := request.controls.paging
	if paging == nil {
		return nil, nil
	}
	if c.srv.dir.flavor == OpenLDAP && c.srv.options.MaxPageSize > 0 && paging.size > c.srv.options.MaxPageSize {
		return nil, &result{code: ldap.LDAPResultAdminLimitExceeded, message: "illegal pagedResults page size"}
	}
	if paging.cookie == "" {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := paging.cookie
	if dot := strings.LastIndexByte(key, '.'); dot >= 0 {
		key = key[:dot]
	}
	page := c.pages[key]
	// A DC goes on from where it is, whatever older cookie it gets; slapd does not.
	if c.srv.dir.flavor == ActiveDirectory {
		if page == nil {
			return nil, &result{code: ldap.LDAPResultUnwillingToPerform, message: "00000057: LdapErr: DSID-0C090ADC, comment: Error processing control, data 0, v4563"}
		}
		return page, nil
	}
	if page == nil {
		return nil, &result{code: ldap.LDAPResultProtocolError, message: "paged results cookie is invalid"}
	}
	if page.cookie() != paging.cookie {
		return nil, &result{code: ldap.LDAPResultUnwillingToPerform, message: "paged results cookie is invalid or old"}
	}
	return page, nil
}

// matches finds the entries of this answer: those of the next page, or of the
// whole search up to the limits that apply.
func (a *searchAnswer) matches() (*matches, *result) {
	var found *matches
	if a.page != nil {
		found = a.page.found
		for _, f := range a.faults {
			if f.fault.Do.kind == restarting {
				f.strike()
				found.next = 0
			}
		}
	} else {
		var res *result
		if found, res = a.find(); res != nil {
			return nil, res
		}
	}
	a.limit(found)
	return found, nil
}

// limit sets the end of this answer.
func (a *searchAnswer) limit(found *matches) {
	options, active := a.conn.srv.options, a.conn.srv.dir.flavor == ActiveDirectory
	total, exceeded := len(found.entries), false
	atMost := func(most int) {
		if most > 0 && total > most {
			total, exceeded = most, true
		}
	}
	atMost(a.request.sizeLimit)
	if !active {
		atMost(options.SizeLimit)
	}
	paging := a.request.controls.paging
	if paging == nil {
		if active {
			atMost(options.MaxPageSize)
		}
		found.end, found.exceeded = total, exceeded
		return
	}
	size := paging.size
	if active {
		size = min(size, options.MaxPageSize)
	}
	found.end = min(found.next+size, total)
	// The limit is met only by the page that reaches it.
	found.exceeded = exceeded && found.end == total
	if size == 0 {
		found.entries, found.references = found.entries[:found.next], nil // RFC 2696: the search is given up
	}
}

// pagingAnswer returns the control for the result and remembers the search for
// the next page.
func (a *searchAnswer) pagingAnswer(found *matches) []byte {
	c := a.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	cookie := ""
	if found != nil && found.end < len(found.entries) {
		if a.page == nil {
			a.page = &pagedSearch{key: c.raw.RemoteAddr().String() + "/" + strconv.FormatInt(a.id, 10), found: found}
			c.pages[a.page.key] = a.page
		}
		a.page.number++
		cookie = a.page.cookie()
	} else if a.page != nil {
		delete(c.pages, a.page.key)
	}
	for _, f := range a.faults {
		switch f.fault.Do.kind {
		case omittingPaging:
			f.strike()
			return nil
		case emptyingCookie:
			f.strike()
			cookie = ""
		}
	}
	return pagingControl(0, cookie)
}
