package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"adsync/upload"
)

// errReplaces says that PATCH takes away what it does not name.
var errReplaces = errors.New("the service's PATCH takes away what it does not name")

// replaces reports whether a PATCH of a kind was seen to take away what it does
// not name.
func (t *Target) replaces(k upload.Kind) bool {
	return k == upload.User && t.learned.keepsRest.fails()
}

// watches reports whether it is still to be seen that a PATCH keeps the rest.
// Of a service that has a profile it is known.
func (t *Target) watches(k upload.Kind) bool {
	return k == upload.User && t.profile.Name == generic && t.learned.keepsRest.open()
}

// watched tries a PATCH of a user while it is not known whether one keeps the
// rest (RFC 7644 3.5.2: it does), with no other user touched meanwhile. What the
// user was is kept, to be put back.
func (u *updating) watched(ctx context.Context, d Dialect) error {
	t, keeps := u.target, &u.target.learned.keepsRest
	t.learned.watching.Lock()
	defer t.learned.watching.Unlock()
	switch {
	case keeps.works():
		return u.attempt(ctx, d)
	case keeps.fails():
		return errReplaces
	}
	doc, _, err := t.document(ctx, u.kind, u.id)
	if isRefusal(err) {
		if !isStatus(err, http.StatusNotFound, http.StatusGone) {
			keeps.settle(true) // users are not shown one by one; else it is this one who is not there
		}
		return u.attempt(ctx, d)
	}
	if err != nil {
		return err
	}
	saved := doc.append(nil)
	was, err := decodeOne(saved, t.shapeOf(u.kind))
	if err != nil {
		return err
	}
	u.was = was
	err = u.attempt(ctx, d)
	u.was = nil
	if err == nil && len(u.untouched(was)) == 0 {
		// All that is mapped was written: what is not tells.
		if now, _, gone := t.document(context.WithoutCancel(ctx), u.kind, u.id); gone == nil && u.vanished(doc, now) {
			err = errReplaces
		}
	}
	switch {
	case errors.Is(err, errReplaces):
		keeps.settle(false)
		t.remark("the service's PATCH takes away what it does not name: users are written whole")
		u.saved, u.left, u.tried = saved, u.all, false
	case err == nil && parts(&u.left) < parts(&u.all) && len(u.untouched(was)) > 0:
		keeps.settle(true)
	}
	return err
}

// parts is how much a write says.
func parts(w *upload.Write) int {
	n := len(w.Set)
	for _, said := range []bool{w.ExternalID != "", w.Active != nil, w.Manager != nil} {
		if said {
			n++
		}
	}
	return n
}

// untouched are the paths that a resource has values of and the write does not
// name, but for the userName, without which there is no user.
func (u *updating) untouched(r *upload.Resource) []string {
	named := map[string]bool{upload.KeyUserName: true}
	for _, a := range u.all.Set {
		named[attributeOf(a.Path)] = true
	}
	var out []string
	for path := range r.Attributes.Present() {
		if !named[attributeOf(path)] {
			out = append(out, path)
		}
	}
	return out
}

// attributeOf is a path without what selects an element.
func attributeOf(path string) string {
	if p, err := upload.ParsePath(path); err == nil && p.By != "" {
		p.By, p.Is, p.Sub = "", "", ""
		return p.String()
	}
	return path
}

// lost reports whether a user has less than it was, beyond what was written.
func (u *updating) lost() bool {
	was, is, x := u.was, u.after, &u.all
	if was == nil || is == nil || is.ID == "" {
		return false
	}
	return x.ExternalID == "" && was.ExternalID != "" && is.ExternalID == "" || x.Manager == nil && was.Manager != "" && is.Manager == "" ||
		slices.ContainsFunc(u.untouched(was), func(path string) bool { return len(is.Get(path)) == 0 })
}

// vanished reports whether an attribute that the write does not name is gone.
func (u *updating) vanished(was, is *value) bool {
	named := map[string]bool{"username": true, "id": true, "meta": true, "schemas": true, "groups": true, "active": true, "externalid": true}
	for _, a := range u.all.Set {
		if p, err := upload.ParsePath(a.Path); err == nil {
			named[strings.ToLower(p.Attr)] = true
		}
	}
	return slices.ContainsFunc(was.list, func(m value) bool {
		return !m.absent() && is.find(m.name).absent() && !named[strings.ToLower(m.name)] && !strings.EqualFold(m.name, upload.SchemaEnterprise)
	})
}

// everything is the PATCH that names all of a document.
func everything(doc *value, d Dialect) []operation {
	forPut(doc)
	doc.remove("id")
	doc.remove("schemas")
	if d == PatchObject {
		return []operation{{op: "replace", value: *doc}}
	}
	var out []operation
	for _, m := range doc.list {
		if m.kind != objectValue || !isURN(m.name) {
			out = append(out, operation{"replace", m.name, m})
			continue
		}
		for _, sub := range m.list {
			out = append(out, operation{"replace", m.name + ":" + sub.name, sub})
		}
	}
	return out
}
