package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

// A photograph is all that the service holds, by id.
type photograph struct {
	users, groups map[string]map[string]any
}

func (w *world) photograph() photograph {
	p := photograph{map[string]map[string]any{}, map[string]map[string]any{}}
	for _, u := range w.server.Users() {
		p.users[textOf(u["id"])] = u
	}
	for _, g := range w.server.Groups() {
		p.groups[textOf(g["id"])] = g
	}
	return p
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// harmless checks what holds after any run at all.
func (w *world) harmless(before photograph, broken string) error {
	after := w.photograph()
	errs := []error{w.markedOnce("group", before.groups, after.groups), w.markedOnce("user", before.users, after.users)}
	for id, u := range before.users {
		if _, intruded := w.intruded.LoadAndDelete(id); !intruded {
			errs = append(errs, w.unharmed(u, after.users[id], after, broken))
		}
	}
	for id, g := range before.groups {
		errs = append(errs, w.unharmedGroup(g, after.groups[id], before, after, broken))
	}
	return errors.Join(errs...)
}

// markedOnce checks that a run makes no second resource of anybody. One
// that the service hides, from lists and from look-ups, nobody can know of:
// whoever is renamed meanwhile is new to all that can be seen.
func (w *world) markedOnce(kind string, before, after map[string]map[string]any) error {
	seen := map[directory.Anchor]string{}
	anchor := func(r map[string]any) directory.Anchor {
		_, a, _ := mark.Owner(textOf(r["externalId"]))
		return a
	}
	for id, r := range after {
		a := anchor(r)
		if a == "" || w.hides(r) {
			continue
		}
		if other := seen[a]; other != "" && !(anchor(before[id]) == a && anchor(before[other]) == a) {
			return fmt.Errorf("%ss %s and %s are both marked as %s", kind, other, id, a)
		}
		seen[a] = id
	}
	return nil
}

// hides reports whether the service hides a resource.
func (w *world) hides(r map[string]any) bool {
	return w.quirks.InactiveUsers == scimtest.InactiveHidden && r["userName"] != nil && r["active"] == false
}

// unharmed checks one resource that was there before the run.
func (w *world) unharmed(was, is map[string]any, after photograph, broken string) error {
	name := fmt.Sprint(was["userName"], was["displayName"])
	source, anchor, ours := mark.Owner(textOf(was["externalId"]))
	p := w.person(anchor)
	switch {
	case is == nil && !ours:
		return fmt.Errorf("%s is not ours and is gone", name)
	case ours && p != nil && p.active && p.source == broken && was["active"] != false && (is == nil || is["active"] == false):
		return fmt.Errorf("%s is in a source that could not be read, and is off", name)
	case is == nil && source == broken:
		return fmt.Errorf("%s is gone, though its source could not be read", name)
	case is == nil:
		return nil
	}
	adopted := !ours && isOurs(textOf(is["externalId"]))
	if adopted {
		linked := w.quirks.PostLinks && w.hides(was) // a create of a name that nobody can see
		if _, foreign := mark.Foreign(textOf(was["externalId"])); foreign || !w.policy.Adopt && !linked {
			return fmt.Errorf("%s was taken over against the policy", name)
		}
	}
	if !ours && !adopted || ours && source == broken {
		if a, b := plain(was), plain(is); a != b {
			return fmt.Errorf("%s is not ours to change in this run:\nwas %s\nis  %s", name, a, b)
		}
	}
	if w.quirks.PostTakesOver || w.quirks.PostLinks {
		return nil // a create of a taken name is an update there
	}
	for _, path := range []string{"nickName"} {
		if was[path] != is[path] {
			return fmt.Errorf("%s of %s was %v, is %v, and is not managed", path, name, was[path], is[path])
		}
	}
	if a, b := ofType(was["emails"], "home"), ofType(is["emails"], "home"); !slices.Equal(a, b) {
		return fmt.Errorf("the home address of %s was %v, is %v, and is not managed", name, a, b)
	}
	return nil
}

func (w *world) unharmedGroup(was, is map[string]any, before, after photograph, broken string) error {
	members := func(g map[string]any) []string {
		var out []string
		for _, id := range membersOf(g) {
			if after.users[id] != nil { // a deleted user is a member of nothing
				out = append(out, id)
			}
		}
		return out
	}
	if is != nil {
		had, has := members(was), members(is)
		source, _, ours := mark.Owner(textOf(was["externalId"]))
		adopted := !ours && isOurs(textOf(is["externalId"]))
		if !slices.Equal(had, has) && (!ours && !adopted || ours && source == broken) {
			return fmt.Errorf("group %v had members %v and has %v, not ours to change in this run", was["displayName"], had, has)
		}
		for _, id := range had {
			owner, anchor, member := mark.Owner(textOf(before.users[id]["externalId"]))
			p := w.person(anchor)
			unread := member && (owner == broken || p != nil && p.active && p.source == broken)
			if (!member && !isOurs(textOf(after.users[id]["externalId"])) || unread) && !slices.Contains(has, id) {
				return fmt.Errorf("member %v of group %v is not ours to take out", before.users[id]["userName"], was["displayName"])
			}
		}
	}
	strip := func(g map[string]any) map[string]any {
		if g == nil {
			return nil
		}
		out := map[string]any{}
		for name, v := range g {
			if name != "members" {
				out[name] = v
			}
		}
		return out
	}
	return w.unharmed(strip(was), strip(is), after, broken)
}

func membersOf(g map[string]any) []string {
	list, _ := g["members"].([]any)
	var out []string
	for _, m := range list {
		if m, ok := m.(map[string]any); ok {
			out = append(out, textOf(m["value"]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ofType are the values of a multi-valued attribute that have a type.
func ofType(v any, kind string) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && (kind == "" || m["type"] == kind) {
			out = append(out, textOf(m["value"]))
		}
	}
	slices.Sort(out)
	return out
}

func plain(doc map[string]any) string {
	out := map[string]any{}
	for name, v := range doc {
		if name != "meta" {
			out[name] = v
		}
	}
	b, _ := json.Marshal(out)
	return string(b)
}

// takesManager reports whether a change does nothing but take a manager away:
// one whose own leaving was in doubt as long as the list was.
func takesManager(c *upload.Change) bool {
	attributes := c.Attributes()
	return c.Verb == upload.Update && len(attributes) == 1 && attributes[0].Path == upload.PathManager && len(attributes[0].New) == 0
}

// settle is the clean run, and the proof that nothing is left to do.
func (w *world) settle() error {
	unproven := false                     // a list that is proven by luck the next time lets go what was withheld
	unseen := map[directory.Anchor]bool{} // groups that could not be written as long as no group showed a member
	for try := 0; ; try++ {
		before := w.photograph()
		w.note("clean run")
		r, err := w.run(context.Background(), 20*time.Second, "")
		switch {
		case err != nil:
			return fmt.Errorf("clean run: %w", err)
		case r.stopped != nil:
			return fmt.Errorf("clean run stopped: %w", r.stopped)
		}
		if err := w.harmless(before, ""); err != nil {
			return fmt.Errorf("clean run: %w", err)
		}
		unproven = len(r.state.Unproven) > 0
		for i := range r.plan.Changes {
			if c := &r.plan.Changes[i]; membersUnseen(c) {
				unseen[c.Anchor] = true
			}
		}
		if try == 0 && w.freesNames(&r) {
			continue // who waits for such a name gets it in the next run
		}
		if err := w.agrees(&r); err != nil {
			return fmt.Errorf("after the clean run: %w", err)
		}
		break
	}
	w.server.ResetRequests()
	w.note("second run")
	again, err := w.run(context.Background(), 20*time.Second, "")
	if err != nil {
		return fmt.Errorf("second run: %w", err)
	}
	for i := range again.plan.Changes {
		c := &again.plan.Changes[i]
		switch {
		case c.State == upload.Withheld, w.impossible(c), unseen[c.Anchor], unproven && (c.Verb.Removes() || takesManager(c)):
		case takesManager(c) && w.quirks.InactiveUsers == scimtest.InactiveHidden: // nobody knew whose id it was
		case c.Verb == upload.AddMembers && c.Before != nil && !again.knowsMembers(c.Before.ID): // in each run, for nothing shows them
		case c.Verb == upload.AddMembers && w.quirks.Members == scimtest.ShownOnRequest && w.quirks.NoProjection: // users show their groups, and groups do not
		default:
			return fmt.Errorf("the second run finds more to do: %s (%v)", c.Line(), c.Failure)
		}
	}
	if request := w.readsOnly(); request != "" && len(again.plan.Changes) == 0 {
		return fmt.Errorf("the second run writes: %s", request)
	}
	return nil
}

// freesNames reports whether somebody was left out for a name that the run
// itself has freed.
func (w *world) freesNames(r *ran) bool {
	waits := slices.ContainsFunc(r.plan.Quarantined, func(q upload.Quarantine) bool { return q.Rule == "name-taken" || q.Rule == "dup-login" })
	frees := slices.ContainsFunc(r.plan.Changes, func(c upload.Change) bool { return c.Verb == upload.Delete && c.State == upload.Applied })
	return waits && frees
}

// impossible reports a change that cannot be made at this service, and was
// said to have failed.
func (w *world) impossible(c *upload.Change) bool {
	hidden := w.quirks.Delete == scimtest.DeleteSoft || w.quirks.InactiveUsers != scimtest.InactiveShown
	refusal := new(upload.Refusal)
	conflict := c.State == upload.Failed && (errors.As(c.Failure, &refusal) && refusal.Conflict() || strings.Contains(c.Failure.Error(), "is taken"))
	switch {
	case conflict && (hidden || w.quirks.UnstableOrder || c.Kind == upload.Group && w.quirks.UniqueDisplayName && w.server.Group(c.Name) != nil):
		return true
	case c.State == upload.Failed && (hidden || w.quirks.UniqueDisplayName) && strings.Contains(c.Failure.Error(), " be created"):
		return true
	case c.State == upload.Failed && c.Verb == upload.AddMembers && w.quirks.NoNesting && w.quirks.NoDiscovery:
		return true // nothing says that a group cannot be a member
	case c.State == upload.Failed && strings.Contains(c.Failure.Error(), "the group could not be adopted"):
		return true // the adoption was judged by itself
	case (w.quirks.Patch == scimtest.PatchOff || w.quirks.Patch == scimtest.PatchMissing) && membersUnseen(c):
		return true
	case w.quirks.Delete == scimtest.DeleteDeactivates && w.profile == "generic":
		return c.Verb == upload.Delete // again in each run, and the run says so
	}
	return false
}

// membersUnseen reports a change of a group that could not be written whole:
// no group shows a member, and PUT might take out those that are hidden.
func membersUnseen(c *upload.Change) bool {
	return c.State == upload.Failed && strings.Contains(c.Failure.Error(), "does not show the group's members")
}

// agrees compares the service with the directory.
func (w *world) agrees(r *ran) error {
	var errs []error
	for i := range r.plan.Changes {
		if c := &r.plan.Changes[i]; c.State == upload.Failed && !w.impossible(c) {
			errs = append(errs, fmt.Errorf("failed: %s: %w", c.Line(), c.Failure))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	left := map[directory.Anchor]bool{}
	for _, q := range r.plan.Quarantined {
		left[q.Anchor] = true
		if err := w.mayBeLeftOut(q); err != nil {
			errs = append(errs, err)
		}
	}
	ids := map[directory.Anchor]string{}
	for id, u := range w.photograph().users {
		if w.hides(u) {
			continue
		}
		if _, a, ok := mark.Owner(textOf(u["externalId"])); ok {
			ids[a] = id
		}
	}
	for i := range r.plan.Changes {
		if c := &r.plan.Changes[i]; c.State == upload.Failed {
			left[c.Anchor] = true
		}
	}
	for _, p := range w.people {
		if !left[p.anchor] {
			errs = append(errs, w.personAgrees(r, p, ids))
		}
	}
	errs = append(errs, w.goneAgree(r))
	if r.target.Capabilities().Groups {
		for _, c := range w.crews {
			if !left[c.anchor] {
				errs = append(errs, w.crewAgrees(r, c, ids, left))
			}
		}
	}
	return errors.Join(errs...)
}

// mayBeLeftOut checks that a quarantine has a reason that can be seen.
func (w *world) mayBeLeftOut(q upload.Quarantine) error {
	named := 0
	for _, p := range w.people {
		if strings.EqualFold(p.attributes["uid"], q.Name) {
			named++
		}
	}
	switch {
	case q.Kind == upload.User && q.Rule == "dup-login" && named > 1:
	case q.Kind == upload.User && q.Rule == "name-taken" && w.server.User(q.Name) != nil:
	case q.Kind == upload.Group && q.Rule == "name-taken" && w.server.Group(q.Name) != nil:
	case q.Rule == "dup-id" && w.marked(q) > 1: // one of them was hidden when the other was made
	default:
		return fmt.Errorf("%s %s is left out without a reason: %s: %s", q.Kind, q.Name, q.Rule, q.Detail)
	}
	return nil
}

// marked counts the resources with the mark of a quarantined entry.
func (w *world) marked(q upload.Quarantine) int {
	now, n := w.photograph(), 0
	for _, all := range []map[string]map[string]any{now.users, now.groups} {
		for _, r := range all {
			if textOf(r["externalId"]) == mark.ExternalID(q.Source, q.Anchor) {
				n++
			}
		}
	}
	return n
}

func (w *world) personAgrees(r *ran, p *person, ids map[directory.Anchor]string) error {
	u := w.server.Resource(ids[p.anchor])
	name := p.attributes["uid"]
	policy := w.policy.UserDisabled
	switch {
	case p.active && u == nil:
		return fmt.Errorf("%s is not at the service", name)
	case u == nil:
		return nil
	case p.active && u["active"] == false:
		return fmt.Errorf("%s is not active at the service", name)
	case p.active && textOf(u["externalId"]) != mark.ExternalID(p.source, p.anchor):
		return fmt.Errorf("%s has the mark %v and is in source %s", name, u["externalId"], p.source)
	case !p.active && policy == upload.Remove && u["active"] != false:
		return fmt.Errorf("%s is disabled and not deleted", name)
	case !p.active && policy == upload.Off && u["active"] != false && r.target.Capabilities().Deactivates:
		return fmt.Errorf("%s is disabled and active at the service", name)
	case !p.active:
		return nil
	}
	for path, have := range w.valuesOf(u) {
		trait := r.target.Capabilities().Trait(upload.User, path)
		if trait.ReadOnly || trait.WriteOnce || trait.Hidden {
			continue
		}
		want := strings.TrimSpace(p.attributes[attributeOf[path]])
		if have = strings.TrimSpace(have); have != want && !strings.EqualFold(want, have) && (trait.Normal == nil || trait.Normal(want) != trait.Normal(have)) {
			return fmt.Errorf("%s of %s is %q, want %q", path, name, have, want)
		}
	}
	trait := r.target.Capabilities().Trait(upload.User, upload.PathManager)
	if trait.ReadOnly || trait.WriteOnce || trait.Hidden {
		return nil
	}
	if boss := ids[p.manager]; boss != "" && managerOf(u) != boss && w.person(p.manager) != nil {
		return fmt.Errorf("the manager of %s is %q, want %q", name, managerOf(u), boss)
	}
	if p.manager == "" && managerOf(u) != "" {
		return fmt.Errorf("the manager of %s is %q, want none", name, managerOf(u))
	}
	return nil
}

// attributeOf is the mapping, the other way round.
var attributeOf = map[string]string{
	"userName": "uid", "name.givenName": "givenName", "name.familyName": "sn", "displayName": "displayName",
	`emails[type eq "work"].value`: "mail", `phoneNumbers[type eq "mobile"].value`: "mobile", "title": "title",
	upload.SchemaEnterprise + ":department": "department",
}

func (w *world) valuesOf(u map[string]any) map[string]string {
	name, _ := u["name"].(map[string]any)
	enterprise, _ := u[scimtest.EnterpriseSchema].(map[string]any)
	return map[string]string{
		"userName": textOf(u["userName"]), "name.givenName": textOf(name["givenName"]), "name.familyName": textOf(name["familyName"]),
		"displayName": textOf(u["displayName"]), `phoneNumbers[type eq "mobile"].value`: strings.Join(ofType(u["phoneNumbers"], "mobile"), " and "),
		"title": textOf(u["title"]), upload.SchemaEnterprise + ":department": textOf(enterprise["department"]),
	}
}

func managerOf(u map[string]any) string {
	enterprise, _ := u[scimtest.EnterpriseSchema].(map[string]any)
	manager, _ := enterprise["manager"].(map[string]any)
	return textOf(manager["value"])
}

// goneAgree checks what became of those that the directory does not hold.
func (w *world) goneAgree(r *ran) error {
	now := w.photograph()
	if r.state.Unproven[upload.User] == "" {
		for _, u := range now.users {
			_, a, ours := mark.Owner(textOf(u["externalId"]))
			if !ours || w.person(a) != nil {
				continue
			}
			if action := w.policy.UserGone; u["active"] != false && (action == upload.Remove || action == upload.Off && r.target.Capabilities().Deactivates) {
				return fmt.Errorf("%v has left and is active at the service", u["userName"])
			}
		}
	}
	if r.state.Unproven[upload.Group] == "" && r.target.Capabilities().Groups {
		for _, g := range now.groups {
			_, a, ours := mark.Owner(textOf(g["externalId"]))
			if ours && w.policy.GroupGone == upload.Remove && !slices.ContainsFunc(w.crews, func(c *crew) bool { return c.anchor == a }) {
				return fmt.Errorf("group %v is dissolved and still at the service", g["displayName"])
			}
		}
	}
	return nil
}

func (w *world) crewAgrees(r *ran, c *crew, ids map[directory.Anchor]string, left map[directory.Anchor]bool) error {
	now := w.photograph()
	var g map[string]any
	for _, one := range now.groups {
		_, a, ok := mark.Owner(textOf(one["externalId"]))
		if ok && a == c.anchor || r.target.Profile().NoGroupExternalID && one["displayName"] == c.name {
			g = one
		}
	}
	if g == nil {
		return fmt.Errorf("group %s is not at the service", c.name)
	}
	if g["displayName"] != c.name {
		return fmt.Errorf("group %s is called %v", c.name, g["displayName"])
	}
	has := membersOf(g)
	for a, in := range c.members {
		p := w.person(a)
		if p == nil || ids[a] == "" {
			continue
		}
		in = in && p.source == c.source
		switch {
		case in && !left[a] && !slices.Contains(has, ids[a]):
			return fmt.Errorf("%s is not in group %s", p.attributes["uid"], c.name)
		case !in && !left[a] && slices.Contains(has, ids[a]) && r.knowsMembers(textOf(g["id"])):
			return fmt.Errorf("%s is still in group %s", p.attributes["uid"], c.name)
		}
	}
	if !r.target.Capabilities().Nested {
		return nil
	}
	for _, other := range w.crews {
		id := ""
		for _, one := range now.groups {
			if _, a, ok := mark.Owner(textOf(one["externalId"])); ok && a == other.anchor {
				id = textOf(one["id"])
			}
		}
		in := c.inside[other.anchor] && other.source == c.source
		switch {
		case id == "" || left[other.anchor]:
		case in && !slices.Contains(has, id):
			return fmt.Errorf("group %s is not in group %s", other.name, c.name)
		case !in && slices.Contains(has, id) && r.knowsMembers(textOf(g["id"])):
			return fmt.Errorf("group %s is still in group %s", other.name, c.name)
		}
	}
	return nil
}

// knowsMembers reports whether the run saw who was in a group.
func (r *ran) knowsMembers(id string) bool {
	return r.state.Unproven[upload.Group] == "" && !slices.ContainsFunc(r.state.Groups, func(g upload.Resource) bool { return g.ID == id && !g.MembersKnown })
}
