package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// samples is how many entries are looked up where a list has none of ours.
const samples = 5

// Unlisted looks some entries up where the service's list shows none that is
// ours. So it is before the first run; but some services list nobody unless
// they are asked for somebody. It returns, for such a kind, one that is there
// though the list lacks it. A list that is read after this and lacks it too
// proves nothing: see [State.Doubt].
func Unlisted(ctx context.Context, target Target, in Input) (map[Kind]Resource, error) {
	unlisted := map[Kind]Resource{}
	for _, k := range []Kind{User, Group} {
		if in.State.Unproven[k] != "" || in.Capabilities.WriteOnly || k == Group && !in.Capabilities.Groups || in.showsOurs(k) {
			continue
		}
		found, err := unlistedOne(ctx, target, in, k)
		if err != nil {
			return nil, fmt.Errorf("look up some %ss, none of which the service lists: %w", k, err)
		}
		if found != nil {
			unlisted[k] = *found
		}
	}
	return unlisted, nil
}

// Doubt marks the lists as unproven that lack what was there before they were
// read.
func (s *State) Doubt(there map[Kind]Resource) {
	for k, r := range there {
		if s.Unproven[k] != "" || s.lists(k, r.ID) {
			continue
		}
		if s.Unproven == nil {
			s.Unproven = map[Kind]string{}
		}
		s.Unproven[k] = fmt.Sprintf("it shows none of ours, and %s is there when looked up", printable(r.Name))
	}
}

func (s *State) lists(k Kind, id string) bool {
	return slices.ContainsFunc(s.Of(k), func(r Resource) bool { return r.ID == id })
}

func (in *Input) showsOurs(k Kind) bool {
	return slices.ContainsFunc(in.State.Of(k), func(r Resource) bool {
		_, _, ours := in.Mark.Owner(r.ExternalID)
		return ours
	})
}

// unlistedOne is an entry's resource that is there and not in the list; nil
// when none of those looked up has one, or a look-up is refused, which says
// nothing.
func unlistedOne(ctx context.Context, target Target, in Input, k Kind) (*Resource, error) {
	d := &differ{Input: in, plan: &Plan{}}
	d.indexSources()
	all := d.entries(k)
	few := make([]entry, min(samples, len(all)))
	for i := range few {
		few[i] = all[i*len(all)/len(few)]
	}
	wants := d.named(k, few)
	found := make([][]Resource, len(wants))
	err := forEach(ctx, len(wants), func(ctx context.Context, i int) (err error) {
		found[i], err = lookUpOne(ctx, target, k, wants[i])
		if gone := new(Unavailable); errors.As(err, &gone) && !errors.As(err, new(*Refusal)) {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Concat(found...) {
		if !in.State.lists(k, r.ID) {
			return &r, nil
		}
	}
	return nil, nil
}
