package scim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"adsync/upload"
)

// fewestCut is the least number of members after which a service is believed to
// cut a group off.
const fewestCut = 20

// cutAt is how many members a group may show at most, going by the groups that
// were listed: a round number, or one that several have. 0 is no such number.
func (t *Target) cutAt(groups []upload.Resource) int {
	most, many := 0, 0
	for i := range groups {
		switch n := len(groups[i].Members); {
		case n > most:
			most, many = n, 1
		case n == most:
			many++
		}
	}
	if t.profile.Name != generic || most < fewestCut || most%5 != 0 && many < 2 {
		return 0
	}
	return most
}

// completeCut reads the groups that may show some of their members alone by a
// filter on users too. Where that counts no more, all were shown. A group of
// everybody has nobody left to show.
func (t *Target) completeCut(ctx context.Context, s *upload.State, want upload.Want) error {
	most := max(t.cutAt(s.Groups), int(t.learned.most.Load()))
	t.learned.most.Store(int32(most))
	if most == 0 || most >= len(s.Users) {
		return nil
	}
	var large []*upload.Resource
	for _, g := range ownedGroups(s, want) {
		if len(g.Members) >= most {
			large = append(large, g)
		}
	}
	how := "a filter on users"
	for i, g := range large {
		if i == tried && !t.isCut(most) {
			break
		}
		more, blind, err := t.hasMore(ctx, g)
		if blind && !nested(s) {
			// The filter shows fewer than the group itself, or none.
			how = "the groups that users show"
			if err := t.completeByUsers(ctx, large, most); err != nil {
				return t.readError(upload.Group, err)
			}
			break
		}
		if err == nil && !more {
			continue
		}
		all, err := t.withFound(ctx, g)
		switch {
		case isRefusal(err):
			return nil // nothing can be told
		case err != nil:
			return t.readError(upload.Group, err)
		case len(all) > most:
			g.Members = all
			t.learned.cut.Store(int32(most))
		}
	}
	if t.learned.cut.Load() > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("the service shows no more than %d members of a group and does not say so: those of larger groups are read by %s", most, how))
	}
	return nil
}

// nested reports whether some group shows one that is no user as its member.
func nested(s *upload.State) bool {
	users := make(map[string]bool, len(s.Users))
	for i := range s.Users {
		users[s.Users[i].ID] = true
	}
	return slices.ContainsFunc(s.Groups, func(g upload.Resource) bool {
		return slices.ContainsFunc(g.Members, func(id string) bool { return !users[id] })
	})
}

// hasMore reports whether a filter on users counts more members than a group
// shows, or does not say. It is blind where it finds fewer than are shown.
func (t *Target) hasMore(ctx context.Context, g *upload.Resource) (more, blind bool, err error) {
	looks, err := t.looksAtGroups(ctx)
	if err != nil || !looks {
		return false, err == nil, err
	}
	l, err := t.usersOf(g.ID)
	if err != nil {
		return false, false, err
	}
	l.count = 1
	p, err := t.firstPage(ctx, l)
	if err != nil {
		return false, isRefusal(err), err
	}
	return p.total < 0 || p.total > len(g.Members), p.total >= 0 && p.total < len(g.Members), nil
}

// completeByUsers adds to large groups those who show them (RFC 7643 4.1.2),
// where all whom a group itself shows do. One of them is looked at first.
func (t *Target) completeByUsers(ctx context.Context, large []*upload.Resource, most int) error {
	if shows, err := t.showsGroup(ctx, large[0].Members[0], large[0].ID); err != nil || !shows {
		return err
	}
	showing, err := t.showing(ctx)
	if err != nil {
		return err
	}
	for _, g := range large {
		if all := showing[g.ID]; len(all) > most && len(butFor(g.Members, all)) == 0 {
			g.Members = all
			t.learned.cut.Store(int32(most))
			t.learned.cutByUsers.Store(true)
		}
	}
	return nil
}

// showsGroup reports whether a user shows that he is in a group.
func (t *Target) showsGroup(ctx context.Context, user, group string) (bool, error) {
	doc, _, err := t.document(context.WithoutCancel(ctx), upload.User, user)
	if err != nil && !isRefusal(err) {
		return false, err
	}
	return slices.ContainsFunc(doc.find("groups").elements(), func(e value) bool { return referred(&e) == group }), nil
}

// showing are the users who show a group, by its id; none where their list is
// not whole, or has those who are members of a member.
func (t *Target) showing(ctx context.Context) (map[string][]string, error) {
	const groups, kinds = "groups.value", "groups.type"
	l, err := t.newLister(upload.User, newShape(upload.User, []string{groups, kinds}, false))
	if err != nil {
		return nil, err
	}
	l.project()
	w, err := t.walk(ctx, l, nil)
	if err != nil || w.wrong != "" {
		if isRefusal(err) {
			err = nil
		}
		return nil, err
	}
	out := map[string][]string{}
	for i := range w.rows {
		if slices.ContainsFunc(w.rows[i].Get(kinds), func(kind string) bool { return strings.EqualFold(kind, "indirect") }) {
			return nil, nil // by way of other groups
		}
		for _, group := range w.rows[i].Get(groups) {
			out[group] = append(out[group], w.rows[i].ID)
		}
	}
	for _, users := range out {
		slices.Sort(users)
	}
	return out, nil
}

// withFound are the members of a group that it shows and those that a filter on
// users finds.
func (t *Target) withFound(ctx context.Context, g *upload.Resource) ([]string, error) {
	if t.learned.cutByUsers.Load() {
		showing, err := t.showing(ctx)
		all := slices.Concat(g.Members, showing[g.ID])
		slices.Sort(all)
		return slices.Compact(all), err
	}
	found := *g
	if err := t.membersByFilter(ctx, &found); err != nil || !found.MembersKnown {
		return g.Members, err
	}
	all := slices.Concat(g.Members, found.Members)
	slices.Sort(all)
	return slices.Compact(all), nil
}

// isCut reports whether a group that shows so many members was seen to have more.
func (t *Target) isCut(members int) bool {
	cut := int(t.learned.cut.Load())
	return cut > 0 && members >= cut
}

// mayBeCut reports whether a group shows as many members as any, where that
// could be all that a service shows.
func (t *Target) mayBeCut(members int) bool {
	most := int(t.learned.most.Load())
	return most > 0 && members >= most
}

// unshown says what came of members who were added with success and are not
// shown by a group that may show no more: it is not written whole, which might
// take out others who are not shown. They are there if one of them shows the
// group.
func (t *Target) unshown(ctx context.Context, group, user string, shown int) error {
	shows, err := t.showsGroup(ctx, user, group)
	if err != nil {
		return err
	}
	if shows {
		t.remark(fmt.Sprintf("the service shows no more than %d members of a group: those of larger ones are added in every run, and who is not shown is not taken out", shown))
		t.learned.proven.Store(provenAdds, true)
		return nil
	}
	return &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and the members are not there; it may show no more than %d members of a group", shown)}
}
