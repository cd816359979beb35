package upload_test

import (
	"errors"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A service that keeps the beginning of an externalId alone shows nobody as
// ours. Who was renamed since must not be made a second time, nor take over
// somebody else's resource for its name.
func TestAMarkThatWasCutOffIsKnown(t *testing.T) {
	rename := func(w *world, old, name string) {
		u := w.users[old]
		u.Attributes = directory.AttributesOf(map[string][]string{"uid": {name}, "title": {"Engineer"}})
		w.users[old] = u
	}
	cut := `user user-001 at the service has the externalId "corp:e70bc019-0000-4000", which is the beginning of that of this entry: the service cuts it off` + "\n"
	for _, test := range []struct {
		name  string
		since func(*world)
		want  string
	}{
		{"nothing has changed: the mark is written anew", func(*world) {},
			"adopt user ada (same userName; its externalId \"corp:e70bc019-0000-4000\", not of adsync, is replaced)\n"},
		{"renamed", func(w *world) { rename(w, "ada", "ada2") }, "quarantine user ada2: cut-mark: " + cut},
		{"somebody else has the name now", func(w *world) {
			rename(w, "ada", "ada2")
			w.user("bob", map[string][]string{"uid": {"ada"}})
		}, "quarantine user ada2: cut-mark: " + cut +
			"quarantine user ada: name-taken: userName \"ada\" at the service belongs to another entry, whose externalId begins with \"corp:e70bc019-0000-4000\"\n"},
		{"nothing is adopted", func(w *world) { w.policy.Adopt = false }, "quarantine user ada: cut-mark: " + cut},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada")
			w.sync(t)
			w.named("ada").ExternalID = w.named("ada").ExternalID[:23]
			test.since(w)
			if got := lines(upload.Diff(w.input())); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// Who is gone, or disabled, is locked out by half a mark too, if that names our
// source and nobody else's entry; and is not deleted by it.
func TestWhoLeavesIsLockedOutByHalfAMark(t *testing.T) {
	const cut = "; the service has cut its externalId off)\n"
	other := []upload.Source{{ID: "other", Reading: directory.Complete("other", &directory.Snapshot{}), Mapping: testMapping}}
	for _, test := range []struct {
		name  string
		since func(*world, *upload.Input)
		want  string
	}{
		{"gone", func(*world, *upload.Input) {}, "deactivate user ada (no longer in the directory or out of scope" + cut},
		{"gone, and those who are gone are deleted", func(_ *world, in *upload.Input) { in.Policy.UserGone = upload.Remove }, "deactivate user ada (no longer in the directory or out of scope" + cut},
		{"gone, and those who are gone are kept", func(_ *world, in *upload.Input) { in.Policy.UserGone = upload.Keep }, ""},
		{"gone, and the list is not proven", func(_ *world, in *upload.Input) {
			in.State.Unproven = map[upload.Kind]string{upload.User: "it repeats"}
		},
			"withheld: deactivate user ada (no longer in the directory or out of scope" + cut},
		{"gone, and off already", func(_ *world, in *upload.Input) { in.State.Users[0].Active = false }, ""},
		{"a source is not read", func(_ *world, in *upload.Input) {
			in.Sources[0].Reading = directory.Incomplete("corp", errors.New("no answer"))
		}, ""},
		{"the mark is that of a source that is not ours", func(_ *world, in *upload.Input) { in.State.Users[0].ExternalID = "labs:e70bc019-0000-4000" }, ""},
		{"a mark that names no source", func(_ *world, in *upload.Input) {
			in.Mark, _ = upload.NewMark("{anchor}", []string{"corp"})
			in.State.Users[0].ExternalID = in.State.Users[0].ExternalID[5:]
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada")
			w.sources = other
			w.sync(t)
			w.named("ada").ExternalID = w.named("ada").ExternalID[:23]
			delete(w.users, "ada")
			in := w.input()
			test.since(w, &in)
			if got := lines(upload.Diff(in)); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
	w := newWorld("ada", "bob")
	w.sources = other
	w.sync(t)
	w.named("ada").ExternalID = w.named("ada").ExternalID[:23]
	w.change("ada", func(u *directory.User) { u.Active = false })
	if got := lines(w.plan()); got != "deactivate user ada (disabled in the directory"+cut {
		t.Errorf("disabled:\n%s", got)
	}
	w.sync(t)
	if w.named("ada").Active {
		t.Error("ada is active")
	}
}
