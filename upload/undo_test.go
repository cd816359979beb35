package upload_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// imagesOf stores the images of a plan and reads them back, as a file does.
func imagesOf(t *testing.T, p *upload.Plan, in upload.Input) []upload.Image {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for m := range p.Images(in.State, in.Mark, func(s upload.ChangeState) bool { return s == upload.Planned || s == upload.Applied }) {
		if err := e.Encode(m); err != nil {
			t.Fatal(err)
		}
	}
	var out []upload.Image
	for d := json.NewDecoder(&b); d.More(); {
		var m upload.Image
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// undo applies the undo of images and returns its plan.
func (w *world) undo(t *testing.T, images []upload.Image) *upload.Plan {
	t.Helper()
	in := w.input()
	plan := upload.Undo(in, images)
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if out.Stopped != nil {
		t.Fatal(out.Stopped)
	}
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.Failure != nil {
			t.Errorf("%s: %v", c.Line(), c.Failure)
		}
	}
	return plan
}

// holds is all that the service has, by name, so that ids do not matter.
func (w *world) holds() string {
	names := map[string]string{}
	for _, kind := range []upload.Kind{upload.User, upload.Group} {
		for _, r := range w.list(kind) {
			names[r.ID] = r.Name
		}
	}
	var out []string
	for _, kind := range []upload.Kind{upload.User, upload.Group} {
		for _, r := range w.list(kind) {
			var members []string
			for _, id := range r.Members {
				members = append(members, names[id])
			}
			slices.Sort(members)
			out = append(out, fmt.Sprintf("%s %s %q active=%v %v manager=%q %v", kind, r.Name, r.ExternalID, r.Active, maps.Collect(r.Attributes.All()), names[r.Manager], members))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// undoWorld is a company as it stands at the service.
func undoWorld(t *testing.T) *world {
	w := newWorld("ada", "bob", "cay", "dee")
	w.change("bob", func(u *directory.User) { u.Manager = anchorOf("ada") })
	w.group("staff", "ada", "bob", "cay")
	w.group("crew", "bob")
	w.sync(t)
	return w
}

func TestUndoPutsBackWhatARunChanged(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(*world)
		edit    func(*world)
		want    string // the plan of the undo
	}{
		{
			name: "values",
			edit: func(w *world) {
				w.user("ada", map[string][]string{"title": {"Lead"}, "mail": {"ada@example.com"}})
				w.user("cay", map[string][]string{"title": nil})
			},
			want: "update user ada: work emails \"ada@example.com\" -> (none), title \"Lead\" -> \"Engineer\" (undo of update)\n" +
				"update user cay: title (none) -> \"Engineer\" (undo of update)\n",
		}, {
			name: "a swap of names",
			edit: func(w *world) {
				ada, bob := w.users["ada"], w.users["bob"]
				ada.Attributes, bob.Attributes = bob.Attributes, ada.Attributes
				w.users["ada"], w.users["bob"] = ada, bob
			},
			want: "update user ada: userName \"bob\" -> \"ada\" (undo of update)\nupdate user bob: userName \"ada\" -> \"bob\" (undo of update)\n",
		}, {
			name: "a manager",
			edit: func(w *world) {
				w.change("bob", func(u *directory.User) { u.Manager = anchorOf("cay") })
				w.change("dee", func(u *directory.User) { u.Manager = anchorOf("cay") })
			},
			want: "update user bob: manager (undo of update)\nupdate user dee: manager (undo of update)\n",
		}, {
			name: "somebody who was deactivated",
			edit: func(w *world) { delete(w.users, "dee") },
			want: "reactivate user dee (undo of deactivate)\n",
		}, {
			name:    "somebody who was reactivated with another title",
			prepare: func(w *world) { w.change("dee", func(u *directory.User) { u.Active = false }) },
			edit:    func(w *world) { w.user("dee", map[string][]string{"title": {"Lead"}}) },
			want:    "update user dee: title \"Lead\" -> \"Engineer\" (undo of reactivate)\ndeactivate user dee (undo of reactivate)\n",
		}, {
			name: "members",
			edit: func(w *world) { w.group("staff", "ada", "dee") },
			want: "add members to group staff: bob, cay (undo of remove_members)\nremove members from group staff: dee (undo of add_members)\n",
		}, {
			name:    "people and groups that were deleted",
			prepare: func(w *world) { w.policy.UserGone = upload.Remove },
			edit: func(w *world) {
				delete(w.users, "ada")
				delete(w.users, "bob")
				delete(w.groups, "crew")
				w.group("staff", "cay")
			},
			want: "create user ada: title, userName\ncreate user bob: title, userName, manager\ncreate group crew: displayName\n" +
				"add members to group crew: bob (undo of delete)\nadd members to group staff: ada, bob (undo of remove_members)\n",
		}, {
			name: "one who was taken over",
			prepare: func(w *world) {
				w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", ExternalID: "hr-17", Name: "eve",
					Attributes: attributesOf(upload.Attribute{Path: "userName", Values: []string{"eve"}}, upload.Attribute{Path: "title", Values: []string{"Boss"}})}
				w.memory.users["y"] = &upload.Resource{Kind: upload.User, ID: "y", Name: "fay", Active: true,
					Attributes: attributesOf(upload.Attribute{Path: "userName", Values: []string{"fay"}})}
			},
			edit: func(w *world) { w.user("eve", nil); w.user("fay", nil) },
			want: "release user eve: title \"Engineer\" -> \"Boss\" (undo of adopt)\nrelease user fay: title \"Engineer\" -> (none) (undo of adopt)\n" +
				"deactivate user eve (undo of adopt)\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := undoWorld(t)
			if test.prepare != nil {
				test.prepare(w)
				w.sync(t)
			}
			before := w.holds()
			test.edit(w)
			in := w.input()
			images := imagesOf(t, upload.Diff(in), in) // as they are written before anything is applied
			w.sync(t)
			plan := w.undo(t, images)
			if got := strings.ReplaceAll(lines(plan), "applied: ", ""); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			if len(plan.Warnings) > 0 {
				t.Errorf("warnings: %q", plan.Warnings)
			}
			if after := w.holds(); after != before {
				t.Errorf("after the undo:\n%s\nwant:\n%s", after, before)
			}
			if again := upload.Undo(w.input(), images); len(again.Changes) > 0 {
				t.Errorf("undone again:\n%s", lines(again))
			}
		})
	}
}

func TestUndoOfACreateFollowsThePolicy(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy upload.Policy
		want   string
		warns  string
	}{
		{"deactivate", upload.DefaultPolicy(), "delete group new (undo of create)\ndeactivate user eve (undo of create)\n", ""},
		{"delete", upload.Policy{UserGone: upload.Remove, GroupGone: upload.Remove}, "delete group new (undo of create)\ndelete user eve (undo of create)\n", ""},
		{"keep", upload.Policy{UserGone: upload.Keep, GroupGone: upload.Keep}, "remove members from group new: eve (undo of add_members)\n",
			"group new was created, and the policy keeps what is gone: it stays as it is|user eve was created, and the policy keeps what is gone: it stays as it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := undoWorld(t)
			w.policy = test.policy
			w.user("eve", nil)
			w.group("new", "eve")
			in := w.input()
			plan := w.sync(t)
			plan = w.undo(t, imagesOf(t, plan, in))
			if got := strings.ReplaceAll(lines(plan), "applied: ", ""); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			if got := strings.Join(plan.Warnings, "|"); got != test.warns {
				t.Errorf("warnings: %s\nwant: %s", got, test.warns)
			}
		})
	}
}

func TestUndoLeavesWhatSomebodyChangedSince(t *testing.T) {
	w := undoWorld(t)
	w.user("ada", map[string][]string{"title": {"Lead"}, "mail": {"ada@example.com"}})
	w.user("bob", map[string][]string{"title": {"Lead"}})
	w.change("bob", func(u *directory.User) { u.Manager = anchorOf("cay") })
	w.group("staff", "ada", "bob")
	in := w.input()
	images := imagesOf(t, w.sync(t), in)

	ada, bob := w.named("ada"), w.named("bob")
	attributes := maps.Collect(ada.Attributes.All())
	attributes["title"] = []string{"Boss"}
	ada.Attributes = directory.AttributesOf(attributes)
	bob.Manager = w.named("dee").ID
	delete(w.memory.users, w.named("cay").ID)

	plan := w.undo(t, images)
	want := "update user ada: work emails \"ada@example.com\" -> (none) (undo of update)\nupdate user bob: title \"Lead\" -> \"Engineer\" (undo of update)\n"
	if got := strings.ReplaceAll(lines(plan), "applied: ", ""); got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	warnings := `group staff had the member cay, who is no longer at the service: it stays as it is
user ada has title "Boss", which somebody else has written since: it stays as it is
user bob has the manager dee, whom somebody else has written since: it stays as it is`
	if got := strings.Join(plan.Warnings, "\n"); got != warnings {
		t.Errorf("warnings:\n%s\nwant:\n%s", got, warnings)
	}
}

func TestUndoPassesTheLimits(t *testing.T) {
	w := newWorld(strings.Fields("a b c d e f g h")...)
	in := w.input()
	images := imagesOf(t, w.sync(t), in)
	plan := upload.Undo(w.input(), images)
	if blown := plan.Limit(upload.DefaultLimits()); len(blown) != 1 || blown[0].Of != 8 {
		t.Errorf("blown: %v, want the limit of user removals", blown)
	}
	if n := len(plan.Withheld()); n != 8 {
		t.Errorf("%d withheld, want all 8", n)
	}
}

// Who is deleted while the directory still has him in groups is taken out of
// them by the service, and comes back into them.
func TestUndoBringsTheDeletedBackIntoTheirGroups(t *testing.T) {
	w := newWorld("ada", "bob", "cay")
	w.group("staff", "ada", "bob")
	w.group("sales", "ada", "cay")
	w.group("board", "ada")
	w.policy.UserDisabled, w.policy.GroupGone = upload.Remove, upload.Remove
	w.sync(t)
	before := w.holds()
	w.change("ada", func(u *directory.User) { u.Active = false })
	w.group("sales", "ada")
	delete(w.groups, "board")
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	images := imagesOf(t, plan, in)
	if w.named("ada") != nil || w.holds() == before {
		t.Fatalf("not deleted:\n%s", lines(plan))
	}
	undone := w.undo(t, images)
	if got := w.holds(); got != before {
		t.Errorf("the undo\n%sleaves\n%s\nwant\n%s", lines(undone), got, before)
	}
	if again := w.undo(t, images); len(again.Changes) > 0 {
		t.Errorf("a second undo is not empty:\n%s", lines(again))
	}
}
