package scim

import (
	"context"
	"fmt"
	"net/http"

	"adsync/upload"
)

// unconditional reports whether a call changes one resource and does not say
// in which version.
func (c *client) unconditional(q call) bool {
	return q.match == "" && (q.method == http.MethodPut || q.method == http.MethodPatch || q.method == http.MethodDelete)
}

// conditional sends a call with the version that the resource has now, for
// services that take no other (428, RFC 6585 3), and begins anew when somebody
// else was faster.
func (c *client) conditional(ctx context.Context, q call) (*answer, error) {
	c.versions.Store(true)
	for try := 1; ; try++ {
		a, err := c.do(ctx, call{method: http.MethodGet, path: q.path, again: true, doing: q.doing})
		if err != nil {
			return a, err
		}
		doc, _ := readObject(single(a.body))
		if q.match = versionIn(doc, a.header); q.match == "" {
			return nil, &upload.Refusal{Status: http.StatusPreconditionRequired, Detail: fmt.Sprintf("%s: the service asks for a version (If-Match) and shows none", q.doing)}
		}
		if a, err = c.do(ctx, q); !isStatus(err, http.StatusPreconditionFailed) || try >= rereads {
			return a, err
		}
	}
}
