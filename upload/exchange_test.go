package upload_test

import (
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// wantsUnique is a service that wants addresses to be unique and does not say
// so; answer is what it refuses with.
func (w *world) wantsUnique(answer upload.Refusal) {
	w.refuse = func(x upload.Write) error {
		for _, r := range w.memory.users {
			for _, a := range x.Set {
				if a.Path == workEmail && len(a.Values) > 0 && x.Before != nil && r.ID != x.Before.ID && r.Get(a.Path)[0] == a.Values[0] {
					return &answer
				}
			}
		}
		return nil
	}
}

const workEmail = `emails[type eq "work"].value`

func (w *world) rename(login, to, address string) {
	u := w.users[login]
	u.Attributes = directory.AttributesOf(map[string][]string{"uid": {to}, "title": {"Engineer"}, "mail": {address}})
	w.users[login] = u
}

func TestUniqueValuesAreExchanged(t *testing.T) {
	uniqueness := upload.Refusal{Status: 409, ScimType: "uniqueness", Detail: "taken"}
	for _, test := range []struct {
		name   string
		answer upload.Refusal
		edit   func(*world)
	}{
		{"two people swap addresses", uniqueness, func(w *world) {
			w.rename("ada", "ada", "bob@example.com")
			w.rename("bob", "bob", "ada@example.com")
		}},
		{"two people swap names and addresses", uniqueness, func(w *world) {
			w.rename("ada", "bob", "bob@example.com")
			w.rename("bob", "ada", "ada@example.com")
		}},
		{"a service that says 400 where a value is taken", upload.Refusal{Status: 400, Detail: "invalid"}, func(w *world) {
			w.rename("ada", "bob", "bob@example.com")
			w.rename("bob", "ada", "ada@example.com")
		}},
		{"three people pass their addresses round", uniqueness, func(w *world) {
			w.rename("ada", "ada", "bob@example.com")
			w.rename("bob", "bob", "cyd@example.com")
			w.rename("cyd", "cyd", "ada@example.com")
		}},
		{"the names go one way round, the addresses the other", uniqueness, func(w *world) {
			w.rename("ada", "bob", "cyd@example.com")
			w.rename("bob", "cyd", "ada@example.com")
			w.rename("cyd", "ada", "bob@example.com")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld()
			for _, login := range []string{"ada", "bob", "cyd"} {
				w.user(login, map[string][]string{"mail": {login + "@example.com"}})
			}
			w.sync(t)
			test.edit(w)
			w.wantsUnique(test.answer)
			w.sync(t)
		})
	}
}

// Bob is refused whatever becomes of the names, so ada must not stay without
// hers.
func TestWhoSteppedAsideInVainHasTheOldNameAgain(t *testing.T) {
	w := newWorld("ada", "bob")
	w.sync(t)
	bob := w.named("bob").ID
	w.user("ada", map[string][]string{"uid": {"bob"}})
	w.user("bob", map[string][]string{"uid": {"ada"}})
	w.refuse = func(x upload.Write) error {
		if x.Before.ID == bob {
			return &upload.Refusal{Status: 400, Detail: "frozen"}
		}
		return nil
	}
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(t.Context(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	want := "failed: update user ada: userName \"bob\" -> \"ada\"\nfailed: update user bob: userName \"ada\" -> \"bob\"\n"
	if got := lines(plan); got != want || w.named("ada") == nil {
		t.Errorf("plan:\n%s\nwant:\n%s\nada is still there: %t", got, want, w.named("ada") != nil)
	}
}
