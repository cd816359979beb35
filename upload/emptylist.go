package upload

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// samples is how many entries are looked up where a list has none of ours.
const samples = 5

// Doubts looks some entries up where the service's list shows none that is
// ours. So it is before the first run; but some services list nobody unless
// they are asked for somebody, and a list that lacks one who is there proves
// nothing. It returns why the list of a kind is no proof.
func Doubts(ctx context.Context, target Target, in Input) (map[Kind]string, error) {
	doubts := map[Kind]string{}
	for _, k := range []Kind{User, Group} {
		if in.State.Unproven[k] != "" || in.Capabilities.WriteOnly || k == Group && !in.Capabilities.Groups || in.showsOurs(k) {
			continue
		}
		there, err := unlistedName(ctx, target, in, k)
		if err != nil {
			return nil, fmt.Errorf("look up some %ss, none of which the service lists: %w", k, err)
		}
		if there != "" {
			doubts[k] = fmt.Sprintf("it shows none of ours, and %s is there when looked up", printable(there))
		}
	}
	return doubts, nil
}

func (in *Input) showsOurs(k Kind) bool {
	return slices.ContainsFunc(in.State.Of(k), func(r Resource) bool {
		_, _, ours := in.Mark.Owner(r.ExternalID)
		return ours
	})
}

// unlistedName is the name of an entry's resource that is there and not in the
// list; "" when none of those looked up has one, or a look-up is refused, which
// says nothing.
func unlistedName(ctx context.Context, target Target, in Input, k Kind) (string, error) {
	d := &differ{Input: in, plan: &Plan{}}
	var all []wanted
	d.each(k, func(a directory.Anchor, marks []string, name string) { all = append(all, wanted{a, marks, name}) })
	for i := range min(samples, len(all)) {
		found, err := lookUpOne(ctx, target, k, all[i*len(all)/min(samples, len(all))])
		if err != nil {
			if gone := new(Unavailable); errors.As(err, &gone) && !errors.As(err, new(*Refusal)) {
				return "", err
			}
			return "", ctx.Err()
		}
		for _, r := range found {
			if !slices.ContainsFunc(in.State.Of(k), func(listed Resource) bool { return listed.ID == r.ID }) {
				return r.Name, nil
			}
		}
	}
	return "", nil
}
