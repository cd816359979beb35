package upload_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// Two runs read the same; the first to write wins, and the other sees it.
func TestARunThatIsOvertakenStops(t *testing.T) {
	for _, test := range []struct {
		name string
		edit func(*world)
		want string
	}{
		{"by a create", func(w *world) { w.user("new", nil) }, "the service changes under this run: user new has been created by somebody else since it was listed"},
		{"by an update", func(w *world) { w.user("ada", map[string][]string{"title": {"Lead"}}) }, "the service changes under this run: user ada has been updated by somebody else since it was listed"},
		{"by a deactivation", func(w *world) { delete(w.users, "bob") }, "the service changes under this run: user bob has been deactivated by somebody else since it was listed"},
		{"by a new group", func(w *world) { w.group("crew", "ada") }, "the service changes under this run: group crew has been created by somebody else since it was listed"},
		{"by a deleted group", func(w *world) { delete(w.groups, "staff") }, "the service changes under this run: group staff has been deleted by somebody else since it was listed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob")
			w.group("staff", "ada")
			w.sync(t)
			test.edit(w)
			second := w.input()
			plan := upload.Diff(second)
			w.sync(t)
			w.writes = nil
			out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: second.State, Mark: second.Mark})
			var overtaken *upload.Overtaken
			if !errors.As(out.Stopped, &overtaken) || overtaken.Error() != test.want {
				t.Errorf("stopped by %v, want %s", out.Stopped, test.want)
			}
			if len(w.writes) > 0 {
				t.Errorf("it wrote %v", w.writes)
			}
		})
	}
}

// The first change of a phase is looked at anew; a create further down meets
// the refusal of its name.
func TestACreateThatFindsItselfThereStopsTheRun(t *testing.T) {
	w := newWorld("ada", "bob", "cay")
	in := w.input()
	plan := upload.Diff(in)
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "bob", ExternalID: "corp:" + string(anchorOf("bob")), Active: true}
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	var overtaken *upload.Overtaken
	if !errors.As(out.Stopped, &overtaken) || overtaken.Name != "bob" {
		t.Errorf("stopped by %v", out.Stopped)
	}
}

// rival is a service at which another run makes the same groups at the same
// moment.
type rival struct {
	*world
	makes map[string]bool
}

func (r rival) Write(ctx context.Context, writes []upload.Write, done func(int, upload.Result)) {
	for _, w := range writes {
		if w.Op != upload.OpCreate || w.Kind != upload.Group {
			continue
		}
		if name := w.Set[0].Values[0]; r.makes[name] {
			r.memory.groups["rival "+name] = &upload.Resource{Kind: upload.Group, ID: "rival " + name, Name: name, ExternalID: w.ExternalID}
		}
	}
	r.world.Write(ctx, writes, done)
}

// Two runs may make the same groups at the same moment, where names need not
// be unique: who finds them twice takes its own back.
func TestGroupsThatTwoRunsMakeAtOnceAreNotThereTwice(t *testing.T) {
	for _, test := range []struct {
		name  string
		makes []string
		want  string // the groups left
	}{
		{"none", nil, "crew staff"},
		{"all", []string{"crew", "staff"}, "rival crew rival staff"},
		{"the largest", []string{"staff"}, "crew rival staff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob")
			w.group("crew", "ada")
			w.group("staff", "ada", "bob")
			in := w.input()
			plan := upload.Diff(in)
			r := rival{w, map[string]bool{}}
			for _, name := range test.makes {
				r.makes[name] = true
			}
			out := upload.Apply(t.Context(), r, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
			if overtaken := new(upload.Overtaken); errors.As(out.Stopped, &overtaken) != (len(test.makes) > 0) {
				t.Errorf("stopped by %v", out.Stopped)
			}
			var left []string
			for id, g := range w.memory.groups {
				if strings.HasPrefix(id, "rival") {
					left = append(left, id)
				} else {
					left = append(left, g.Name)
				}
			}
			slices.Sort(left)
			if got := strings.Join(left, " "); got != test.want {
				t.Errorf("left: %s; want %s", got, test.want)
			}
			for _, c := range plan.Changes {
				if c.Kind == upload.Group && c.Verb == upload.Create && (c.State == upload.Applied) == r.makes[c.Name] {
					t.Errorf("%s is %s", c.Line(), c.State)
				}
			}
		})
	}
}

// A group that cannot be taken back is said to be there twice.
func TestAGroupThatStaysTwiceIsSaidSo(t *testing.T) {
	w := newWorld("ada")
	w.group("crew", "ada")
	in := w.input()
	plan := upload.Diff(in)
	w.refuse = func(x upload.Write) error {
		if x.Op == upload.OpDelete {
			return &upload.Refusal{Status: 405}
		}
		return nil
	}
	out := upload.Apply(t.Context(), rival{w, map[string]bool{"crew": true}}, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if !errors.As(out.Stopped, new(*upload.Overtaken)) {
		t.Errorf("stopped by %v", out.Stopped)
	}
	for _, c := range plan.Changes {
		if c.Kind == upload.Group && c.Verb == upload.Create && (c.State != upload.Failed || !strings.Contains(c.Failure.Error(), "it is there twice")) {
			t.Errorf("%s is %s: %v", c.Line(), c.State, c.Failure)
		}
	}
}

// What an incomplete list lacked may have been there all the time.
func TestWhereTheListIsNotProvenNobodyIsSuspected(t *testing.T) {
	w := newWorld("ada")
	w.unproven = map[upload.Kind]string{upload.User: "totalResults changes"}
	in := w.input()
	plan := upload.Diff(in)
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "ada", ExternalID: "corp:" + string(anchorOf("ada")), Active: true}
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if out.Stopped != nil || plan.Changes[0].State != upload.Applied {
		t.Errorf("stopped by %v, the change is %s", out.Stopped, plan.Changes[0].State)
	}
}

func TestPurgePlansAllThatASourceOwnsAndNothingElse(t *testing.T) {
	w := newWorld("ada", "bob")
	w.group("staff", "ada")
	w.sync(t)
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "olga", ExternalID: "old:" + string(anchorOf("olga")), Active: true}
	w.memory.users["y"] = &upload.Resource{Kind: upload.User, ID: "y", Name: "free", Active: true}
	in := w.input()
	old := upload.Purge(in, "old")
	if got, want := lines(old), "withheld: deactivate user olga (purge of source old)\n"; got != want {
		t.Errorf("purge of old:\n%s\nwant:\n%s", got, want)
	}
	in.Policy.UserGone = upload.Remove
	corp := upload.Purge(in, "corp")
	want := "withheld: delete group staff (purge of source corp)\nwithheld: delete user ada (purge of source corp)\nwithheld: delete user bob (purge of source corp)\n"
	if got := lines(corp); got != want {
		t.Errorf("purge of corp:\n%s\nwant:\n%s", got, want)
	}
	if corp.Approve(old.Digest()) {
		t.Error("the digest of another purge approved it")
	}
	if !corp.Approve(corp.Digest()) {
		t.Error("its own digest did not approve it")
	}
	upload.Apply(context.Background(), w, corp, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if len(w.memory.users) != 2 || len(w.memory.groups) != 0 {
		t.Errorf("%d users and %d groups are left, want 2 and 0", len(w.memory.users), len(w.memory.groups))
	}
}

func TestHoldingsCountEverySourceThatHasLeftAMark(t *testing.T) {
	w := newWorld("ada", "bob")
	w.sync(t)
	w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "olga", ExternalID: "old:" + string(anchorOf("olga"))}
	w.memory.users["y"] = &upload.Resource{Kind: upload.User, ID: "y", Name: "free", ExternalID: "employee-17", Active: true}
	in := w.input()
	got := upload.Holdings(in.State, in.Mark)
	want := []upload.Holding{
		{Source: "corp", Configured: true, Users: 2, ActiveUsers: 2},
		{Source: "old", Users: 1},
		{Source: "other", Configured: true},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestANarrowedScopeIsNamedAsTheCause(t *testing.T) {
	logins := []string{"a", "b", "c", "d", "e", "f", "g"}
	found := func(why string) directory.Presence { return directory.Presence{Found: true, Active: true, Why: why} }
	for _, test := range []struct {
		name string
		left int // how many of the seven leave
		of   func(i int) directory.Presence
		want string
	}{
		{"all are out of the base", 6, func(int) directory.Presence { return found("not below any of users.base") },
			"source corp: 6 of the 6 users that are to go are still in the directory, out of scope: not below any of users.base; was the scope changed, or a unit moved?"},
		{"most are, for two reasons", 6, func(i int) directory.Presence {
			return []directory.Presence{{}, found("does not match users.filter"), found("not below any of users.base"), found("not below any of users.base"), found("not below any of users.base"), {}}[i]
		}, "source corp: 4 of the 6 users that are to go are still in the directory, out of scope: not below any of users.base (3), does not match users.filter (1); was the scope changed, or a unit moved?"},
		{"most have really left", 6, func(i int) directory.Presence {
			if i < 3 {
				return found("not below any of users.base")
			}
			return directory.Presence{}
		}, ""},
		{"too few to say", 4, func(int) directory.Presence { return found("not below any of users.base") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(logins...)
			w.sync(t)
			w.presence = map[directory.Anchor]directory.Presence{}
			for i, login := range logins[:test.left] {
				delete(w.users, login)
				w.presence[anchorOf(login)] = test.of(i)
			}
			got := ""
			if causes := w.plan().Causes; len(causes) > 0 {
				got = causes[0]
			}
			if got != test.want {
				t.Errorf("%q\nwant %q", got, test.want)
			}
		})
	}
}
