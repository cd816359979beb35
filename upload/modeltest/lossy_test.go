package modeltest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// lossy are quirks by the third rules: what a service makes of values, lists
// and groups in groups.
func (w *world) lossy(q *scimtest.Quirks) {
	if w.roll(6) == 0 {
		q.LowerCase = []string{pick(w, []string{"displayName", "title", "name.familyName", scimtest.EnterpriseSchema + ":department"})}
	}
	if w.roll(6) == 0 {
		q.NotStored = []string{pick(w, []string{"title", "phoneNumbers", scimtest.EnterpriseSchema + ":department"})}
	}
	q.EmptyIs404 = w.roll(6) == 0 && !q.NoDiscovery // which says that the address is right
	q.SkipGroups, q.HideGroups = w.roll(8) == 0, w.roll(8) == 0
	if w.roll(8) == 0 {
		q.Alone = []string{pick(w, []string{"title", "phoneNumbers", scimtest.EnterpriseSchema})}
	}
	if q.UnstableOrder || q.Cursor > scimtest.IndexOnly && q.NoDiscovery {
		q.Alone = nil // who is looked at by himself may be nobody who has it
	}
	q.IgnoreFilters = w.roll(8) == 0 && q.TotalResults != scimtest.TotalShort && q.TotalResults != scimtest.TotalPage // nothing would show that there are more
	if w.roll(5) == 0 {
		q.Index = pick(w, []scimtest.IndexKind{scimtest.IndexFromZero, scimtest.IndexSaidAsLess, scimtest.IndexSaidAsZero})
	}
	if q.Index == scimtest.IndexFromZero && (q.TotalResults == scimtest.TotalShort || q.TotalResults == scimtest.TotalPage) {
		q.TotalResults = scimtest.TotalMissing // nothing would show that one is missing
	}
}

// patchedOddly are quirks by the fifth rules: what becomes of a PATCH that is
// answered with success, and of a long externalId.
func (w *world) patchedOddly(q *scimtest.Quirks) {
	seldom := func() bool { return w.roll(10) == 0 }
	if seldom() {
		q.Patch = scimtest.PatchRefused
		q.NoPostMembers = false // nothing would take a member
	}
	if seldom() {
		q.RemoveByPath = scimtest.RemoveTakesAll
		q.NoPostMembers = q.NoPostMembers && q.MaxRemoves == 0 // a PATCH that takes out more than it may is refused, and no PUT would do
	}
	if seldom() && q.Patch == scimtest.PatchAll {
		q.AddReplaces = true
		q.MaxAdds, q.Members = 0, scimtest.ShownAlways // who is put back goes in one request, and has to be seen
	}
	q.AddsFirstOnly = seldom()
	q.ReplaceMakes = seldom()
	q.SingleAsList, q.SingleAsObject = seldom(), seldom()
	q.Enterprise = pick(w, []scimtest.EnterpriseKind{scimtest.EnterpriseFlat, scimtest.EnterpriseOld, 0, 0, 0, 0, 0, 0, 0, 0})
	// Who is missing in a list cannot be looked up by half a mark.
	proven := !q.UnstableOrder && !q.RepeatRows && q.TotalResults == scimtest.TotalRight && !(q.Cursor > scimtest.IndexOnly && q.NoDiscovery)
	if seldom() && q.Patch == scimtest.PatchAll {
		w.patchedAlone(q)
	}
	if w.policy.Adopt {
		q.Alone = nil // what lists hold back of others is written beside what is there
	}
	if w.roll(30) == 0 && proven {
		q.ExternalIDLength = 18 + w.roll(23) // of 41; no two marks begin alike
	}
}

// spokenOddly are quirks of requests and answers, and not of what is kept.
func (w *world) spokenOddly(q *scimtest.Quirks) {
	seldom := func() bool { return w.roll(12) == 0 }
	for _, flag := range []*bool{
		&q.PatchPlain, &q.MembersByRef, &q.NoCreateBody, &q.SchemasOptional, &q.TrailingSlash, &q.ByteOrderMark, &q.TextHTML,
		&q.NeedUserAgent, &q.NeedAccept, &q.FilterSpaceRefused, &q.SilentFilters,
	} {
		*flag = seldom()
	}
	if w.roll(6) == 0 {
		q.SubAttributes = pick(w, []scimtest.SubKind{scimtest.SubMissing, scimtest.SubEmpty, scimtest.SubRefused})
	}
	if seldom() {
		q.UnchangedStatus = http.StatusNoContent
	}
	if seldom() {
		q.MaxCount = 20 + w.roll(200)
	}
	if seldom() && q.OnlyReplace == 0 { // else members are replaced all at once
		q.MaxChanges = 1 + w.roll(4)
	}
	if seldom() && q.Patch == scimtest.PatchAll && q.OnlyReplace == 0 { // a PUT takes no more members than a POST
		q.MaxPostMembers = 1 + w.roll(4)
	}
}

// patchedAlone are quirks of PATCH where perhaps there is no PUT.
func (w *world) patchedAlone(q *scimtest.Quirks) {
	if q.NoPut = w.roll(2) == 0; w.roll(2) == 0 {
		q.PatchReplaces = true
	} else {
		q.OnlyReplace = pick(w, []int{http.StatusBadRequest, http.StatusNotImplemented})
		q.NoGroupPut = w.roll(2) == 0
		q.MaxAdds, q.MaxRemoves = 0, 0   // members are replaced all at once
		q.Members = scimtest.ShownAlways // and not where some may be hidden
	}
	if q.NoPut {
		q.NoPathlessPatch = false // nothing would take a value away
		// A PATCH of everything has the manager and the extension as they are shown.
		q.Manager, q.Enterprise = scimtest.ManagerAnyForm, scimtest.EnterpriseExtension
	}
}

// cutsMarks reports whether the service keeps the beginning of a mark alone.
func (w *world) cutsMarks() bool { return w.quirks.ExternalIDLength > 0 }

// cut reports whether a text is what the service has left of a mark.
func (w *world) cut(externalID string) bool {
	id, _, _ := strings.Cut(externalID, ":")
	return w.cutsMarks() && len(externalID) == w.quirks.ExternalIDLength && slices.Contains(w.sources, id)
}

// takenOver reports whether a resource that was not ours has become so, as far
// as the service keeps what says it.
func (w *world) takenOver(was, is string) bool {
	return isOurs(is) || w.cut(is) && (w.policy.Adopt || was != is)
}

// changeCase corrects the letter case of what a person is called.
func (w *world) changeCase(p *person) {
	name := pick(w, []string{"displayName", "title", "department", "sn", "uid", "mail"})
	if w.profile == "google" && name == "uid" {
		return
	}
	if p.attributes[name] = strings.ToUpper(p.attributes[name]); w.roll(2) == 0 {
		p.attributes[name] = strings.ToLower(p.attributes[name])
	}
	w.note("%s has %s %q", p.attributes["uid"], name, p.attributes[name])
}

// loses reports whether the service drops or folds what is written to a path.
func (w *world) loses(path string) bool {
	return slices.ContainsFunc(slices.Concat(w.quirks.LowerCase, w.quirks.NotStored), func(lost string) bool {
		return path == lost || strings.HasPrefix(path, lost+"[")
	})
}

// onlyLost reports whether a change writes nothing but what the service loses.
func (w *world) onlyLost(c *upload.Change) bool {
	if c.Verb == upload.AddMembers {
		return w.flat() && w.groupsOnly(c)
	}
	attributes := slices.Collect(c.Attributes())
	return c.Verb == upload.Update && len(attributes) > 0 && !slices.ContainsFunc(attributes, func(a upload.AttributeChange) bool { return !w.loses(a.Path) })
}

// flat reports whether groups do not show as members.
func (w *world) flat() bool { return w.quirks.SkipGroups || w.quirks.HideGroups }

func (w *world) groupsOnly(c *upload.Change) bool {
	return !slices.ContainsFunc(c.Members, func(m upload.Member) bool {
		return !slices.ContainsFunc(w.crews, func(c *crew) bool { return c.anchor == m.Anchor })
	})
}

// leavesOut reports whether the service takes the first of several members of
// a group and nothing that a run reads shows who is in it.
func (w *world) leavesOut(r *ran, id string) bool {
	q := w.quirks
	return q.AddsFirstOnly && q.Members == scimtest.ShownOnRequest && q.NoProjection && (q.IgnoreFilters || !r.knowsMembers(id))
}

// lockedOut reports whether nothing has become of a user but that he is off, who
// has half a mark of ours that no active person's mark begins with.
func (w *world) lockedOut(was, is map[string]any, broken string) bool {
	half := textOf(was["externalId"])
	if !w.cut(half) || broken != "" || is["active"] != false {
		return false
	}
	off := maps.Clone(was)
	off["active"] = false
	return plain(off) == plain(is) && !slices.ContainsFunc(w.people, func(p *person) bool {
		return p.active && slices.ContainsFunc(w.sources, func(id string) bool { return strings.HasPrefix(mark.ExternalID(id, p.anchor), half) })
	})
}
