package targettest

import (
	"slices"
	"testing"

	"adsync/upload"
)

func members(t *testing.T, s *suite) {
	if !s.can.Groups {
		t.Skip("the service has no groups")
	}
	ids, group := s.staff(t, s.Users)
	s.must(t, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids})
	s.hasMembers(t, ids)
	s.must(t, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[1:9]})
	s.hasMembers(t, append([]string{ids[0]}, ids[9:]...))
}

// large fills a group with more members than a request takes.
func large(t *testing.T, s *suite) {
	if !s.can.Groups || s.Large == 0 {
		t.Skip("no large groups")
	}
	ids, group := s.staff(t, s.Large)
	s.must(t, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids})
	s.hasMembers(t, ids)
	s.must(t, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[1:]})
	s.hasMembers(t, ids[:1])
}

// staff makes users, and a group without members.
func (s *suite) staff(t *testing.T, n int) (ids []string, group *upload.Resource) {
	t.Helper()
	for _, u := range s.people(t, n) {
		ids = append(ids, u.ID)
	}
	r := s.must(t, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: s.source() + "g", Set: []upload.Attribute{{Path: "displayName", Values: []string{s.group()}}}})[0]
	return ids, &upload.Resource{Kind: upload.Group, ID: r.ID, ExternalID: s.source() + "g", Name: s.group(), MembersKnown: true}
}

// hasMembers compares the group's members, where they can be seen.
func (s *suite) hasMembers(t *testing.T, want []string) {
	t.Helper()
	state := s.again(t)
	want = slices.Sorted(slices.Values(want))
	for _, g := range state.Groups {
		if g.Name != s.group() {
			continue
		}
		if g.MembersKnown && !slices.Equal(slices.Sorted(slices.Values(g.Members)), want) {
			t.Fatalf("the group has %d members, want %d", len(g.Members), len(want))
		}
		return
	}
	if _, unproven := state.Unproven[upload.Group]; !unproven {
		t.Fatalf("the group is not in a list that is called proven (%d groups)", len(state.Groups))
	}
}
