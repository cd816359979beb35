package scim

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"adsync/upload"
)

// members completes the listed groups with their members, in the first way
// that is seen to work: as they were listed, on request, or by a filter on
// users.
func (t *Target) members(ctx context.Context, s *upload.State, l *listing, want upload.Want) error {
	for i := range s.Groups {
		if g := &s.Groups[i]; len(g.Members) > 0 {
			t.listsMembers(s)
			return t.completeCut(ctx, s, want)
		}
	}
	owned := ownedGroups(s, want)
	if len(owned) == 0 {
		return nil
	}
	mode := t.memberReading()
	if mode == MembersTried || mode == MembersListed {
		// Nothing was listed: the groups are empty, or members are not shown
		// in lists. One group with members tells.
		var err error
		if mode, err = t.memberMode(ctx, owned, l.members); err != nil {
			return err
		}
	}
	if mode == MembersByFilter {
		if looks, err := t.looksAtGroups(ctx); err != nil {
			return t.readError(upload.Group, err)
		} else if !looks {
			mode = MembersNever
		}
	}
	switch mode {
	case MembersListed:
		t.listsMembers(s)
		return nil
	case MembersOnRequest:
		if err := t.each(ctx, upload.Group, owned, t.membersOnRequest); err != nil {
			return err
		}
		return t.completeCut(ctx, s, want)
	case MembersByFilter:
		return t.each(ctx, upload.Group, owned, t.membersByFilter)
	}
	for _, g := range owned {
		g.MembersKnown = false
	}
	s.Warnings = append(s.Warnings, "the service does not show who is in a group: members are added, and none is taken out")
	return nil
}

// listsMembers takes a missing members attribute for an empty one, which it
// is where other groups show theirs (RFC 7643 2.5).
func (t *Target) listsMembers(s *upload.State) {
	t.learned.members.CompareAndSwap(int32(MembersTried), int32(MembersListed))
	for i := range s.Groups {
		s.Groups[i].MembersKnown = true
	}
}

func ownedGroups(s *upload.State, want upload.Want) []*upload.Resource {
	var out []*upload.Resource
	for i := range s.Groups {
		if g := &s.Groups[i]; want.Owned == nil || want.Owned(g.ExternalID) {
			out = append(out, g)
		}
	}
	return out
}

// tried is how many groups are looked at to find out how members are read.
const tried = 5

// memberReading is how members are read: as the profile says, or in the way
// that was seen to work.
func (t *Target) memberReading() MemberReading {
	if mode := MemberReading(t.learned.members.Load()); mode != MembersTried {
		return mode
	}
	return t.profile.Members
}

// memberWays are the ways that are tried, in this order.
var memberWays = []struct {
	mode MemberReading
	read func(*Target, context.Context, *upload.Resource) error
}{
	{MembersOnRequest, (*Target).membersOnRequest},
	{MembersByFilter, (*Target).membersByFilter},
}

// memberMode finds the way by the first group that shows a member.
func (t *Target) memberMode(ctx context.Context, owned []*upload.Resource, listed bool) (MemberReading, error) {
	for _, g := range owned[:min(tried, len(owned))] {
		probe := *g
		mode, err := t.tryMembers(ctx, &probe)
		if err != nil || mode != MembersTried {
			return mode, err
		}
	}
	if listed {
		return MembersListed, nil // an empty list was shown
	}
	return MembersNever, nil
}

// tryMembers reads the members of one group in each way and remembers the one
// that shows any; MembersTried is the answer when none does.
func (t *Target) tryMembers(ctx context.Context, g *upload.Resource) (MemberReading, error) {
	for _, way := range memberWays {
		err := way.read(t, ctx, g)
		if err != nil && !isRefusal(err) {
			return MembersTried, err
		}
		if err == nil && len(g.Members) > 0 {
			t.learned.members.Store(int32(way.mode))
			return way.mode, nil
		}
	}
	return MembersTried, nil
}

// each runs a read for all resources, as many at once as the service bears.
func (t *Target) each(ctx context.Context, k upload.Kind, all []*upload.Resource, read func(context.Context, *upload.Resource) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(all))
	places := make(chan struct{}, t.profile.Width)
	var wait sync.WaitGroup
	for i, r := range all {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			if errs[i] = read(ctx, r); errs[i] != nil {
				cancel()
			}
		})
	}
	wait.Wait()
	if err := firstCause(errs); err != nil {
		return t.readError(k, err)
	}
	return nil
}

// membersOnRequest gets a group with its members named in the request
// (RFC 7643 7, returned "request").
func (t *Target) membersOnRequest(ctx context.Context, g *upload.Resource) error {
	r, err := t.fetch(ctx, upload.Group, g.ID, t.memberShape, url.Values{"attributes": {"members"}})
	if err != nil {
		return err
	}
	g.Members, g.MembersKnown = r.Members, true
	return nil
}

// nobodysGroup is the id of a group that is not there.
const nobodysGroup = "adsync-no-such-group"

// usersOf lists the users of a group, by its id.
func (t *Target) usersOf(id string) (*lister, error) {
	l, err := t.newLister(upload.User, newShape(upload.User, nil, false))
	if err != nil {
		return nil, err
	}
	l.params.Set("filter", "groups.value eq "+quoted(id))
	if !t.profile.NoProjection {
		l.params.Set("attributes", "id")
	}
	return l, nil
}

// looksAtGroups reports whether the service looks at the filter that finds the
// users of a group: where it does not, everybody is a member of a group that
// is not there.
func (t *Target) looksAtGroups(ctx context.Context) (bool, error) {
	f := &t.learned.groupFilter
	if !f.open() {
		return f.works(), nil
	}
	l, err := t.usersOf(nobodysGroup)
	if err != nil {
		return false, err
	}
	p, err := t.firstPage(ctx, l)
	if err != nil && !isRefusal(err) {
		return false, err
	}
	if err == nil && len(p.rows) == 0 && t.known(upload.User) == nil {
		return true, nil // there may be nobody whom it could show
	}
	f.settle(err != nil || len(p.rows) == 0)
	return f.works(), nil
}

// membersByFilter lists the users that have the group.
func (t *Target) membersByFilter(ctx context.Context, g *upload.Resource) error {
	if looks, err := t.looksAtGroups(ctx); err != nil || !looks {
		g.MembersKnown = false
		return err
	}
	l, err := t.usersOf(g.ID)
	if err != nil {
		return err
	}
	w, err := t.walk(ctx, l, nil)
	if err != nil {
		return err
	}
	if w.wrong != "" {
		g.MembersKnown = false
		return nil
	}
	g.Members, g.MembersKnown = make([]string, 0, len(w.rows)), true
	for i := range w.rows {
		g.Members = append(g.Members, w.rows[i].ID)
	}
	slices.Sort(g.Members)
	return nil
}

// readMembers reads the members of one group anew, to see what a write came
// to; ok is false where they cannot be read, and where nothing has shown yet
// that this group would show any.
func (t *Target) readMembers(ctx context.Context, id string) (members []string, ok bool, err error) {
	g := upload.Resource{Kind: upload.Group, ID: id}
	mode := t.memberReading()
	switch mode {
	case MembersByFilter:
		err = t.membersByFilter(ctx, &g)
	case MembersNever:
		return nil, false, nil
	case MembersTried:
		if mode, err = t.tryMembers(ctx, &g); mode == MembersTried {
			return nil, false, err
		}
	default:
		if err = t.membersOnRequest(ctx, &g); err == nil && t.isCut(len(g.Members)) {
			g.Members, err = t.withFound(ctx, &g)
		}
	}
	if isRefusal(err) {
		return nil, false, nil
	}
	return g.Members, g.MembersKnown && err == nil, err
}

// fetch gets one resource in a shape.
func (t *Target) fetch(ctx context.Context, k upload.Kind, id string, s *shape, params url.Values) (*upload.Resource, error) {
	return t.get(ctx, id, s, call{query: params, doing: fmt.Sprintf("read a %s", k), again: true})
}

// get gets one resource by a call that says how.
func (t *Target) get(ctx context.Context, id string, s *shape, q call) (*upload.Resource, error) {
	path, err := t.endpoint(s.kind)
	if err != nil {
		return nil, err
	}
	var r *upload.Resource
	q.method, q.path = http.MethodGet, path+"/"+url.PathEscape(id)
	// Decoded while the call can still be repeated: half an answer is none.
	q.read = func(body io.Reader) error {
		text, err := io.ReadAll(body)
		if err == nil {
			r, err = decodeOne(single(text), s)
		}
		return err
	}
	if _, err := t.client.do(ctx, q); err != nil {
		return nil, err
	}
	return r, nil
}

func decodeOne(body []byte, s *shape) (*upload.Resource, error) {
	d, ok := s.idle.Get().(*decoder)
	if !ok {
		d = newDecoder(new(scanner), s, nil)
	}
	defer s.idle.Put(d)
	*d.scanner, d.ids = *scannerOf(body), new(idPool)
	r, _, err := d.resource()
	*d.scanner, d.ids = scanner{}, nil
	if err != nil {
		return nil, fmt.Errorf("read a %s: %w", s.kind, err)
	}
	return &r, nil
}
