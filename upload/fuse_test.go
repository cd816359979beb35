package upload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// The bind account loses the right to read titles and managers: that is no
// reason to take them away from everybody.
func TestWhatMostUsersWouldLoseIsWithheld(t *testing.T) {
	w := newWorld()
	for i := range 20 {
		login := fmt.Sprintf("user%02d", i)
		w.user(login, map[string][]string{"mail": {login + "@example.com"}})
		if i > 0 {
			w.change(login, func(u *directory.User) { u.Manager = anchorOf("user00") })
		}
	}
	w.sync(t)
	for i := range 20 {
		login := fmt.Sprintf("user%02d", i)
		w.user(login, map[string][]string{"mail": {"new." + login + "@example.com"}, "title": nil})
		w.change(login, func(u *directory.User) { u.Manager = "" })
	}
	held := func() *upload.Plan {
		plan := w.plan()
		plan.Limit(upload.DefaultLimits())
		return plan
	}
	plan := held()
	blown := w.plan().Limit(upload.DefaultLimits())
	if got := fmt.Sprint(blown); got != "[20 users who would lose their title are over what one run may empty: 50% of 20 allows 10"+
		" 19 users who would lose their manager are over what one run may empty: 50% of 19 allows 9]" {
		t.Errorf("blown: %v", got)
	}
	if got := lines(plan); strings.Count(got, "withheld: update user") != 39 || strings.Count("\n"+got, "\nupdate user") != 20 {
		t.Errorf("plan:\n%s", got)
	}
	in := w.input()
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	ada := w.named("user07")
	if got := fmt.Sprint(ada.Get("title"), ada.Get(`emails[type eq "work"].value`), ada.Manager != ""); got != "[Engineer] [new.user07@example.com] true" {
		t.Errorf("user07 has %s", got)
	}
	plan = held()
	if !plan.Approve(plan.Digest()) {
		t.Fatal("its own digest does not approve it")
	}
	in = w.input()
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if ada = w.named("user07"); ada.Get("title") != nil || ada.Manager != "" {
		t.Errorf("what was approved was not done: %+v", ada)
	}
	if got := lines(w.plan()); got != "" {
		t.Errorf("the next plan is not empty:\n%s", got)
	}
}

func TestWhatSomeUsersLoseIsTakenAway(t *testing.T) {
	w := newWorld()
	for i := range 20 {
		w.user(fmt.Sprintf("user%02d", i), nil)
	}
	w.sync(t)
	for i := range 10 {
		w.user(fmt.Sprintf("user%02d", i), map[string][]string{"title": nil})
	}
	plan := w.plan()
	if blown := plan.Limit(upload.DefaultLimits()); len(blown) > 0 {
		t.Errorf("blown: %v", blown)
	}
}

// Devices are lost to a wrong computers.base as users are to a wrong
// users.base.
func TestDevicesPassTheFuse(t *testing.T) {
	w := newWorld("ada")
	w.caps.Devices = true
	in := w.input()
	for i := range 20 {
		a := anchorOf(fmt.Sprintf("pc%d", i))
		in.State.Devices = append(in.State.Devices, upload.Resource{Kind: upload.Device, ID: fmt.Sprint(i), Name: fmt.Sprintf("pc%02d", i), Active: true, ExternalID: in.Mark.ExternalID("corp", a)})
	}
	in.Sources[0].Devices = true
	plan := upload.Diff(in)
	blown := plan.Limit(upload.DefaultLimits())
	if len(blown) != 1 || blown[0].String() != "20 device removals are over limits.user_removals: 10% of 20 allows 5" || len(plan.Withheld()) != 20 {
		t.Errorf("blown %v, plan:\n%s", blown, lines(plan))
	}
}

// Most of a small source is a few per cent of all.
func TestASmallSourceIsHeldToTheLimitsByItself(t *testing.T) {
	w := newWorld()
	for i := range 200 {
		w.user(fmt.Sprintf("user%03d", i), nil)
	}
	branch := func(n int) {
		s := &directory.Snapshot{}
		for i := range n {
			login := fmt.Sprintf("branch%02d", i)
			s.Users = append(s.Users, directory.User{Anchor: anchorOf(login), DN: "uid=" + login, Login: login, Active: true, Attributes: directory.AttributesOf(map[string][]string{"uid": {login}})})
		}
		w.sources = []upload.Source{{ID: "other", Reading: directory.Complete("other", s), Mapping: testMapping}}
	}
	branch(20)
	w.sync(t)
	branch(5)
	plan := w.plan()
	blown := plan.Limit(upload.DefaultLimits())
	if len(blown) != 1 || blown[0].String() != "15 user removals of source other are over limits.user_removals: 10% of 20 allows 5" || len(plan.Withheld()) != 15 {
		t.Errorf("blown %v, %d withheld", blown, len(plan.Withheld()))
	}
}

// Whoever stays because the fuse doubts that they left stays a manager too.
func TestWithheldUsersStayManagers(t *testing.T) {
	w := newWorld()
	for i := range 40 {
		w.user(fmt.Sprintf("user%02d", i), nil)
	}
	w.change("user30", func(u *directory.User) { u.Manager = anchorOf("user00") })
	w.change("user31", func(u *directory.User) { u.Manager = anchorOf("user00") })
	w.sync(t)
	for i := range 20 {
		delete(w.users, fmt.Sprintf("user%02d", i))
	}
	w.change("user31", func(u *directory.User) {
		u.Attributes = directory.AttributesOf(map[string][]string{"uid": {"user31"}, "title": {"Lead"}})
	})
	plan := w.plan()
	plan.Limit(upload.DefaultLimits())
	if got, want := lines(plan), "update user user31: title \"Engineer\" -> \"Lead\"\nwithheld: update user user30: manager\n"; !strings.HasPrefix(got, want) {
		t.Errorf("plan:\n%s\nwant it to begin with:\n%s", got, want)
	}
	if got := lines(plan); strings.Count(got, "withheld: update user user3") != 2 {
		t.Errorf("plan:\n%s\nwant two managers withheld", got)
	}
	if !plan.Approve(plan.Digest()) {
		t.Fatal("its own digest does not approve it")
	}
	in := w.input()
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if got := lines(w.plan()); got != "" {
		t.Errorf("the plan after the approved run is not empty:\n%s", got)
	}
}

// What is withheld because a list is not proven cannot be approved, nor can
// what follows from it.
func TestAnUnprovenListIsNotApproved(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada", "bob")
	w.sync(t)
	w.unproven = map[upload.Kind]string{upload.User: "its number changes"}
	delete(w.users, "bob")
	w.group("staff", "ada")
	plan := w.plan()
	plan.Limit(upload.DefaultLimits())
	if len(plan.Withheld()) != 2 || plan.Approve(plan.Digest()) {
		t.Errorf("approved:\n%s", lines(plan))
	}
}

// Values stand with their lengths in what a digest is made of: one cannot pass
// for two.
func TestDigestsTellNamesWithSeparatorsApart(t *testing.T) {
	digest := func(old ...string) string {
		w := newWorld("ada")
		w.sync(t)
		r := w.named("ada")
		r.Attributes = attributesOf(upload.Attribute{Path: "userName", Values: []string{"ada"}}, upload.Attribute{Path: "title", Values: old})
		return w.plan().Digest()
	}
	if digest("a\x01b") == digest("a", "b") {
		t.Error("two plans have one digest")
	}
}

// A service may give those who were deactivated in the same run another name.
func TestAMemberIsApprovedUnderWhateverName(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada", "bob")
	w.sync(t)
	delete(w.users, "bob")
	w.group("staff", "ada")
	bob := w.named("bob")
	bob.Active = false
	before := w.plan().Digest()
	bob.Name = "3f1a"
	if after := w.plan(); after.Digest() != before {
		t.Errorf("another digest of\n%s", lines(after))
	}
}
