package upload

import (
	"context"
	"errors"
	"slices"

	"adsync/ldapsrc/directory"
)

// ApplyOptions are what Apply needs besides the plan.
type ApplyOptions struct {
	State *State
	Mark  *Mark
	Adopt bool
	// Observe is called with the changes that were tried, in the order of the
	// plan, when their outcome is known. It may be nil.
	Observe func([]*Change)
	// Progress is told of every answer: how many writes are done, and about
	// how many there are. It may be nil.
	Progress func(done, total int)
}

// An Outcome is what Apply has done beyond the states of the changes.
type Outcome struct {
	// Stopped says why not everything was tried; nil when it was.
	Stopped error
	// Rewritten are values that the service changed in the writing, one
	// sentence for each path, and what else a target that has Remarks says.
	Rewritten []string
}

// Apply carries out the planned changes of a plan, phase by phase, and sets
// their states. One refused change does not stop it; an unavailable target,
// a cancelled context, SameRefusals refusals alike, or another run that is
// faster (Overtaken) do.
func Apply(ctx context.Context, target Target, plan *Plan, o ApplyOptions) Outcome {
	a := &applier{
		target: target, can: target.Capabilities(), traits: map[traitKey]Trait{}, ApplyOptions: o,
		making: map[directory.Anchor]int{}, rewritten: map[string]string{},
		notTaken: map[resourceKey]bool{}, marked: map[resourceKey]string{}, joining: map[directory.Anchor]*Change{},
		aside: map[*Change][]string{}, losses: newLosses(),
	}
	if a.writes = plan.writes(); a.writes > 0 {
		a.know(o.State.Users)
	}
	a.findJoining(plan)
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Verb == Adopt && c.State == Planned {
			a.learn(c, c.Before.ID)
		}
	}
	a.run(ctx, plan)
	a.leftOut()
	out := Outcome{Stopped: a.stopped}
	for _, sentence := range a.rewritten {
		if slices.Contains(plan.Warnings, sentence) {
			continue // it was said before
		}
		out.Rewritten = append(out.Rewritten, sentence)
	}
	slices.Sort(out.Rewritten)
	if r, ok := target.(interface{ Remarks() []string }); ok {
		out.Rewritten = append(out.Rewritten, r.Remarks()...)
	}
	return out
}

// know notes the ids of our users.
func (a *applier) know(users []Resource) {
	a.ids = make(map[directory.Anchor]string, len(users))
	for i := range users {
		if _, anchor, ok := a.Mark.Owner(users[i].ExternalID); ok {
			a.ids[anchor] = users[i].ID
		}
	}
}

// run takes the phases in order. Users come first, as one block: only when
// all of them have an id can the managers be written that are still missing.
func (a *applier) run(ctx context.Context, plan *Plan) {
	phases := plan.phases()
	users := 0
	for users < len(phases) && phases[users][0].phase() <= lastUserPhase {
		users++
	}
	people := slices.Concat(phases[:users]...)
	for _, phase := range phases[:users] {
		a.phase(ctx, phase)
	}
	a.managers(ctx, people)
	a.observe(people)
	var refused *Refused
	for _, phase := range phases[users:] {
		if phase[0].locksOut() && errors.As(a.stopped, &refused) {
			a.stopped, a.row = nil, 0
		}
		a.phase(ctx, phase)
		a.observe(phase)
	}
	a.tryMark(ctx, plan)
	if a.stopped == nil && refused != nil {
		a.stopped = refused
	}
}

// locksOut reports whether a change takes an account away from somebody.
func (c *Change) locksOut() bool {
	return c.Kind != Group && (c.Verb == Deactivate || c.Verb == Delete)
}

// phases cuts the planned changes where the order of application matters.
func (p *Plan) phases() [][]*Change {
	var out [][]*Change
	last := -1
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.State != Planned {
			continue
		}
		if ph := c.phase(); ph != last {
			out = append(out, nil)
			last = ph
		}
		out[len(out)-1] = append(out[len(out)-1], c)
	}
	return out
}

type applier struct {
	ApplyOptions
	target    Target
	can       Capabilities
	traits    map[traitKey]Trait           // those asked for so far
	ids       map[directory.Anchor]string  // of users, those made in this run included
	groups    map[directory.Anchor]string  // of groups made in this run
	joining   map[directory.Anchor]*Change // the members of groups that are made in this run
	notTaken  map[resourceKey]bool         // those of others that could not be adopted
	marked    map[resourceKey]string       // the marks that were written onto what was there
	making    map[directory.Anchor]int     // users of the call under way that others may name as their manager
	depth     map[directory.Anchor]int     // of users to be made: the managers above them that are made too
	aside     map[*Change][]string         // the paths that have momentary values, or had
	values    map[*Change][]Attribute      // of the creates that are about to be sent
	stopped   error
	row       int    // refusals in a row
	answer    string // the last refusal's answer
	rewritten map[string]string
	losses    losses
	after     directory.View // of what the service made of a write

	answered, writes int // for Progress
}

// resourceKey tells resources apart: some services count each kind by itself.
type resourceKey struct {
	kind Kind
	id   string
}

// phase applies changes that do not depend on each other, renames apart,
// which are ordered so that a name is free before it is taken.
func (a *applier) phase(ctx context.Context, changes []*Change) {
	changes = slices.DeleteFunc(slices.Clone(changes), func(c *Change) bool { return c.State != Planned }) // what came with an earlier one
	if len(changes) > 0 && changes[0].Verb == Create && changes[0].Kind == Group {
		changes = a.largestFirst(changes)
	}
	switch {
	case len(changes) == 0 || a.stopped != nil || a.overtaken(ctx, changes):
		return
	case changes[0].renames():
		a.rename(ctx, changes)
	case changes[0].Verb == Create && changes[0].Kind == User:
		a.batch(ctx, a.managersFirst(changes), a.write)
	case changes[0].Verb == Create && changes[0].Kind == Group:
		a.makeGroups(ctx, changes)
		a.twins(ctx, changes)
	case changes[0].Verb == AddMembers:
		a.additions(ctx, changes)
	case changes[0].Verb == Delete:
		a.deletions(ctx, changes)
	default:
		a.updates(ctx, slices.DeleteFunc(slices.Clone(changes), onlyManager))
	}
	a.onceMore(ctx, changes)
	a.putBack(ctx, changes)
}

// uniqueName reports whether two resources of a kind cannot have one name.
func (a *applier) uniqueName(k Kind) bool {
	return k == User || slices.Contains(a.target.Capabilities().Unique[k], nameOf(k))
}

// onlyManager reports whether a change has nothing to write but the manager.
func onlyManager(c *Change) bool {
	return c.Verb == Update && len(c.set) == 0 && c.manager != nil && c.whole == nil
}

func (a *applier) observe(changes []*Change) {
	if a.Observe != nil {
		a.Observe(slices.DeleteFunc(slices.Clone(changes), func(c *Change) bool { return c.State == Planned }))
	}
}

// atOnce is how many writes are made before they are handed to the target:
// those of a hundred thousand changes would fill the memory.
const atOnce = 10_000

// batch writes one request for each change and sets the states. A change for
// which make returns false needs no request.
func (a *applier) batch(ctx context.Context, changes []*Change, make func(*Change) (Write, error)) {
	size := atOnce
	if a.can.WriteOnly {
		// What becomes of the records is known minutes later, and waited for
		// at the end of each call.
		size = max(size, len(changes))
	}
	for part := range slices.Chunk(changes, size) {
		if a.stopped == nil {
			a.part(ctx, part, make)
		}
	}
}

func (a *applier) part(ctx context.Context, changes []*Change, make func(*Change) (Write, error)) {
	// A cancelled writing stops the writer from within done.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clear(a.making)
	a.evaluate(changes)
	writes, of := slices.Grow([]Write(nil), len(changes)), slices.Grow([]*Change(nil), len(changes))
	for _, c := range changes {
		w, err := make(c)
		if err != nil {
			a.fail(c, err)
			continue
		}
		if w.Op == OpCreate && c.Kind == User && a.depth[c.Anchor] < deepest {
			a.making[c.Anchor] = len(writes)
		}
		w.Before = a.asMarked(w.Before)
		writes, of = append(writes, w), append(of, c)
	}
	var conflicts []int
	a.target.Write(ctx, writes, func(i int, r Result) {
		a.progress()
		if refusal := new(Refusal); errors.As(r.Err, &refusal) && refusal.Conflict() && writes[i].Op == OpCreate {
			conflicts = append(conflicts, i)
			return
		}
		a.settle(of[i], writes[i], r)
		if a.stopped != nil {
			cancel()
		}
	})
	for _, i := range conflicts {
		if a.stopped == nil {
			a.resolve(ctx, of[i], writes[i])
		}
	}
	if err := ctx.Err(); err != nil && a.stopped == nil {
		a.stopped = err
	}
}

// evaluate works out the values of new resources, many at once.
func (a *applier) evaluate(changes []*Change) {
	values := make([][]Attribute, len(changes))
	spread(len(changes), piece, func(from, to int) {
		for i := from; i < to; i++ {
			if c := changes[i]; c.Verb == Create && c.whole == nil && c.State == Planned {
				values[i] = c.values()
			}
		}
	})
	a.values = map[*Change][]Attribute{}
	for i, c := range changes {
		if values[i] != nil {
			a.values[c] = values[i]
		}
	}
}

// writes is about how many writes the plan comes to.
func (p *Plan) writes() int {
	n := 0
	for i := range p.Changes {
		if c := &p.Changes[i]; c.State == Planned {
			n++
			if c.manager != nil && !onlyManager(c) {
				n++
			}
		}
	}
	return n
}

func (a *applier) progress() {
	if a.answered++; a.Progress != nil {
		a.Progress(a.answered, max(a.answered, a.writes))
	}
}

// trait is how the target treats the values of a path. It is asked for each
// path of each change, so it is worked out once.
func (a *applier) trait(k Kind, path string) Trait {
	key := traitKey{k, path}
	t, known := a.traits[key]
	if !known {
		t = a.can.Trait(k, path)
		a.traits[key] = t
	}
	return t
}
