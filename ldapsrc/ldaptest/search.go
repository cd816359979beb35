package ldaptest

import (
	"context"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// searchRequest is RFC 4511 section 4.5.1.
type searchRequest struct {
	base      string
	scope     int
	sizeLimit int
	typesOnly bool
	filter    *ber.Packet
	attrs     []string
	controls  searchControls
}

func parseSearch(op *ber.Packet) (searchRequest, *result) {
	malformed := &result{code: ldap.LDAPResultProtocolError, message: "search request is malformed"}
	if len(op.Children) < 8 {
		return searchRequest{}, malformed
	}
	r := searchRequest{base: string(packetBytes(op.Children[0])), filter: op.Children[6]}
	scope, okScope := op.Children[1].Value.(int64)
	limit, okLimit := op.Children[3].Value.(int64)
	typesOnly, okTypes := op.Children[5].Value.(bool)
	if !okScope || !okLimit || !okTypes || scope < ldap.ScopeBaseObject || scope > ldap.ScopeWholeSubtree {
		return r, malformed
	}
	r.scope, r.sizeLimit, r.typesOnly = int(scope), int(limit), typesOnly
	for _, child := range op.Children[7].Children {
		r.attrs = append(r.attrs, string(packetBytes(child)))
	}
	return r, nil
}

// search serves one search request, which may be a page of several.
func (c *conn) search(ctx context.Context, id int64, op *ber.Packet, controls []ldapControl) {
	request, refused := parseSearch(op)
	var page *pagedSearch
	if refused == nil {
		request.controls, refused = readControls(controls, c.srv.dir.flavor)
	}
	if refused == nil {
		page, refused = c.openPage(request)
	}
	logged := c.srv.log.add(c.describe(request, page))
	answer := &searchAnswer{conn: c, ctx: ctx, id: id, request: request, logged: logged, page: page}
	if refused == nil {
		answer.faults = c.srv.faults.of(*logged)
		refused = c.authorize(request)
	}
	answer.run(refused)
}

func (c *conn) describe(request searchRequest, page *pagedSearch) Request {
	r := Request{
		Op: OpSearch, Connection: c.number, TLS: c.tls.Load(), DN: request.base, Scope: [...]string{"base", "one", "sub"}[request.scope],
		Attributes: request.attrs, TypesOnly: request.typesOnly, SizeLimit: request.sizeLimit, Controls: request.controls.oids,
	}
	if request.filter != nil {
		// A filter that cannot be shown is refused when it is compiled.
		r.Filter, _ = ldap.DecompileFilter(request.filter)
	}
	if request.controls.paging != nil {
		r.PageSize, r.Page = request.controls.paging.size, 1
		if page != nil {
			r.Page = page.number + 1
		}
	}
	return r
}

// authorize lets anyone read the rootDSE, and whoever is bound all else.
func (c *conn) authorize(request searchRequest) *result {
	if c.bind.bound || c.srv.options.AllowAnonymous || request.base == "" && request.scope == ldap.ScopeBaseObject {
		return nil
	}
	if c.srv.dir.flavor == ActiveDirectory {
		return &result{code: ldap.LDAPResultOperationsError, message: "000004DC: LdapErr: DSID-0C090CF8, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4563"}
	}
	return &result{code: ldap.LDAPResultStrongAuthRequired, message: "authentication required"}
}

// searchAnswer is a request on its way out.
type searchAnswer struct {
	conn    *conn
	ctx     context.Context
	id      int64
	request searchRequest
	logged  *Request
	faults  []*Injected
	page    *pagedSearch // nil before the first page of a search

	view    view
	offered int // entries whose turn has come, a skipped one too
	sent    int
	refs    int
}

func (a *searchAnswer) run(refused *result) {
	a.armCut()
	res := refused
	var found *matches
	if res == nil {
		a.view = a.lookThrough()
		found, res = a.matches()
	}
	if res == nil {
		var err error
		if res, err = a.sendEntries(found); err != nil {
			return
		}
	}
	var controls []byte
	if a.request.controls.paging != nil && (res == nil || res.code == 0) {
		controls = a.pagingAnswer(found)
	}
	if res == nil {
		res = &result{}
	}
	a.conn.srv.log.update(a.logged, func(r *Request) {
		r.Done, r.Result, r.Entries, r.References = true, res.code, a.sent, a.refs
	})
	_ = a.conn.send(appendMessage(nil, a.id, res.encode(opSearchDone), controls), true)
	a.disarmCut()
}

// lookThrough returns how entries are to be shown to this search.
func (a *searchAnswer) lookThrough() view {
	v := view{
		typesOnly: a.request.typesOnly, extendedDN: a.request.controls.extendedDN,
		partial: a.conn.kind.catalog, maxRange: a.conn.srv.options.MaxValRange,
	}
	for _, f := range a.faults {
		switch f.fault.Do.kind {
		case hidingAttribute:
			v.hidden = append(v.hidden, f.strike().text)
		case droppingRanges:
			f.strike()
			v.dropRanges = true
		}
	}
	slices.Sort(v.hidden)
	return v
}

// sendEntries sends the entries of this answer and then, with the last page,
// the references. It returns a result if the search ends otherwise than well.
func (a *searchAnswer) sendEntries(found *matches) (*result, error) {
	selections := map[*Directory]*selection{}
	for found.next < found.end {
		m := found.entries[found.next]
		found.next++
		if a.ctx.Err() != nil {
			return nil, errGone
		}
		body := m.encode(selections, a.request.attrs, a.view)
		if body == nil {
			continue // deleted since the search began
		}
		how, res, err := a.strikeAt(a.offered)
		if res != nil || err != nil {
			return res, err
		}
		a.offered++
		if err := a.sendEntry(body, how); err != nil {
			return nil, err
		}
	}
	if found.last() {
		for _, uri := range found.references {
			reference := appendElement(nil, opSearchReference, appendElement(nil, tagOctetString, uri))
			if err := a.conn.send(appendMessage(nil, a.id, reference, nil), false); err != nil {
				return nil, err
			}
			a.refs++
		}
	}
	if _, res, err := a.strikeAt(AtDone); res != nil || err != nil {
		return res, err
	}
	if found.exceeded {
		return &result{code: ldap.LDAPResultSizeLimitExceeded, message: sizeLimitMessage(a.conn.srv.dir.flavor)}, nil
	}
	return nil, nil
}

func sizeLimitMessage(flavor Flavor) string {
	if flavor == ActiveDirectory {
		return "00002023: SvcErr: DSID-031A1252, problem 5003 (WILL_NOT_PERFORM), data 0"
	}
	return ""
}

// sendEntry sends an entry as the effects of a fault have it.
func (a *searchAnswer) sendEntry(body []byte, how []effect) error {
	id := a.id
	for _, kind := range how {
		switch kind {
		case skipping:
			return nil
		case strangeID:
			id = a.id + 1<<29
		case repeating:
			if err := a.conn.send(appendMessage(nil, a.id, body, nil), false); err != nil {
				return err
			}
		case malforming:
			body = []byte{opSearchEntry, 0x84, 0xFF, 0xFF, 0xFF, 0xFF}
		}
	}
	a.sent++
	return a.conn.send(appendMessage(nil, id, body, nil), false)
}

// strikeAt lets those faults act that are due when so many entries had their
// turn. The faults that need an entry come back as how to send the next.
func (a *searchAnswer) strikeAt(offered int) (how []effect, res *result, err error) {
	for _, f := range a.faults {
		due := f.fault.After == offered
		if offered == AtDone {
			due = due || f.fault.After >= a.offered // the page was shorter
		}
		if f.fault.Bytes > 0 {
			continue
		}
		switch kind := f.fault.Do.kind; kind {
		case repeating, skipping, strangeID, malforming:
			if due && offered != AtDone {
				f.strike()
				how = append(how, kind)
			}
		case delaying:
			if due || offered >= f.fault.After {
				_, err = a.conn.strike(a.ctx, f.strike())
			}
		case closing, resetting, hanging, refusing, disconnecting:
			if due {
				res, err = a.conn.strike(a.ctx, f.strike())
			}
		}
		if res != nil || err != nil {
			return nil, res, err
		}
	}
	return how, nil, nil
}

// armCut prepares the faults that strike after a number of bytes.
func (a *searchAnswer) armCut() {
	for _, f := range a.faults {
		if f.fault.Bytes > 0 {
			a.conn.write.Lock()
			a.conn.cut = &cut{a.conn.written + f.fault.Bytes, f}
			a.conn.write.Unlock()
		}
	}
}

func (a *searchAnswer) disarmCut() {
	a.conn.write.Lock()
	defer a.conn.write.Unlock()
	a.conn.cut = nil
}
