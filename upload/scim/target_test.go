package scim

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// start runs a service and returns it with a target of it.
func start(t testing.TB, q scimtest.Quirks, profile string) (*scimtest.Server, *Target) {
	t.Helper()
	s, err := scimtest.Start(scimtest.Options{Quirks: q})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, connect(t, s, profile)
}

func connect(t testing.TB, s *scimtest.Server, profile string) *Target {
	t.Helper()
	clock := new(clock)
	target, err := New(Config{URL: s.URL(), Profile: profile, Auth: Auth{Bearer: Secret(s.Token())}, Overrides: ProfileOverrides{Timeout: 2 * time.Second}},
		Env{Sleep: clock.sleep, Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// A clock goes a thousand times faster while somebody sleeps by it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	until := c.now().Add(d)
	err := sleep(ctx, d/1000)
	for { // others sleep at the same time
		ahead := c.ahead.Load()
		if c.ahead.CompareAndSwap(ahead, ahead+int64(max(0, until.Sub(c.now())))) {
			return err
		}
	}
}

var userPaths = []string{
	"userName", "displayName", "name.givenName", "name.familyName", `emails[type eq "work"].value`,
	`phoneNumbers[type eq "work"].value`, `phoneNumbers[type eq "mobile"].value`, "title",
	upload.SchemaEnterprise + ":department", upload.PathManager,
}

func want() upload.Want {
	return upload.Want{Users: userPaths, Groups: []string{"displayName"}, Members: true, Owned: func(id string) bool { return len(id) > 5 && id[:5] == "corp:" }}
}

func read(t testing.TB, target *Target) *upload.State {
	t.Helper()
	state, err := target.Read(t.Context(), want())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// ada is a create of a user with everything.
func person(n int) upload.Write {
	name := fmt.Sprintf("p%d@example.org", n)
	active := true
	return upload.Write{Op: upload.OpCreate, Kind: upload.User, ExternalID: fmt.Sprintf("corp:%08d-0000-0000-0000-000000000000", n), Active: &active, Set: []upload.Attribute{
		{Path: "userName", Values: []string{name}}, {Path: "displayName", Values: []string{fmt.Sprintf("Person %d", n)}},
		{Path: "name.givenName", Values: []string{"P"}}, {Path: "name.familyName", Values: []string{"Erson"}},
		{Path: `emails[type eq "work"].value`, Values: []string{name}}, {Path: `phoneNumbers[type eq "work"].value`, Values: []string{"+1 555 0100"}},
		{Path: "title", Values: []string{"Engineer"}}, {Path: upload.SchemaEnterprise + ":department", Values: []string{"R&D"}},
	}}
}

func people(n int) []upload.Write {
	out := make([]upload.Write, n)
	for i := range out {
		out[i] = person(i + 1)
	}
	return out
}

// write writes and returns the results in order.
func write(t testing.TB, target *Target, writes ...upload.Write) []upload.Result {
	t.Helper()
	out := make([]upload.Result, len(writes))
	seen := make([]int, len(writes))
	target.Write(t.Context(), writes, func(i int, r upload.Result) { out[i] = r; seen[i]++ })
	if i := slices.IndexFunc(seen, func(n int) bool { return n != 1 }); i >= 0 {
		t.Fatalf("write %d was reported %d times", i, seen[i])
	}
	return out
}

func must(t testing.TB, results []upload.Result) []upload.Result {
	t.Helper()
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("write %d: %v", i, r.Err)
		}
	}
	return results
}

func TestCreateUpdateAndDeleteAtAPlainService(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	if state := read(t, target); len(state.Users) != 0 || len(state.Unproven) != 0 {
		t.Fatalf("an empty service reads as %+v", state)
	}
	must(t, write(t, target, people(25)...))
	state := read(t, target)
	if len(state.Users) != 25 || len(state.Unproven) != 0 {
		t.Fatalf("%d users, unproven %v", len(state.Users), state.Unproven)
	}
	u := state.Users[0]
	boss := state.Users[1].ID
	off := false
	must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: &u, Active: &off, Manager: &boss, Set: []upload.Attribute{
		{Path: "title"}, {Path: "name.familyName", Values: []string{"New"}}, {Path: `phoneNumbers[type eq "mobile"].value`, Values: []string{"1"}},
		{Path: `phoneNumbers[type eq "work"].value`}, {Path: `emails[type eq "work"].value`, Values: []string{"new@example.org"}},
	}}))
	after := find(t, read(t, target).Users, u.ID)
	if after.Active || after.Manager != boss || after.Get("title") != nil || after.Get("name.familyName")[0] != "New" || after.Get(`phoneNumbers[type eq "work"].value`) != nil ||
		after.Get(`phoneNumbers[type eq "mobile"].value`)[0] != "1" || after.Get(`emails[type eq "work"].value`)[0] != "new@example.org" {
		t.Errorf("after the update: %+v", after)
	}
	group := upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:g", Set: []upload.Attribute{{Path: "displayName", Values: []string{"Staff"}}}}
	g := must(t, write(t, target, group))[0]
	var ids []string
	for _, u := range state.Users {
		ids = append(ids, u.ID)
	}
	held := &upload.Resource{Kind: upload.Group, ID: g.ID, ExternalID: "corp:g", MembersKnown: true}
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: held, Members: ids}))
	must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: held, Members: ids[:5]}))
	state = read(t, target)
	if got := state.Groups[0]; len(got.Members) != 20 || !got.MembersKnown || slices.Contains(got.Members, ids[0]) {
		t.Errorf("the group has %d members", len(got.Members))
	}
	must(t, write(t, target, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: &u}, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: &u}))
	if server.Resource(u.ID) != nil {
		t.Error("the user is still there")
	}
}

func find(t testing.TB, all []upload.Resource, id string) *upload.Resource {
	t.Helper()
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	t.Fatalf("no resource %s", id)
	return nil
}

// Schemas that leave a group's members out rule nothing out.
func TestSchemasThatSayNothingOfMembers(t *testing.T) {
	for body, want := range map[string]bool{
		`{"Resources":[]}`: true,
		`{"Resources":[{"id":"` + upload.SchemaUser + `","attributes":[{"name":"userName"}]}]}`:     true,
		`{"Resources":[{"id":"` + upload.SchemaGroup + `","attributes":[{"name":"displayName"}]}]}`: true,
		group(`{"name":"value"}`):                                   false,
		group(`{"name":"type","canonicalValues":["User","Group"]}`): true,
	} {
		_, target := start(t, scimtest.Quirks{NoDiscovery: true}, "")
		read(t, target)
		target.facts.readSchemas([]byte(body))
		if got := target.Capabilities().Nested; got != want {
			t.Errorf("%s: nested is %t", body, got)
		}
	}
}

func group(members string) string {
	return `{"Resources":[{"id":"` + upload.SchemaGroup + `","attributes":[{"name":"members","multiValued":true,"subAttributes":[` + members + `]}]}]}`
}

func TestGroupsAreNestedUnlessASchemaOrAProfileSaysNo(t *testing.T) {
	for _, tt := range []struct {
		name    string
		quirks  scimtest.Quirks
		profile string
		want    bool
	}{
		{"nothing is said about groups", scimtest.Quirks{NoDiscovery: true}, "", true},
		{"the schema does not name groups as members", scimtest.Quirks{}, "", false},
		{"the profile knows better", scimtest.Quirks{NoDiscovery: true}, "aws", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, target := start(t, tt.quirks, tt.profile)
			read(t, target)
			if got := target.Capabilities().Nested; got != tt.want {
				t.Errorf("nested is %t", got)
			}
		})
	}
}
