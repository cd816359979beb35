package upload_test

import (
	"strings"
	"testing"

	"adsync/upload"
)

// A service that only deactivates whom it is asked to delete is asked once a
// run for those who are off.
func TestWhoIsOffIsNotDeletedAgainAndAgain(t *testing.T) {
	w := newWorld("ada", "bob", "cay", "dee", "eve")
	w.policy.UserGone = upload.Remove
	w.sync(t)
	w.deactivates = true
	for _, login := range []string{"ada", "bob"} {
		w.named(login).Active = false
		delete(w.users, login)
	}
	delete(w.users, "cay")
	for _, run := range []struct {
		deletions int
		more      string
	}{{1, "; 2 more are not asked for"}, {1, "; 2 more are not asked for"}} {
		w.writes = nil
		in := w.input()
		plan := upload.Diff(in)
		out := upload.Apply(t.Context(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: true})
		if got := len(w.writes); got != run.deletions || w.named("cay").Active {
			t.Errorf("writes %v, cay is active: %t", w.writes, w.named("cay").Active)
		}
		if said := strings.Join(out.Rewritten, " "); !strings.Contains(said, "deactivates a user that it is asked to delete") || !strings.Contains(said, run.more) {
			t.Errorf("said: %s", said)
		}
	}
	w.user("ada", nil)
	if got := lines(w.plan()); !strings.HasPrefix(got, "reactivate user ada") {
		t.Errorf("back again: %s", got)
	}
}
