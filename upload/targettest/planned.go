package targettest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A company is a small directory.
type company struct {
	mapping *upload.Mapping
	people  []person
	policy  upload.Policy
}

type person struct {
	name           string // userName
	active, member bool
	gone           bool
}

// planned is the proof that counts: after a plan is applied the next one is
// empty. Two people then swap names, one is disabled and the group changes.
func planned(t *testing.T, s *suite) {
	c := &company{mapping: s.mapping(t), policy: upload.DefaultPolicy()}
	for n := range 6 {
		c.people = append(c.people, person{name: s.name(n + 1), active: true, member: n < 4})
	}
	s.sync(t, c)
	s.sync(t, c)
	// A service that looks up nothing but names cannot follow a new one.
	if trait := s.can.Trait(upload.User, upload.KeyUserName); !trait.ReadOnly && !trait.WriteOnce && len(s.unproven) == 0 {
		c.people[0].name, c.people[1].name = c.people[1].name, c.people[0].name
	}
	c.people[2].active = s.HidesInactive
	c.people[3].member, c.people[4].member = false, true
	s.sync(t, c)
}

// sync reads, plans and applies as a run does, and plans again.
func (s *suite) sync(t *testing.T, c *company) {
	t.Helper()
	in := s.input(t, c)
	plan := upload.Diff(in)
	out := upload.Apply(t.Context(), s.target, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if out.Stopped != nil {
		t.Fatalf("apply: %v", out.Stopped)
	}
	for i := range plan.Changes {
		if f := plan.Changes[i].Failure; f != nil {
			t.Errorf("%s: %v", plan.Changes[i].Line(), f)
		}
	}
	hidden := func(c upload.Change) bool {
		// Who is inactive already is all that some make of a delete.
		deactivated := c.Verb == upload.Delete && c.Before != nil && !c.Before.Active
		return deactivated || c.State == upload.Withheld || c.Verb == upload.AddMembers && !(c.Before != nil && c.Before.MembersKnown)
	}
	for _, left := range slices.DeleteFunc(upload.Diff(s.input(t, c)).Changes, hidden) {
		t.Errorf("left to do: %s", left.Line())
	}
}

// input is what a new run decides from.
func (s *suite) input(t *testing.T, c *company) upload.Input {
	t.Helper()
	snapshot := &directory.Snapshot{}
	group := directory.Group{Anchor: anchor(99), Attributes: directory.AttributesOf(map[string][]string{"cn": {"Suite crew" + s.Tag}})}
	for n, p := range c.people {
		if p.gone {
			continue
		}
		attributes := map[string][]string{
			"uid": {p.name}, "givenName": {"Suite"}, "sn": {fmt.Sprintf("Number %d", n)}, "cn": {fmt.Sprintf("Suite %d", n)}, "language": {language(n)},
		}
		snapshot.Users = append(snapshot.Users, directory.User{Anchor: anchor(n + 1), DN: p.name, Active: p.active, Attributes: directory.AttributesOf(attributes)})
		if p.member {
			group.Members = append(group.Members, anchor(n+1))
		}
	}
	snapshot.Groups = []directory.Group{group}
	s.target = s.Connect(t)
	want := upload.Want{
		Users: c.mapping.Paths(upload.User), Groups: c.mapping.Paths(upload.Group), Members: true,
		Owned: func(id string) bool { return strings.HasPrefix(id, s.source()) },
	}
	state, err := s.target.Read(t.Context(), want)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	mark, err := upload.NewMark("{source}:{anchor}", []string{"suite" + s.Tag})
	if err != nil {
		t.Fatal(err)
	}
	in := upload.Input{
		Sources: []upload.Source{{ID: "suite" + s.Tag, Reading: directory.Complete("suite"+s.Tag, snapshot), Mapping: c.mapping, Groups: true}},
		State:   state, Capabilities: s.target.Capabilities(), Mark: mark, Policy: c.policy,
	}
	s.unproven = state.Unproven
	if err := upload.LookUp(context.WithoutCancel(t.Context()), s.target, in); err != nil {
		t.Fatalf("look up: %v", err)
	}
	return in
}

// mapping maps what the service wants and can keep.
func (s *suite) mapping(t *testing.T) *upload.Mapping {
	t.Helper()
	paths := map[string][]string{
		"userName": {"uid"}, "displayName": {"cn"}, "name.givenName": {"givenName"}, "name.familyName": {"sn"}, "preferredLanguage": {"language"}, `emails[type eq "work"].value`: {"uid"},
	}
	for _, path := range s.can.Required[upload.User] {
		switch {
		case path != "active" && path != "emails" && paths[path] == nil:
			paths[path] = []string{"cn"}
		}
	}
	user, err := upload.CompileRules(upload.User, paths)
	if err != nil {
		t.Fatal(err)
	}
	group, err := upload.CompileRules(upload.Group, map[string][]string{"displayName": {"cn"}})
	if err != nil {
		t.Fatal(err)
	}
	return &upload.Mapping{User: user, Group: group}
}

func anchor(n int) directory.Anchor {
	return directory.Anchor(fmt.Sprintf("%08d-0000-4000-8000-000000000000", n))
}

// language is one that the first person has, and nobody else.
func language(n int) string {
	if n == 0 {
		return "de"
	}
	return ""
}
