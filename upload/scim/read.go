package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"adsync/upload"
)

// Read discovers the service and lists what it holds. Users, groups and
// devices are listed at the same time.
func (t *Target) Read(ctx context.Context, want upload.Want) (*upload.State, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	t.want = want
	kinds := t.prepare(want)
	lists := make([]listing, len(kinds))
	errs := make([]error, len(kinds))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	for i, k := range kinds {
		wait.Go(func() {
			if lists[i], errs[i] = t.list(ctx, k, want); errs[i] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	if err := firstCause(errs); err != nil {
		return nil, err
	}
	state := &upload.State{Unproven: map[upload.Kind]string{}, Unsaid: map[upload.Kind]bool{}}
	for i, k := range kinds {
		lists[i].into(state, k)
	}
	for i, k := range kinds {
		if k == upload.Group && want.Members {
			if err := t.members(ctx, state, &lists[i], want); err != nil {
				return nil, err
			}
		}
	}
	return state, nil
}

// prepare compiles the shapes and says which kinds are read.
func (t *Target) prepare(want upload.Want) []upload.Kind {
	kinds := []upload.Kind{upload.User}
	t.shapes[upload.User] = newShape(upload.User, want.Users, false)
	inline := want.Members && t.profile.Members <= MembersListed
	t.shapes[upload.Group] = newShape(upload.Group, want.Groups, inline)
	t.shapes[upload.Device] = newShape(upload.Device, want.Devices, false)
	if (len(want.Groups) > 0 || want.Members) && t.facts.endpoints[upload.Group] != "" {
		kinds = append(kinds, upload.Group)
	}
	if len(want.Devices) > 0 && t.facts.endpoints[upload.Device] != "" {
		kinds = append(kinds, upload.Device)
	}
	return kinds
}

// A listing is what listing one kind came to.
type listing struct {
	rows     []upload.Resource
	members  bool   // groups came with their members attribute
	unsaid   bool   // nothing says how many there are
	unproven string // a sentence; "" when the list is proven
	warnings []string
}

func (l *listing) into(s *upload.State, k upload.Kind) {
	switch k {
	case upload.User:
		s.Users = l.rows
	case upload.Group:
		s.Groups = l.rows
	default:
		s.Devices = l.rows
	}
	if l.unproven != "" {
		s.Unproven[k] = l.unproven
	}
	s.Unsaid[k] = l.unsaid
	s.Warnings = append(s.Warnings, l.warnings...)
}

// list lists one kind, and proves the list where that can be done.
func (t *Target) list(ctx context.Context, k upload.Kind, want upload.Want) (listing, error) {
	if t.profile.Paging == PagingNone {
		return listing{unproven: fmt.Sprintf("%s cannot list its %ss", t.profile.Title, k)}, nil
	}
	l, err := t.newLister(k, t.shapes[k])
	if err != nil {
		return listing{}, err
	}
	l.project()
	var progress func(read, total int)
	if want.Progress != nil {
		progress = func(read, total int) { want.Progress(k, read, total) }
	}
	w, err := t.inOtherWords(ctx, l, progress)
	if err != nil {
		return t.unlisted(k, err)
	}
	if t.vanished(ctx, l, w) {
		l.params.Del("attributes")
		if w, err = t.walk(ctx, l, progress); err != nil {
			return t.unlisted(k, err)
		}
	}
	if w, err = t.whole(ctx, l, w, progress); err != nil {
		return listing{}, err
	}
	out := listing{rows: w.rows, members: w.members, unsaid: w.unsaid && w.wrong == ""}
	warning, err := t.alone(ctx, k, out.rows, want)
	if err != nil {
		return listing{}, err
	}
	if warning != "" {
		out.warnings = append(out.warnings, warning)
	}
	out.warnings = append(out.warnings, t.shapes[k].mixed()...)
	switch {
	case w.wrong != "":
		out.unproven = fmt.Sprintf("the service's list of %ss cannot be relied on: %s", k, w.wrong)
	case t.profile.Untrusted != "":
		out.unproven = t.profile.Untrusted
	}
	if s := t.profile.Synthetic; s != "" && k == upload.User && len(w.rows) == 1 && strings.EqualFold(w.rows[0].Name, s) {
		out.rows, out.unproven = nil, fmt.Sprintf("%s shows a made-up user instead of a list", t.profile.Title)
	}
	for i := range out.rows {
		if r := &out.rows[i]; r.ExternalID != "" || i == 0 {
			t.sample(r)
			if r.ExternalID != "" && want.Owned != nil && want.Owned(r.ExternalID) {
				break
			}
		}
	}
	return out, nil
}

// inOtherWords walks through a list, and again where the service does not take
// what was asked for: ids of members alone, certain attributes, so many at once.
func (t *Target) inOtherWords(ctx context.Context, l *lister, progress func(read, total int)) (*walk, error) {
	w, err := t.walk(ctx, l, progress)
	if l.narrow() && (isStatus(err, http.StatusBadRequest, http.StatusForbidden) || err == nil && len(w.rows) > 0 && !w.showsMembers()) {
		t.learned.wholeMembers.Store(true)
		l.project()
		w, err = t.walk(ctx, l, progress)
	}
	if isStatus(err, http.StatusBadRequest, http.StatusForbidden) && l.params.Has("attributes") {
		// Some refuse the parameter, or a name in it.
		l.params.Del("attributes")
		w, err = t.walk(ctx, l, progress)
	}
	for _, count := range modestPages {
		if !isStatus(err, http.StatusBadRequest) || scimType(err) == "invalidFilter" || l.count <= count {
			continue
		}
		// A count is to be cut down to what the service gives (RFC 7644
		// 3.4.2.4), and some refuse it.
		l.count = count
		if w, err = t.walk(ctx, l, progress); err == nil {
			t.learned.pageSize.Store(int32(count))
		}
	}
	return w, err
}

// modestPages are what is asked for where more is refused.
var modestPages = []int{100, 20}

// unlisted is a kind that the service does not list: tooMany, or no list
// without a filter. Any other error ends the reading.
func (t *Target) unlisted(k upload.Kind, err error) (listing, error) {
	refusal := new(upload.Refusal)
	if !errors.As(err, &refusal) {
		return listing{}, err
	}
	if gone := new(upload.Unavailable); errors.As(err, &gone) {
		return listing{}, err
	}
	if refusal.ScimType == "tooMany" || refusal.Status == http.StatusNotImplemented || refusal.Status == http.StatusBadRequest && refusal.ScimType == "invalidFilter" {
		return listing{unproven: fmt.Sprintf("the service cannot list its %ss: %v", k, refusal)}, nil
	}
	return listing{}, &upload.Unavailable{Doing: fmt.Sprintf("list %ss", k), Err: err, Hint: refusal.Hint}
}

// walk goes through the list in the way the service offers.
func (t *Target) walk(ctx context.Context, l *lister, progress func(read, total int)) (*walk, error) {
	w := l.newWalk(progress)
	if t.byCursor() {
		err := w.byCursor(ctx)
		if err == nil || !isStatus(err, http.StatusBadRequest, http.StatusNotImplemented) || !t.facts.index {
			return w, err
		}
		w = l.newWalk(progress)
	}
	return w, w.inParallel(ctx)
}

// byCursor says whether cursors are the first choice. Where a service has
// both, pages by index are read in parallel first: what they come to is
// proven by the number of ids.
func (t *Target) byCursor() bool {
	switch t.profile.Paging {
	case PagingCursor:
		return true
	case PagingIndex:
		return false
	}
	return t.facts.cursor && t.facts.cursorLike
}

// walks is how often a list is walked before it is given up.
const walks = 3

// whole walks again when a walk proves nothing: by cursor if there are any,
// else page after page, in the order of ids if the service sorts. What two
// walks to the very end agree on is proven though the service's number is
// missing or too small. Where it says that there are more, there may be.
func (t *Target) whole(ctx context.Context, l *lister, w *walk, progress func(read, total int)) (*walk, error) {
	var before []*walk
	for {
		if w.wrong == "" && (w.total >= 0 || w.unsaid || t.byCursor()) {
			return w, nil
		}
		if len(before) == 0 && w.wrong != "" && !t.byCursor() && !t.facts.cursor {
			if n, err := t.byNumber(ctx, l, progress); err != nil || n != nil && n.wrong == "" {
				return n, t.readError(l.kind, err)
			}
		}
		for _, other := range before {
			if w.ended && !w.partial && (w.erratic || w.total <= len(w.rows)) && w.same(other) {
				w.wrong = ""
				return w, nil
			}
		}
		if before = append(before, w); len(before) == walks {
			break
		}
		w = l.newWalk(progress)
		if err := t.again(ctx, w); err != nil {
			return nil, t.readError(l.kind, err)
		}
	}
	most := before[0]
	for _, w := range before {
		if len(w.rows) > len(most.rows) {
			most = w
		}
	}
	most.suspect("it does not say how many there are, and two readings differ")
	return most, nil
}

// again is the slow and sure way through a list.
func (t *Target) again(ctx context.Context, w *walk) error {
	if t.byCursor() || t.facts.cursor {
		return w.byCursor(ctx)
	}
	if t.facts.sort {
		w.params.Set("sortBy", "id")
		defer w.params.Del("sortBy")
	}
	return w.oneByOne(ctx)
}

func (t *Target) readError(k upload.Kind, err error) error {
	if gone := new(upload.Unavailable); errors.As(err, &gone) {
		return err // which says what was being done, and what to do
	}
	if refusal := new(upload.Refusal); errors.As(err, &refusal) {
		return &upload.Unavailable{Doing: fmt.Sprintf("list %ss", k), Err: err, Hint: refusal.Hint}
	}
	return err
}

func isStatus(err error, any ...int) bool {
	refusal := new(upload.Refusal)
	if !errors.As(err, &refusal) {
		return false
	}
	for _, status := range any {
		if refusal.Status == status {
			return true
		}
	}
	return false
}

func scimType(err error) string {
	refusal := new(upload.Refusal)
	if errors.As(err, &refusal) {
		return refusal.ScimType
	}
	return ""
}

// project asks for no more than is compared, where the service can do that. Of
// members that is their ids: a group of everybody is a quarter as long so.
// Asked for a part of an attribute some refuse, or show nothing of it.
func (l *lister) project() {
	if l.target.profile.NoProjection {
		return
	}
	members := memberIDs
	if l.target.learned.wholeMembers.Load() {
		members = "members"
	}
	l.params.Set("attributes", strings.Join(l.shape.names(members), ","))
}

// narrow reports whether the ids of members are asked for alone.
func (l *lister) narrow() bool {
	return l.shape.members && l.params.Has("attributes") && !l.target.learned.wholeMembers.Load()
}

// showsMembers reports whether members were seen, and each with its id.
func (w *walk) showsMembers() bool {
	return !w.nameless && slices.ContainsFunc(w.rows, func(r upload.Resource) bool { return len(r.Members) > 0 })
}

// fewRows are enough to see whether attributes are held back.
const fewRows = 20

// vanished reports whether the service, asked for certain attributes, holds
// some of them back that it shows when asked for none: those that no
// resource was seen to have are looked for in a short list of all
// attributes.
func (t *Target) vanished(ctx context.Context, l *lister, w *walk) bool {
	if !l.params.Has("attributes") || len(w.rows) == 0 {
		return false
	}
	have, all := l.shape.seenIn(w.rows)
	if all {
		return false
	}
	plain := &lister{target: t, kind: l.kind, shape: l.shape, path: l.path, params: url.Values{}, count: min(l.count, fewRows), ids: l.ids}
	p, err := plain.at(ctx, 1)
	if err != nil {
		return false // the list is there, and this was only a check
	}
	few, _ := l.shape.seenIn(p.rows)
	for path := range few {
		if !have[path] {
			return true
		}
	}
	return false
}

// seenIn are the paths that some resource has, externalId among them; all
// reports that none is missing.
func (s *shape) seenIn(rows []upload.Resource) (have map[string]bool, all bool) {
	mark, has := false, make([]bool, s.paths.Len())
	for i := range rows {
		mark = mark || rows[i].ExternalID != ""
		rows[i].Attributes.Note(has)
	}
	have = map[string]bool{}
	if mark {
		have[upload.KeyExternalID] = true
	}
	for i, path := range s.paths.List() {
		if has[i] {
			have[path] = true
		}
	}
	return have, len(have) == len(has)+1
}
