package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"adsync/upload"
)

// filters remembers which look-ups were seen to work.
type filters struct {
	mu    sync.Mutex
	state map[string]error // by kind and key; nil: it finds what is there
}

// Find looks resources up by one key. The filter is tried on a resource
// known to be there before its silence is believed. Groups come with their
// members if the reading before asked for members.
func (t *Target) Find(ctx context.Context, k upload.Kind, key, value string) ([]upload.Resource, error) {
	if err := t.ready(ctx); err != nil {
		return nil, err
	}
	found, err := t.find(ctx, k, key, value)
	if err != nil || k != upload.Group || len(found) == 0 || !t.want.Members {
		return found, err
	}
	state := upload.State{Groups: found}
	want := t.want
	want.Owned = nil // whoever asks for one group wants its members, whosever it is
	err = t.members(ctx, &state, &listing{}, want)
	return state.Groups, err
}

// find is Find without the members of groups.
func (t *Target) find(ctx context.Context, k upload.Kind, key, value string) ([]upload.Resource, error) {
	if err := t.filterWorks(ctx, k, key); err != nil {
		return nil, err
	}
	found, err := t.filter(ctx, k, key, value)
	if err != nil || !t.learned.alone[place(k)].Load() {
		return found, err
	}
	for i := range found {
		if err := t.readAlone(ctx, &found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *Target) filterWorks(ctx context.Context, k upload.Kind, key string) error {
	if !t.filterable(k, key) {
		return &upload.Unanswerable{Kind: k, Key: key, Err: errors.New("its profile has no such filter")}
	}
	known := t.known(k)
	value := valueOf(known, key)
	if value == "" {
		return nil // nothing to try it on
	}
	name := string(k) + " " + key
	t.found.mu.Lock()
	defer t.found.mu.Unlock()
	if err, done := t.found.state[name]; done {
		return err
	}
	rows, err := t.filter(ctx, k, key, value)
	if none := new(upload.Unanswerable); err != nil && !errors.As(err, &none) {
		return err
	}
	if err == nil && !slices.ContainsFunc(rows, func(r upload.Resource) bool { return r.ID == known.ID }) {
		// It may have been renamed or deleted since it was listed.
		now, gone := t.fetch(ctx, k, t.pathID(known), t.shapeOf(k), nil)
		if gone != nil || valueOf(now, key) != value {
			t.forget(known, now)
			return nil
		}
		err = &upload.Unanswerable{Kind: k, Key: key, Err: errors.New("it does not find one that is there")}
	}
	if t.found.state == nil {
		t.found.state = map[string]error{}
	}
	t.found.state[name] = err
	return err
}

// filterable says whether the profile has a filter on the key.
func (t *Target) filterable(k upload.Kind, key string) bool {
	allowed := t.profile.UserFilters
	if k == upload.Group {
		allowed = t.profile.GroupFilters
	}
	if t.profile.NoGroupExternalID && k == upload.Group && key == upload.KeyExternalID {
		return false
	}
	if allowed == nil {
		return true
	}
	want := simpleKey(key)
	return slices.ContainsFunc(allowed, func(one string) bool { return strings.EqualFold(one, want) })
}

// simpleKey is a path as tables of filters name it.
func simpleKey(key string) string {
	p, err := upload.ParsePath(key)
	if err != nil {
		return key
	}
	p.By, p.Is = "", ""
	return p.String()
}

func valueOf(r *upload.Resource, key string) string {
	if r == nil {
		return ""
	}
	switch key {
	case upload.KeyExternalID:
		return r.ExternalID
	case upload.KeyUserName, upload.KeyDisplayName:
		if (key == upload.KeyUserName) == (r.Kind == upload.User) {
			return r.Name
		}
	}
	if v := r.Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// filter asks the service, and keeps of its answer what really matches:
// some find too much, and one that ignores the filter finds everything.
func (t *Target) filter(ctx context.Context, k upload.Kind, key, value string) ([]upload.Resource, error) {
	s := t.shapes[k]
	if s == nil {
		s = newShape(k, nil, false)
	}
	l, err := t.newLister(k, s)
	if err != nil {
		return nil, err
	}
	l.count = min(l.count, 100)
	l.params.Set("filter", filterText(key, value))
	p, err := t.firstPage(ctx, l)
	if isRefusal(err) && isStatus(err, noFilter...) {
		return nil, &upload.Unanswerable{Kind: k, Key: key, Err: err}
	}
	if err != nil {
		return nil, err
	}
	var out []upload.Resource
	for i := range p.rows {
		if !matchesKey(&p.rows[i], key, value) {
			continue
		}
		if p.rows[i].ID == "" {
			return nil, fmt.Errorf("asked for a %s by %s the service shows one without an id", k, key)
		}
		out = append(out, p.rows[i])
	}
	one := p.total == 1 && len(p.rows) == 1 && p.next == "" // and said to be all there is
	if len(out) == 0 && len(p.rows) > 0 && !one {
		return nil, &upload.Unanswerable{Kind: k, Key: key, Err: errors.New("it shows others")}
	}
	return out, nil
}

// noFilter are answers by which services refuse a filter (RFC 7644 3.4.2.2 has
// 400). Any other error is about the request and says nothing of the next.
var noFilter = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
	http.StatusUnprocessableEntity, http.StatusNotImplemented,
}

// firstPage asks without any paging where that may be refused, and without an
// index everywhere: not all count from 1.
func (t *Target) firstPage(ctx context.Context, l *lister) (*page, error) {
	if t.profile.Paging == PagingIndex || t.profile.Paging == PagingOffered {
		return l.page(ctx, url.Values{"count": {strconv.Itoa(l.count)}})
	}
	return l.page(ctx, nil)
}

func matchesKey(r *upload.Resource, key, value string) bool {
	switch key {
	case upload.KeyExternalID:
		return r.ExternalID == value
	case upload.KeyUserName, upload.KeyDisplayName:
		if (key == upload.KeyUserName) == (r.Kind == upload.User) {
			return strings.EqualFold(upload.WithoutStore(r.Name), upload.WithoutStore(value))
		}
	}
	have := r.Get(key)
	return have == nil || slices.ContainsFunc(have, func(v string) bool { return strings.EqualFold(v, value) })
}

// filterText is an eq filter (RFC 7644 3.4.2.2) on a key or a mapped path.
func filterText(key, value string) string {
	p, err := upload.ParsePath(key)
	if err != nil || p.By == "" {
		return key + " eq " + quoted(value)
	}
	p2 := p
	p2.By, p2.Is = "", ""
	return p2.String() + " eq " + quoted(value)
}

// quoted is a JSON string, as filters want their values (RFC 7644 3.4.2.2).
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string is always encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// isRefusal reports whether the service answered, and said no.
func isRefusal(err error) bool {
	if err == nil {
		return false
	}
	refusal, gone := new(upload.Refusal), new(upload.Unavailable)
	return errors.As(err, &refusal) && !errors.As(err, &gone)
}
