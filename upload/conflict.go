package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// resolve settles a create that the service refused because the name or the
// address is taken: what is ours, or may be adopted, is brought up to date;
// of anything else both parties are named.
func (a *applier) resolve(ctx context.Context, c *Change, w Write) {
	holder, refusal, err := a.holder(ctx, c, w)
	switch {
	case err != nil:
		a.fail(c, fmt.Errorf("%s %q is taken at the service, and looking up by whom: %w", nameOf(c.Kind), c.Name, err))
	case refusal != nil:
		a.fail(c, refusal)
	case holder.ExternalID == w.ExternalID && holder.Active && a.State.Unproven[c.Kind] == "":
		// A complete list did not have it a moment ago.
		a.stopped = &Overtaken{Kind: c.Kind, Name: c.Name, What: "created"}
	default:
		a.overwrite(ctx, c, w, holder)
	}
}

// overwrite turns a create into an update of the resource that is there.
func (a *applier) overwrite(ctx context.Context, c *Change, w Write, holder *Resource) {
	u := asUpdate(w, holder)
	a.target.Write(ctx, []Write{u}, func(_ int, r Result) {
		if r.Err == nil {
			r.ID, c.taken = holder.ID, holder
		}
		a.settle(c, u, r)
	})
}

func asUpdate(w Write, holder *Resource) Write {
	u := w
	u.Op, u.Before, u.Manager, u.ManagerFrom = OpUpdate, holder, nil, nil
	if holder.ExternalID == w.ExternalID {
		u.ExternalID = ""
	}
	return u
}

// holder finds the resource that stands in the way of a create: by our mark,
// then by name. A refusal says whose it is where it is not ours to take.
func (a *applier) holder(ctx context.Context, c *Change, w Write) (*Resource, *Refusal, error) {
	externalID := w.ExternalID
	found, errMark := a.target.Find(ctx, c.Kind, KeyExternalID, externalID)
	if len(found) == 1 && found[0].ExternalID == externalID {
		return &found[0], nil, nil
	}
	found, err := a.target.Find(ctx, c.Kind, nameOf(c.Kind), c.Name)
	if err != nil {
		return nil, nil, errors.Join(err, errMark)
	}
	switch len(found) {
	case 0:
		if path, other := a.sharer(w); other != nil {
			return nil, taken("%q (%s): its %s is that of %s %q (%s)", c.Name, c.DN, path, c.Kind, other.Name, a.whose(other)), nil
		}
		refusal := taken("a value of %s (%s) must be unique, is taken at the service, and no %s is shown that has it", c.Name, c.DN, c.Kind)
		refusal.Hint = fmt.Sprintf("a %s that was switched off or deleted at the service may be hidden there: bring it back, or give it another name", c.Kind)
		return nil, refusal, nil
	case 1:
	default:
		return nil, taken("a value of %s (%s) must be unique and is taken at the service; %d resources have its %s", c.Name, c.DN, len(found), nameOf(c.Kind)), nil
	}
	other := &found[0]
	if other.ExternalID == externalID {
		return other, nil, nil
	}
	if source, anchor, ok := a.Mark.Owner(other.ExternalID); ok {
		return nil, taken("%q (%s) and %s of source %s both want the %s; the latter has it", c.Name, c.DN, anchor, source, nameOf(c.Kind)), nil
	}
	if source, ok := a.Mark.Foreign(other.ExternalID); ok {
		return nil, taken("%q (%s): the %s is that of %s %s, which belongs to source %q", c.Name, c.DN, nameOf(c.Kind), c.Kind, other.ID, source), nil
	}
	if !a.Adopt {
		return nil, taken("%q (%s): the %s is that of %s %s, which is not ours, and target.adopt is never", c.Name, c.DN, nameOf(c.Kind), c.Kind, other.ID), nil
	}
	return other, nil, nil
}

// named is the refusal of an update for a name or value that another resource
// has, with that one's name where it can be seen.
func (a *applier) named(c *Change, w Write, err error) error {
	refusal := new(Refusal)
	if w.Op != OpUpdate || !errors.As(err, &refusal) || !refusal.Conflict() {
		return err
	}
	path, other := a.sharer(w)
	if other == nil {
		path, other = nameOf(c.Kind), a.namesake(w)
	}
	if other == nil {
		return err
	}
	return taken("%q (%s): its %s is that of %s %q (%s)", c.Name, c.DN, path, c.Kind, other.Name, a.whose(other))
}

// sharer is a listed resource that has an address of a write, or another of
// its values that must be unique, and the path of that.
func (a *applier) sharer(w Write) (path string, other *Resource) {
	all := a.State.Of(w.Kind)
	for _, s := range w.Set {
		p, err := ParsePath(s.Path)
		if err != nil || s.Path == nameOf(w.Kind) || len(s.Values) == 0 {
			continue
		}
		address := p.URN == "" && p.Attr == "emails" && p.Sub == "value"
		if !address && !slices.Contains(a.can.Unique[w.Kind], s.Path) {
			continue
		}
		for i := range all {
			same := func(v string) bool { return sameName(v, s.Values[0]) }
			r := &all[i]
			itself := w.Before != nil && r.ID == w.Before.ID || w.ExternalID != "" && r.ExternalID == w.ExternalID
			if !itself && slices.ContainsFunc(r.Get(s.Path), same) {
				return s.Path, r
			}
		}
	}
	return "", nil
}

// namesake is another listed resource that has the name of a write.
func (a *applier) namesake(w Write) *Resource {
	all := a.State.Of(w.Kind)
	for _, s := range w.Set {
		if s.Path != nameOf(w.Kind) || len(s.Values) == 0 {
			continue
		}
		for i := range all {
			if r := &all[i]; r.ID != w.Before.ID && sameName(r.Name, s.Values[0]) {
				return r
			}
		}
	}
	return nil
}

// whose says who owns a resource.
func (a *applier) whose(r *Resource) string {
	if source, anchor, ok := a.Mark.Owner(r.ExternalID); ok {
		return fmt.Sprintf("%s of source %s", anchor, source)
	}
	return "id " + r.ID + ", not ours"
}

func taken(format string, args ...any) *Refusal {
	return &Refusal{Status: 409, ScimType: "uniqueness", Detail: fmt.Sprintf(format, args...)}
}
