package upload_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// memory is a service in memory: what Target promises, and nothing else.
type memory struct {
	deactivates bool // whom it is asked to delete
	caps        upload.Capabilities
	users       map[string]*upload.Resource
	groups      map[string]*upload.Resource
	next        int
	writes      []string
	unproven    map[upload.Kind]string
	hidden      map[string]bool // ids that Read does not list
	refuse      func(upload.Write) error
}

func newMemory() *memory {
	return &memory{
		caps: upload.Capabilities{
			Patch: true, Groups: true, Deactivates: true,
			Unique: map[upload.Kind][]string{upload.User: {"userName"}},
			Trait:  func(upload.Kind, string) upload.Trait { return upload.Trait{} },
		},
		users: map[string]*upload.Resource{}, groups: map[string]*upload.Resource{}, hidden: map[string]bool{},
	}
}

func (m *memory) Capabilities() upload.Capabilities { return m.caps }

func (m *memory) of(k upload.Kind) map[string]*upload.Resource {
	if k == upload.User {
		return m.users
	}
	return m.groups
}

func (m *memory) list(k upload.Kind) []upload.Resource {
	var out []upload.Resource
	for _, r := range m.of(k) {
		if !m.hidden[r.ID] {
			c := *r
			c.Members = slices.Clone(r.Members)
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b upload.Resource) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (m *memory) Read(context.Context, upload.Want) (*upload.State, error) {
	return &upload.State{Users: m.list(upload.User), Groups: m.list(upload.Group), Unproven: m.unproven}, nil
}

func (m *memory) Find(_ context.Context, k upload.Kind, key, value string) ([]upload.Resource, error) {
	var out []upload.Resource
	for _, r := range m.of(k) {
		if key == upload.KeyExternalID && r.ExternalID == value || key != upload.KeyExternalID && strings.EqualFold(r.Name, value) {
			out = append(out, *r)
		}
	}
	return out, nil
}

// Write writes one after the other, so that a manager made earlier in the same
// call is there.
func (m *memory) Write(ctx context.Context, writes []upload.Write, done func(int, upload.Result)) {
	made := make([]string, len(writes))
	for i, w := range writes {
		if err := ctx.Err(); err != nil {
			done(i, upload.Result{Err: err})
			continue
		}
		if w.ManagerFrom != nil && made[*w.ManagerFrom] != "" {
			w.Manager = &made[*w.ManagerFrom]
		}
		r := m.write(w)
		made[i] = r.ID
		done(i, r)
	}
}

func (m *memory) write(w upload.Write) upload.Result {
	m.writes = append(m.writes, string(w.Op))
	if m.refuse != nil {
		if err := m.refuse(w); err != nil {
			return upload.Result{Err: err}
		}
	}
	if w.Op == upload.OpCreate {
		m.next++
		r := &upload.Resource{Kind: w.Kind, ID: fmt.Sprintf("%s-%03d", w.Kind, m.next), ExternalID: w.ExternalID, Active: true, MembersKnown: true}
		if taken := m.set(r, w); taken != nil {
			return upload.Result{Err: taken}
		}
		m.of(w.Kind)[r.ID] = r
		return upload.Result{ID: r.ID, Manager: w.Manager != nil}
	}
	r := m.of(w.Kind)[w.Before.ID]
	if r == nil {
		return upload.Result{Err: &upload.Refusal{Status: 404}}
	}
	if r.ExternalID != w.Before.ExternalID { // some services address resources by it
		return upload.Result{Err: &upload.Refusal{Status: 404, Detail: "no resource is marked " + w.Before.ExternalID}}
	}
	switch w.Op {
	case upload.OpDelete:
		if m.deactivates {
			r.Active = false
			now := *r
			return upload.Result{After: &now}
		}
		delete(m.of(w.Kind), r.ID)
		for _, g := range m.of(upload.Group) {
			g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(id string) bool { return id == r.ID })
		}
	case upload.OpAddMembers:
		r.Members = slices.Compact(slices.Sorted(slices.Values(append(r.Members, w.Members...))))
	case upload.OpRemoveMembers:
		r.Members = slices.DeleteFunc(r.Members, func(id string) bool { return slices.Contains(w.Members, id) })
	default:
		if taken := m.set(r, w); taken != nil {
			return upload.Result{Err: taken}
		}
	}
	return upload.Result{}
}

func (m *memory) set(r *upload.Resource, w upload.Write) error {
	for _, a := range w.Set {
		if a.Path == "userName" || a.Path == "displayName" && r.Kind == upload.Group {
			for _, other := range m.of(r.Kind) {
				if other.ID != r.ID && r.Kind == upload.User && strings.EqualFold(other.Name, a.Values[0]) {
					return &upload.Refusal{Status: 409, ScimType: "uniqueness", Detail: "taken"}
				}
			}
			r.Name = a.Values[0]
		}
	}
	attributes := maps.Collect(r.Attributes.All())
	for _, a := range w.Set {
		if a.Path == upload.KeyExternalID {
			r.ExternalID = strings.Join(a.Values, "")
			continue
		}
		attributes[a.Path] = a.Values
	}
	r.Attributes = directory.AttributesOf(attributes)
	if w.ExternalID != "" {
		r.ExternalID = w.ExternalID
	}
	if w.Active != nil {
		r.Active = *w.Active
	}
	if w.Manager != nil {
		r.Manager = *w.Manager
	}
	return nil
}

// world is one directory and one service with their plan.
type world struct {
	*memory
	users    map[string]directory.User // by login
	groups   map[string]directory.Group
	sources  []upload.Source
	policy   upload.Policy
	presence map[directory.Anchor]directory.Presence
	broken   error
}

func newWorld(logins ...string) *world {
	w := &world{memory: newMemory(), users: map[string]directory.User{}, groups: map[string]directory.Group{}, policy: upload.DefaultPolicy()}
	for _, login := range logins {
		w.user(login, nil)
	}
	return w
}

func anchorOf(name string) directory.Anchor {
	var n uint64 = 14695981039346656037
	for i := range len(name) {
		n = (n ^ uint64(name[i])) * 1099511628211
	}
	return directory.Anchor(fmt.Sprintf("%08x-0000-4000-8000-%012x", n>>32, n&0xffffffffffff))
}

func (w *world) user(login string, attributes map[string][]string) {
	all := map[string][]string{"uid": {login}, "title": {"Engineer"}}
	for name, values := range attributes {
		all[name] = values
	}
	u := w.users[login]
	u = directory.User{Anchor: anchorOf(login), DN: "uid=" + login, Login: login, Active: true, Manager: u.Manager, Attributes: directory.AttributesOf(all)}
	w.users[login] = u
}

func (w *world) change(login string, edit func(*directory.User)) {
	u := w.users[login]
	edit(&u)
	w.users[login] = u
}

func (w *world) group(name string, members ...string) {
	g := directory.Group{Anchor: anchorOf("g:" + name), DN: "cn=" + name, Login: name, Attributes: directory.AttributesOf(map[string][]string{"cn": {name}})}
	for _, m := range members {
		g.Members = append(g.Members, anchorOf(m))
	}
	slices.Sort(g.Members)
	w.groups[name] = g
}

var testMapping = func() *upload.Mapping {
	user, err := upload.CompileRules(upload.User, map[string][]string{
		"userName": {"uid"}, "title": {"title"}, "emails[type eq \"work\"].value": {"mail"}, upload.PathManager: {"manager"},
	})
	if err != nil {
		panic(err)
	}
	group, err := upload.CompileRules(upload.Group, map[string][]string{"displayName": {"cn"}})
	if err != nil {
		panic(err)
	}
	return &upload.Mapping{User: user, Group: group}
}()

func (w *world) input() upload.Input {
	mark, err := upload.NewMark("{source}:{anchor}", []string{"corp", "other"})
	if err != nil {
		panic(err)
	}
	snapshot := &directory.Snapshot{}
	for _, u := range w.users {
		snapshot.Users = append(snapshot.Users, u)
	}
	for _, g := range w.groups {
		snapshot.Groups = append(snapshot.Groups, g)
	}
	reading := directory.Complete("corp", snapshot)
	if w.broken != nil {
		reading = directory.Incomplete("corp", w.broken)
	}
	state, _ := w.Read(context.Background(), upload.Want{})
	return upload.Input{
		Sources: append([]upload.Source{{ID: "corp", Reading: reading, Mapping: testMapping, Groups: true, Presence: w.presence}}, w.sources...),
		State:   state, Capabilities: w.caps, Mark: mark, Policy: w.policy,
	}
}

func (w *world) plan() *upload.Plan { return upload.Diff(w.input()) }

func lines(p *upload.Plan) string {
	var b strings.Builder
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.State != upload.Planned {
			fmt.Fprintf(&b, "%s: ", c.State)
		}
		b.WriteString(c.Line() + "\n")
	}
	for _, q := range p.Quarantined {
		fmt.Fprintf(&b, "quarantine %s %s: %s: %s\n", q.Kind, q.Name, q.Rule, q.Detail)
	}
	return b.String()
}

// sync applies a plan and expects the next to be empty but for what is left
// out on purpose.
func (w *world) sync(t *testing.T) *upload.Plan {
	t.Helper()
	in := w.input()
	plan := upload.Diff(in)
	out := upload.Apply(context.Background(), w, plan, upload.ApplyOptions{State: in.State, Mark: in.Mark, Adopt: in.Policy.Adopt})
	if out.Stopped != nil {
		t.Fatalf("apply stopped: %v", out.Stopped)
	}
	for i := range plan.Changes {
		if c := &plan.Changes[i]; c.State == upload.Failed {
			t.Errorf("%s: %v", c.Line(), c.Failure)
		}
	}
	if again := w.plan(); len(again.Changes) > 0 {
		t.Errorf("the next plan is not empty:\n%s", lines(again))
	}
	return plan
}

func (w *world) named(name string) *upload.Resource {
	for _, r := range w.memory.users {
		if r.Name == name {
			return r
		}
	}
	for _, r := range w.memory.groups {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// attributesOf makes the attributes of a single resource.
func attributesOf(list ...upload.Attribute) directory.Attributes {
	values := make(map[string][]string, len(list))
	for _, a := range list {
		values[a.Path] = a.Values
	}
	return directory.AttributesOf(values)
}
