package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"adsync/upload"
)

// finished reports whether nothing is left.
func (u *updating) finished() bool {
	return u.left.ExternalID == "" && len(u.left.Set) == 0 && u.left.Active == nil && u.left.Manager == nil
}

// marked looks a resource up by the mark that was written, which the service
// refuses to show by itself. What is not found by it may be anybody's still.
func (u *updating) marked(ctx context.Context, refused error) (after *upload.Resource, err error) {
	t, mark := u.target, u.left.ExternalID
	ctx = context.WithoutCancel(ctx)
	err = t.eventually(ctx, func() (bool, error) {
		if t.profile.IDIsExternal {
			r, err := t.fetch(ctx, u.kind, mark, t.shapeOf(u.kind), nil)
			after = r
			return err == nil, err
		}
		found, err := t.find(ctx, u.kind, upload.KeyExternalID, mark)
		if i := slices.IndexFunc(found, func(r upload.Resource) bool { return r.ID == u.id }); i >= 0 {
			after = &found[i]
		}
		return after != nil, err
	})
	none := new(upload.Unanswerable)
	if err != nil && !isRefusal(err) && !errors.As(err, &none) || after != nil {
		return after, err
	}
	return nil, &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success, and whether it keeps externalId cannot be seen: %v", refused)}
}

// strike takes out of what is left all that the resource has as wanted.
func (u *updating) strike() {
	w, r := &u.left, u.after
	if w.ExternalID == r.ExternalID {
		w.ExternalID = ""
	}
	if w.Active != nil && *w.Active == r.Active {
		w.Active = nil
	}
	if w.Manager != nil && *w.Manager == r.Manager {
		w.Manager = nil
	}
	w.Set = slices.DeleteFunc(slices.Clone(w.Set), func(a upload.Attribute) bool { return u.same(a.Path, a.Values, r.Get(a.Path)) })
}

// same compares two sets of values as the service keeps them.
func (u *updating) same(path string, a, b []string) bool {
	trait := u.target.trait(u.kind, path)
	form := func(values []string) []string {
		var out []string
		for _, v := range values {
			if trait.Normal != nil {
				v = trait.Normal(v)
			}
			if v = strings.TrimSpace(v); v == "" {
				continue
			}
			if !trait.CaseExact {
				v = strings.ToLower(v)
			}
			out = append(out, v)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(form(a), form(b))
}

// folded reports whether nothing is left but letter case, which the service
// keeps in its own.
func (u *updating) folded() bool {
	w, fold := &u.left, func(values []string) string { return strings.ToLower(strings.Join(values, "\n")) }
	return u.after != nil && w.ExternalID == "" && w.Active == nil && w.Manager == nil && !slices.ContainsFunc(w.Set, func(a upload.Attribute) bool {
		return fold(a.Values) != fold(u.after.Get(a.Path))
	})
}

// paths are what is left, for remembering what works.
func (u *updating) paths(d Dialect, form managerForm) []string {
	prefix := fmt.Sprintf("%s %d ", u.kind, d)
	var out []string
	if u.left.ExternalID != "" {
		out = append(out, prefix+"externalId")
	}
	if u.left.Active != nil {
		out = append(out, prefix+"active")
	}
	if u.left.Manager != nil {
		out = append(out, fmt.Sprintf("%smanager %d %t", prefix, form, *u.left.Manager == ""))
	}
	for _, a := range u.left.Set {
		how := "replace"
		if len(a.Values) == 0 {
			how = "remove"
		} else if p, err := upload.ParsePath(a.Path); err == nil && p.By != "" && !hasElement(u.left.Before, p) {
			how = "add"
		}
		out = append(out, prefix+how+" "+a.Path)
	}
	return out
}

// trusted reports whether all that was sent was seen to take effect before.
func (t *Target) trusted(u *updating, d Dialect, form managerForm) bool {
	for _, path := range u.paths(d, form) {
		if _, ok := t.learned.proven.Load(path); !ok {
			return false
		}
	}
	return true
}

// looks is how often what was not kept once is looked for again.
const looks = 3

// wasLost reports whether some of what was sent was seen not to be kept, and not
// so often that nothing is left to find out.
func (u *updating) wasLost(d Dialect) bool {
	lost := false
	for _, path := range u.paths(d, u.form) {
		if times, ok := u.target.learned.lost.Load(withoutDialect(path)); ok {
			lost = times.(*atomic.Int32).Add(1) <= looks || lost
		}
	}
	return lost
}

// allLost reports whether all that is sent was seen not to be kept in others.
func (u *updating) allLost(d Dialect) bool {
	paths := u.paths(d, u.form)
	return len(paths) > 0 && !slices.ContainsFunc(paths, func(path string) bool {
		_, lost := u.target.learned.lost.Load(withoutDialect(path))
		return !lost
	})
}

// kept takes note of what others did not keep and this one does.
func (u *updating) kept(d Dialect) {
	if u.pending(u.after) {
		return
	}
	for _, path := range u.paths(d, u.form) {
		u.target.learned.lost.Delete(withoutDialect(path))
	}
}

// pending reports whether some of what was sent shows no effect in a
// resource.
func (u *updating) pending(after *upload.Resource) bool {
	look := *u
	look.after = after
	look.strike()
	look.dropChanged()
	return !look.finished()
}

// dropChanged takes out of what is left the values that changed into others
// than were sent.
func (u *updating) dropChanged() {
	if b := u.left.Before; b != nil {
		u.left.Set = slices.DeleteFunc(slices.Clone(u.left.Set), func(a upload.Attribute) bool { return !u.same(a.Path, b.Get(a.Path), u.after.Get(a.Path)) })
	}
}

// judge compares what was sent with what came of it. A value that changed
// into another than was sent has taken effect: the service has its own form
// of it.
func (u *updating) judge(d Dialect, form managerForm) {
	before := map[string]bool{}
	for _, path := range u.paths(d, form) {
		before[path] = true
	}
	u.strike()
	u.dropChanged()
	for _, path := range u.paths(d, form) {
		delete(before, path)
	}
	learned := &u.target.learned
	for path := range before {
		learned.proven.Store(path, true)
	}
	if len(before) == 0 {
		return
	}
	if u.left.Manager == nil {
		learned.manager.Store(int32(form))
	}
	// The whole run moves down only if nothing was ever seen to work above:
	// there it was the one value that was refused.
	now := Dialect(learned.dialect[place(u.kind)].Load())
	_, works := learned.proven.Load(fmt.Sprintf("%s %d", u.kind, now))
	switch {
	case d <= now || u.target.profile.ActivePatch:
	case works:
		for path := range before {
			learned.below.Store(withoutDialect(path), d)
		}
	default:
		learned.dialect[place(u.kind)].Store(int32(d))
	}
	learned.proven.Store(fmt.Sprintf("%s %d", u.kind, d), true)
}

// withoutDialect is one of paths, whatever the dialect.
func withoutDialect(path string) string {
	kind, rest, _ := strings.Cut(path, " ")
	_, rest, _ = strings.Cut(rest, " ")
	return kind + " " + rest
}

// startOf is the first dialect to try: that of the run, or one further down
// that a path was seen to need. Where elements have no type no path finds them,
// and a service may make another one instead of saying so.
func (t *Target) startOf(u *updating) Dialect {
	start := Dialect(t.learned.dialect[place(u.kind)].Load())
	if slices.ContainsFunc(u.left.Set, func(a upload.Attribute) bool { return t.shapeOf(u.kind).untyped(a.Path) }) {
		start = max(start, PatchObject)
	}
	for _, path := range u.paths(start, u.form) {
		if d, ok := t.learned.below.Load(withoutDialect(path)); ok {
			start = max(start, d.(Dialect))
		}
	}
	return start
}

// withoutMark reports whether all that was answered with success is there but
// for the mark of a group, which the service keeps of none.
func (u *updating) withoutMark() bool {
	return u.tried && u.left.ExternalID != "" && u.left.Active == nil && u.after != nil && u.target.keepsNoMark(u.after)
}

// unheard is the outcome of an update that was answered with success in every
// dialect and changed nothing. Attributes that a service does not keep are
// shown by the comparison with what it returned; an account that stays
// active, or a mark that is not kept, is an error each time.
func (u *updating) unheard() error {
	if !u.tried {
		return &upload.Refusal{Status: http.StatusNotImplemented, Detail: fmt.Sprintf("the service offers no way to update a %s", u.kind)}
	}
	// What is kept in no dialect is not looked for again, and written in one
	// that is answered with success.
	dropped, learned := *u, &u.target.learned
	dropped.left = upload.Write{Before: u.left.Before, Set: u.left.Set, Manager: u.left.Manager}
	for _, path := range dropped.paths(u.heard, managerForm(learned.manager.Load())) {
		learned.proven.Store(path, true)
		learned.lost.LoadOrStore(withoutDialect(path), new(atomic.Int32))
		if u.heard > Dialect(learned.dialect[place(u.kind)].Load()) {
			learned.below.Store(withoutDialect(path), u.heard)
		}
	}
	switch {
	case u.left.Active != nil:
		return &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and leaves active as it was (%t)", !*u.left.Active)}
	case u.left.ExternalID != "":
		if kept := u.after.ExternalID; kept != "" && strings.HasPrefix(u.left.ExternalID, kept) {
			return &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and keeps the beginning of externalId alone (%q)", kept), Hint: shorter(kept)}
		}
		return &upload.Refusal{Status: http.StatusOK, Detail: "the service answers with success and does not keep externalId"}
	}
	return nil
}
