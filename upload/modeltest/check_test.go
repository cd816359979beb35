package modeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scimtest"
)

// takesManager reports whether a change does nothing but take a manager away,
// one whose own leaving was in doubt as long as the list was, and write what
// the service loses.
func (w *world) takesManager(c *upload.Change) bool {
	takes := false
	for a := range c.Attributes() {
		switch {
		case a.Path == upload.PathManager && len(a.New) == 0:
			takes = true
		case !w.loses(a.Path):
			return false
		}
	}
	return c.Verb == upload.Update && takes
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
		case r.stopped != nil && strings.Contains(r.stopped.Error(), noMemberShown):
			return nil // no group can be written: it did no harm
		case r.stopped != nil && !w.cutsMarks():
			return fmt.Errorf("clean run stopped: %w", r.stopped)
		}
		if err := w.harmless(before, ""); err != nil {
			return fmt.Errorf("clean run: %w", err)
		}
		if len(r.state.Unseen) > 0 {
			return nil // each reading shows others, and nobody can be looked up: it did no harm
		}
		if w.cutsMarks() {
			return w.saysSo(&r)
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
	if len(again.state.Unseen) > 0 {
		return nil
	}
	for i := range again.plan.Changes {
		if c := &again.plan.Changes[i]; !w.mayBeLeft(c, &again) && !unseen[c.Anchor] && !(unproven && (c.Verb.Removes() || w.takesManager(c))) {
			return fmt.Errorf("the second run finds more to do: %s (%v)", c.Line(), c.Failure)
		}
	}
	if request := w.readsOnly(); request != "" && len(again.plan.Changes) == 0 {
		return fmt.Errorf("the second run writes: %s", request)
	}
	return nil
}

// mayBeLeft reports a change that a run finds to do though the one before it
// was undisturbed.
func (w *world) mayBeLeft(c *upload.Change, r *ran) bool {
	switch {
	case c.State == upload.Withheld, w.impossible(c), w.onlyLost(c):
		return true
	case c.Verb == upload.AddMembers && c.Before != nil && !r.knowsMembers(c.Before.ID):
		return true // in each run, for nothing shows them
	case c.Verb == upload.AddMembers && w.quirks.Members == scimtest.ShownOnRequest && w.quirks.NoProjection:
		return true // users show their groups, and groups do not
	}
	return w.takesManager(c) && w.quirks.InactiveUsers == scimtest.InactiveHidden // nobody knew whose id it was
}

// freesNames reports whether somebody was left out for a name that the run
// itself has freed.
func (w *world) freesNames(r *ran) bool {
	waits := slices.ContainsFunc(r.plan.Quarantined, func(q upload.Quarantine) bool { return q.Rule == "name-taken" || q.Rule == "dup-login" })
	waits = waits || slices.ContainsFunc(r.plan.Changes, func(c upload.Change) bool {
		refusal := new(upload.Refusal)
		return c.State == upload.Failed && errors.As(c.Failure, &refusal) && refusal.Conflict()
	})
	frees := slices.ContainsFunc(r.plan.Changes, func(c upload.Change) bool { return c.Verb == upload.Delete && c.State == upload.Applied })
	return waits && frees
}

// impossible reports a change that cannot be made at this service, and was
// said to have failed.
func (w *world) impossible(c *upload.Change) bool {
	hidden := w.quirks.Delete == scimtest.DeleteSoft || w.quirks.InactiveUsers != scimtest.InactiveShown
	if unshown := new(upload.Unshown); errors.As(c.Failure, &unshown) {
		return w.flat() || w.quirks.Members == scimtest.ShownOnRequest && w.quirks.NoProjection
	}
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
	case membersUnseen(c) && w.quirks.OnlyReplace != 0:
		return true
	case membersUnseen(c) && slices.Contains([]scimtest.PatchKind{scimtest.PatchOff, scimtest.PatchMissing, scimtest.PatchRefused}, w.quirks.Patch):
		return true
	case w.quirks.Delete == scimtest.DeleteDeactivates && w.profile == "generic":
		return c.Verb == upload.Delete // again in each run, and the run says so
	}
	return false
}

// saysSo checks that a run at a service that cuts marks off does not call
// anything done that is not known as ours.
func (w *world) saysSo(r *ran) error {
	for i := range r.plan.Changes {
		c := &r.plan.Changes[i]
		if c.State == upload.Applied && (c.Verb == upload.Create || c.Verb == upload.Adopt) {
			return fmt.Errorf("at a service that cuts marks off: %s is %s", c.Line(), c.State)
		}
	}
	return nil
}

// membersUnseen reports a change of a group that could not be written whole:
// no group shows a member, and PUT might take out those that are hidden.
func membersUnseen(c *upload.Change) bool {
	return c.State == upload.Failed && strings.Contains(c.Failure.Error(), noMemberShown)
}

const noMemberShown = "does not show the group's members"

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
	left, nameless := map[directory.Anchor]bool{}, map[directory.Anchor]bool{}
	for _, q := range r.plan.Quarantined {
		left[q.Anchor], nameless[q.Anchor] = true, q.Rule == "name-taken"
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
		if !left[p.anchor] || nameless[p.anchor] && !p.active { // who is disabled is off under any name
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
		if trait.ReadOnly || trait.WriteOnce || trait.Hidden || w.loses(path) {
			continue
		}
		want := strings.TrimSpace(p.attributes[attributeOf[path]])
		if have = strings.TrimSpace(have); have != want && (trait.CaseExact || !strings.EqualFold(want, have)) && (trait.Normal == nil || trait.Normal(want) != trait.Normal(have)) {
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
	if g["displayName"] != c.name && !w.loses("displayName") {
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
		case in && !left[a] && !slices.Contains(has, ids[a]) && !w.leavesOut(r, textOf(g["id"])):
			return fmt.Errorf("%s is not in group %s", p.attributes["uid"], c.name)
		case !in && !left[a] && slices.Contains(has, ids[a]) && r.knowsMembers(textOf(g["id"])):
			return fmt.Errorf("%s is still in group %s", p.attributes["uid"], c.name)
		}
	}
	if !r.target.Capabilities().Nested || w.flat() {
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
		case in && !slices.Contains(has, id) && !w.leavesOut(r, textOf(g["id"])):
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
