package scim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

// A household is a directory and a service, and runs between them.
type household struct {
	t      *testing.T
	server *scimtest.Server
	users  []directory.User
	groups []directory.Group
	policy upload.Policy
	title  string  // how titles are mapped
	target *Target // of the last run
}

// householdAt has people and one group of all of them.
func householdAt(t *testing.T, quirks scimtest.Quirks, people int) *household {
	t.Helper()
	server, _ := start(t, quirks, "generic")
	c := &household{t: t, server: server, title: "title", policy: upload.Policy{Adopt: true, UserDisabled: upload.Off, UserGone: upload.Off, GroupGone: upload.Remove}}
	for n := range people {
		c.users = append(c.users, directory.User{Anchor: nthAnchor(n), DN: fmt.Sprintf("uid=p%d", n), Active: true, Attributes: directory.AttributesOf(map[string][]string{
			"uid": {fmt.Sprintf("p%d", n)}, "cn": {fmt.Sprintf("Person %d", n)}, "title": {"R&D engineer"}, "telephoneNumber": {"+1 555 0100"},
		})})
	}
	c.group("staff")
	return c
}

func nthAnchor(n int) directory.Anchor {
	return directory.Anchor(fmt.Sprintf("%08x-0000-4000-8000-%012x", n+1, n+1))
}

// group adds a group of everybody.
func (c *household) group(name string) {
	g := directory.Group{Anchor: nthAnchor(1000 + len(c.groups)), DN: "cn=" + name, Attributes: directory.AttributesOf(map[string][]string{"cn": {name}})}
	for _, u := range c.users {
		g.Members = append(g.Members, u.Anchor)
	}
	c.groups = append(c.groups, g)
}

func (c *household) mapping() *upload.Mapping {
	c.t.Helper()
	users, err := upload.CompileRules(upload.User, map[string][]string{
		"userName": {"uid"}, "displayName": {"cn"}, "title": {c.title}, `phoneNumbers[type eq "work"].value`: {"telephoneNumber"}, upload.PathManager: {"manager"},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	groups, err := upload.CompileRules(upload.Group, map[string][]string{"displayName": {"cn"}})
	if err != nil {
		c.t.Fatal(err)
	}
	return &upload.Mapping{User: users, Group: groups}
}

// plan reads the service and compares.
func (c *household) plan() (upload.Input, *upload.Plan) {
	c.t.Helper()
	mark, err := upload.NewMark("{source}:{anchor}", []string{"corp"})
	if err != nil {
		c.t.Fatal(err)
	}
	mapping := c.mapping()
	c.target = connect(c.t, c.server, "generic")
	state, err := c.target.Read(c.t.Context(), upload.Want{
		Users: mapping.Paths(upload.User), Groups: mapping.Paths(upload.Group), Members: true,
		Owned: func(id string) bool { _, _, ok := mark.Owner(id); return ok },
	})
	if err != nil {
		c.t.Fatal(err)
	}
	snapshot := directory.Snapshot{Users: slices.Clone(c.users), Groups: slices.Clone(c.groups)}
	in := upload.Input{
		Sources: []upload.Source{{ID: "corp", Reading: directory.Complete("corp", &snapshot), Mapping: mapping, Groups: true}},
		State:   state, Capabilities: c.target.Capabilities(), Mark: mark, Policy: c.policy,
	}
	if err := upload.LookUp(c.t.Context(), c.target, in); err != nil {
		c.t.Fatal(err)
	}
	return in, upload.Diff(in)
}

// whoever is the user of whom something is said, who is the first to be answered.
var whoever = regexp.MustCompile(`\(user p\d+\)`)

// run is one run; it returns the changes and what was said, a line each.
func (c *household) run() string {
	c.t.Helper()
	in, plan := c.plan()
	out := upload.Apply(c.t.Context(), c.target, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: in.Policy.Adopt})
	var b strings.Builder
	for i := range plan.Changes {
		change := &plan.Changes[i]
		fmt.Fprintf(&b, "%s: %s %s %s", change.State, change.Verb.Phrase(), change.Kind, change.Name)
		if change.Failure != nil {
			fmt.Fprintf(&b, ": %v", change.Failure)
		}
		b.WriteString("\n")
	}
	for _, q := range plan.Quarantined {
		fmt.Fprintf(&b, "%s: %s %s\n", q.Rule, q.Kind, q.Name)
	}
	for _, text := range slices.Concat(in.State.Warnings, plan.Warnings, out.Rewritten) {
		fmt.Fprintf(&b, "said: %s\n", whoever.ReplaceAllString(text, "(user)"))
	}
	if out.Stopped != nil {
		fmt.Fprintf(&b, "stopped: %v\n", out.Stopped)
	}
	return b.String()
}

// expect makes a run and compares what it came to.
func (c *household) expect(what, want string) {
	c.t.Helper()
	if got := c.run(); got != want {
		c.t.Errorf("%s:\n%swant:\n%s", what, got, want)
	}
}
