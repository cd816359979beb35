package scimtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	listSchema   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	searchSchema = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
)

// listQuery is what a list request asks for, from the query string or a .search body (RFC 7644, section 3.4).
type listQuery struct {
	filter     string
	start      int
	hasStart   bool
	count      int
	hasCount   bool
	cursor     string
	byCursor   bool
	sortBy     string
	descending bool
	show       projection
	invalid    error
}

func listFromQuery(t *resourceType, v url.Values) listQuery {
	l := listQuery{filter: v.Get("filter"), start: 1, sortBy: v.Get("sortBy"), descending: strings.EqualFold(v.Get("sortOrder"), "descending"),
		show: parseProjection(t, v.Get("attributes"), v.Get("excludedAttributes"))}
	if v.Has("cursor") {
		l.byCursor, l.cursor = true, v.Get("cursor")
	}
	var err error
	if text := v.Get("startIndex"); text != "" {
		l.hasStart = true
		if l.start, err = strconv.Atoi(text); err != nil {
			l.invalid = badRequest("invalidValue", "startIndex is no number")
		}
	}
	if text := v.Get("count"); text != "" {
		l.hasCount = true
		if l.count, err = strconv.Atoi(text); err != nil {
			l.invalid = badRequest("invalidValue", "count is no number")
		}
	}
	return l
}

// search answers POST .search (RFC 7644, section 3.4.3).
func (s *Server) search(q *request, t *resourceType) (answer, error) {
	if s.quirks().NoSearch {
		return answer{}, fail(http.StatusNotFound, "no such endpoint: %s", q.path)
	}
	if q.method != http.MethodPost {
		return answer{}, fail(http.StatusMethodNotAllowed, "only POST is allowed here")
	}
	var in struct {
		Schemas                        []string
		Attributes, ExcludedAttributes []string
		Filter, SortBy, SortOrder      string
		StartIndex, Count              *int
		Cursor                         *string
	}
	if err := json.Unmarshal(q.body, &in); err != nil || !slices.Contains(in.Schemas, searchSchema) {
		return answer{}, badRequest("invalidSyntax", "the body is no SearchRequest")
	}
	l := listQuery{filter: in.Filter, start: 1, sortBy: in.SortBy, descending: strings.EqualFold(in.SortOrder, "descending"),
		show: parseProjection(t, strings.Join(in.Attributes, ","), strings.Join(in.ExcludedAttributes, ","))}
	if in.StartIndex != nil {
		l.hasStart, l.start = true, *in.StartIndex
	}
	if in.Count != nil {
		l.hasCount, l.count = true, *in.Count
	}
	if in.Cursor != nil {
		l.byCursor, l.cursor = true, *in.Cursor
	}
	return s.list(t, l)
}

// list answers with one page.
func (s *Server) list(t *resourceType, l listQuery) (answer, error) {
	quirks := s.quirks()
	if l.invalid != nil {
		return answer{}, l.invalid
	}
	var parts bool
	if l.show, parts = l.show.withParts(quirks.SubAttributes); parts && quirks.SubAttributes == SubRefused {
		return answer{}, badRequest("invalidValue", "attributes: a part of an attribute cannot be asked for")
	}
	if quirks.MaxCount > 0 && l.count > quirks.MaxCount {
		return answer{}, badRequest("invalidValue", "count must not be more than %d", quirks.MaxCount)
	}
	if l.filter == "" && quirks.NoUnfilteredList {
		return answer{}, badRequest("tooMany", "a filter is needed")
	}
	if l.filter == "" && quirks.SyntheticUser != "" && t.name == "User" {
		return synthetic(quirks.SyntheticUser), nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows, err := s.matching(t, l.filter)
	if err != nil {
		return answer{}, err
	}
	if len(rows) == 0 && quirks.EmptyIs404 {
		return answer{}, fail(http.StatusNotFound, "no %ss were found", t.name)
	}
	nth := s.lists.Add(1)
	if l.sortBy != "" && !quirks.NoSort {
		rows = s.sorted(t, rows, l.sortBy, l.descending)
	}
	if quirks.UnstableOrder {
		rows = slices.Clone(rows)
		random := rand.New(rand.NewPCG(s.opts.Seed, uint64(nth)))
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	p, err := s.cutPage(rows, l)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: s.renderPage(p, l, nth)}, nil
}

// page is one page of a list.
type page struct {
	rows  []*resource
	total int
	start int    // counted from 1; 0 is left out of the answer
	next  string // cursor of the page after this one
	must  bool   // the service pages by cursor only and names no total
}

func (s *Server) cutPage(rows []*resource, l listQuery) (page, error) {
	quirks := s.quirks()
	size := quirks.PageSize
	if size == 0 {
		size = 100
	}
	if l.hasCount && !quirks.IgnorePaging && !quirks.PageNumbers {
		size = max(l.count, 0)
	}
	if quirks.PageCap > 0 {
		size = min(size, quirks.PageCap)
	}
	switch kind := quirks.Cursor; {
	case kind == CursorMust, kind != IndexOnly && l.byCursor:
		p, err := s.cursorPage(rows, l.cursor, size)
		p.must = kind == CursorMust
		return p, err
	case kind == CursorOnly:
		return page{rows: rows[:min(size, len(rows))], total: len(rows)}, nil
	}
	start := max(l.start, 1)
	if quirks.Index == IndexFromZero && l.hasStart {
		start = max(l.start, 0) + 1
	}
	if quirks.IgnorePaging || quirks.IgnoreIndex {
		start = 1
	}
	if quirks.PageNumbers {
		start = (max(start/size, 1)-1)*size + 1
	}
	if nr, counts := quirks.Index.page(l.start); counts {
		start = nr*size + 1
	}
	from := min(start-1, len(rows))
	if quirks.WrapPastEnd && start > len(rows) {
		from = 0
	}
	if quirks.RepeatRows && from > 0 {
		from--
	}
	return page{rows: rows[from:min(from+size, len(rows))], total: len(rows), start: start}, nil
}

// cursorPage continues after the resource the cursor names, so that deletions in between lose nothing.
func (s *Server) cursorPage(rows []*resource, cursor string, size int) (page, error) {
	var after int64
	if cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		gen := 0
		if err == nil {
			_, err = fmt.Sscanf(string(raw), "%d:%d", &gen, &after)
		}
		if err != nil {
			return page{}, badRequest("invalidCursor", "this cursor was not issued here")
		}
		if gen != s.cursorGen {
			return page{}, badRequest("expiredCursor", "this cursor has expired")
		}
	}
	from, _ := slices.BinarySearchFunc(rows, after+1, func(r *resource, seq int64) int { return int(r.seq - seq) })
	p := page{rows: rows[from:min(from+size, len(rows))], total: len(rows)}
	if n := len(p.rows); n > 0 && from+n < len(rows) {
		p.next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%d", s.cursorGen, p.rows[n-1].seq))
	}
	return p, nil
}

// ExpireCursors makes every cursor issued so far answer 400 expiredCursor (RFC 9865, section 2.1).
func (s *Server) ExpireCursors() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursorGen++
}

func (s *Server) renderPage(p page, l listQuery, nth int64) []byte {
	quirks := s.quirks()
	total := p.total
	switch quirks.TotalResults {
	case TotalShort:
		total = max(total-1, 0)
	case TotalPage:
		total = len(p.rows)
	case TotalChanging:
		total += int(nth % 3)
	}
	buf := make([]byte, 0, 256+len(p.rows)*1024)
	if quirks.BareList {
		return append(s.renderRows(append(buf, '['), p, l), ']')
	}
	buf = append(buf, `{"schemas":["`+listSchema+`"]`...)
	if quirks.TotalResults != TotalMissing && !p.must {
		buf = strconv.AppendInt(append(buf, `,"totalResults":`...), int64(total), 10)
	}
	if p.start > 0 {
		buf = strconv.AppendInt(append(buf, `,"startIndex":`...), int64(quirks.Index.said(p.start)), 10)
	}
	buf = strconv.AppendInt(append(buf, `,"itemsPerPage":`...), int64(len(p.rows)), 10)
	if p.next != "" {
		buf = appendJSON(append(buf, `,"nextCursor":`...), p.next)
	}
	name := "Resources"
	if quirks.LowerCaseResources {
		name = "resources"
	}
	buf = append(append(append(buf, `,"`...), name...), `":[`...)
	return append(s.renderRows(buf, p, l), "]}"...)
}

func (s *Server) renderRows(buf []byte, p page, l listQuery) []byte {
	l.show.inList = true
	for i, r := range p.rows {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = s.render(buf, r, l.show)
	}
	return buf
}

// page is the page that a startIndex stands for, counted from 0, where it counts pages.
func (k IndexKind) page(start int) (nr int, counts bool) {
	switch k {
	case IndexOfPage:
		return max(start, 1) - 1, true
	case IndexOfPageFromZero:
		return max(start, 0), true
	}
	return 0, false
}

// said is a place in a list, counted from 1, as the answer has it.
func (k IndexKind) said(start int) int {
	switch k {
	case IndexFromZero, IndexSaidAsLess:
		return start - 1
	case IndexSaidAsZero:
		return 0
	}
	return start
}

// synthetic is the one made-up user some services answer an unfiltered list with.
func synthetic(name string) answer {
	return jsonAnswer(http.StatusOK, map[string]any{"schemas": []string{listSchema}, "totalResults": 1, "startIndex": 1, "itemsPerPage": 1,
		"Resources": []any{map[string]any{"schemas": []string{UserSchema}, "id": name, "userName": name, "active": true}}})
}

// sorted orders rows by an attribute; those without it come last (RFC 7644, section 3.4.2.3).
func (s *Server) sorted(t *resourceType, rows []*resource, by string, descending bool) []*resource {
	path, err := parseAttrPath(by)
	if err != nil {
		return rows
	}
	def := t.definition(path)
	type keyed struct {
		r   *resource
		key string
	}
	all := make([]keyed, len(rows))
	for i, r := range rows {
		key := ""
		if v := valuesAt(t, s.view(r), path); len(v) > 0 {
			key = fmt.Sprint(v[0])
		}
		if def == nil || !def.CaseExact {
			key = strings.ToLower(key)
		}
		all[i] = keyed{r, key}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		switch c := strings.Compare(a.key, b.key); {
		case a.key == "" || b.key == "":
			return -c
		case descending:
			return -c
		default:
			return c
		}
	})
	out := make([]*resource, len(all))
	for i, k := range all {
		out[i] = k.r
	}
	return out
}
