// Package filetarget is a folder of SCIM resources in the place of a service:
// for a hand-over across an air gap, for review, and for tests. users.jsonl,
// groups.jsonl and devices.jsonl hold one resource a line as a service would
// be sent it (RFC 7643), sorted by id; they are read back as the state, so
// that a second run finds nothing to do. changes.jsonl holds the operations
// of the last run that changed anything, in the form of a bulk request's
// (RFC 7644 3.7).
//
// A file is the old one or the new one, never a part: they are replaced when
// a set of writes is done.
package filetarget

import (
	"context"
	"fmt"
	"net/http"

	"adsync/upload"
	"adsync/upload/scim"
)

// Target is a upload.Target over a folder. What is written is exactly what
// the SCIM client would send to a service that takes whole resources (PUT).
type Target struct {
	*scim.Target
	folder *folder
}

// New makes the target for a folder, which is made if it is not there. It
// reads the files that are there; a line that is not a resource is an error.
func New(dir string, c scim.Config, e scim.Env) (*Target, error) {
	f, err := open(dir)
	if err != nil {
		return nil, err
	}
	// The client needs a URL to build paths from. No connection is made: the
	// folder itself answers its requests.
	c.URL, c.Profile, c.Auth = "http://localhost/", "generic", scim.Auth{}
	e.Transport = f
	client, err := scim.New(c, e)
	if err != nil {
		return nil, err
	}
	return &Target{Target: client, folder: f}, nil
}

// Write implements upload.Target. The files are replaced before any write is
// reported as done.
func (t *Target) Write(ctx context.Context, writes []upload.Write, done func(int, upload.Result)) {
	results := make([]upload.Result, len(writes))
	t.Target.Write(ctx, writes, func(i int, r upload.Result) { results[i] = r })
	err := t.folder.save()
	for i, r := range results {
		if err != nil && r.Err == nil {
			r = upload.Result{Err: &upload.Unavailable{Doing: "write the files", Err: err, Hint: "name a folder that this account may write under target.url"}}
		}
		done(i, r)
	}
}

// RoundTrip answers the client's requests out of the folder.
func (f *folder) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, body, err := f.answer(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.dir, err)
	}
	return response(r, status, body), nil
}
