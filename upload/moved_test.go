package upload_test

import (
	"errors"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// ada, of the crew, goes from source corp to source other, and her anchor with
// her.
func TestAnEntryMovesToAnotherSource(t *testing.T) {
	unread := errors.New("time limit exceeded")
	leaves := "remove members from group crew: ada (no longer in the directory's group)\n"
	still := directory.Presence{Found: true, Active: true, DN: "uid=ada,ou=other", Why: "not below any of users.base"}
	remove := upload.DefaultPolicy()
	remove.UserDisabled = upload.Remove
	for _, test := range []struct {
		name     string
		policy   upload.Policy // the default if it is empty
		before   func(*world)  // the resource is made
		presence *directory.Presence
		there    func(*directory.User) // as she is in the new source
		incoming directory.Reading     // the new source, if it is not simply read
		broken   error                 // of the old source
		want     string
	}{
		{name: "both are read: the resource changes its mark",
			want: "adopt user ada (moved from source corp)\n" + leaves},
		{name: "she has another name there",
			there: func(u *directory.User) {
				u.Attributes = directory.AttributesOf(map[string][]string{"uid": {"ada2"}, "title": {"Engineer"}})
			},
			want: "adopt user ada2: userName \"ada\" -> \"ada2\" (moved from source corp)\n" + strings.Replace(leaves, "ada", "ada2", 1)},
		{name: "she is disabled there",
			there: func(u *directory.User) { u.Active = false },
			want:  "adopt user ada (moved from source corp)\n" + leaves + "deactivate user ada (disabled in the directory)\n"},
		{name: "she is disabled there, and such are deleted",
			policy: remove,
			there:  func(u *directory.User) { u.Active = false },
			want:   leaves + "delete user ada (disabled in the directory)\n"},
		{name: "she was deactivated before",
			before: func(w *world) { w.named("ada").Active = false },
			want:   "adopt user ada (moved from source corp)\n" + leaves},
		{name: "she was deactivated before, and is disabled there",
			before: func(w *world) { w.named("ada").Active = false },
			there:  func(u *directory.User) { u.Active = false },
			want:   "adopt user ada (moved from source corp)\n" + leaves},
		{name: "the old source was not read",
			broken: unread,
			want:   "quarantine user ada: dup-id: user ada at the service has the anchor of this entry and belongs to source corp, which was not read completely\n"},
		{name: "the new source was not read, and her entry is out of scope in the old one",
			incoming: directory.Incomplete("other", unread), presence: &still,
			want: "withheld: deactivate user ada (out of scope: not below any of users.base)\n"},
		{name: "the new source was not read, and she has left the directory",
			incoming: directory.Incomplete("other", unread), presence: &directory.Presence{},
			want: leaves + "deactivate user ada (no longer in the directory)\n"},
		{name: "the new source was not read, and her entry is out of scope and disabled",
			incoming: directory.Incomplete("other", unread), presence: &directory.Presence{Found: true, Why: "not below any of users.base"},
			want: leaves + "deactivate user ada (out of scope: not below any of users.base)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob")
			w.group("crew", "ada", "bob")
			w.sync(t)
			if test.before != nil {
				test.before(w)
			}
			ada := w.users["ada"]
			if test.there != nil {
				test.there(&ada)
			}
			delete(w.users, "ada")
			w.group("crew", "bob")
			if test.presence != nil {
				w.presence = map[directory.Anchor]directory.Presence{ada.Anchor: *test.presence}
			}
			w.broken = test.broken
			if test.policy != (upload.Policy{}) {
				w.policy = test.policy
			}
			incoming := test.incoming
			if incoming.Source == "" {
				incoming = directory.Complete("other", &directory.Snapshot{Users: []directory.User{ada}})
			}
			w.sources = []upload.Source{{ID: "other", Reading: incoming, Mapping: testMapping}}
			if got := lines(w.plan()); got != test.want {
				t.Fatalf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			if test.broken != nil || incoming.Err() != nil {
				return
			}
			w.sync(t)
			r := w.memory.users["user-001"]
			switch {
			case test.policy == remove:
				if r != nil {
					t.Errorf("she is still there: %+v", r)
				}
			case r.ExternalID != "other:"+string(ada.Anchor) || r.Active != ada.Active:
				t.Errorf("after it: %+v", r)
			}
		})
	}
}

func TestAGroupMovesToAnotherSource(t *testing.T) {
	w := newWorld("ada")
	w.group("crew", "ada")
	w.sync(t)
	crew := w.groups["crew"]
	crew.Attributes = directory.AttributesOf(map[string][]string{"cn": {"team"}})
	delete(w.groups, "crew")
	incoming := func(r directory.Reading) {
		w.sources = []upload.Source{{ID: "other", Reading: r, Mapping: testMapping, Groups: true}}
	}
	incoming(directory.Incomplete("other", errors.New("time limit exceeded")))
	w.presence = map[directory.Anchor]directory.Presence{crew.Anchor: {Found: true, Active: true, Why: "not below any of groups.base"}}
	if got, want := lines(w.plan()), "withheld: delete group crew (out of scope: not below any of groups.base)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	incoming(directory.Complete("other", &directory.Snapshot{Groups: []directory.Group{crew}}))
	if got, want := lines(w.plan()), "adopt group team: displayName \"crew\" -> \"team\" (moved from source corp)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	w.sync(t)
}

// A name that somebody gives up by moving can be taken in the same run.
func TestANameBecomesFreeByAMove(t *testing.T) {
	w := newWorld("ada", "bob")
	w.sync(t)
	ada := w.users["ada"]
	ada.Attributes = directory.AttributesOf(map[string][]string{"uid": {"ada2"}, "title": {"Engineer"}})
	delete(w.users, "ada")
	w.change("bob", func(u *directory.User) {
		u.Attributes = directory.AttributesOf(map[string][]string{"uid": {"ada"}, "title": {"Engineer"}})
	})
	w.sources = []upload.Source{{ID: "other", Reading: directory.Complete("other", &directory.Snapshot{Users: []directory.User{ada}}), Mapping: testMapping}}
	want := "update user ada: userName \"bob\" -> \"ada\"\nadopt user ada2: userName \"ada\" -> \"ada2\" (moved from source corp)\n"
	if got := lines(w.plan()); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	w.sync(t)
}

// The service wants addresses to be unique and does not say so.
func TestAnAddressGoesFromOneToAnother(t *testing.T) {
	w := newWorld()
	mail := func(login, address string) { w.user(login, map[string][]string{"mail": {address}}) }
	mail("ada", "ada@example.com")
	mail("bob", "help@example.com")
	w.sync(t)
	mail("ada", "help@example.com")
	mail("bob", "bob@example.com")
	w.refuse = func(x upload.Write) error {
		for _, r := range w.memory.users {
			for _, a := range x.Set {
				if r.ID != x.Before.ID && r.Get(a.Path)[0] == a.Values[0] {
					return &upload.Refusal{Status: 409, ScimType: "uniqueness"}
				}
			}
		}
		return nil
	}
	w.sync(t)
}
