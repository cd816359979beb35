package upload_test

import (
	"fmt"
	"slices"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

func TestManagersOfNewUsers(t *testing.T) {
	type pairs map[string]string // manager by login
	chain := pairs{}
	for i := range 40 {
		chain[fmt.Sprintf("u%02d", i)] = fmt.Sprintf("u%02d", i+1)
	}
	for _, row := range []struct {
		name    string
		there   []string // already at the service
		manager pairs
		after   int // managers written by an update of their own
	}{
		{"come with the creates, whatever the order of the names", nil, pairs{"ada": "zoe", "zoe": "max", "max": "bob"}, 0},
		{"may be there already", []string{"zoe"}, pairs{"ada": "zoe", "bob": "zoe"}, 0},
		{"who manage themselves are left for afterwards", nil, pairs{"ada": "ada", "bob": "ada"}, 1},
		{"who manage each other are left for afterwards, one of them", nil, pairs{"ada": "bob", "bob": "cay", "cay": "ada", "dee": "ada"}, 1},
		{"in a chain longer than any company's are left for afterwards", nil, chain, 24},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(row.there...)
			w.sync(t)
			for login, manager := range row.manager {
				for _, one := range []string{login, manager} {
					if _, ok := w.users[one]; !ok {
						w.user(one, nil)
					}
				}
				w.change(login, func(u *directory.User) { u.Manager = anchorOf(manager) })
			}
			w.writes = nil
			w.sync(t)
			for login, manager := range row.manager {
				if got, want := w.named(login).Manager, w.named(manager).ID; got != want {
					t.Errorf("the manager of %s is %q, want %q", login, got, want)
				}
			}
			updates := 0
			for _, op := range w.writes {
				if op == string(upload.OpUpdate) {
					updates++
				}
			}
			if updates != row.after {
				t.Errorf("%d managers were written afterwards, want %d", updates, row.after)
			}
		})
	}
}

func TestAManagerWhoCannotBeCreatedIsSaidOfThoseUnderHim(t *testing.T) {
	w := newWorld("ada", "bob")
	w.change("ada", func(u *directory.User) { u.Manager = anchorOf("bob") })
	w.refuse = func(x upload.Write) error {
		if x.Op == upload.OpCreate && slices.ContainsFunc(x.Set, func(a upload.Attribute) bool { return a.Path == "userName" && a.Values[0] == "bob" }) {
			return &upload.Refusal{Status: 400, Detail: "no bobs"}
		}
		return nil
	}
	in := w.input()
	plan := upload.Diff(in)
	upload.Apply(t.Context(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark})
	var got []string
	for i := range plan.Changes {
		c := &plan.Changes[i]
		got = append(got, fmt.Sprintf("%s %s: %v", c.Name, c.State, c.Failure))
	}
	want := []string{"ada failed: the manager, bob, could not be created", "bob failed: status 400: no bobs"}
	if !slices.Equal(got, want) || w.named("ada") == nil {
		t.Errorf("got %q, want %q", got, want)
	}
}
