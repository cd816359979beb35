package targettest

import (
	"testing"

	"adsync/upload"
)

// adopted makes a user as somebody else does, and then meets the same person
// in the directory: one account must come of it, and it is ours.
func adopted(t *testing.T, s *suite) {
	c := &company{mapping: s.mapping(t), policy: upload.DefaultPolicy(), people: []person{{name: s.name(1), active: true}, {name: s.name(2), active: true}}}
	theirs := s.user(1)
	theirs.ExternalID = "theirs" + s.Tag
	made := s.must(t, theirs)[0]
	s.sync(t, c)
	state := s.again(t)
	if _, unproven := state.Unproven[upload.User]; unproven {
		return
	}
	accounts := 0
	for _, u := range state.Users {
		if u.Name == s.name(1) {
			accounts++
		}
	}
	// Where the id is the externalId it changes with it.
	if u := s.one(t, state, 1); accounts != 1 || u.ID != made.ID && u.ID != u.ExternalID {
		t.Errorf("%s has %d accounts, the one that is ours is %s, and %s was there", s.name(1), accounts, u.ID, made.ID)
	}
}

// returning has people leave, under each policy the service can follow, and
// come back: each is to have one account again, and be active.
func returning(t *testing.T, s *suite) {
	for _, gone := range []upload.Action{upload.Off, upload.Remove} {
		if gone == upload.Off && !s.can.Deactivates || gone == upload.Remove && (!s.can.Delete[upload.User] || s.KeepsNames) {
			continue
		}
		c := &company{mapping: s.mapping(t), policy: upload.DefaultPolicy()}
		c.policy.UserGone = gone
		for n := range 3 {
			c.people = append(c.people, person{name: s.name(n + 1), active: true})
		}
		s.sync(t, c)
		c.people[1].gone = true
		s.sync(t, c)
		if s.HidesInactive && !s.shows(t, 2) {
			return // nobody can know whose account to switch on
		}
		c.people[1].gone = false
		s.sync(t, c)
		if u := s.one(t, s.again(t), 2); !u.Active {
			t.Errorf("%s came back and is not active (policy %s)", s.name(2), gone)
		}
	}
}

// shows reports whether a user can be found at all.
func (s *suite) shows(t *testing.T, n int) bool {
	t.Helper()
	for _, u := range s.again(t).Users {
		if u.ExternalID == s.user(n).ExternalID {
			return true
		}
	}
	found, err := s.target.Find(t.Context(), upload.User, upload.KeyUserName, s.name(n))
	return err == nil && len(found) > 0
}
