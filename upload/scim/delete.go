package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"adsync/upload"
)

// delete removes a resource. One that is not there any more is done. The
// first one of each kind is looked for afterwards: some services only
// deactivate, and some do nothing.
func (t *Target) delete(ctx context.Context, x *upload.Write) upload.Result {
	endpoint, err := t.endpoint(x.Kind)
	if err != nil {
		return upload.Result{Err: err}
	}
	if t.profile.NoDelete[x.Kind] {
		return upload.Result{Err: &upload.Refusal{Status: http.StatusMethodNotAllowed, Detail: fmt.Sprintf("%s is not asked to delete a %s", t.profile.Title, x.Kind), Hint: "use deactivate"}}
	}
	q := call{method: http.MethodDelete, path: endpoint + "/" + url.PathEscape(t.pathID(x.Before)), again: true, doing: fmt.Sprintf("delete a %s", x.Kind)}
	_, err = t.client.do(ctx, q)
	if isStatus(err, http.StatusNotFound, http.StatusGone) && isRefusal(err) {
		return upload.Result{}
	}
	if refusal := new(upload.Refusal); errors.As(err, &refusal) && isStatus(err, http.StatusMethodNotAllowed, http.StatusNotImplemented) {
		refusal.Hint = undeletable(x.Kind)
	}
	if err != nil || !t.learned.deleted[place(x.Kind)].CompareAndSwap(false, true) {
		return upload.Result{Err: err}
	}
	var left *upload.Resource
	err = t.eventually(ctx, func() (bool, error) {
		var err error
		left, err = t.fetch(context.WithoutCancel(ctx), x.Kind, t.pathID(x.Before), t.shapeOf(x.Kind), nil)
		return err != nil || left.ID != x.Before.ID || !left.Active && x.Before.Active, nil
	})
	switch {
	case err != nil || left == nil || left.ID != x.Before.ID:
		return upload.Result{}
	case !left.Active:
		return upload.Result{After: left}
	}
	t.learned.deleted[place(x.Kind)].Store(false)
	return upload.Result{Err: &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and the %s is still there", x.Kind)}}
}

// undeletable is what to do where a service has no DELETE for a kind.
func undeletable(k upload.Kind) string {
	if k == upload.Group {
		return "the service does not delete groups: set policy.group_gone to keep"
	}
	return fmt.Sprintf("the service does not delete %ss: set policy.user_gone and policy.user_disabled to deactivate or keep", k)
}
