package upload

import (
	"context"
	"fmt"
)

// Overtaken is a run that was stopped because somebody else was making the
// same changes at the same time: what the service had when it was listed is
// no longer what it has.
type Overtaken struct {
	Kind Kind
	Name string
	What string // what has been done already
}

func (e *Overtaken) Error() string {
	return fmt.Sprintf("the service changes under this run: %s %s has been %s by somebody else since it was listed", e.Kind, e.Name, e.What)
}

// Hint says what to look for.
func (e *Overtaken) Hint() string {
	return "most likely adsync runs on another host with the same source ids at this moment: let one of them do it"
}

// overtaken reports whether the first of a phase's changes has been made
// already, by another run of the same configuration. It costs one request a
// phase. Where the service cannot answer it is left at that.
func (a *applier) overtaken(ctx context.Context, changes []*Change) bool {
	c := changes[0]
	if a.can.WriteOnly || a.State.Unproven[c.Kind] != "" || ctx.Err() != nil {
		return false
	}
	switch c.Verb {
	case Create, Adopt, Update, Reactivate, Deactivate, Delete:
	default:
		return false
	}
	mark := a.Mark.ExternalID(c.Source, c.Anchor)
	if c.Verb == Delete && c.Before.ExternalID != "" {
		mark = c.Before.ExternalID // that of another source if the entry has moved and is not kept
	}
	found, err := a.target.Find(ctx, c.Kind, KeyExternalID, mark)
	if err != nil || len(found) > 1 {
		return false
	}
	var now *Resource
	if len(found) == 1 && found[0].ExternalID == mark {
		now = &found[0]
	}
	what := a.done(c, now)
	if what == "" {
		return false
	}
	a.stopped = &Overtaken{Kind: c.Kind, Name: c.Name, What: what}
	return true
}

// done says whether a change has been made already: in a word, "" when it has
// not.
func (a *applier) done(c *Change, now *Resource) string {
	switch {
	case c.Verb == Delete && now == nil:
		return "deleted"
	case now == nil || c.Verb == Delete:
	case c.Verb == Create && now.Active:
		return "created"
	case c.Verb == Adopt:
		return "adopted"
	case c.Verb == Deactivate && !now.Active:
		return "deactivated"
	case c.Verb == Reactivate && now.Active:
		return "reactivated"
	case c.Verb == Update && len(c.set) > 0 && a.holdsAll(c, now):
		return "updated"
	}
	return ""
}

// holdsAll reports whether a resource has all that an update would write.
func (a *applier) holdsAll(c *Change, now *Resource) bool {
	for _, s := range c.set {
		t := a.trait(c.Kind, s.Path)
		t.CaseExact = true // the update may be one of case alone
		if !t.same(s.New, now.Get(s.Path)) {
			return false
		}
	}
	return true
}
