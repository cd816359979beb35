package scim

import (
	"context"
	"fmt"
	"net/http"
	"slices"

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
	looked := 0
	for _, g := range ownedGroups(s, want) {
		if len(g.Members) < most || looked == tried && !t.isCut(most) {
			continue
		}
		looked++
		more, err := t.hasMore(ctx, g)
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
		s.Warnings = append(s.Warnings, fmt.Sprintf("the service shows no more than %d members of a group and does not say so: those of larger groups are read by a filter on users", most))
	}
	return nil
}

// hasMore reports whether a filter on users counts more members than a group
// shows, or does not say.
func (t *Target) hasMore(ctx context.Context, g *upload.Resource) (bool, error) {
	if looks, err := t.looksAtGroups(ctx); err != nil || !looks {
		return false, err
	}
	l, err := t.usersOf(g.ID)
	if err != nil {
		return false, err
	}
	l.count = 1
	p, err := t.firstPage(ctx, l)
	return err == nil && (p.total < 0 || p.total > len(g.Members)), err
}

// withFound are the members of a group that it shows and those that a filter on
// users finds.
func (t *Target) withFound(ctx context.Context, g *upload.Resource) ([]string, error) {
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
	doc, _, err := t.document(context.WithoutCancel(ctx), upload.User, user)
	if err != nil && !isRefusal(err) {
		return err
	}
	_, v := member(doc, "groups")
	if slices.ContainsFunc(listed(v), func(e any) bool { return referred(e) == group }) {
		t.remark(fmt.Sprintf("the service shows no more than %d members of a group: those of larger ones are added in every run, and who is not shown is not taken out", shown))
		t.learned.proven.Store(provenAdds, true)
		return nil
	}
	return &upload.Refusal{Status: http.StatusOK, Detail: fmt.Sprintf("the service answers with success and the members are not there; it may show no more than %d members of a group", shown)}
}
