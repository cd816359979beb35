package modeltest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"adsync/ldapsrc/directory"
	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest"
)

var mapping = func() *upload.Mapping {
	user, err := upload.CompileRules(upload.User, map[string][]string{
		"userName": {"uid"}, "name.givenName": {"givenName"}, "name.familyName": {"sn"}, "displayName": {"displayName"}, "name.formatted": {"displayName"},
		`emails[type eq "work"].value`: {"mail"}, `phoneNumbers[type eq "mobile"].value`: {"mobile"}, "title": {"title"},
		upload.SchemaEnterprise + ":department": {"department"}, upload.PathManager: {"manager"},
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

// mark is how our resources are marked.
var mark = func() *upload.Mark {
	m, err := upload.NewMark("{source}:{anchor}", []string{"corp", "labs"})
	if err != nil {
		panic(err)
	}
	return m
}()

func isOurs(externalID string) bool {
	_, _, ok := mark.Owner(externalID)
	return ok
}

// A clock goes as much faster as somebody sleeps by it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	until := c.now().Add(d)
	for { // others sleep at the same time
		ahead := c.ahead.Load()
		if c.ahead.CompareAndSwap(ahead, ahead+int64(max(0, until.Sub(c.now())))) {
			return ctx.Err()
		}
	}
}

func (w *world) target(timeout time.Duration) (*scim.Target, error) {
	c := new(clock)
	auth := scim.Auth{Bearer: scim.Secret(w.server.Token())}
	if w.tokens {
		auth = scim.Auth{OAuth2: &scim.OAuth2{TokenURL: w.server.TokenURL(), ClientID: "adsync", ClientSecret: "secret"}}
	}
	return scim.New(scim.Config{
		URL: w.server.URL(), Profile: w.profile, Auth: auth,
		Overrides: scim.ProfileOverrides{Width: w.width, Timeout: timeout},
	}, scim.Env{Transport: w.transport, Sleep: c.sleep, Now: c.now})
}

// A ran is what one run came to.
type ran struct {
	target  *scim.Target
	state   *upload.State
	plan    *upload.Plan
	stopped error
}

// run is one run as the sync command makes it. broken is a source that
// cannot be read, "" for none.
func (w *world) run(ctx context.Context, timeout time.Duration, broken string) (r ran, err error) {
	if r.target, err = w.target(timeout); err != nil {
		return r, err
	}
	want := upload.Want{Users: mapping.Paths(upload.User), Groups: mapping.Paths(upload.Group), Members: true, Owned: isOurs}
	if r.state, err = r.target.Read(ctx, want); err != nil {
		return r, err
	}
	in := upload.Input{State: r.state, Capabilities: r.target.Capabilities(), Mark: mark, Policy: w.policy}
	for _, id := range w.sources {
		reading := w.reading(id)
		if id == broken {
			reading = directory.Incomplete(id, errors.New("no answer"))
		}
		in.Sources = append(in.Sources, upload.Source{ID: id, Reading: reading, Mapping: mapping, Groups: true})
	}
	w.compare(in)
	if err := upload.LookUp(ctx, r.target, in); err != nil {
		return r, err
	}
	missing := upload.Missing(in)
	for i := range in.Sources {
		in.Sources[i].Presence = w.presence(missing[in.Sources[i].ID])
	}
	r.plan = upload.Diff(in)
	out := upload.Apply(ctx, r.target, r.plan, upload.ApplyOptions{State: in.State, Mark: mark, Adopt: w.policy.Adopt})
	r.stopped = out.Stopped
	w.tell(&r, out)
	return r, nil
}

// compare compares users before the plan is made, as a run does while a source
// is read: all of them, or of an odd number all but one.
func (w *world) compare(in upload.Input) {
	for i := range in.Sources {
		s := &in.Sources[i]
		snapshot, ok := s.Reading.Snapshot()
		if !ok {
			continue
		}
		n := len(snapshot.Users)
		s.Compared = upload.Compare(in, i)
		for place := range n - n%2 {
			snapshot.Users[place].Number = int32(n - 1 - place)
			s.Compared.Users(slices.Clone(snapshot.Users[place : place+1]))
		}
	}
}

func (w *world) tell(r *ran, out upload.Outcome) {
	for i := range r.plan.Changes {
		c := &r.plan.Changes[i]
		w.note("  %s %s %v", c.State, c.Line(), c.Failure)
	}
	for _, q := range r.plan.Quarantined {
		w.note("  quarantine %s %s: %s", q.Kind, q.Name, q.Detail)
	}
	w.note("  unproven %v, stopped %v, rewritten %v, warnings %v", r.state.Unproven, out.Stopped, out.Rewritten, append(r.state.Warnings, r.plan.Warnings...))
}

// disturbed is a run with faults on the wire, and sometimes a source that
// cannot be read, or an interrupt. What it comes to is open; that it does no
// harm is not.
func (w *world) disturbed() error {
	broken := ""
	if w.roll(4) == 0 {
		broken = pick(w, w.sources)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	storm := &storm{
		seed: w.seed + uint64(w.round)<<40, often: uint32(w.roll(12)), refuses: w.rules >= secondRules,
		seen: map[string]int{}, chosen: map[*http.Request]int{}, events: map[int]func(){},
	}
	if w.quirks.PatchReplaces || w.quirks.AddReplaces {
		storm.often = 0 // what is gone when an answer is lost cannot be put back
	}
	if w.roll(5) == 0 {
		storm.events[3+w.roll(40)] = cancel
	}
	if w.rules >= secondRules {
		w.upheaval(storm)
	}
	w.server.Fault(storm.faults()...)
	before := w.photograph()
	w.note("disturbed run: source %q broken, one of %d requests of 100 goes wrong", broken, storm.often)
	r, err := w.run(ctx, 150*time.Millisecond, broken)
	w.server.ClearFaults()
	if err != nil {
		w.note("  ended: %v", err)
	}
	if r.target == nil {
		return err
	}
	return w.harmless(before, broken)
}

// upheaval is what happens at the service in the midst of a run.
func (w *world) upheaval(s *storm) {
	if w.tokens && w.roll(2) == 0 {
		s.events[1+w.roll(30)] = w.server.RevokeTokens
	}
	if w.profile == "generic" && w.roll(6) == 0 {
		w.quirks.PageCap = 1 + w.roll(6)
		if w.quirks.RepeatRows && w.quirks.PageCap == 1 {
			w.quirks.PageCap = 2
		}
		quirks := w.quirks
		s.events[1+w.roll(20)] = func() { w.server.SetQuirks(quirks) }
	}
	if w.roll(4) == 0 {
		what, who := w.roll(5), w.roll(1<<20)
		s.events[2+w.roll(30)] = func() { w.intrude(what, who) }
	}
}

// A storm decides by the seed and by what is asked, and not by when it is
// asked, which requests go wrong, so that a seed tells the same story twice.
type storm struct {
	seed    uint64
	often   uint32         // of a hundred
	refuses bool           // credentials may be refused
	events  map[int]func() // what happens at which request

	mu     sync.Mutex
	count  int
	seen   map[string]int
	chosen map[*http.Request]int
}

func (s *storm) faults() []scimtest.Fault {
	kinds := []scimtest.Fault{
		{Kind: scimtest.FaultStatus, Status: 429, RetryAfter: "1"},
		{Kind: scimtest.FaultStatus, Status: 503},
		{Kind: scimtest.FaultStatus, Status: 500},
		{Kind: scimtest.FaultStatus, Status: 500, After: true},
		{Kind: scimtest.FaultStatus, Status: 504, After: true},
		{Kind: scimtest.FaultStatus, Status: 409},
		{Kind: scimtest.FaultReset},
		{Kind: scimtest.FaultLost},
		{Kind: scimtest.FaultTruncate},
		{Kind: scimtest.FaultMalformed},
		{Kind: scimtest.FaultHTML, Status: 502},
		{Kind: scimtest.FaultHangAfter},
		{Kind: scimtest.FaultHang},
	}
	if s.refuses {
		kinds = append(kinds, scimtest.Fault{Kind: scimtest.FaultStatus, Status: 401})
	}
	for i := range kinds {
		kinds[i].Match = func(r *http.Request) bool { return s.choose(r, len(kinds)) == i }
	}
	if s.often > 0 {
		kinds = append(kinds,
			scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, InBulk: true, Probability: float64(s.often) / 100},
			scimtest.Fault{Kind: scimtest.FaultStatus, Status: 429, InBulk: true, Probability: float64(s.often) / 100},
		)
	}
	return kinds
}

// rare is the first of the kinds of fault that are seldom: those that hang
// take long, and a refusal ends the run.
const rare = 11

// choose returns the fault of a request, or -1.
func (s *storm) choose(r *http.Request, kinds int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.chosen[r]; ok {
		return c
	}
	if s.count++; s.events[s.count] != nil {
		s.events[s.count]()
	}
	key := r.Method + " " + r.URL.String()
	s.seen[key]++
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d", s.seed, key, s.seen[key])
	n := h.Sum64()
	c := -1
	if uint32(n%100) < s.often {
		c = int(n / 100 % uint64(kinds))
		if c >= rare && n/10000%4 > 0 {
			c = 0
		}
	}
	s.chosen[r] = c
	return c
}

// readsOnly reports a request that could write, "" when there was none.
func (w *world) readsOnly() string {
	for _, r := range w.server.Requests() {
		if r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/.search") && !strings.HasSuffix(r.Path, "/token") {
			return r.Method + " " + r.Path
		}
	}
	return ""
}
