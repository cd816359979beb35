package scim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"adsync/upload"
)

// samples is how many resources are looked at by themselves to find out what
// lists hold back.
const samples = 10

// alone completes what lists hold back: attributes that no listed resource has
// and that the service shows where it is asked for a single one. They would be
// written anew in every run. The warning says which those are. Of a service
// that has a profile it is known what its lists show.
func (t *Target) alone(ctx context.Context, k upload.Kind, rows []upload.Resource, want upload.Want) (warning string, err error) {
	if want.Owned == nil || t.profile.Name != generic {
		return "", nil
	}
	have, all := t.shapes[k].seenIn(rows)
	noManager := t.shapes[k].manager && !slices.ContainsFunc(rows, func(r upload.Resource) bool { return r.Manager != "" })
	if all && !noManager {
		return "", nil
	}
	held := map[string]bool{}
	var mu sync.Mutex
	look := func(ctx context.Context, r *upload.Resource) error {
		full, err := t.get(ctx, t.pathID(r), t.shapes[k], call{doing: fmt.Sprintf("read a %s", k)})
		if err != nil {
			return ctx.Err() // this was only a look
		}
		mu.Lock()
		defer mu.Unlock()
		for path := range full.Attributes.Present() {
			if !have[path] {
				held[path] = true
			}
		}
		if noManager && full.Manager != "" {
			held[upload.PathManager] = true
		}
		return nil
	}
	if err := t.each(ctx, k, ours(rows, want, samples), look); err != nil || len(held) == 0 {
		return "", err
	}
	t.learned.alone[place(k)].Store(true)
	if err := t.each(ctx, k, ours(rows, want, len(rows)), t.readAlone); err != nil {
		return "", err
	}
	return fmt.Sprintf("the service shows %s of single %ss and in no list: each of ours is read by itself", strings.Join(slices.Sorted(maps.Keys(held)), ", "), k), nil
}

// ours are so many of the resources at most that are ours.
func ours(rows []upload.Resource, want upload.Want, most int) []*upload.Resource {
	var out []*upload.Resource
	for i := range rows {
		if len(out) == most {
			break
		}
		if want.Owned(rows[i].ExternalID) {
			out = append(out, &rows[i])
		}
	}
	return out
}

// readAlone completes one listed resource.
func (t *Target) readAlone(ctx context.Context, r *upload.Resource) error {
	full, err := t.fetch(ctx, r.Kind, t.pathID(r), t.shapeOf(r.Kind), nil)
	if isRefusal(err) {
		return nil // gone by now, or hidden
	}
	if err != nil {
		return err
	}
	r.Attributes, r.Manager = full.Attributes, full.Manager
	return nil
}

// before completes the resource that an adoption or another marking changes:
// lists are completed for those alone that are ours already. What it has of what
// is to be written is not written again, and no second value is put beside one
// that did not show. Where the first ones hold nothing back the others are taken
// as they were listed.
func (t *Target) before(ctx context.Context, x *upload.Write) *upload.Write {
	k, found := x.Kind, &t.learned.alone[place(x.Kind)]
	lacks := func(r *upload.Resource) func(upload.Attribute) bool {
		return func(a upload.Attribute) bool { return len(a.Values) > 0 && len(r.Get(a.Path)) == 0 }
	}
	switch {
	case x.ExternalID == "" || k == upload.Group || t.profile.Name != generic || !slices.ContainsFunc(x.Set, lacks(x.Before)):
		return x
	case !found.Load() && t.learned.openly[place(k)].Load() >= samples:
		return x
	}
	full := *x.Before
	if t.readAlone(ctx, &full) != nil {
		return x
	}
	u, out := &updating{target: t, kind: k}, *x
	out.Before = &full
	out.Set = slices.DeleteFunc(slices.Clone(x.Set), func(a upload.Attribute) bool { return u.same(a.Path, a.Values, full.Get(a.Path)) })
	if slices.ContainsFunc(x.Set, func(a upload.Attribute) bool { return lacks(x.Before)(a) && !lacks(&full)(a) }) {
		found.Store(true)
	} else {
		t.learned.openly[place(k)].Add(1)
	}
	return &out
}
