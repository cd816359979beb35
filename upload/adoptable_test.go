package upload_test

import (
	"context"
	"errors"
	"testing"

	"adsync/upload"
)

// unread is a service that shows the members of a group only to those who ask
// for that group.
type unread struct{ *world }

func (u unread) Read(ctx context.Context, want upload.Want) (*upload.State, error) {
	state, err := u.world.Read(ctx, want)
	for i := range state.Groups {
		if g := &state.Groups[i]; g.ExternalID == "" {
			g.Members, g.MembersKnown = nil, false
		}
	}
	return state, err
}

func TestMembersOfAGroupThatIsAdoptedAreRead(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("crew", "ada", "bob")
	w.sync(t)
	w.group("crew", "ada")
	w.named("crew").ExternalID = ""
	w.memory.groups["theirs"] = &upload.Resource{Kind: upload.Group, ID: "theirs", Name: "others"}
	in := w.input()
	in.State, _ = unread{w}.Read(t.Context(), upload.Want{})
	if err := upload.LookUp(t.Context(), w, in); err != nil {
		t.Fatal(err)
	}
	want := "adopt group crew (same displayName, not owned by anyone)\nremove members from group crew: bob (no longer in the directory's group)\n"
	if got := lines(upload.Diff(in)); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

func TestAGroupThatCouldNotBeAdoptedIsLeftAlone(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("crew", "ada")
	w.sync(t)
	w.group("crew", "bob")
	w.named("crew").ExternalID = ""
	w.refuse = func(x upload.Write) error {
		if x.ExternalID != "" {
			return &upload.Refusal{Status: 403}
		}
		return nil
	}
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(t.Context(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: true})
	want := "failed: adopt group crew (same displayName, not owned by anyone)\nfailed: add members to group crew: bob (in the directory's group)\n" +
		"failed: remove members from group crew: ada (no longer in the directory's group)\n"
	if got := lines(plan); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	if members := w.named("crew").Members; len(members) != 1 || members[0] != w.named("ada").ID {
		t.Errorf("its members are %v", members)
	}
}

// The service does not say that names of groups are unique, and they are.
func TestGroupsSwapNames(t *testing.T) {
	for _, test := range []struct {
		name   string
		unique bool
		writes int
	}{
		{"two groups may have one name", false, 3},
		{"the service refuses a second group of a name", true, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			w.group("crew")
			w.group("team")
			w.group("staff")
			w.sync(t)
			crew, team, staff := w.groups["crew"], w.groups["team"], w.groups["staff"]
			crew.Attributes, team.Attributes, staff.Attributes = team.Attributes, staff.Attributes, crew.Attributes
			w.groups["crew"], w.groups["team"], w.groups["staff"] = crew, team, staff
			w.refuse = func(x upload.Write) error {
				for _, a := range x.Set {
					if r := w.named(a.Values[0]); test.unique && r != nil && r.ID != x.Before.ID {
						return &upload.Refusal{Status: 409, ScimType: "uniqueness"}
					}
				}
				return nil
			}
			w.writes = nil
			w.sync(t)
			if len(w.writes) != test.writes {
				t.Errorf("%d writes, want %d", len(w.writes), test.writes)
			}
		})
	}
}

func TestALookUpOfMembersWithoutAnAnswerEndsTheRun(t *testing.T) {
	w := newWorld()
	w.group("crew")
	w.memory.groups["x"] = &upload.Resource{Kind: upload.Group, ID: "x", Name: "crew"}
	s := &silent{world: w}
	err := upload.LookUp(t.Context(), s, w.input())
	if gone := new(upload.Unavailable); !errors.As(err, &gone) || s.asked.Load() != 1 {
		t.Errorf("%v after %d questions", err, s.asked.Load())
	}
}

// A service that counts each kind by itself has a user and a group of one id,
// and the group is adopted.
func TestAMemberIsNotTakenForAGroupOfTheSameID(t *testing.T) {
	for _, nested := range []bool{false, true} {
		w := newWorld("ada")
		w.caps.Nested = nested
		w.group("crew", "ada")
		w.sync(t)
		w.group("team")
		w.memory.groups["7"] = &upload.Resource{Kind: upload.Group, ID: "7", Name: "team", MembersKnown: true, Attributes: attributesOf(upload.Attribute{Path: "displayName", Values: []string{"team"}})}
		crew := w.named("crew")
		crew.Members = append([]string{"7"}, crew.Members...)
		want := "adopt group team (same displayName, not owned by anyone)\n"
		if nested {
			want += "remove members from group crew: team (no longer in the directory's group)\n"
		}
		if got := lines(w.plan()); got != want {
			t.Errorf("nested %t, plan:\n%s\nwant:\n%s", nested, got, want)
		}
		w.memory.users["7"] = &upload.Resource{Kind: upload.User, ID: "7", Name: "guest", Active: true}
		if got, want := lines(w.plan()), "adopt group team (same displayName, not owned by anyone)\n"; got != want {
			t.Errorf("nested %t, plan with the user:\n%s\nwant:\n%s", nested, got, want)
		}
	}
}
