package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"adsync/upload"
)

// ladder are the dialects in the order in which they are tried.
func (t *Target) ladder(u *updating) []Dialect {
	if !t.replaces(u.kind) {
		all := []Dialect{PatchPaths, PatchObject, PutWhole, PutNulls, PatchNulls}
		return all[t.startOf(u):]
	}
	all := []Dialect{PutWhole, PutNulls, PatchPaths, PatchObject}
	for i, d := range all {
		if _, works := t.learned.proven.Load(fmt.Sprintf("%s %d", u.kind, d)); works {
			return all[i:]
		}
	}
	return all
}

// offers says whether a rung of the ladder is there for a write.
func (t *Target) offers(k upload.Kind, d Dialect, w *upload.Write) bool {
	put := !t.profile.NoPut
	if k == upload.Group {
		put = !t.profile.NoGroupPut
	}
	if !d.patches() {
		return put
	}
	if !t.facts.patch && put {
		return false
	}
	if t.profile.ActivePatch && k == upload.User {
		onlyActive := w.Active != nil && len(w.Set) == 0 && w.Manager == nil && w.ExternalID == ""
		return onlyActive || !put
	}
	return true
}

// descends says whether an answer speaks against the dialect rather than
// against the values.
func descends(err error) bool {
	refusal := new(upload.Refusal)
	if !isRefusal(err) || !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	case http.StatusBadRequest:
		return refusal.ScimType != "uniqueness"
	case http.StatusNotFound:
		return refusal.ScimType == "noTarget"
	}
	return false
}

// tooMany reports whether operations may have been refused for being several.
func (t *Target) tooMany(u *updating, d Dialect, err error) bool {
	several := d == PatchPaths || d == PatchObject && takesAway(&u.left) // whose removals have operations of their own
	return several && isStatus(err, http.StatusBadRequest) && len(u.paths(d, u.form)) > 1
}

// singly writes the attributes of a group one by one, where several were
// refused and the group could not be written whole either.
func (t *Target) singly(ctx context.Context, x *upload.Write) (r upload.Result) {
	one := upload.Write{Op: x.Op, Kind: x.Kind, Before: x.Before, ExternalID: x.ExternalID}
	if x.ExternalID != "" {
		r = t.update(ctx, &one)
	}
	one.ExternalID = ""
	unmarked, lost := r.Unmarked, x.ExternalID == ""
	for i := range x.Set {
		if r.Err != nil {
			return r
		}
		one.Set = x.Set[i : i+1]
		r = t.update(ctx, &one)
		lost = lost && r.Lost
	}
	r.Unmarked, r.Lost = unmarked, lost
	return r
}

// refusesPatch reports whether a PATCH that writes what is there, by adding too
// if some of the operations add, is refused as well: then it was not the values.
func (t *Target) refusesPatch(ctx context.Context, k upload.Kind, id string, operations []operation) bool {
	endpoint, err := t.endpoint(k)
	if err != nil {
		return false
	}
	now, err := t.fetch(ctx, k, id, newShape(k, nil, false), nil)
	if err != nil {
		return false
	}
	path, value := "active", truthOf(now.Active)
	if k == upload.Group {
		path, value = "displayName", textOf(now.Name)
	}
	ops := []string{"replace"}
	if slices.ContainsFunc(operations, func(o operation) bool { return o.op == "add" }) {
		ops = append(ops, "add")
	}
	for _, op := range ops {
		q := call{method: http.MethodPatch, path: endpoint + "/" + url.PathEscape(id), doing: fmt.Sprintf("update a %s", k), again: true}
		q.body = appendPatch(nil, []operation{{op, path, value}})
		if _, err = t.client.do(ctx, q); descends(err) {
			return true
		}
	}
	return false
}

// noRoute reports whether a PATCH was answered with 404 though the resource is
// there: for want of a route.
func (t *Target) noRoute(ctx context.Context, k upload.Kind, id string, err error) bool {
	if !isRefusal(err) || !isStatus(err, http.StatusNotFound) {
		return false
	}
	r, err := t.fetch(context.WithoutCancel(ctx), k, id, t.shapeOf(k), nil)
	return err == nil && r.ID != ""
}
