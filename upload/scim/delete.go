package scim

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"adsync/upload"
)

// delete removes a resource. One that is not there any more is done.
func (t *Target) delete(ctx context.Context, x *upload.Write) error {
	endpoint, err := t.endpoint(x.Kind)
	if err != nil {
		return err
	}
	if t.profile.NoDelete[x.Kind] {
		return &upload.Refusal{Status: http.StatusMethodNotAllowed, Detail: fmt.Sprintf("%s is not asked to delete a %s: it could not be undone", t.profile.Title, x.Kind), Hint: "use deactivate"}
	}
	q := call{method: http.MethodDelete, path: endpoint + "/" + url.PathEscape(t.pathID(x.Before)), again: true, doing: fmt.Sprintf("delete a %s", x.Kind)}
	_, err = t.client.do(ctx, q)
	if isStatus(err, http.StatusNotFound, http.StatusGone) && isRefusal(err) {
		return nil
	}
	return err
}
