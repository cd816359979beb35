package scim

import (
	"context"
	"slices"

	"adsync/upload"
)

// mayRefer reports whether an operation of a bulk request may name its manager
// by the bulkId of an earlier one (RFC 7644 3.7.2). References point backwards
// only: services differ in what they make of those that point ahead, or in a
// ring.
func (r *run) mayRefer() bool {
	l := &r.target.learned
	return l.managers.works() && !l.references.fails()
}

// tryReference sends one bulk request of two creates, of which the second
// refers to the first, where it is not known yet whether the service
// understands that. It returns the writes that are left.
func (r *run) tryReference(ctx context.Context, chosen []int) []int {
	if len(chosen) <= fewest || !r.target.learned.references.open() || !r.target.learned.managers.works() {
		return chosen
	}
	among := make(map[int]bool, len(chosen))
	for _, i := range chosen {
		if from := r.writes[i].ManagerFrom; from != nil && among[*from] {
			pair := []int{*from, i}
			r.making.begin(pair)
			r.batch(ctx, pair)
			// Whatever came of it, nothing else was sent as a reference: a
			// service that has not shown that it works is not asked again.
			r.target.learned.references.settle(false)
			return slices.DeleteFunc(chosen, func(i int) bool { return slices.Contains(pair, i) })
		}
		among[i] = true
	}
	return chosen
}

// referred takes the outcome of a create whose manager was named by a
// reference. When it failed, the create is sent again with the manager's id.
// What a service has stored that did not resolve the reference is corrected by
// the update that a missing manager calls for; where there is no manager to be
// written, it is taken away.
func (r *run) referred(ctx context.Context, i int, o *outcome) {
	w := &r.writes[i]
	id := r.making.wait(ctx, *w.ManagerFrom)
	if id != "" {
		w.Manager = &id
	}
	if o == nil || o.status >= 300 || o.status == 0 {
		r.single(ctx, i, true)
		return
	}
	result := r.target.newlyCreated(ctx, w, o.answer(), &r.target.learned.references)
	if id == "" && result.Err == nil {
		none := ""
		before := &upload.Resource{Kind: w.Kind, ID: result.ID, ExternalID: w.ExternalID, Active: true}
		result.Err = r.target.update(ctx, &upload.Write{Op: upload.OpUpdate, Kind: w.Kind, Before: before, Manager: &none}).Err
	}
	r.report(i, result)
}
