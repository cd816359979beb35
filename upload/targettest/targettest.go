// Package targettest is the conformance suite that every upload.Target
// passes: whatever the service behind it does differently, the plan's writes
// come to the same.
//
// A target's own test calls Run with a fixture. What a service cannot do is
// told by its Capabilities, and the suite leaves it out.
package targettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/upload"
)

// A Fixture is one service, empty of what is ours, and the way to it.
type Fixture struct {
	// Connect returns a new Target of the service, as a new run has it.
	Connect func(t *testing.T) upload.Target
	// Domain is the domain of the userNames; default example.org.
	Domain string
	// Tag is part of every name and externalId, so that a part of the suite
	// meets nothing of another one at a service that deletes no users.
	Tag string
	// Users is how many users are written; default 30.
	Users int
	// Large is how many members a group is given that many requests are
	// needed for; 0 leaves that part out.
	Large int
	// HidesInactive is set where an inactive user cannot be read.
	HidesInactive bool
	// KeepsNames is set where the name of a deleted user stays taken.
	KeepsNames bool
	// TakesOver is set where a create of a taken name changes the user that
	// has it instead of being refused.
	TakesOver bool
	// Lasting is set for a service that outlives the test: what the suite
	// made is deleted after each part.
	Lasting bool
}

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for _, one := range []struct {
		name string
		test func(t *testing.T, s *suite)
	}{
		{"created users are listed or found", created},
		{"a user of a taken name is refused as a conflict", conflicts},
		{"attributes are changed and others left alone", updates},
		{"a user goes off and on again", switches},
		{"managers who are made in the same call are there in the end", managers},
		{"members join and leave a group", members},
		{"a large group is filled and emptied", large},
		{"what is deleted is gone and may be deleted again", deletes},
		{"after a plan is applied there is nothing left to do", planned},
		{"a resource that nobody owns is adopted", adopted},
		{"who leaves and comes back has one account", returning},
		{"a cancelled run writes nothing more", cancelled},
	} {
		t.Run(one.name, func(t *testing.T) {
			f := open(t)
			if f.Domain == "" {
				f.Domain = "example.org"
			}
			if f.Users == 0 {
				f.Users = 30
			}
			s := &suite{Fixture: f}
			s.target = f.Connect(t)
			s.read(t)
			s.can = s.target.Capabilities()
			if f.Lasting {
				t.Cleanup(func() { s.clean(t) })
			}
			one.test(t, s)
		})
	}
}

// A suite is one test under way.
type suite struct {
	Fixture
	target upload.Target
	can    upload.Capabilities

	unproven map[upload.Kind]string // of the last planned run
}

// paths are the mapped paths of the suite.
func (s *suite) paths() []string {
	return []string{
		"userName", "displayName", "name.givenName", "name.familyName", "name.formatted", `emails[type eq "work"].value`, "title",
		upload.SchemaEnterprise + ":department", upload.PathManager,
	}
}

// source is the beginning of the externalIds of the suite.
func (s *suite) source() string { return "suite" + s.Tag + ":" }

// group is the name of the suite's group.
func (s *suite) group() string { return "Suite staff" + s.Tag }

func (s *suite) read(t *testing.T) *upload.State {
	t.Helper()
	state, err := s.target.Read(t.Context(), upload.Want{
		Users: s.paths(), Groups: []string{"displayName"}, Members: true,
		Owned: func(id string) bool { return strings.HasPrefix(id, s.source()) },
	})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return state
}

// again is a new run.
func (s *suite) again(t *testing.T) *upload.State {
	t.Helper()
	s.target = s.Connect(t)
	return s.read(t)
}

// clean deletes what the suite made.
func (s *suite) clean(t *testing.T) {
	target := s.Connect(t)
	state, err := target.Read(context.Background(), upload.Want{Users: s.paths(), Groups: []string{"displayName"}})
	if err != nil {
		t.Errorf("clean up: %v", err)
		return
	}
	var writes []upload.Write
	for _, kind := range []upload.Kind{upload.Group, upload.User} {
		all := state.Of(kind)
		for i := range all {
			if strings.HasPrefix(all[i].ExternalID, s.source()) {
				writes = append(writes, upload.Write{Op: upload.OpDelete, Kind: kind, Before: &all[i]})
			}
		}
	}
	target.Write(context.Background(), writes, func(i int, r upload.Result) {
		if r.Err != nil {
			t.Errorf("clean up: delete %s: %v", writes[i].Before.Name, r.Err)
		}
	})
}

func (s *suite) name(n int) string { return fmt.Sprintf("suite%s%03d@%s", s.Tag, n, s.Domain) }

// user is the create of a user with all that the service asks for.
func (s *suite) user(n int) upload.Write {
	on := true
	w := upload.Write{Op: upload.OpCreate, Kind: upload.User, ExternalID: fmt.Sprintf("%s%08d-0000-4000-8000-000000000000", s.source(), n), Active: &on, Set: []upload.Attribute{
		{Path: "userName", Values: []string{s.name(n)}},
		{Path: "displayName", Values: []string{fmt.Sprintf("Suite %d", n)}},
		{Path: "name.givenName", Values: []string{"Suite"}},
		{Path: "name.familyName", Values: []string{fmt.Sprintf("Number %d", n)}},
		{Path: `emails[type eq "work"].value`, Values: []string{s.name(n)}},
		{Path: "title", Values: []string{"Engineer"}},
		{Path: upload.SchemaEnterprise + ":department", Values: []string{"R&D"}},
	}}
	for _, path := range s.can.Required[upload.User] {
		if path == "active" || path == "emails" || slices.ContainsFunc(w.Set, func(a upload.Attribute) bool { return a.Path == path }) {
			continue
		}
		w.Set = append(w.Set, upload.Attribute{Path: path, Values: []string{fmt.Sprintf("Suite-%d-aA", n)}})
	}
	w.Set = slices.DeleteFunc(w.Set, func(a upload.Attribute) bool { return s.can.Trait(upload.User, a.Path).ReadOnly })
	return w
}

func (s *suite) write(t *testing.T, writes ...upload.Write) []upload.Result {
	t.Helper()
	out := make([]upload.Result, len(writes))
	calls := make([]int, len(writes))
	s.target.Write(t.Context(), writes, func(i int, r upload.Result) { out[i], calls[i] = r, calls[i]+1 })
	for i, n := range calls {
		if n != 1 {
			t.Fatalf("write %d of %d was reported %d times", i, len(writes), n)
		}
	}
	return out
}

func (s *suite) must(t *testing.T, writes ...upload.Write) []upload.Result {
	t.Helper()
	out := s.write(t, writes...)
	for i, r := range out {
		if r.Err != nil {
			t.Fatalf("%s %s: %v", writes[i].Op, writes[i].Kind, r.Err)
		}
	}
	return out
}

// people creates users and returns them as a new run finds them.
func (s *suite) people(t *testing.T, n int) []upload.Resource {
	t.Helper()
	var writes []upload.Write
	for i := range n {
		writes = append(writes, s.user(i+1))
	}
	for i, r := range s.must(t, writes...) {
		if r.ID == "" {
			t.Fatalf("user %d was created without an id", i)
		}
	}
	return s.users(t, n)
}

// users are the users of the suite in a new run, by number.
func (s *suite) users(t *testing.T, n int) []upload.Resource {
	t.Helper()
	state := s.again(t)
	out := make([]upload.Resource, n)
	for i := range n {
		out[i] = s.one(t, state, i+1)
	}
	return out
}

// one finds a user: in the list, or by look-up where that is not proven.
func (s *suite) one(t *testing.T, state *upload.State, n int) upload.Resource {
	t.Helper()
	for _, u := range state.Users {
		if u.ExternalID == s.user(n).ExternalID {
			return u
		}
	}
	if _, unproven := state.Unproven[upload.User]; !unproven {
		t.Fatalf("user %d is not in a list that is called proven (%d users)", n, len(state.Users))
	}
	found, err := s.target.Find(t.Context(), upload.User, upload.KeyUserName, s.name(n))
	if err != nil || len(found) != 1 {
		t.Fatalf("look up user %d: %d found, %v", n, len(found), err)
	}
	return found[0]
}

func created(t *testing.T, s *suite) {
	for n, u := range s.people(t, s.Users) {
		want := s.user(n + 1)
		if u.Name != s.name(n+1) || u.ExternalID != want.ExternalID || !u.Active {
			t.Errorf("user %d is %q, externalId %q, active %t", n+1, u.Name, u.ExternalID, u.Active)
		}
	}
	if _, err := s.target.Find(t.Context(), upload.User, upload.KeyUserName, s.name(999)); err != nil {
		t.Logf("look-up by userName: %v", err)
	}
}

func conflicts(t *testing.T, s *suite) {
	if s.TakesOver {
		t.Skip("a create of a taken name takes the user over")
	}
	s.people(t, 1)
	twice := s.user(1)
	twice.ExternalID = s.source() + "99999999-0000-4000-8000-000000000000"
	r := s.write(t, twice)[0]
	refusal := new(upload.Refusal)
	if !errors.As(r.Err, &refusal) || !refusal.Conflict() {
		t.Errorf("a second user of the same name: %+v", r)
	}
}

func updates(t *testing.T, s *suite) {
	people := s.people(t, 3)
	set := []upload.Attribute{{Path: "displayName", Values: []string{"Changed"}}, {Path: upload.SchemaEnterprise + ":department", Values: []string{"Sales"}}, {Path: "title"}}
	set = slices.DeleteFunc(set, func(a upload.Attribute) bool {
		trait := s.can.Trait(upload.User, a.Path)
		return trait.ReadOnly || trait.WriteOnce || trait.Hidden
	})
	if len(set) == 0 {
		t.Skip("the service changes no attributes")
	}
	s.must(t, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &people[0], Set: set})
	after := s.users(t, 3)
	for _, a := range set {
		if got := after[0].Get(a.Path); !slices.Equal(got, a.Values) {
			t.Errorf("%s is %q, want %q", a.Path, got, a.Values)
		}
	}
	for _, path := range []string{"userName", "name.givenName", "name.familyName", `emails[type eq "work"].value`} {
		if got, want := after[0].Get(path), people[0].Get(path); !slices.Equal(got, want) {
			t.Errorf("%s became %q, was %q and nobody changed it", path, got, want)
		}
	}
	if got, want := after[1].Get("displayName"), people[1].Get("displayName"); !slices.Equal(got, want) {
		t.Errorf("another user's displayName became %q, was %q", got, want)
	}
	trait := s.can.Trait(upload.User, upload.PathManager)
	if trait.ReadOnly || trait.WriteOnce {
		return
	}
	s.must(t, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &after[0], Manager: &after[1].ID})
	after = s.users(t, 3)
	if after[0].Manager != after[1].ID {
		t.Errorf("the manager is %q, want %q", after[0].Manager, after[1].ID)
	}
	none := ""
	s.must(t, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &after[0], Manager: &none})
	if after = s.users(t, 3); after[0].Manager != "" {
		t.Errorf("the manager is %q, want none", after[0].Manager)
	}
}

func switches(t *testing.T, s *suite) {
	if !s.can.Deactivates {
		t.Skip("users have no active")
	}
	people := s.people(t, 2)
	off, on := false, true
	s.must(t, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &people[0], Active: &off})
	if !s.HidesInactive {
		state := s.again(t)
		if u := s.one(t, state, 1); u.Active {
			t.Error("the user is still active")
		}
		if u := s.one(t, state, 2); !u.Active {
			t.Error("the other user is not active any more")
		}
	}
	people[0].Active = false
	s.must(t, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &people[0], Active: &on})
	if u := s.users(t, 2)[0]; !u.Active {
		t.Error("the user is not active again")
	}
}

// managers makes a small company at once. What a target does not write with
// the create it says, and an update writes it.
func managers(t *testing.T, s *suite) {
	if trait := s.can.Trait(upload.User, upload.PathManager); trait.ReadOnly || trait.WriteOnce {
		t.Skip("the service keeps no managers that change")
	}
	writes := make([]upload.Write, s.Users)
	for i := range writes {
		writes[i] = s.user(i + 1)
		if at := (i - 1) / 3; i > 0 {
			writes[i].ManagerFrom = &at
		}
	}
	made := s.must(t, writes...)
	var rest []upload.Write
	for i, w := range writes {
		if w.ManagerFrom != nil && !made[i].Manager {
			before := &upload.Resource{Kind: upload.User, ID: made[i].ID, ExternalID: w.ExternalID, Name: s.name(i + 1), Active: true}
			rest = append(rest, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: before, Manager: &made[*w.ManagerFrom].ID})
		}
	}
	s.must(t, rest...)
	for i, u := range s.users(t, s.Users) {
		if from := writes[i].ManagerFrom; from != nil && u.Manager != made[*from].ID {
			t.Errorf("user %d has the manager %q, want %q", i+1, u.Manager, made[*from].ID)
		}
	}
}

func deletes(t *testing.T, s *suite) {
	if !s.can.Delete[upload.User] {
		t.Skip("users are not deleted")
	}
	people := s.people(t, 2)
	s.must(t, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: &people[0]})
	s.must(t, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: &people[0]})
	state := s.again(t)
	for _, u := range state.Users {
		if u.ID == people[0].ID && u.Active {
			t.Error("the deleted user is there and active")
		}
	}
	if u := s.one(t, state, 2); u.ID != people[1].ID {
		t.Error("the other user is another now")
	}
}

func cancelled(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := 0
	s.target.Write(ctx, []upload.Write{s.user(1), s.user(2)}, func(_ int, r upload.Result) {
		calls++
		if !errors.Is(r.Err, context.Canceled) {
			t.Errorf("write after the end: %+v", r)
		}
	})
	if calls != 2 {
		t.Errorf("%d of 2 writes were reported", calls)
	}
	for _, u := range s.again(t).Users {
		if strings.HasPrefix(u.ExternalID, s.source()) {
			t.Errorf("%s was written", u.Name)
		}
	}
}
