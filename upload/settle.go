package upload

import (
	"context"
	"errors"
	"fmt"

	"adsync/ldapsrc/directory"
)

// settle takes the outcome of one write into the change.
func (a *applier) settle(c *Change, w Write, r Result) {
	switch {
	case r.Err == nil:
		a.row = 0
		c.State = Applied
		if r.Unmarked || c.adoptsGroup() && a.can.Unmarked[Group] {
			a.settleUnmarked(c)
		} else if w.ExternalID != "" && w.Before != nil {
			a.marked[resourceKey{c.Kind, w.Before.ID}] = w.ExternalID
		}
		if r.ID != "" {
			a.learn(c, r.ID)
		}
		if c.led = r.Manager; c.led {
			a.progress()
		}
		a.joined(c, r.Joined)
		a.compare(c, w, r.After)
		if r.Lost && c.Verb == Update && (c.manager == nil || onlyManager(c)) {
			c.State = Planned
		}
	case errors.Is(r.Err, context.Canceled) || errors.Is(r.Err, context.DeadlineExceeded):
		if a.stopped == nil {
			a.stopped = r.Err
		}
	default:
		a.fail(c, a.named(c, w, r.Err))
	}
}

// asMarked is a resource with the mark that this run has given it, by which
// some services address it.
func (a *applier) asMarked(r *Resource) *Resource {
	if r == nil {
		return nil
	}
	mark, changed := a.marked[resourceKey{r.Kind, r.ID}]
	if !changed {
		return r
	}
	now := *r
	now.ExternalID = mark
	return &now
}

func (a *applier) learn(c *Change, id string) {
	switch c.Kind {
	case User:
		a.ids[c.Anchor] = id
	case Group:
		if a.groups == nil {
			a.groups = map[directory.Anchor]string{}
		}
		a.groups[c.Anchor] = id
	}
}

// fail counts a refusal, and stops the run when too many are alike or when
// the target is gone.
func (a *applier) fail(c *Change, err error) {
	c.State, c.Failure = Failed, err
	if c.Verb == Adopt {
		if _, _, ours := a.Mark.Owner(c.Before.ExternalID); !ours {
			a.notTaken[resourceKey{c.Kind, c.Before.ID}] = true
		}
	}
	var gone *Unavailable
	if errors.As(err, &gone) {
		a.stopped = gone
		return
	}
	refusal := new(Refusal)
	if !errors.As(err, &refusal) {
		return
	}
	answer := fmt.Sprintf("%d %s %s", refusal.Status, refusal.ScimType, refusal.Detail)
	if answer != a.answer {
		a.row, a.answer = 0, answer
	}
	if a.row++; a.row == SameRefusals {
		a.stopped = &Refused{Times: a.row, Last: refusal}
	}
}
