package upload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A user is moved from a base that is yet to be read into one that was read
// already: the snapshot lacks them, and the look-up finds them in scope.
func TestWhoWasMissedInTheReadingLosesNothing(t *testing.T) {
	w := newWorld("ada", "bob")
	w.change("bob", func(u *directory.User) { u.Manager = anchorOf("ada") })
	w.group("staff", "ada", "bob")
	w.sync(t)
	delete(w.users, "ada")
	w.group("staff", "bob")
	w.presence = map[directory.Anchor]directory.Presence{anchorOf("ada"): {Found: true, Active: true, InScope: true}}
	plan := w.plan()
	if got := lines(plan); got != "" {
		t.Errorf("plan:\n%s\nwant none", got)
	}
	if got, want := strings.Join(plan.Warnings, "\n"), "user ada came into scope of source corp while the directory was read, and stays as it is in this run"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestAGroupThatWasMissedStays(t *testing.T) {
	w := newWorld("ada")
	w.group("staff", "ada")
	w.sync(t)
	delete(w.groups, "staff")
	w.presence = map[directory.Anchor]directory.Presence{anchorOf("g:staff"): {Found: true, InScope: true}}
	if got := lines(w.plan()); got != "" {
		t.Errorf("plan:\n%s\nwant none", got)
	}
}

func TestManagersInDoubtStay(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(*world)
		want string
	}{
		{"two resources have the manager's mark", func(w *world) {
			again := *w.named("ada")
			again.ID = "user-900"
			w.memory.users["user-900"] = &again
		}, "quarantine user ada: dup-id: 2 users at the service have the externalId corp:" + string(anchorOf("ada")) + ": ada (user-001), ada (user-900)\n"},
		{"the manager is in a part that is not read", func(w *world) {
			w.change("bob", func(u *directory.User) { u.Manager, u.ManagerUnknown = "", true })
		}, ""},
		{"the manager cannot be identified, and the one of before has left", func(w *world) {
			w.change("bob", func(u *directory.User) { u.Manager, u.ManagerUnknown = "", true })
			delete(w.users, "ada")
		}, "update user bob: manager\ndeactivate user ada (no longer in the directory or out of scope)\n"},
		{"there is no manager any more", func(w *world) {
			w.change("bob", func(u *directory.User) { u.Manager = "" })
		}, "update user bob: manager\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob")
			w.change("bob", func(u *directory.User) { u.Manager = anchorOf("ada") })
			w.sync(t)
			test.edit(w)
			if got := lines(w.plan()); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

// A group has a foreign group whose source cannot be read, and in that group
// are users of this source.
func TestMembersOverAnIncompleteSourceStay(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada", "bob")
	other := func(r directory.Reading) {
		w.sources = []upload.Source{{ID: "other", Reading: r, Mapping: testMapping}}
	}
	other(directory.Complete("other", &directory.Snapshot{}))
	w.sync(t)
	foreign := func(sids ...string) {
		w.group("staff", "ada")
		g := w.groups["staff"]
		g.Foreign = slices.Clone(sids)
		w.groups["staff"] = g
	}
	foreign("S-1-5-21-1-2-3-1101")
	other(directory.Incomplete("other", errors.New("time limit exceeded")))
	if got := lines(w.plan()); got != "" {
		t.Errorf("plan:\n%s\nwant none", got)
	}
	w.sources = nil // --source corp
	if got := lines(w.plan()); got != "" {
		t.Errorf("plan of one source:\n%s\nwant none", got)
	}
	other(directory.Complete("other", &directory.Snapshot{}))
	if got, want := lines(w.plan()), "remove members from group staff: bob (no longer in the directory's group)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

func TestTheMarkOfAnotherToolIsNamed(t *testing.T) {
	w := newWorld("ada")
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "ada", Active: true, ExternalID: "00u1abcd"}
	if got, want := lines(w.plan()), "(same userName; its externalId \"00u1abcd\", not of adsync, is replaced)\n"; !strings.HasSuffix(got, want) {
		t.Errorf("plan:\n%s\nwant it to end with:\n%s", got, want)
	}
}

// A second user is given the login by which a group names ada.
func TestWhoSharesALoginKeepsTheirGroups(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada", "bob")
	w.sync(t)
	w.user("ada2", nil)
	w.group("staff", "bob")
	for _, login := range []string{"ada", "ada2"} {
		w.change(login, func(u *directory.User) { u.SharedLogin, u.ScopeInDoubt = "ada", login == "ada2" })
	}
	want := "quarantine user ada2: dup-login: a group of users.member_of names a member by the login \"ada\", which several users have\n"
	if got := lines(w.plan()); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

// silent is a service that goes away while it is asked who is there.
type silent struct {
	*world
	asked atomic.Int32
}

func (s *silent) Find(context.Context, upload.Kind, string, string) ([]upload.Resource, error) {
	s.asked.Add(1)
	return nil, &upload.Unavailable{Doing: "look up", Err: errors.New("connection refused")}
}

func TestALookUpWithoutAnAnswerEndsTheRun(t *testing.T) {
	w := newWorld()
	for i := range 1000 {
		w.group(fmt.Sprint("team", i))
		// Another group has the name already: only the mark can tell.
		id := fmt.Sprint("x", i)
		w.memory.groups[id] = &upload.Resource{Kind: upload.Group, ID: id, Name: fmt.Sprint("team", i)}
	}
	w.unproven = map[upload.Kind]string{upload.Group: "its number changes"}
	s := &silent{world: w}
	err := upload.LookUp(t.Context(), s, w.input())
	if gone := new(upload.Unavailable); !errors.As(err, &gone) || s.asked.Load() > 100 {
		t.Errorf("%v after %d questions", err, s.asked.Load())
	}
}

// partly is a service that answers the question for a mark with an error.
type partly struct {
	*world
	err error
}

func (p partly) Find(ctx context.Context, k upload.Kind, key, value string) ([]upload.Resource, error) {
	if key == upload.KeyExternalID {
		return nil, p.err
	}
	return p.world.Find(ctx, k, key, value)
}

// Whoever has another name at a service that lists too few is found by the mark
// alone.
func TestAMarkThatWasNotAnsweredIsNotOneThatIsNotThere(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		found bool
	}{
		{"the service has no such look-up", &upload.Unanswerable{Kind: upload.User, Key: upload.KeyExternalID, Err: errors.New("status 400")}, true},
		{"it refuses this one", &upload.Refusal{Status: 409}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada")
			w.sync(t)
			w.unproven = map[upload.Kind]string{upload.User: "its number changes"}
			w.hidden[w.named("ada").ID] = true
			in := w.input()
			err := upload.LookUp(t.Context(), partly{w, test.err}, in)
			if (err == nil) != test.found || len(in.State.Users) == 1 != test.found {
				t.Errorf("%d users, %v", len(in.State.Users), err)
			}
		})
	}
}

// blind is a service that lists too few and looks nobody up.
type blind struct{ *world }

func (b blind) Find(_ context.Context, k upload.Kind, key, _ string) ([]upload.Resource, error) {
	return nil, &upload.Unanswerable{Kind: k, Key: key, Err: errors.New("it has no filters")}
}

// Whom nothing shows is not created again, and the others are taken care of:
// who is disabled is locked out.
func TestWhomNothingShowsIsLeftOut(t *testing.T) {
	w := newWorld("ada", "bob", "cay")
	w.group("staff", "ada")
	w.group("crew", "ada")
	w.sync(t)
	w.unproven = map[upload.Kind]string{upload.User: "its number changes", upload.Group: "its number changes"}
	w.hidden[w.named("ada").ID], w.hidden[w.named("staff").ID] = true, true
	w.change("bob", func(u *directory.User) { u.Active = false })
	w.user("cay", map[string][]string{"title": {"Lead"}})
	in := w.input()
	if err := upload.LookUp(t.Context(), blind{w}, in); err != nil {
		t.Fatal(err)
	}
	const why = "it may be at the service already, whose list is not proven complete: the service cannot look a "
	want := "update user cay: title \"Engineer\" -> \"Lead\"\n" +
		"deactivate user bob (disabled in the directory)\n" +
		"quarantine user ada: unseen: " + why + "user up by userName: it has no filters\n" +
		"quarantine group staff: unseen: " + why + "group up by displayName: it has no filters\n"
	if got := lines(upload.Diff(in)); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

// The name that it is to have, and that another group still has, does not say
// where it is.
func TestAGroupThatNothingShowsAndWhoseNameIsListedIsLeftOut(t *testing.T) {
	w := newWorld()
	w.group("crew")
	w.group("staff")
	w.sync(t)
	w.unproven = map[upload.Kind]string{upload.Group: "its number changes"}
	w.hidden[w.named("crew").ID] = true
	crew, staff := w.groups["crew"], w.groups["staff"]
	crew.Attributes, staff.Attributes = staff.Attributes, crew.Attributes
	w.groups["crew"], w.groups["staff"] = crew, staff
	in := w.input()
	if err := upload.LookUp(t.Context(), blind{w}, in); err != nil {
		t.Fatal(err)
	}
	want := "update group crew: displayName \"staff\" -> \"crew\"\nquarantine group staff: unseen: it may be at the service already, whose list is not proven complete: " +
		"the service cannot look a group up by externalId: it has no filters\n"
	if got := lines(upload.Diff(in)); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

// A service that lists nobody unless asked for somebody has them all the same.
func TestAListWithNoneOfOursIsDoubted(t *testing.T) {
	w := newWorld("ada", "bob", "cyd")
	if unlisted, err := upload.Unlisted(t.Context(), w, w.input()); err != nil || len(unlisted) > 0 {
		t.Errorf("before the first run: %v, %v", unlisted, err)
	}
	w.sync(t)
	listed := w.input().State
	for _, r := range w.memory.users {
		w.hidden[r.ID] = true
	}
	w.user("ada", map[string][]string{"uid": {"ada.new"}})
	delete(w.users, "bob")
	in := w.input()
	unlisted, err := upload.Unlisted(t.Context(), w, in)
	if err != nil {
		t.Fatal(err)
	}
	if listed.Doubt(unlisted); len(listed.Unproven) > 0 {
		t.Errorf("a list that shows them is doubted: %v", listed.Unproven)
	}
	in.State.Doubt(unlisted)
	if got, want := in.State.Unproven[upload.User], "it shows none of ours, and ada is there when looked up"; got != want && got != strings.Replace(want, "ada", "cyd", 1) {
		t.Errorf("unproven: %q", got)
	}
	if err := upload.LookUp(t.Context(), w, in); err != nil {
		t.Fatal(err)
	}
	if got, want := lines(upload.Diff(in)), "update user ada.new: userName \"ada\" -> \"ada.new\"\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

// Many services answer 500 to a filter that they do not know.
func TestALookUpThatIsRefusedSaysNothingOfAnEmptyList(t *testing.T) {
	w := newWorld("ada")
	err := &upload.Unavailable{Doing: "look up", Err: &upload.Refusal{Status: 500}}
	if unlisted, err := upload.Unlisted(t.Context(), partly{w, err}, w.input()); err != nil || len(unlisted) > 0 {
		t.Errorf("%v, %v", unlisted, err)
	}
}

// It is no doubt about who somebody is that his new name is taken.
func TestWhoseNewNameIsTakenStillLosesWhatHeShould(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada", "bob")
	w.sync(t)
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "ada.l", Active: true}
	w.user("ada", map[string][]string{"uid": {"ada.l"}, "title": {"Lead"}})
	w.group("staff", "bob")
	taken := "quarantine user ada.l: name-taken: userName \"ada.l\" is that of user x at the service, which nobody owns\n"
	if got, want := lines(w.plan()), "remove members from group staff: ada.l (no longer in the directory's group)\n"+taken; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	w.sync(t)
	w.change("ada", func(u *directory.User) { u.Active = false })
	if got, want := lines(w.plan()), "deactivate user ada.l (disabled in the directory)\n"+taken; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	w.sync(t)
}

// A list that does not say how many there are is believed until it is seen to
// lack somebody.
func TestAListWithoutANumberIsTriedByThoseItLacks(t *testing.T) {
	for _, test := range []struct {
		name   string
		hidden bool
		target func(*world) upload.Target
		want   string
	}{
		{"it lacks nobody", false, func(w *world) upload.Target { return w },
			"create user eve: title, userName\ndeactivate user bob (no longer in the directory or out of scope)\n"},
		{"it lacks somebody", true, func(w *world) upload.Target { return w },
			"create user eve: title, userName\nwithheld: deactivate user bob (no longer in the directory or out of scope)\n"},
		{"nobody can be looked up", false, func(w *world) upload.Target { return blind{w} },
			"create user eve: title, userName\ndeactivate user bob (no longer in the directory or out of scope)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob", "cay")
			w.sync(t)
			delete(w.users, "bob")
			w.user("eve", map[string][]string{"title": {"Engineer"}})
			w.hidden[w.named("ada").ID] = test.hidden
			in := w.input()
			in.State.Unsaid = map[upload.Kind]bool{upload.User: true}
			if err := upload.LookUp(t.Context(), test.target(w), in); err != nil {
				t.Fatal(err)
			}
			if got := lines(upload.Diff(in)); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			if why := in.State.Unproven[upload.User]; strings.Contains(why, "lacks ada, who is there when looked up") != test.hidden {
				t.Errorf("unproven: %q", why)
			}
		})
	}
}
