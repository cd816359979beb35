package upload

import (
	"fmt"
	"testing"

	"adsync/ldapsrc/directory"
)

func anchorNumber(n int) directory.Anchor {
	return directory.Anchor(fmt.Sprintf("%08d-0000-4000-8000-000000000000", n))
}

// Two sources, whose resources came in no order; two of them share a mark, and
// some are nobody's.
func TestResourcesAreFoundByTheirMark(t *testing.T) {
	mark, err := NewMark("{source}:{anchor}", []string{"corp", "lab"})
	if err != nil {
		t.Fatal(err)
	}
	state := &State{}
	add := func(id, externalID string) {
		state.Users = append(state.Users, Resource{Kind: User, ID: id, ExternalID: externalID, Name: "n" + id, Active: true})
	}
	for _, n := range []int{5, 1, 9, 3} {
		add(fmt.Sprintf("c%d", n), mark.ExternalID("corp", anchorNumber(n)))
	}
	add("l3", mark.ExternalID("lab", anchorNumber(3)))
	add("l4", mark.ExternalID("lab", anchorNumber(4)))
	add("again", mark.ExternalID("corp", anchorNumber(9)))
	add("other", mark.ExternalID("old", anchorNumber(1)))
	add("plain", "")

	x := state.indexed(mark)
	walk := x.from(User, "corp", anchorNumber(1))
	for n := 1; n <= 10; n++ {
		for source, want := range map[string][]string{"corp": {1: "c1", 3: "c3", 5: "c5", 9: "again", 10: ""}, "lab": {3: "l3", 4: "l4", 10: ""}} {
			got := ""
			if r := x.bearer(User, source, anchorNumber(n)); r != nil {
				got = r.ID
			}
			if got != want[n] {
				t.Errorf("%s %d: found %q, want %q", source, n, got, want[n])
			}
			if source != "corp" {
				continue
			}
			if r := walk.of(anchorNumber(n)); (r == nil) != (got == "") || r != nil && r.ID != got {
				t.Errorf("on the way through %s: %d has %v, want %q", source, n, r, got)
			}
		}
		if any, want := x.anySource(User, anchorNumber(n)), n == 1 || n == 3 || n == 4 || n == 5 || n == 9; any != want {
			t.Errorf("%d is in any source: %t, want %t", n, any, want)
		}
	}
	if twice := x.twice[User]; len(twice) != 1 || !twice[mark.ExternalID("corp", anchorNumber(9))] {
		t.Errorf("of two resources are the marks %v", twice)
	}
	if got := state.Unowned(User, mark); len(got) != 2 || got[0].ID != "other" || got[1].ID != "plain" {
		t.Errorf("unowned are %v", got)
	}
	if corp, lab := x.counts["corp"].ActiveUsers, x.counts["lab"].ActiveUsers; corp != 5 || lab != 2 || len(x.counts) != 2 {
		t.Errorf("counted %d and %d, in %d sources", corp, lab, len(x.counts))
	}
}

// Where the template names no source, a resource is found under any name that
// the one source once had.
func TestAMarkWithoutASourceIsFoundUnderAnyName(t *testing.T) {
	mark, err := NewMark("{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	state := &State{Users: []Resource{{Kind: User, ID: "1", ExternalID: string(anchorNumber(1))}}}
	if !state.Owned(User, mark, "before", anchorNumber(1)) || state.Owned(User, mark, "corp", anchorNumber(2)) {
		t.Error("it is not found, or another one is")
	}
}

// Members are compared by place: whom the service shows and does not list, or
// shows twice, has none or one.
func TestMembersHaveThePlacesOfUsersAndGroups(t *testing.T) {
	mark, err := NewMark("{source}:{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	state := &State{
		Users:  []Resource{{Kind: User, ID: "a"}, {Kind: User, ID: "b"}},
		Groups: []Resource{{Kind: Group, ID: "a"}, {Kind: Group, ID: "g", Members: []string{"g", "unlisted", "b", "b", "a"}}},
	}
	x := state.indexed(mark)
	var ids []string
	for _, place := range x.members[&state.Groups[1]] {
		ids = append(ids, x.placed[place].ID+" "+string(x.placed[place].Kind))
	}
	if got, want := fmt.Sprint(ids), "[a user b user g group]"; got != want {
		t.Errorf("the members are %s, want %s", got, want)
	}
	for nested, want := range map[bool]bool{true: true, false: false} {
		d := &differ{Input: Input{Capabilities: Capabilities{Nested: nested}}, index: x}
		if got := d.byID("g") != nil; got != want || d.byID("a") != &state.Users[0] || d.byID("unlisted") != nil {
			t.Errorf("with groups in groups %t, the group is found: %t", nested, got)
		}
	}
}
