package upload_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A draw is a random directory of two sources and a service with resources of
// theirs, of nobody, and of another program's.
type draw struct {
	*memory
	random    *rand.Rand
	snapshots [2]*directory.Snapshot
	policy    upload.Policy
}

var drawSources = []string{"corp", "other"}

func newDraw(seed uint64) *draw {
	d := &draw{memory: newMemory(), random: rand.New(rand.NewPCG(seed, 5))}
	actions := []upload.Action{upload.Keep, upload.Off, upload.Remove}
	d.policy = upload.Policy{
		UserDisabled: actions[d.roll(3)], UserGone: actions[d.roll(3)], GroupGone: actions[2*d.roll(2)], Adopt: d.roll(3) > 0,
	}
	d.caps.Nested = d.roll(2) == 0
	var ids []string
	for i := range 12 {
		ids = append(ids, d.resource(upload.User, i, ""))
	}
	for i := range 5 {
		id := d.resource(upload.Group, i, "crew ")
		for _, member := range ids {
			if d.roll(3) == 0 {
				d.groups[id].Members = append(d.groups[id].Members, member)
			}
		}
		slices.Sort(d.groups[id].Members)
	}
	for _, id := range ids {
		if d.roll(3) == 0 {
			d.users[id].Manager = ids[d.roll(len(ids))]
		}
	}
	for i, source := range drawSources {
		d.snapshots[i] = d.snapshot(source)
	}
	return d
}

func (d *draw) roll(n int) int { return d.random.IntN(n) }

func (d *draw) anchor(source string, k upload.Kind, n int) directory.Anchor {
	return anchorOf(fmt.Sprint(source, k, n))
}

// resource puts the n-th resource of a kind at the service.
func (d *draw) resource(k upload.Kind, n int, prefix string) string {
	name := fmt.Sprintf("%sname%d", prefix, n)
	r := &upload.Resource{Kind: k, ID: fmt.Sprint(k, n), Name: name, Active: d.roll(4) > 0, MembersKnown: true}
	switch d.roll(5) {
	case 0:
		r.ExternalID = "elsewhere:" + string(anchorOf(name))
	case 1:
	default:
		source := drawSources[d.roll(2)]
		r.ExternalID = source + ":" + string(d.anchor(source, k, d.roll(9)))
	}
	path := upload.KeyUserName
	if k == upload.Group {
		path, r.Active = upload.KeyDisplayName, true
	}
	r.Attributes = attributesOf(upload.Attribute{Path: path, Values: []string{name}})
	d.of(k)[r.ID] = r
	return r.ID
}

func (d *draw) snapshot(source string) *directory.Snapshot {
	s := &directory.Snapshot{}
	mine := func() bool { return d.roll(2) > 0 }
	for n := range 9 {
		if mine() {
			s.Users = append(s.Users, directory.User{
				Anchor: d.anchor(source, upload.User, n), DN: fmt.Sprintf("uid=%d", n), Active: d.roll(4) > 0,
				Manager:    d.anchor(source, upload.User, d.roll(9)),
				Attributes: directory.AttributesOf(map[string][]string{"uid": {fmt.Sprint("name", d.roll(14))}, "title": {fmt.Sprint(d.roll(3))}}),
			})
		}
	}
	for n := range 9 {
		if !mine() {
			continue
		}
		g := directory.Group{Anchor: d.anchor(source, upload.Group, n), Attributes: directory.AttributesOf(map[string][]string{"cn": {fmt.Sprint("crew name", d.roll(7))}})}
		for _, u := range s.Users {
			if d.roll(2) == 0 {
				g.Members = append(g.Members, u.Anchor)
			}
		}
		slices.Sort(g.Members)
		s.Groups = append(s.Groups, g)
	}
	return s
}

// input is the draw with some of the sources complete.
func (d *draw) input(complete ...bool) upload.Input {
	mark, _ := upload.NewMark("{source}:{anchor}", drawSources)
	state, _ := d.Read(context.Background(), upload.Want{})
	in := upload.Input{State: state, Capabilities: d.caps, Mark: mark, Policy: d.policy}
	for i, id := range drawSources {
		reading := directory.Incomplete(id, errors.New("no answer"))
		if complete[i] {
			reading = directory.Complete(id, d.snapshots[i])
		}
		in.Sources = append(in.Sources, upload.Source{ID: id, Reading: reading, Mapping: testMapping, Groups: true})
	}
	return in
}

const draws = 1000

// forDraws calls a check for many draws and shows the first that fails.
func forDraws(t *testing.T, check func(d *draw) error) {
	t.Helper()
	for seed := range uint64(draws) {
		if err := check(newDraw(seed)); err != nil {
			t.Fatalf("draw %d: %v", seed, err)
		}
	}
}

func TestAnIncompleteSourceChangesNothingThatItOwns(t *testing.T) {
	forDraws(t, func(d *draw) error {
		in := d.input(true, false)
		for _, c := range upload.Diff(in).Changes {
			if c.Source == "other" {
				return fmt.Errorf("the source itself: %s", c.Line())
			}
			if owner := ownerOf(in, c.Before); owner == "other" {
				return fmt.Errorf("what it owns: %s", c.Line())
			}
			for _, m := range c.Members {
				if c.Verb == upload.RemoveMembers && ownerOf(in, d.users[m.ID]) == "other" {
					return fmt.Errorf("its member: %s", c.Line())
				}
			}
		}
		if n := len(upload.Diff(d.input(false, false)).Changes); n > 0 {
			return fmt.Errorf("%d changes with nothing read", n)
		}
		return nil
	})
}

func ownerOf(in upload.Input, r *upload.Resource) string {
	if r == nil {
		return ""
	}
	source, _, _ := in.Mark.Owner(r.ExternalID)
	return source
}

func TestNothingThatNobodyOwnsIsChanged(t *testing.T) {
	forDraws(t, func(d *draw) error {
		in := d.input(true, true)
		plan := upload.Diff(in)
		adopted := map[string]bool{}
		for _, c := range plan.Changes {
			if c.Verb != upload.Adopt {
				continue
			}
			if _, foreign := in.Mark.Foreign(c.Before.ExternalID); foreign || !d.policy.Adopt || ownerOf(in, c.Before) != "" {
				return fmt.Errorf("not to be adopted: %s", c.Line())
			}
			if adopted[c.Before.ID] {
				return fmt.Errorf("adopted twice: %s", c.Line())
			}
			adopted[c.Before.ID] = true
		}
		for _, c := range plan.Changes {
			if c.Before != nil && ownerOf(in, c.Before) == "" && !adopted[c.Before.ID] {
				return fmt.Errorf("not ours: %s", c.Line())
			}
			for _, m := range c.Members {
				if r := d.users[m.ID]; c.Verb == upload.RemoveMembers && ownerOf(in, r) == "" && !adopted[m.ID] {
					return fmt.Errorf("member not ours: %s", c.Line())
				}
			}
		}
		return nil
	})
}

// removals are what a plan takes away, one key for each, but for what is left
// out of another plan: the more is read, the more entries get in each other's
// way.
func removals(p, leftOut *upload.Plan) map[string]bool {
	out := map[string]bool{}
	doubtful := func(a directory.Anchor) bool {
		return slices.ContainsFunc(leftOut.Quarantined, func(q upload.Quarantine) bool { return q.Anchor == a })
	}
	for _, c := range p.Changes {
		switch {
		case c.State != upload.Planned || !c.Verb.Removes() || doubtful(c.Anchor):
		case c.Verb == upload.RemoveMembers:
			for _, m := range c.Members {
				if !doubtful(m.Anchor) {
					out[fmt.Sprint("member", c.Before.ID, m.ID)] = true
				}
			}
		default:
			out[fmt.Sprint(c.Kind, c.Anchor)] = true
		}
	}
	return out
}

func TestWhatIsNotReadOrNotAllowedOnlyMakesRemovalsFewer(t *testing.T) {
	forDraws(t, func(d *draw) error {
		whole := upload.Diff(d.input(true, true))
		all := removals(whole, whole)
		fewer := map[string]*upload.Plan{"one source": upload.Diff(d.input(true, false)), "the other": upload.Diff(d.input(false, true))}
		limited := upload.Diff(d.input(true, true))
		none := upload.Limit{}
		limits := []upload.Limits{upload.DefaultLimits(), {}, {UserRemovals: none, GroupRemovals: upload.Limit{Off: true}, MemberRemovals: upload.Limit{Off: true}, GroupMemberRemovals: upload.Limit{Off: true}}}
		limited.Limit(limits[d.roll(len(limits))])
		fewer["the fuse"] = limited
		for what, p := range fewer {
			for key := range removals(p, whole) {
				if !all[key] {
					return fmt.Errorf("%s makes a removal: %s", what, key)
				}
			}
		}
		return nil
	})
}

func TestMemberChangesAreOfTheGroup(t *testing.T) {
	forDraws(t, func(d *draw) error {
		for _, c := range upload.Diff(d.input(true, true)).Changes {
			for _, m := range c.Members {
				in := c.Before != nil && slices.Contains(c.Before.Members, m.ID)
				if c.Verb == upload.AddMembers && in || c.Verb == upload.RemoveMembers && !in {
					return fmt.Errorf("%s: %s", m.Name, c.Line())
				}
			}
		}
		return nil
	})
}

func TestAPlanDoesNotDependOnTheOrderOfItsInput(t *testing.T) {
	forDraws(t, func(d *draw) error {
		first, again := upload.Diff(d.input(true, true)), upload.Diff(d.input(true, true))
		if lines(first) != lines(again) || first.Digest() != again.Digest() {
			return errors.New("the same input twice gives two plans")
		}
		in := d.input(true, true)
		shuffle(d.random, in.State.Users)
		shuffle(d.random, in.State.Groups)
		for _, s := range d.snapshots {
			shuffle(d.random, s.Users)
			shuffle(d.random, s.Groups)
		}
		for i, id := range drawSources {
			in.Sources[i].Reading = directory.Complete(id, d.snapshots[i])
		}
		shuffled := upload.Diff(in)
		if lines(first) != lines(shuffled) || first.Digest() != shuffled.Digest() {
			return fmt.Errorf("another order gives another plan:\n%s\n%s", lines(first), lines(shuffled))
		}
		first.Limit(upload.Limits{})
		shuffled.Limit(upload.Limits{})
		if first.Digest() != shuffled.Digest() {
			return errors.New("what the fuse leaves has two digests")
		}
		return nil
	})
}

// A plan is the same when users were compared before their source was read to
// the end: in any order, and whether or not it turned out that they are others.
func TestAPlanDoesNotDependOnWhenUsersAreCompared(t *testing.T) {
	forDraws(t, func(d *draw) error {
		want := upload.Diff(d.input(true, true))
		in := d.input(true, true)
		known := in.State.Users
		if d.roll(4) == 0 {
			in.State.Users = known[:d.roll(len(known))]
		}
		for i := range in.Sources {
			snapshot, _ := in.Sources[i].Reading.Snapshot()
			came := slices.Clone(snapshot.Users)
			shuffle(d.random, came)
			c := upload.Compare(in, i)
			for n := range came {
				came[n].Number = int32(n)
				place := slices.IndexFunc(snapshot.Users, func(u directory.User) bool { return u.Anchor == came[n].Anchor })
				snapshot.Users[place].Number = int32(n)
			}
			pieces := slices.Collect(slices.Chunk(came, 3))
			shuffle(d.random, pieces)
			for _, users := range pieces[min(len(pieces), d.roll(8)/7):] {
				c.Users(users)
			}
			in.Sources[i].Compared = c
			if len(came) > 0 && d.roll(4) == 0 {
				snapshot.Users[len(came)-1].Number = int32(d.roll(len(came))) // perhaps another's
			}
		}
		if len(in.State.Users) < len(known) { // as by a look-up
			in.State.Users = known
			in.State.Index(in.Mark)
		}
		if d.roll(4) == 0 {
			snapshot, _ := in.Sources[0].Reading.Snapshot()
			in.Sources[1].Compared.Users(snapshot.Users)
		}
		if got := upload.Diff(in); lines(got) != lines(want) || got.Digest() != want.Digest() {
			return fmt.Errorf("the plan is\n%s\nwant\n%s", lines(got), lines(want))
		}
		return nil
	})
}

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func TestAfterApplyThereIsNothingLeftToDo(t *testing.T) {
	forDraws(t, func(d *draw) error {
		in := d.input(true, true)
		plan := upload.Diff(in)
		out := upload.Apply(context.Background(), d, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: d.policy.Adopt})
		if out.Stopped != nil {
			return out.Stopped
		}
		frees := false
		for i := range plan.Changes {
			c := &plan.Changes[i]
			if c.State == upload.Failed {
				return fmt.Errorf("%s: %w", c.Line(), c.Failure)
			}
			frees = frees || c.Verb == upload.Delete
		}
		// A name that only a deletion frees is taken in the run after it.
		if next := upload.Diff(d.input(true, true)); len(next.Changes) > 0 && !(frees && len(plan.Quarantined) > 0) {
			return fmt.Errorf("after\n%sthere is left\n%s", lines(plan), lines(next))
		}
		return nil
	})
}

func TestEveryChangeHasAReasonAndEveryQuarantineNamesItsEntry(t *testing.T) {
	forDraws(t, func(d *draw) error {
		plan := upload.Diff(d.input(true, d.roll(2) == 0))
		for i := range plan.Changes {
			if c := &plan.Changes[i]; c.Reason == "" {
				return fmt.Errorf("without a reason: %s", c.Line())
			}
		}
		for _, q := range plan.Quarantined {
			if q.Anchor == "" || q.DN == "" && q.Kind == upload.User || q.Rule == "" || q.Detail == "" {
				return fmt.Errorf("quarantine: %+v", q)
			}
		}
		return nil
	})
}
