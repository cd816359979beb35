package upload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

func TestPlan(t *testing.T) {
	for _, test := range []struct {
		name string
		// prepare makes the world before the first sync, edit what happens
		// after it.
		prepare func(*world)
		edit    func(*world)
		want    string
	}{
		{
			name: "nothing changed is an empty plan",
		}, {
			name: "a new user is created with what is mapped",
			edit: func(w *world) { w.user("dan", map[string][]string{"mail": {"dan@example.com"}}) },
			want: "create user dan: work emails, title, userName\n",
		}, {
			name: "a change shows the values before and after",
			edit: func(w *world) { w.user("ada", map[string][]string{"title": {"Lead"}}) },
			want: "update user ada: title \"Engineer\" -> \"Lead\"\n",
		}, {
			name: "an attribute that is gone is taken away",
			edit: func(w *world) { w.user("ada", map[string][]string{"title": nil}) },
			want: "update user ada: title \"Engineer\" -> (none)\n",
		}, {
			name: "a rename is an update of the same resource",
			edit: func(w *world) {
				w.change("ada", func(u *directory.User) {
					u.Attributes = directory.AttributesOf(map[string][]string{"uid": {"ada.l"}, "title": {"Engineer"}})
				})
			},
			want: "update user ada.l: userName \"ada\" -> \"ada.l\"\n",
		}, {
			name: "a user name that differs in case only stays",
			edit: func(w *world) { w.user("ada", map[string][]string{"uid": {"ADA"}}) },
		}, {
			name: "a title that differs in case only is written",
			edit: func(w *world) { w.user("ada", map[string][]string{"title": {"engineer"}}) },
			want: "update user ada: title \"Engineer\" -> \"engineer\"\n",
		}, {
			name: "composed and decomposed letters are the same",
			prepare: func(w *world) {
				w.user("ada", map[string][]string{"title": {"Ingéniorin"}})
			},
			edit: func(w *world) { w.user("ada", map[string][]string{"title": {"Inge\u0301niorin"}}) },
		}, {
			name: "two users swap names",
			edit: func(w *world) {
				ada, bob := w.users["ada"], w.users["bob"]
				ada.Attributes, bob.Attributes = bob.Attributes, ada.Attributes
				w.users["ada"], w.users["bob"] = ada, bob
			},
			want: "update user ada: userName \"bob\" -> \"ada\"\nupdate user bob: userName \"ada\" -> \"bob\"\n",
		}, {
			name: "a chain of renames takes each name when it is free",
			edit: func(w *world) {
				for login, name := range map[string]string{"ada": "bob", "bob": "cay", "cay": "dee"} {
					w.user(login, map[string][]string{"uid": {name}})
				}
			},
			want: "update user bob: userName \"ada\" -> \"bob\"\nupdate user cay: userName \"bob\" -> \"cay\"\nupdate user dee: userName \"cay\" -> \"dee\"\n",
		}, {
			name: "a new user takes a name that is given up in the same run",
			edit: func(w *world) {
				w.user("ada", map[string][]string{"uid": {"ada2"}})
				w.user("new", map[string][]string{"uid": {"ada"}})
			},
			want: "update user ada2: userName \"ada\" -> \"ada2\"\ncreate user ada: title, userName\n",
		}, {
			name: "a disabled user is deactivated, with the reason",
			edit: func(w *world) {
				w.change("ada", func(u *directory.User) { u.Active, u.Inactive = false, "userAccountControl: disabled" })
			},
			want: "deactivate user ada (userAccountControl: disabled)\n",
		}, {
			name:    "a disabled user who is not at the service is not created",
			prepare: func(w *world) { w.user("zed", nil); w.change("zed", func(u *directory.User) { u.Active = false }) },
		}, {
			name: "a user who is enabled again is reactivated",
			prepare: func(w *world) {
				w.memory.users["user-900"] = &upload.Resource{Kind: upload.User, ID: "user-900", Name: "ada", ExternalID: "corp:" + string(anchorOf("ada")),
					Attributes: attributesOf(upload.Attribute{Path: "userName", Values: []string{"ada"}}, upload.Attribute{Path: "title", Values: []string{"Engineer"}})}
				delete(w.users, "ada")
			},
			edit: func(w *world) { w.user("ada", nil) },
			want: "reactivate user ada (active in the directory)\n",
		}, {
			name: "a user who is gone is deactivated",
			edit: func(w *world) { delete(w.users, "ada") },
			want: "deactivate user ada (no longer in the directory or out of scope)\n",
		}, {
			name: "a user who left the scope is told apart from one who is gone",
			edit: func(w *world) {
				delete(w.users, "ada")
				delete(w.users, "bob")
				w.presence = map[directory.Anchor]directory.Presence{
					anchorOf("ada"): {Found: true, DN: "uid=ada,ou=old", Why: "not below any of users.base"}, anchorOf("bob"): {},
				}
			},
			want: "deactivate user ada (out of scope: not below any of users.base)\ndeactivate user bob (no longer in the directory)\n",
		}, {
			name:    "a manager is written in the second pass, and taken away",
			prepare: func(w *world) { w.change("bob", func(u *directory.User) { u.Manager = anchorOf("ada") }) },
			edit: func(w *world) {
				w.change("bob", func(u *directory.User) { u.Manager = "" })
				w.change("cay", func(u *directory.User) { u.Manager = anchorOf("ada") })
			},
			want: "update user bob: manager\nupdate user cay: manager\n",
		}, {
			name: "a group is created with its members",
			edit: func(w *world) { w.group("staff", "ada", "bob") },
			want: "create group staff: displayName\nadd members to group staff: ada, bob (in the directory's group)\n",
		}, {
			name:    "members join and leave",
			prepare: func(w *world) { w.group("staff", "ada", "bob") },
			edit:    func(w *world) { w.group("staff", "ada", "cay") },
			want:    "add members to group staff: cay (in the directory's group)\nremove members from group staff: bob (no longer in the directory's group)\n",
		}, {
			name:    "a group that is gone is deleted",
			prepare: func(w *world) { w.group("staff", "ada") },
			edit:    func(w *world) { delete(w.groups, "staff") },
			want:    "delete group staff (no longer in the directory or out of scope)\n",
		}, {
			name:    "what others added to our group stays",
			prepare: func(w *world) { w.group("staff", "ada") },
			edit: func(w *world) {
				w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "guest", Active: true}
				g := w.named("staff")
				g.Members = append(g.Members, "x")
			},
		}, {
			name: "a resource of the same name is adopted",
			edit: func(w *world) {
				w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "DAN", Active: true,
					Attributes: attributesOf(upload.Attribute{Path: "userName", Values: []string{"DAN"}})}
				w.user("dan", nil)
			},
			want: "adopt user dan: title (none) -> \"Engineer\" (same userName, not owned by anyone)\n",
		}, {
			name: "users who share a name are left out, both of them",
			edit: func(w *world) { w.user("dup", map[string][]string{"uid": {"Ada"}, "title": {"x"}}) },
			want: "quarantine user Ada: dup-login: userName \"Ada\" is also that of uid=ada (" + string(anchorOf("ada")) + ", source corp)\n" +
				"quarantine user ada: dup-login: userName \"ada\" is also that of uid=dup (" + string(anchorOf("dup")) + ", source corp)\n",
		}, {
			name: "a user without a name is left out",
			edit: func(w *world) { w.user("ada", map[string][]string{"uid": {" "}}) },
			want: "quarantine user ada: missing-login: no login name: the source of userName is empty\n",
		}, {
			name: "a name that another source owns is not taken",
			edit: func(w *world) {
				w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "dan", ExternalID: "gone:" + string(anchorOf("dan"))}
				w.user("dan", nil)
			},
			want: "quarantine user dan: name-taken: userName \"dan\" at the service belongs to source \"gone\", which is not configured here\n",
		}, {
			name: "a name that another entry keeps is not taken, and both are named",
			edit: func(w *world) {
				w.user("ada", map[string][]string{"uid": {"bob"}})
				w.user("dan", map[string][]string{"uid": {"ada"}})
			},
			want: "quarantine user bob: dup-login: userName \"bob\" is also that of uid=ada (" + string(anchorOf("ada")) + ", source corp)\n" +
				"quarantine user bob: dup-login: userName \"bob\" is also that of uid=bob (" + string(anchorOf("bob")) + ", source corp)\n" +
				"quarantine user ada: name-taken: userName \"ada\" at the service belongs to another entry, uid=ada (" + string(anchorOf("ada")) + ", source corp)\n",
		}, {
			name: "a source that was not read completely changes nothing",
			edit: func(w *world) {
				delete(w.users, "ada")
				w.user("new", nil)
				w.broken = errors.New("the connection was reset")
			},
		}, {
			name: "what no configured source owns is never touched",
			edit: func(w *world) {
				w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "root", Active: true}
				w.memory.users["y"] = &upload.Resource{Kind: upload.User, ID: "y", Name: "hal", Active: true, ExternalID: "00u1abcd"}
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob", "cay")
			if test.prepare != nil {
				test.prepare(w)
			}
			w.sync(t)
			if test.edit != nil {
				test.edit(w)
			}
			got := lines(w.plan())
			if got != test.want {
				t.Fatalf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			w.sync(t)
		})
	}
}

func TestPolicyDecidesAboutLeavers(t *testing.T) {
	for _, test := range []struct {
		name   string
		policy upload.Policy
		want   string
	}{
		{"keep", upload.Policy{UserDisabled: upload.Keep, UserGone: upload.Keep, GroupGone: upload.Keep}, ""},
		{"delete", upload.Policy{UserDisabled: upload.Remove, UserGone: upload.Remove, GroupGone: upload.Remove},
			"delete group staff (no longer in the directory or out of scope)\ndelete user ada (disabled in the directory)\ndelete user bob (no longer in the directory or out of scope)\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada", "bob")
			w.group("staff", "ada")
			w.sync(t)
			w.policy = test.policy
			w.change("ada", func(u *directory.User) { u.Active = false })
			delete(w.users, "bob")
			delete(w.groups, "staff")
			if got := lines(w.plan()); got != test.want {
				t.Errorf("plan:\n%s\nwant:\n%s", got, test.want)
			}
			w.sync(t)
		})
	}
}

func TestMembersOfAnIncompleteSourceStay(t *testing.T) {
	w := newWorld("ada")
	w.group("staff", "ada", "far")
	far := directory.User{Anchor: anchorOf("far"), Active: true, Attributes: directory.AttributesOf(map[string][]string{"uid": {"far"}})}
	other := func(r directory.Reading) {
		w.sources = []upload.Source{{ID: "other", Reading: r, Mapping: testMapping}}
	}
	other(directory.Complete("other", &directory.Snapshot{Users: []directory.User{far}}))
	w.sync(t)
	other(directory.Incomplete("other", errors.New("time limit exceeded")))
	w.group("staff", "ada")
	if got := lines(w.plan()); got != "" {
		t.Errorf("plan:\n%s\nwant none", got)
	}
	other(directory.Complete("other", &directory.Snapshot{Users: []directory.User{far}}))
	if got, want := lines(w.plan()), "remove members from group staff: far (no longer in the directory's group)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

func TestUnprovenListWithholdsRemovalsAndIsLookedUp(t *testing.T) {
	w := newWorld("ada", "bob")
	w.sync(t)
	w.unproven = map[upload.Kind]string{upload.User: "totalResults changes"}
	w.hidden[w.named("ada").ID] = true
	delete(w.users, "bob")
	in := w.input()
	if err := upload.LookUp(context.Background(), w, in); err != nil {
		t.Fatal(err)
	}
	got := lines(upload.Diff(in))
	want := "withheld: deactivate user bob (no longer in the directory or out of scope)\n"
	if got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}

func TestTenRefusalsAlikeStopTheRun(t *testing.T) {
	w := newWorld(strings.Fields("a b c d e f g h i j k l m n")...)
	w.refuse = func(upload.Write) error { return &upload.Refusal{Status: 403, Detail: "no licence"} }
	in := w.input()
	plan := upload.Diff(in)
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	var refused *upload.Refused
	if !errors.As(out.Stopped, &refused) || len(w.writes) != upload.SameRefusals {
		t.Errorf("stopped by %v after %d writes", out.Stopped, len(w.writes))
	}
}

func TestWhoHasAnAddressThatIsTakenIsNamed(t *testing.T) {
	for _, ours := range []bool{true, false} {
		w := newWorld()
		w.user("ada", map[string][]string{"mail": {"Office@example.org"}})
		w.sync(t)
		who := string(anchorOf("ada")) + " of source corp"
		if !ours {
			w.named("ada").ExternalID = ""
			delete(w.users, "ada")
			who = "id " + w.named("ada").ID + ", not ours"
		}
		w.user("dan", map[string][]string{"mail": {"office@example.org"}})
		w.refuse = func(upload.Write) error {
			return &upload.Refusal{Status: 409, ScimType: "uniqueness", Detail: "a value is taken"}
		}
		in := w.input()
		plan := upload.Diff(in)
		upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: true})
		want := `status 409: "dan" (uid=dan): its emails[type eq "work"].value is that of user "ada" (` + who + ")"
		if len(plan.Changes) != 1 || plan.Changes[0].Failure == nil || plan.Changes[0].Failure.Error() != want {
			t.Errorf("%swith %v, want %s", lines(plan), plan.Changes[0].Failure, want)
		}
	}
}

func TestWhoHasAnAddressThatAnUpdateWantsIsNamed(t *testing.T) {
	w := newWorld("dan")
	w.user("ada", map[string][]string{"mail": {"office@example.org"}})
	w.sync(t)
	w.user("dan", map[string][]string{"mail": {"office@example.org"}})
	w.refuse = func(upload.Write) error { return &upload.Refusal{Status: 409, Detail: "a value is taken"} }
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	want := `status 409: "dan" (uid=dan): its emails[type eq "work"].value is that of user "ada" (` + string(anchorOf("ada")) + " of source corp)"
	if got := plan.Changes[0].Failure; got == nil || got.Error() != want {
		t.Errorf("%swith %v, want %s", lines(plan), got, want)
	}
}

func TestWhoLeftIsLockedOutThoughTheServiceRefusesAllElse(t *testing.T) {
	w := newWorld("ada", "bob")
	w.sync(t)
	delete(w.users, "bob")
	for _, login := range strings.Fields("c d e f g h i j k l m n") {
		w.user(login, nil)
	}
	w.group("staff", "ada")
	w.refuse = func(x upload.Write) error {
		if x.Op == upload.OpCreate {
			return &upload.Refusal{Status: 403, Detail: "the domain is not verified"}
		}
		return nil
	}
	in := w.input()
	plan := upload.Diff(in)
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	var refused *upload.Refused
	if !errors.As(out.Stopped, &refused) {
		t.Errorf("stopped by %v", out.Stopped)
	}
	if w.named("bob").Active || w.named("staff") != nil {
		t.Errorf("bob is active: %t, the group was made: %t", w.named("bob").Active, w.named("staff") != nil)
	}
}

func TestOneRefusalDoesNotStopTheRun(t *testing.T) {
	w := newWorld("ada", "bob", "cay")
	w.refuse = func(wr upload.Write) error {
		if wr.ExternalID == "corp:"+string(anchorOf("bob")) {
			return &upload.Refusal{Status: 400, Detail: "no"}
		}
		return nil
	}
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if len(w.memory.users) != 2 {
		t.Errorf("%d users at the service, want 2", len(w.memory.users))
	}
}

// Two groups that want one name are both named.
func TestARefusedGroupNameNamesItsHolder(t *testing.T) {
	w := newWorld("ada")
	w.group("staff", "ada")
	w.group("sales", "ada")
	w.sync(t)
	sales := w.groups["sales"]
	sales.Attributes = directory.AttributesOf(map[string][]string{"cn": {"staff"}})
	w.groups["sales"] = sales
	w.refuse = func(upload.Write) error { return &upload.Refusal{Status: 409, Detail: "a value is taken"} }
	plan, in := w.plan(), w.input()
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	want := `status 409: "staff" (cn=sales): its displayName is that of group "staff" (` + string(anchorOf("g:staff")) + " of source corp)"
	if len(plan.Changes) != 1 || plan.Changes[0].Failure == nil || plan.Changes[0].Failure.Error() != want {
		t.Errorf("plan:\n%s%v\nwant %s", lines(plan), plan.Changes[0].Failure, want)
	}
}

func TestConflictIsLookedUpAndAdoptedOrNamed(t *testing.T) {
	for _, test := range []struct {
		name, externalID string
		adopt            bool
		failure          string
	}{
		{"adopted", "", true, ""},
		{"not to be adopted", "", false, "status 409: \"ada\" (uid=ada): the userName is that of user x, which is not ours, and target.adopt is never"},
		{"another's", "other:" + string(anchorOf("zed")), true, "status 409: \"ada\" (uid=ada) and " + string(anchorOf("zed")) + " of source other both want the userName; the latter has it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld("ada")
			w.hidden["x"] = true // made after the list was read
			w.memory.users["x"] = &upload.Resource{Kind: upload.User, ID: "x", Name: "ada", ExternalID: test.externalID, Active: true}
			in := w.input()
			plan := upload.Diff(in)
			upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: test.adopt})
			got := ""
			if err := plan.Changes[0].Failure; err != nil {
				got = err.Error()
			}
			if got != test.failure {
				t.Errorf("failure %q, want %q", got, test.failure)
			}
			if test.failure == "" && w.memory.users["x"].ExternalID != "corp:"+string(anchorOf("ada")) {
				t.Errorf("externalId is %q", w.memory.users["x"].ExternalID)
			}
		})
	}
}

func TestNestedGroupsAreKeptWhereTheServiceHasThem(t *testing.T) {
	w := newWorld("ada", "bob")
	w.caps.Nested = true
	w.group("inner", "ada")
	w.group("outer", "bob")
	outer := w.groups["outer"]
	outer.Groups = []directory.Anchor{anchorOf("g:inner")}
	w.groups["outer"] = outer
	w.sync(t)
	if got := len(w.named("outer").Members); got != 2 {
		t.Fatalf("outer has %d members, want bob and inner", got)
	}
	outer.Groups = nil
	w.groups["outer"] = outer
	if got, want := lines(w.plan()), "remove members from group outer: inner (no longer in the directory's group)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
	w.sync(t)
}

func TestAServiceThatCannotBeReadGetsEveryoneWhole(t *testing.T) {
	w := newWorld("ada", "bob", "cay", "off")
	w.caps.WriteOnly = true
	w.change("ada", func(u *directory.User) { u.Manager = anchorOf("bob") })
	w.change("bob", func(u *directory.User) { u.Manager = anchorOf("cay") })
	w.change("cay", func(u *directory.User) { u.Manager = anchorOf("ada") }) // a ring
	w.user("dee", map[string][]string{"title": nil})
	w.change("dee", func(u *directory.User) { u.Manager = anchorOf("cay") })
	w.change("off", func(u *directory.User) { u.Active = false })
	for _, login := range []string{"twin", "other twin"} { // who would have one name
		w.user(login, map[string][]string{"uid": {"twin"}})
	}
	for login, boss := range map[string]string{"under off": "off", "under twin": "twin", "under outside": "outside"} {
		w.user(login, nil)
		w.change(login, func(u *directory.User) { u.Manager = anchorOf(boss) })
	}
	w.user("under unknown", nil)
	w.change("under unknown", func(u *directory.User) { u.ManagerUnknown = true })
	in := w.input()
	plan := upload.Diff(in)
	if len(plan.Changes) != 9 || len(plan.Warnings) != 1 || len(plan.Quarantined) != 2 {
		t.Fatalf("plan:\n%s%q", lines(plan), plan.Warnings)
	}
	var sent []upload.Write
	w.refuse = func(x upload.Write) error { sent = append(sent, x); return nil }
	upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if len(sent) != 9 {
		t.Fatalf("%d records were sent", len(sent))
	}
	// A manager is nobody where the directory names none, and where it names
	// one of whom nothing is known nothing is said of him.
	managers := map[string]string{"ada": "bob", "bob": "cay", "cay": "ada", "dee": "cay", "off": "", "under off": "off", "under twin": "twin", "under outside": "?", "under unknown": "?"}
	for login, manager := range managers {
		i := slices.IndexFunc(sent, func(x upload.Write) bool { return x.ExternalID == "corp:"+string(anchorOf(login)) })
		want := "?"
		if manager != "?" {
			if want = ""; manager != "" {
				want = "corp:" + string(anchorOf(manager))
			}
		}
		got := "?"
		if sent[i].Manager != nil {
			got = *sent[i].Manager
		}
		if got != want {
			t.Errorf("the manager of %s is %q, want %q", login, got, want)
		}
	}
	for _, x := range sent {
		if x.Op != upload.OpCreate || x.Active == nil || len(x.Set) != 3 {
			t.Errorf("not a whole record: %+v", x)
		}
		if x.ExternalID == "corp:"+string(anchorOf("off")) && *x.Active {
			t.Errorf("a disabled account was sent as active")
		}
	}
}

// calls counts the calls of Write.
type calls struct {
	upload.Target
	n int
}

func (c *calls) Write(ctx context.Context, writes []upload.Write, done func(int, upload.Result)) {
	c.n++
	c.Target.Write(ctx, writes, done)
}

func TestAServiceThatCannotBeReadGetsEveryoneInOneCall(t *testing.T) {
	w := newWorld()
	w.caps.WriteOnly, w.caps.Groups = true, false
	for n := range 10_001 {
		w.user(fmt.Sprintf("u%05d", n), nil)
	}
	in := w.input()
	target, plan := &calls{Target: w}, upload.Diff(in)
	upload.Apply(context.Background(), target, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	if target.n != 1 {
		t.Errorf("%d calls, and the outcome is waited for at the end of each", target.n)
	}
	if want := "the service takes no groups: groups.sync has no effect"; !slices.Contains(plan.Warnings, want) {
		t.Errorf("%q does not say that %s", plan.Warnings, want)
	}
}

func TestWhoIsKeptThoughGoneStaysInTheGroups(t *testing.T) {
	w := newWorld("ada", "bob", "cay")
	w.group("staff", "ada", "bob", "cay")
	w.sync(t)
	w.policy.UserGone = upload.Keep
	delete(w.users, "ada")
	w.group("staff", "cay")
	if got, want := lines(w.plan()), "remove members from group staff: bob (no longer in the directory's group)\n"; got != want {
		t.Errorf("plan:\n%s\nwant:\n%s", got, want)
	}
}
