package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"adsync/upload"
)

// rooms are for the values of new documents, of which a first run makes many.
var rooms = sync.Pool{New: func() any { return new([96]value) }}

// appendCreate appends the document of a new resource.
func (t *Target) appendCreate(out []byte, x *upload.Write) []byte {
	add := *x
	if x.Kind == upload.Group && t.profile.NoGroupExternalID {
		add.ExternalID = ""
	}
	w := t.writer(x.Kind)
	room := rooms.Get().(*[96]value)
	defer rooms.Put(room)
	w.room = room[:]
	doc := w.create(&add)
	if x.Kind == upload.User && t.profile.NewPassword {
		doc.put("password", textOf(newPassword()))
	}
	return doc.append(out)
}

// create makes a resource. It may be its manager for which it is refused, or
// its members; it is then made without.
func (t *Target) create(ctx context.Context, x *upload.Write) upload.Result {
	r := t.post(ctx, x)
	named := &t.learned.managers
	if len(x.Members) > 0 {
		named = &t.learned.joins
	}
	if x.Manager == nil && len(x.Members) == 0 || !mayBe(named, r.Err) {
		return r
	}
	alone := *x
	alone.Manager, alone.Members = nil, nil
	if r = t.post(ctx, &alone); r.Err == nil {
		named.settle(false)
	}
	return r
}

// namesOthers reports whether a write is a create with a manager or members.
func namesOthers(w *upload.Write) bool {
	return namesManager(w) || w.Op == upload.OpCreate && len(w.Members) > 0
}

// mayBe reports whether a create was perhaps refused for those it names.
func mayBe(named *finding, err error) bool {
	if !isRefusal(err) || isStatus(err, http.StatusInternalServerError) && named.works() {
		return false // the latter was tried often enough
	}
	return descends(err) || isStatus(err, http.StatusNotFound, http.StatusRequestEntityTooLarge)
}

// post sends a POST. One whose fate is unknown is looked for before it is
// sent again: a second resource must never come of it.
func (t *Target) post(ctx context.Context, x *upload.Write) upload.Result {
	body := t.appendCreate(make([]byte, 0, roughSize(x)), x)
	endpoint, err := t.endpoint(x.Kind)
	if err != nil {
		return upload.Result{Err: err}
	}
	// A second user of one name is refused; a second group need not be.
	q := call{method: http.MethodPost, path: endpoint, body: body, looks: x.Kind != upload.User, doing: fmt.Sprintf("create a %s", x.Kind)}
	var failed *unsure
	for try := 0; ; try++ {
		a, err := t.client.do(ctx, q)
		if err == nil {
			return t.newlyCreated(ctx, x, a, &t.learned.managers)
		}
		if !errors.As(err, &failed) {
			// A create that was answered with 503, and then finds itself
			// there, had taken effect.
			if conflict(err) && (try > 0 || a != nil && a.attempts > 1) {
				if r, ok := t.lookForOurs(ctx, x); ok {
					return r
				}
			}
			return upload.Result{Err: err}
		}
		if r, ok := t.lookForOurs(ctx, x); ok {
			return r
		}
		if try+1 >= tries || !t.client.budget.spend() {
			return upload.Result{Err: t.client.exhausted(q, failed, t.client.env.Now())}
		}
		if err := t.client.env.Sleep(context.WithoutCancel(ctx), backoff(try+1)); err != nil {
			return upload.Result{Err: err}
		}
		// It may have been under way still.
		if r, ok := t.lookForOurs(ctx, x); ok {
			return r
		}
		if err := ctx.Err(); err != nil {
			return upload.Result{Err: err}
		}
	}
}

func conflict(err error) bool {
	refusal := new(upload.Refusal)
	return errors.As(err, &refusal) && refusal.Conflict()
}

// lookForOurs looks for the resource of a create that may have taken effect:
// by externalId, then by name, then in a new list of all. ok is false when
// it is not there.
func (t *Target) lookForOurs(ctx context.Context, x *upload.Write) (r upload.Result, ok bool) {
	ctx = context.WithoutCancel(ctx)
	name := upload.KeyUserName
	if x.Kind != upload.User {
		name = upload.KeyDisplayName
	}
	keep := x.Kind != upload.Group || !t.profile.NoGroupExternalID && !t.learned.unmarked.Load()
	keys := []struct{ key, value string }{{upload.KeyExternalID, x.ExternalID}, {name, first(x.Set, name)}}
	answered := false
	for _, k := range keys {
		if k.value == "" {
			continue
		}
		found, err := t.find(ctx, x.Kind, k.key, k.value)
		if err != nil {
			continue
		}
		answered = answered || t.known(x.Kind) != nil // a filter that was not tried on anybody may find nobody at all
		for i := range found {
			if found[i].ExternalID == x.ExternalID || !keep {
				return t.existed(ctx, x, &found[i]), true
			}
		}
		if len(found) > 0 {
			refusal := &upload.Refusal{Status: http.StatusConflict, ScimType: "uniqueness", Detail: fmt.Sprintf("a %s of that name is there already", x.Kind)}
			return upload.Result{Err: refusal}, true
		}
	}
	if answered {
		return upload.Result{}, false
	}
	return t.listForOurs(ctx, x)
}

// listForOurs looks in a new list, where nothing can be looked up.
func (t *Target) listForOurs(ctx context.Context, x *upload.Write) (upload.Result, bool) {
	list, err := t.list(ctx, x.Kind, upload.Want{})
	if err != nil {
		return upload.Result{Err: err}, true
	}
	for i := range list.rows {
		if list.rows[i].ExternalID == x.ExternalID && x.ExternalID != "" {
			return t.existed(ctx, x, &list.rows[i]), true
		}
	}
	return upload.Result{}, false
}

func (t *Target) existed(ctx context.Context, x *upload.Write, found *upload.Resource) upload.Result {
	r := upload.Result{ID: found.ID, After: found, Existed: true, Manager: x.Manager != nil && *x.Manager == found.Manager}
	if len(x.Members) > 0 && t.hasAll(ctx, found.ID, x.Members) {
		r.Joined = len(x.Members)
	}
	return r
}

func first(set []upload.Attribute, path string) string {
	for _, a := range set {
		if a.Path == path && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}

// newlyCreated takes the answer of a create. The first one of each kind is
// read back: what the service does not keep shows there. named is what is
// known of the way in which the manager was named.
func (t *Target) newlyCreated(ctx context.Context, x *upload.Write, a *answer, named *finding) upload.Result {
	after, err := decodeOne(a.body, t.shapeOf(x.Kind))
	if err != nil || after.ID == "" {
		after = &upload.Resource{Kind: x.Kind, ID: t.located(x.Kind, a.header.Get("Location"))}
	}
	if after.ID == "" {
		if r, ok := t.lookForOurs(ctx, x); ok {
			return r
		}
		refusal := &upload.Refusal{Status: a.status, Detail: "the answer to the create has no id, and the resource cannot be found"}
		if _, text := told(a.body); text != "" {
			refusal.Detail += "; the service says: " + text
		}
		return upload.Result{Err: refusal}
	}
	if t.learned.created[place(x.Kind)].CompareAndSwap(false, true) {
		if full, err := t.fetch(context.WithoutCancel(ctx), x.Kind, t.pathID(after), t.shapeOf(x.Kind), nil); err == nil && full.ID != "" {
			after = full
		}
	}
	r := upload.Result{ID: after.ID, After: after}
	if after.Attributes.Empty() {
		r.After = nil
	}
	if r.After != nil {
		r.Unmarked, r.Err = t.marked(ctx, x, a, after)
	}
	if r.Err != nil {
		t.learned.created[place(x.Kind)].Store(false)
	}
	t.sample(after)
	r.Manager = t.keepsManager(ctx, x, after, named)
	r.Joined = t.keepsMembers(ctx, x, after)
	return r
}

// marked is nil where the service keeps the mark of what it made, or keeps none
// of groups at all. Answers that show another are not believed before the
// resource has been read.
func (t *Target) marked(ctx context.Context, x *upload.Write, a *answer, after *upload.Resource) (unmarked bool, err error) {
	same := func(r *upload.Resource) bool { return strings.EqualFold(r.ExternalID, x.ExternalID) }
	if x.ExternalID == "" || same(after) || x.Kind == upload.Group && t.profile.NoGroupExternalID {
		return false, nil
	}
	if x.Kind == upload.Group && t.learned.unmarked.Load() && after.ExternalID == "" {
		return true, nil
	}
	full, err := t.fetch(context.WithoutCancel(ctx), x.Kind, t.pathID(after), t.shapeOf(x.Kind), nil)
	switch {
	case err != nil || full.ID == "":
		full = after
	case same(full):
		return false, nil
	}
	if t.keepsNoMark(full) {
		return true, nil
	}
	refusal := &upload.Refusal{
		Status: a.status, Detail: fmt.Sprintf("the service made the %s and did not keep its externalId, so that it is not known as ours", x.Kind),
		Hint: "let the service keep externalId (in Keycloak: an attribute of the user profile), or the next run cannot tell its own resources",
	}
	if full.ExternalID != "" {
		refusal.Detail = fmt.Sprintf("the service made the %s and keeps another externalId than was sent (%q), so that it is not known as ours", x.Kind, full.ExternalID)
	}
	if full.ExternalID != "" && strings.HasPrefix(x.ExternalID, full.ExternalID) {
		refusal.Hint = shorter(full.ExternalID)
	}
	return false, refusal
}

// shorter is what to do about a service that keeps the beginning of a mark.
func shorter(kept string) string {
	return fmt.Sprintf("the service keeps %d characters of externalId: with one source, \"{anchor}\" in target.external_id makes it shorter", len(kept))
}

// keepsNoMark reports whether a group that was given a mark shows that groups
// keep none: it has no externalId, and no other group has one.
func (t *Target) keepsNoMark(r *upload.Resource) bool {
	known := t.known(upload.Group)
	if r.Kind != upload.Group || r.ExternalID != "" || known != nil && known.ExternalID != "" {
		return false
	}
	t.learned.unmarked.Store(true)
	return true
}

// located is the id in the Location of a new resource; "" for one that is not
// below the endpoint of its kind.
func (t *Target) located(k upload.Kind, location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	parent := path.Base(path.Dir(path.Clean(u.Path)))
	if endpoint, err := t.endpoint(k); err != nil || !strings.EqualFold(parent, path.Base(endpoint)) {
		return ""
	}
	return lastSegment(location)
}

// lastSegment is the id in a Location or a $ref, which are never followed.
func lastSegment(location string) string {
	u, err := url.Parse(location)
	if err != nil || location == "" {
		return ""
	}
	id := path.Base(u.Path)
	if id == "." || id == "/" {
		return ""
	}
	return id
}

// pathID is the id by which a resource is addressed.
func (t *Target) pathID(r *upload.Resource) string {
	if t.profile.IDIsExternal && r.ExternalID != "" {
		return r.ExternalID
	}
	return r.ID
}

func (t *Target) shapeOf(k upload.Kind) *shape {
	if s := t.shapes[k]; s != nil {
		return s
	}
	return newShape(k, nil, false)
}
