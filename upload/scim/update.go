package scim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"adsync/upload"
)

// rereads is how often a write is made anew when somebody else was faster
// (412).
const rereads = 3

// update changes one resource: by the dialect that is known to work, and
// down the ladder where one is refused or changes nothing. What worked for a
// path once is not read back again.
func (t *Target) update(ctx context.Context, x *upload.Write) upload.Result {
	x = t.before(ctx, x)
	u := t.updating(x)
	if u.finished() {
		return upload.Result{Unmarked: x.ExternalID != "" && !t.profile.NoGroupExternalID}
	}
	r := t.descend(ctx, x, u)
	r.Lost = u.lostAll
	if u.crowded && x.Kind == upload.Group && isRefusal(r.Err) {
		r = t.singly(ctx, &u.left)
	}
	r.Unmarked = r.Unmarked || r.Err == nil && x.ExternalID != "" && u.all.ExternalID == "" && !t.profile.NoGroupExternalID
	if r.Err != nil && u.saved != nil {
		r.Err = fmt.Errorf("%w, and the user could not be written whole: %w", errReplaces, r.Err)
	}
	return r
}

// descend goes down the ladder.
func (t *Target) descend(ctx context.Context, x *upload.Write, u *updating) upload.Result {
	ladder := t.ladder(u)
	var refused error
	outdone := false // what was refused says less than what was answered with success and changed nothing
	for _, d := range ladder {
		nulls := d == PutNulls || d == PatchNulls
		if !t.offers(x.Kind, d, &u.left) || nulls && d > ladder[0] && !takesAway(&u.left) {
			continue
		}
		known, tried := t.trusted(u, d, u.form), u.tried
		err := u.try(ctx, d)
		for err == nil && d == PatchPaths && u.nextForm() {
			err = u.try(ctx, d)
		}
		if errors.Is(err, errReplaces) {
			if u.saved != nil {
				ctx = context.WithoutCancel(ctx) // it is to be put back
			}
			return t.descend(ctx, x, u)
		}
		if err == nil && u.finished() {
			return upload.Result{After: u.after}
		}
		absent := d.patches() && t.noRoute(ctx, x.Kind, u.id, err)
		if err != nil && (known && !t.tooMany(u, d, err) || !descends(err) && !absent) {
			if tried && isStatus(err, http.StatusOK) && (u.folded() || u.left.ExternalID != "") {
				break // not worth writing a group whole for, and it cannot be
			}
			return upload.Result{Err: err} // it is the values
		}
		u.crowded = u.crowded || d == PatchPaths && t.tooMany(u, d, err)
		if refused == nil && err != nil {
			refused = err
			outdone = tried || absent || t.tooMany(u, d, err) || isStatus(err, http.StatusMethodNotAllowed, http.StatusNotImplemented)
		}
		if x.Trial && u.tried {
			break
		}
	}
	if refused == nil || u.tried && (outdone || u.heard.patches() || t.refusesPatch(ctx, x.Kind, u.id, t.writer(x.Kind).operations(&u.left, u.form))) {
		refused = u.unheard()
	}
	if u.withoutMark() {
		return upload.Result{After: u.after, Unmarked: true}
	}
	return upload.Result{After: u.after, Err: refused}
}

// updating is one update on its way down the ladder.
type updating struct {
	target  *Target
	kind    upload.Kind
	id      string
	all     upload.Write // what is wanted
	left    upload.Write // what has not taken effect yet
	after   *upload.Resource
	was     *upload.Resource // before a PATCH that is watched
	saved   []byte           // what a PATCH has taken away, to be put back
	tried   bool             // something was answered with 2xx
	crowded bool             // several operations were refused, perhaps for being several
	heard   Dialect          // the first one that was answered so
	lostAll bool             // nothing of it was kept in others
	form    managerForm
}

func (t *Target) updating(x *upload.Write) *updating {
	u := &updating{target: t, kind: x.Kind, left: *x, id: t.pathID(x.Before), form: managerForm(t.learned.manager.Load())}
	if x.Kind == upload.Group && (t.profile.NoGroupExternalID || t.learned.unmarked.Load()) {
		u.left.ExternalID = ""
	}
	u.all = u.left
	return u
}

// nextForm goes on to the next form of a manager when the last one was
// answered with success and changed nothing.
func (u *updating) nextForm() bool {
	if u.left.Manager == nil || *u.left.Manager == "" || u.form+1 >= managerForms {
		return false
	}
	u.form++
	return true
}

// try does what is left in one dialect, and reads back what was not seen to
// work in it before.
func (u *updating) try(ctx context.Context, d Dialect) error {
	if d.patches() && u.target.watches(u.kind) {
		return u.watched(ctx, d)
	}
	return u.attempt(ctx, d)
}

func (u *updating) attempt(ctx context.Context, d Dialect) error {
	a, err := u.send(ctx, d)
	if err != nil {
		return err
	}
	if !u.tried {
		u.tried, u.heard = true, d
	}
	t := u.target
	if t.trusted(u, d, u.form) {
		switch r, err := decodeOne(a.body, t.shapeOf(u.kind)); {
		case u.wasLost(d):
			// It is likely to be lost again, and some answer what they were sent.
			if r, err = t.fetch(context.WithoutCancel(ctx), u.kind, u.id, t.shapeOf(u.kind), nil); err == nil {
				u.after = r
				u.kept(d)
			}
		case u.allLost(d):
			u.lostAll = true
		case err == nil && r.ID != "" && !r.Attributes.Empty():
			if u.after = r; u.left.Manager != nil {
				r.Manager = *u.left.Manager // not shown here by some
			}
		}
		u.left = upload.Write{Op: u.left.Op, Kind: u.left.Kind, Before: u.left.Before}
		return nil
	}
	var after *upload.Resource
	err = t.eventually(ctx, func() (bool, error) {
		var err error
		after, err = t.fetch(context.WithoutCancel(ctx), u.kind, u.id, t.shapeOf(u.kind), nil)
		return err == nil && !u.pending(after), err
	})
	if isRefusal(err) && u.left.ExternalID != "" {
		after, err = u.marked(ctx, err)
	}
	if err != nil {
		if u.left.ExternalID == "" && isRefusal(err) { // not to be read: nothing more can be known
			u.left = upload.Write{Op: u.left.Op, Kind: u.left.Kind, Before: u.left.Before}
			return nil
		}
		return err
	}
	u.after = after
	if u.lost() {
		return errReplaces
	}
	u.judge(d, u.form)
	return nil
}

// send sends what is left in one dialect. After an answer that was lost the
// resource is read and only what is missing is sent again.
func (u *updating) send(ctx context.Context, d Dialect) (*answer, error) {
	t := u.target
	for try := 1; ; try++ {
		a, err := u.once(ctx, d, u.form)
		failed := new(unsure)
		refusal := new(upload.Refusal)
		switch {
		case err == nil:
			return a, nil
		case errors.As(err, &failed):
			if try >= tries || !t.client.budget.spend() {
				return nil, t.client.exhausted(call{method: http.MethodPatch, doing: fmt.Sprintf("update a %s", u.kind)}, failed, t.client.env.Now())
			}
			if err := t.client.env.Sleep(context.WithoutCancel(ctx), backoff(try)); err != nil {
				return nil, err
			}
			after, err := t.fetch(context.WithoutCancel(ctx), u.kind, u.id, t.shapeOf(u.kind), nil)
			if err == nil {
				u.after = after
				if u.strike(); u.finished() {
					return &answer{status: http.StatusOK}, nil
				}
			} else if !isRefusal(err) {
				return nil, err
			}
			if failed.status == http.StatusInternalServerError && try >= 3 {
				// Some answer 500 to what they do not understand.
				return nil, failed.err
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		case errors.As(err, &refusal) && refusal.Status == http.StatusPreconditionFailed && try <= rereads:
		case u.left.Manager != nil && *u.left.Manager != "" && d == PatchPaths && u.form+1 < managerForms && descends(err):
			u.form++
		default:
			return nil, err
		}
	}
}

// once sends one request.
func (u *updating) once(ctx context.Context, d Dialect, form managerForm) (*answer, error) {
	t := u.target
	endpoint, err := t.endpoint(u.kind)
	if err != nil {
		return nil, err
	}
	q := call{method: http.MethodPatch, path: endpoint + "/" + url.PathEscape(u.id), doing: fmt.Sprintf("update a %s", u.kind)}
	w := t.writer(u.kind)
	if d == PatchPaths && !t.replaces(u.kind) {
		operations := w.operations(&u.left, form)
		q.looks = slices.ContainsFunc(operations, func(o operation) bool { return o.op == "add" })
		q.body = appendPatch(nil, operations)
		return t.client.do(ctx, q)
	}
	doc, version, err := t.document(ctx, u.kind, u.id)
	x := &u.left
	if err == nil && u.saved != nil {
		x = &u.all
		doc, err = readObject(u.saved)
	}
	if err != nil {
		return nil, err
	}
	w.apply(doc, x)
	switch {
	case d.patches() && t.replaces(u.kind):
		q.body = appendPatch(nil, everything(doc, d))
	case d == PatchObject:
		q.body = appendPatch(nil, w.pathless(doc, x, d))
	case d == PatchNulls:
		w.nulls(doc, x)
		q.body = appendPatch(nil, w.pathless(doc, x, d))
	default:
		if u.kind == upload.Group {
			// A group put without its members would lose them.
			if err := t.withMembers(ctx, doc, u.left.Before); err != nil {
				return nil, err
			}
		}
		if d == PutNulls {
			w.nulls(doc, x)
		}
		q.method, q.match = http.MethodPut, version
		w.schemas(doc)
		forPut(doc)
		q.body = doc.append(nil)
	}
	return t.client.do(ctx, q)
}

// document gets a resource whole, to change it. The version is one that can
// be used in If-Match, "" when the service has none.
func (t *Target) document(ctx context.Context, k upload.Kind, id string) (*value, string, error) {
	endpoint, err := t.endpoint(k)
	if err != nil {
		return nil, "", err
	}
	var doc *value
	q := call{method: http.MethodGet, path: endpoint + "/" + url.PathEscape(id), doing: fmt.Sprintf("read a %s", k), again: true}
	q.read = func(body io.Reader) error {
		text, err := io.ReadAll(body)
		if err == nil {
			doc, err = readObject(single(text))
		}
		return err
	}
	a, err := t.client.do(ctx, q)
	if err != nil {
		return nil, "", err
	}
	// Something else, written back, would be what becomes of the resource.
	if !strings.EqualFold(doc.find("id").String(), id) && !t.profile.IDIsExternal {
		return nil, "", &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("asked for one %s the service shows something else", k)}
	}
	if t.shapeOf(k).strayed.Load() {
		tidy(doc)
	}
	if k == upload.Group {
		nameMembers(doc)
	}
	return doc, t.version(doc, a.header), nil
}

// version is the ETag of a resource (RFC 7644 3.14). An ETag without a
// meta.version, at a service that does not offer versions, is the web
// framework's hash of the body and good for nothing.
func (t *Target) version(doc *value, h http.Header) string {
	if !t.facts.etag && shownVersion(doc) == "" {
		return ""
	}
	return versionIn(doc, h)
}

// versionIn is the version of a resource as If-Match wants it.
func versionIn(doc *value, h http.Header) string {
	if tag := h.Get("ETag"); tag != "" {
		return tag
	}
	if text := shownVersion(doc); strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "W/") {
		return text
	}
	return ""
}

func shownVersion(doc *value) string { return doc.find("meta").find("version").String() }

// forPut takes away what the service provider writes itself.
func forPut(doc *value) {
	doc.remove("meta")
	doc.remove("groups")
}
