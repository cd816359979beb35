package upload_test

import (
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
