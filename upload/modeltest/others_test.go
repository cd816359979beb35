package modeltest

import (
	"fmt"
	"slices"

	"adsync/upload/scimtest"
)

// elsewhere is the mark of a source of somebody else's.
const elsewhere = "elsewhere:99999999-0000-4000-8000-%012d"

// meddle is what others do at the service between two runs.
func (w *world) meddle() {
	for range w.roll(5) {
		if users := w.server.Users(); len(users) > 0 && w.roll(3) > 0 {
			w.meddleWithUser(pick(w, users))
		} else if groups := w.server.Groups(); len(groups) > 0 && w.roll(2) == 0 {
			w.meddleWithGroup(pick(w, groups))
		} else {
			w.arrive()
		}
	}
}

// intrude is what somebody does at the service in the midst of a run. The run
// may meet it or not; what it finds afterwards is no fault of its own.
func (w *world) intrude(what, who int) {
	users := w.server.Users()
	if what == 0 || len(users) == 0 {
		name := logins[who%len(logins)] + "@example.com"
		if w.server.User(name) == nil {
			_, _ = w.server.Put("User", map[string]any{"userName": name, "active": true, "displayName": "Intruder",
				"name":   map[string]any{"givenName": "In", "familyName": "Truder"},
				"emails": []any{map[string]any{"value": name, "type": "work", "primary": true}}})
		}
		return
	}
	id := textOf(users[who%len(users)]["id"])
	w.intruded.Store(id, true)
	if what == 1 {
		_ = w.server.Delete(id)
		return
	}
	_ = w.server.Edit(id, func(doc map[string]any) {
		switch what {
		case 2:
			doc["active"] = doc["active"] == false
		case 3:
			doc["title"] = "Changed in the midst of a run"
		default:
			if w.profile != "google" { // only the name finds a user there
				doc["userName"] = fmt.Sprintf("intruded%d@example.com", who)
			}
		}
	})
}

// arrive makes a user or group that is not ours: of a name of its own, or of
// one that the directory may want.
func (w *world) arrive() {
	kind, doc := "User", map[string]any{"active": w.roll(4) > 0, "nickName": "theirs"}
	name := fmt.Sprintf("guest%d@example.com", w.roll(1000))
	if w.roll(3) == 0 {
		name = pick(w, logins) + "@example.com"
	}
	if w.roll(4) == 0 && !w.quirks.NoGroups {
		kind, doc = "Group", map[string]any{"displayName": fmt.Sprintf("Crew %d", w.roll(20))}
		if w.server.Group(doc["displayName"].(string)) != nil {
			return
		}
	} else {
		if w.server.User(name) != nil {
			return
		}
		doc["userName"], doc["displayName"] = name, "Guest"
		doc["name"] = map[string]any{"givenName": "Guest", "familyName": "Guest"}
		doc["emails"] = []any{map[string]any{"value": name, "type": "work", "primary": true}}
	}
	switch w.roll(3) {
	case 0:
		doc["externalId"] = fmt.Sprintf(elsewhere, w.roll(1<<30))
	case 1:
		doc["externalId"] = fmt.Sprint("hr-", w.roll(1<<30))
	}
	_, err := w.server.Put(kind, doc)
	w.note("somebody makes %s %v, externalId %v: %v", kind, name, doc["externalId"], err)
}

func (w *world) meddleWithUser(u map[string]any) {
	id := u["id"].(string)
	what := w.roll(9)
	if w.profile == "google" && what == 6 {
		return // only the name finds a user there
	}
	if what == 0 {
		w.note("somebody deletes %v: %v", u["userName"], w.server.Delete(id))
		return
	}
	free := w.freshLogin()
	if w.server.User(free) != nil {
		free = fmt.Sprintf("renamed%d@example.com", w.roll(1<<30))
	}
	err := w.server.Edit(id, func(doc map[string]any) {
		switch what {
		case 1:
			doc["title"] = "Changed by somebody"
		case 2:
			delete(doc, "title")
		case 3:
			doc["active"] = doc["active"] == false
		case 4:
			doc["nickName"] = fmt.Sprint("nick", w.roll(9))
		case 5:
			if w.quirks.SingleValued || slices.Contains(w.quirks.NotStored, "emails.type") {
				return
			}
			emails, _ := doc["emails"].([]any)
			doc["emails"] = append(emails, map[string]any{"value": fmt.Sprintf("home%d@example.org", w.roll(99)), "type": "home"})
		case 6:
			doc["userName"] = free
		case 7:
			delete(doc, scimtest.EnterpriseSchema)
		default:
			if w.roll(3) == 0 {
				delete(doc, "externalId")
			} else {
				doc["displayName"] = "Renamed by somebody"
			}
		}
	})
	w.note("somebody changes %v (%d): %v", u["userName"], what, err)
}

func (w *world) meddleWithGroup(g map[string]any) {
	id := g["id"].(string)
	what := w.roll(5)
	if w.profile == "google" && what == 1 {
		return
	}
	if what == 0 {
		w.note("somebody deletes group %v: %v", g["displayName"], w.server.Delete(id))
		return
	}
	users := w.server.Users()
	err := w.server.Edit(id, func(doc map[string]any) {
		members, _ := doc["members"].([]any)
		switch {
		case what == 1:
			doc["displayName"] = fmt.Sprint("Renamed crew ", w.roll(1<<30))
		case what == 2 && len(members) > 0:
			doc["members"] = members[1:]
		case what == 3 && w.roll(3) == 0:
			delete(doc, "externalId")
		case len(users) > 0:
			who := pick(w, users)["id"]
			if !slices.ContainsFunc(members, func(m any) bool { return m.(map[string]any)["value"] == who }) {
				doc["members"] = append(members, map[string]any{"value": who})
			}
		}
	})
	w.note("somebody changes group %v (%d): %v", g["displayName"], what, err)
}

// anyQuirks are quirks that the generic profile has to find out by itself.
func (w *world) anyQuirks() scimtest.Quirks {
	q := scimtest.Quirks{PageSize: 1 + w.roll(30)}
	seldom := func() bool { return w.roll(8) == 0 }
	if w.roll(2) == 0 {
		q.PageCap = 1 + w.roll(6)
	}
	references := false
	for _, flag := range []*bool{
		&q.NoSort, &q.NoProjection, &q.NoUserGroups, &q.NoSearch, &q.NoETags, &q.IgnoreIfMatch, &q.NoPatchBody, &q.LowerCaseResources, &q.UnstableOrder, &q.RepeatRows,
		&q.DuplicateMembers, &q.LowerCaseUserName, &q.LowerCaseEmails, &q.StringBool, &q.BulkStatusObject, &q.NoPathlessPatch,
		&q.UniqueExternalID, &q.UniqueDisplayName, &q.NoDiscovery, &q.FirstEmailPrimary, &q.AddNeedsTarget, &q.WrapPastEnd, &references, &q.NoNesting,
		&q.CaseSensitiveText, &q.PutNeedsID, &q.AnyPathCase,
	} {
		*flag = seldom()
	}
	q.AcceptStringBool = q.StringBool
	if references {
		q.BulkReferences = pick(w, []scimtest.ReferenceKind{scimtest.ReferencesRefused, scimtest.ReferencesStored, scimtest.ReferencesDropped})
	}
	if seldom() {
		q.PatchStatus = 204
	}
	if seldom() {
		q.MaxAdds = 1 + w.roll(3)
	}
	if seldom() {
		q.MaxRemoves = 1 + w.roll(3)
	}
	if seldom() {
		q.MaxPatchOperations = 1 + w.roll(4)
	}
	if seldom() {
		q.BulkMaxOperations = 1 + w.roll(6)
	}
	w.anyKinds(&q, seldom)
	if w.rules >= thirdRules {
		w.lossy(&q)
	}
	if w.rules >= fourthRules && seldom() {
		q.PostMembersDropped = w.roll(2) == 0
		// What a POST may not carry a PUT may not either, which wants a PATCH that works.
		q.NoPostMembers = !q.PostMembersDropped && q.Patch == scimtest.PatchAll && q.RemoveByPath == scimtest.RemoveWorks && !q.AddNeedsTarget
	}
	if w.rules >= fifthRules {
		w.patchedOddly(&q)
	}
	if w.rules >= sixthRules {
		w.spokenOddly(&q)
	}
	if w.rules >= fourthRules && q.RepeatRows {
		q.UnstableOrder = false // together they leave out somebody else in each list, and each run finds other things to do
	}
	if w.rules >= fourthRules && (q.RepeatRows || q.UnstableOrder) {
		q.InactiveUsers = scimtest.InactiveShown // who is hidden, and who is missing in a list of no order, look the same
	}
	if q.RepeatRows || q.UnstableOrder || q.Cursor > scimtest.IndexOnly {
		q.TotalResults = scimtest.TotalRight // nothing would show that a number is short
	}
	if q.UnstableOrder && q.Cursor != scimtest.CursorAndIndex {
		q.Cursor = scimtest.IndexOnly // a cursor is a place in an order
	}
	if q.RepeatRows { // a page of one row would never lead on
		if q.PageCap == 1 {
			q.PageCap = 2
		}
	}
	return q
}

func (w *world) anyKinds(q *scimtest.Quirks, seldom func() bool) {
	if seldom() {
		q.TotalResults = pick(w, []scimtest.TotalKind{scimtest.TotalShort, scimtest.TotalPage, scimtest.TotalMissing, scimtest.TotalChanging})
	}
	if seldom() {
		q.Members = pick(w, []scimtest.Showing{scimtest.ShownOnRequest, scimtest.ShownAlone})
	}
	if seldom() {
		q.Patch = pick(w, []scimtest.PatchKind{scimtest.PatchOff, scimtest.PatchNoUsers, scimtest.PatchLies})
	}
	if w.rules >= secondRules && w.roll(16) == 0 {
		q.Patch = scimtest.PatchMissing
	}
	if seldom() {
		q.Manager = pick(w, []scimtest.ManagerKind{scimtest.ManagerObject, scimtest.ManagerString, scimtest.ManagerValuePath})
		q.PostManager = pick(w, []scimtest.PostManagerKind{scimtest.PostManagerKept, scimtest.PostManagerDropped, scimtest.PostManagerRefused})
	}
	if w.roll(3) == 0 {
		q.Bulk = pick(w, []scimtest.BulkKind{scimtest.BulkOff, scimtest.BulkLies, scimtest.BulkHidden})
	}
	if seldom() {
		q.RemoveByPath = pick(w, []scimtest.RemoveKind{scimtest.RemoveIgnored, scimtest.RemoveRefused, scimtest.RemoveOneOnly})
	}
	if seldom() {
		q.Delete = pick(w, []scimtest.DeleteKind{scimtest.DeleteSoft, scimtest.DeleteDeactivates})
		q.Revive = scimtest.ReviveByPost
		if w.rules >= secondRules {
			q.Revive = pick(w, []scimtest.ReviveKind{scimtest.ReviveByPost, scimtest.ReviveNever, scimtest.ReviveByPatch})
		}
	}
	if w.rules >= secondRules && w.roll(20) == 0 {
		q.InactiveUsers = scimtest.InactiveHidden
	}
	if seldom() {
		q.Cursor = pick(w, []scimtest.PagingKind{scimtest.IndexOnly, scimtest.CursorOnly, scimtest.CursorMust})
	}
	if seldom() {
		q.Location = pick(w, []scimtest.LocationKind{scimtest.LocationMissing, scimtest.LocationRelative})
	}
}
