package upload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"adsync/ldapsrc/directory"
)

// lookupWidth is how many look-ups are under way at once.
const lookupWidth = 8

// LookUp asks the service for what the plan needs to know and its lists lack:
// one by one for the entries that have no resource in a list that is not
// proven complete, for they must not be created again, and for the members of
// groups that are about to be adopted, where only those of our own were read.
// It adds what is there to the state, and whom the service cannot look up.
func LookUp(ctx context.Context, target Target, in Input) error {
	if err := lookUpUnlisted(ctx, target, in); err != nil {
		return err
	}
	return lookUpMembers(ctx, target, in)
}

func lookUpUnlisted(ctx context.Context, target Target, in Input) error {
	if len(in.State.Unproven) == 0 && !in.State.Unsaid[User] && !in.State.Unsaid[Group] {
		return nil
	}
	d := &differ{Input: in, plan: &Plan{}}
	for _, k := range []Kind{User, Group} {
		_, unproven := in.State.Unproven[k]
		if !unproven && !in.State.Unsaid[k] {
			continue
		}
		// Names that are to be taken are looked up when it is known who has which.
		for _, lacking := range []func(Kind) []wanted{d.unlisted, d.newNames} {
			d.prepare()
			found, unseen, err := lookUpAll(ctx, target, k, lacking(k))
			if err != nil {
				return fmt.Errorf("look up %ss that the service's list lacks: %w", k, err)
			}
			in.State.doubtUnsaid(k, found)
			in.State.index = nil
			if in.State.Unproven[k] != "" {
				if in.State.Unseen == nil {
					in.State.Unseen = map[directory.Anchor]string{}
				}
				maps.Copy(in.State.Unseen, unseen)
			}
			if k == User {
				in.State.Users = append(in.State.Users, found...)
			} else {
				in.State.Groups = append(in.State.Groups, found...)
			}
		}
	}
	return nil
}

// doubtUnsaid marks a list as unproven that lacks somebody who was found.
func (s *State) doubtUnsaid(k Kind, found []Resource) {
	for i := range found {
		if s.Unproven[k] == "" && !s.lists(k, found[i].ID) {
			if s.Unproven == nil {
				s.Unproven = map[Kind]string{}
			}
			s.Unproven[k] = fmt.Sprintf("it does not say how many there are, and lacks %s, who is there when looked up", printable(found[i].Name))
		}
	}
}

// wanted is one entry to look up: by its mark, by those that it would have had
// in other sources, then by its name. The name is empty where the list has a
// resource of that name.
type wanted struct {
	anchor directory.Anchor // "" of one that has a resource
	marks  []string
	name   string
}

// unlisted are the entries of a kind that have no resource in the list. One
// whose name is listed may still have a resource of another name.
func (d *differ) unlisted(k Kind) []wanted {
	var out []wanted
	for _, w := range d.named(k, d.entries(k)) {
		if d.anySource(k, w.anchor) {
			continue
		}
		if d.byName[k][foldName(w.name)] != nil {
			w.name = ""
		}
		out = append(out, w)
	}
	return out
}

// newNames are the names that nobody in the list has and that one of its
// resources is to have.
func (d *differ) newNames(k Kind) []wanted {
	var out []wanted
	for _, w := range d.named(k, d.entries(k)) {
		if d.anySource(k, w.anchor) && d.byName[k][foldName(w.name)] == nil {
			out = append(out, wanted{name: w.name})
		}
	}
	return out
}

// entry is an entry of a complete source.
type entry struct {
	source     *Source
	anchor     directory.Anchor
	attributes directory.Attributes
}

// entries are those of a kind that are synchronised.
func (d *differ) entries(k Kind) []entry {
	var out []entry
	for _, s := range d.complete {
		snapshot, _ := s.Reading.Snapshot()
		if k == User {
			for i := range snapshot.Users {
				out = append(out, entry{s, snapshot.Users[i].Anchor, snapshot.Users[i].Attributes})
			}
		} else if s.Groups {
			for i := range snapshot.Groups {
				out = append(out, entry{s, snapshot.Groups[i].Anchor, snapshot.Groups[i].Attributes})
			}
		}
	}
	return out
}

// named are those of some entries that have a name.
func (d *differ) named(k Kind, all []entry) []wanted {
	var out []wanted
	for _, e := range all {
		if name := d.nameFor(e.source, k, e.attributes); name != "" {
			out = append(out, wanted{e.anchor, d.Mark.all(e.source.ID, e.anchor), name})
		}
	}
	return out
}

// lookUpAll looks up several entries. unseen are those that the service cannot
// look up, with its reason: they may have a resource or not.
func lookUpAll(ctx context.Context, target Target, k Kind, all []wanted) (found []Resource, unseen map[directory.Anchor]string, err error) {
	answers, silent := make([][]Resource, len(all)), make([]*Unanswerable, len(all))
	err = forEach(ctx, len(all), func(ctx context.Context, i int) (err error) {
		answers[i], err = lookUpOne(ctx, target, k, all[i])
		if errors.As(err, &silent[i]) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	unseen, seen := map[directory.Anchor]string{}, map[string]bool{}
	for i := range all {
		if silent[i] != nil && all[i].anchor != "" {
			unseen[all[i].anchor] = silent[i].Error()
		}
		for _, r := range answers[i] {
			if !seen[r.ID] {
				seen[r.ID] = true
				found = append(found, r)
			}
		}
	}
	return found, unseen, nil
}

// forEach looks up several things at once, until the first error.
func forEach(ctx context.Context, n int, look func(ctx context.Context, i int) error) error {
	gate := make(chan struct{}, lookupWidth)
	var wait sync.WaitGroup
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for i := range n {
		gate <- struct{}{}
		wait.Go(func() {
			defer func() { <-gate }()
			if ctx.Err() != nil {
				return
			}
			if err := look(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// lookUpOne asks by mark where the service can answer that, and by name.
// Silence is not an answer: whoever was not found for an error may be there.
func lookUpOne(ctx context.Context, target Target, k Kind, w wanted) ([]Resource, error) {
	var silent error
	for _, id := range w.marks {
		found, err := target.Find(ctx, k, KeyExternalID, id)
		if none := new(Unanswerable); len(found) > 0 || err != nil && !errors.As(err, &none) {
			return found, err
		}
		silent = cmp.Or(silent, err)
	}
	if w.name == "" {
		return nil, silent
	}
	return target.Find(ctx, k, nameOf(k), w.name)
}
