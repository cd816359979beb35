package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// The rows of the retry matrix: what goes wrong with the first request that
// fits, and what the write comes to.
func TestACreateIsDoneOnceWhateverHappensToItsAnswer(t *testing.T) {
	post := scimtest.Fault{Method: "POST", Path: "/Users", Times: 1}
	for _, row := range []struct {
		name    string
		kind    scimtest.FaultKind
		status  int
		after   bool
		retry   string
		existed bool
	}{
		{name: "asked to wait by seconds", kind: scimtest.FaultStatus, status: 429, retry: "1"},
		{name: "asked to wait by date", kind: scimtest.FaultStatus, status: 429, retry: time.Now().Add(time.Second).UTC().Format(http.TimeFormat)},
		{name: "asked to wait without saying how long", kind: scimtest.FaultStatus, status: 503},
		{name: "503 after it took effect", kind: scimtest.FaultStatus, status: 503, after: true, existed: true},
		{name: "500 without effect", kind: scimtest.FaultStatus, status: 500},
		{name: "502 without effect", kind: scimtest.FaultHTML},
		{name: "504 after it took effect", kind: scimtest.FaultStatus, status: 504, after: true, existed: true},
		{name: "the connection is reset before", kind: scimtest.FaultReset},
		{name: "the answer is lost", kind: scimtest.FaultLost, existed: true},
		{name: "half of the answer comes", kind: scimtest.FaultTruncate, existed: true},
		{name: "no answer comes", kind: scimtest.FaultHang},
		{name: "no answer comes, after it took effect", kind: scimtest.FaultHangAfter, existed: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{}, "generic")
			target.client.timeout = 200 * time.Millisecond
			read(t, target)
			fault := post
			fault.Kind, fault.Status, fault.After, fault.RetryAfter = row.kind, row.status, row.after, row.retry
			server.Fault(fault)
			r := must(t, write(t, target, person(1)))[0]
			if users := server.Users(); len(users) != 1 || r.ID != users[0]["id"] {
				t.Errorf("%d users, id %q", len(users), r.ID)
			}
			if r.Existed != row.existed {
				t.Errorf("existed: %t, want %t", r.Existed, row.existed)
			}
		})
	}
}

// Nothing says that names of groups are unique, or a member one only once.
func TestWhatTookEffectBehind503IsNotDoneTwice(t *testing.T) {
	for _, bulk := range []scimtest.BulkKind{scimtest.BulkOff, scimtest.BulkOn} {
		t.Run(fmt.Sprint("bulk ", bulk), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{DuplicateMembers: true, Bulk: bulk}, "generic")
			ids, err := server.Seed(5)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			fault := scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503, After: true, Times: 2}
			var groups, adds []upload.Write
			for i := range 6 {
				groups = append(groups, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: fmt.Sprint("corp:group-", i), Set: []upload.Attribute{{Path: "displayName", Values: []string{fmt.Sprint(i)}}}})
			}
			fault.Method = "POST"
			server.Fault(fault)
			for _, r := range must(t, write(t, target, groups...)) {
				adds = append(adds, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Members: ids,
					Before: &upload.Resource{Kind: upload.Group, ID: r.ID, MembersKnown: true}})
			}
			if n := len(server.Groups()); n != len(groups) {
				t.Errorf("%d groups", n)
			}
			if fault.Method = "PATCH"; bulk == scimtest.BulkOn {
				fault.Method = "POST"
			}
			must(t, write(t, target, adds[:1]...))
			server.Fault(fault)
			must(t, write(t, target, adds[1:]...))
			for _, g := range server.Groups() {
				if members, _ := g["members"].([]any); len(members) != len(ids) {
					t.Errorf("%d members", len(members))
				}
			}
		})
	}
}

func TestAnAnswerThatIsBrokenDoesNotLoseTheUser(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	server.Fault(scimtest.Fault{Kind: scimtest.FaultMalformed, Method: "POST", Path: "/Users", Times: 1})
	r := must(t, write(t, target, person(1)))[0]
	if users := server.Users(); len(users) != 1 || r.ID != users[0]["id"] {
		t.Errorf("%d users, id %q", len(users), r.ID)
	}
}

func TestAnUpdateTakesEffectWhateverHappensToItsAnswer(t *testing.T) {
	for _, row := range []scimtest.Fault{
		{Kind: scimtest.FaultStatus, Status: 429, RetryAfter: "1"},
		{Kind: scimtest.FaultStatus, Status: 503},
		{Kind: scimtest.FaultStatus, Status: 500},
		{Kind: scimtest.FaultStatus, Status: 502, After: true},
		{Kind: scimtest.FaultReset},
		{Kind: scimtest.FaultLost},
		{Kind: scimtest.FaultTruncate},
		{Kind: scimtest.FaultHang},
	} {
		for _, put := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s after %t put %t", row.String(), row.After, put), func(t *testing.T) {
				quirks, method := scimtest.Quirks{}, "PATCH"
				if put {
					quirks.Patch, method = scimtest.PatchOff, "PUT"
				}
				server, target := start(t, quirks, "generic")
				target.client.timeout = 200 * time.Millisecond
				read(t, target)
				r := must(t, write(t, target, person(1)))[0]
				row.Method, row.Path, row.Times = method, "/Users/*", 1
				server.Fault(row)
				must(t, write(t, target, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: r.After, Set: []upload.Attribute{{Path: "title", Values: []string{"Lead"}}}}))
				if got := server.Users()[0]["title"]; got != "Lead" {
					t.Errorf("title is %v", got)
				}
			})
		}
	}
}

func TestReadsAreRepeated(t *testing.T) {
	for _, fault := range []scimtest.Fault{
		{Kind: scimtest.FaultStatus, Status: 429, RetryAfter: "1"}, {Kind: scimtest.FaultStatus, Status: 500}, {Kind: scimtest.FaultHTML},
		{Kind: scimtest.FaultReset}, {Kind: scimtest.FaultLost}, {Kind: scimtest.FaultTruncate}, {Kind: scimtest.FaultMalformed}, {Kind: scimtest.FaultHang},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{PageCap: 10}, "generic")
			target.client.timeout = 200 * time.Millisecond
			if _, err := server.Seed(95); err != nil {
				t.Fatal(err)
			}
			fault.Path, fault.Times = "/Users", 3
			server.Fault(fault)
			if state := read(t, target); len(state.Users) != 95 || len(state.Unproven) != 0 {
				t.Errorf("%d users, unproven %v", len(state.Users), state.Unproven)
			}
		})
	}
}

func TestDeletingIsDoneOnce(t *testing.T) {
	for _, fault := range []scimtest.Fault{
		{Kind: scimtest.FaultStatus, Status: 429}, {Kind: scimtest.FaultLost}, {Kind: scimtest.FaultReset}, {Kind: scimtest.FaultStatus, Status: 500, After: true},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{}, "generic")
			read(t, target)
			r := must(t, write(t, target, person(1)))[0]
			fault.Method, fault.Times = "DELETE", 1
			server.Fault(fault)
			must(t, write(t, target, upload.Write{Op: upload.OpDelete, Kind: upload.User, Before: r.After}))
			if len(server.Users()) != 0 {
				t.Error("the user is still there")
			}
		})
	}
}

func TestMembersAreAddedOnceWhateverHappensToTheAnswer(t *testing.T) {
	for _, fault := range []scimtest.Fault{{Kind: scimtest.FaultLost}, {Kind: scimtest.FaultReset}, {Kind: scimtest.FaultStatus, Status: 500}, {Kind: scimtest.FaultStatus, Status: 502, After: true}} {
		t.Run(fault.String(), func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{DuplicateMembers: true}, "generic")
			ids, err := server.Seed(10)
			if err != nil {
				t.Fatal(err)
			}
			read(t, target)
			group := crew(t, target)
			fault.Method, fault.Path, fault.Times = "PATCH", "/Groups/*", 1
			server.Fault(fault)
			must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids}))
			if got := server.MemberIDs(group.ID); len(got) != 10 {
				t.Errorf("%d members", len(got))
			}
			server.ClearFaults()
			fault.Times = 1
			server.Fault(fault)
			must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[:4]}))
			if got := server.MemberIDs(group.ID); len(got) != 6 {
				t.Errorf("%d members are left", len(got))
			}
		})
	}
}

// crew creates a group.
func crew(t *testing.T, target *Target) *upload.Resource {
	t.Helper()
	r := must(t, write(t, target, upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:crew", Set: []upload.Attribute{{Path: "displayName", Values: []string{"Crew"}}}}))[0]
	return &upload.Resource{Kind: upload.Group, ID: r.ID, ExternalID: "corp:crew", Name: "Crew", MembersKnown: true}
}

func TestAServiceThatIsGoneIsUnavailable(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	server.Close()
	gone := new(upload.Unavailable)
	if r := write(t, target, person(1))[0]; !errors.As(r.Err, &gone) {
		t.Errorf("write: %v", r.Err)
	}
	if _, err := connect(t, server, "generic").Read(t.Context(), want()); !errors.As(err, &gone) {
		t.Errorf("read: %v", err)
	}
}

func TestATokenThatIsRefusedStopsTheRun(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 401})
	gone := new(upload.Unavailable)
	_, err := target.Read(t.Context(), want())
	if !errors.As(err, &gone) || !strings.Contains(gone.Hint, "target.auth") {
		t.Errorf("read: %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, target.bearer), server.Token()) {
		t.Error("the token is shown")
	}
}

func TestARefusalIsOfOneWrite(t *testing.T) {
	_, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	bad := person(1)
	bad.Set = bad.Set[1:] // no userName
	results := write(t, target, bad, person(2))
	refusal := new(upload.Refusal)
	if !errors.As(results[0].Err, &refusal) || refusal.Status != 400 || results[1].Err != nil {
		t.Errorf("%+v", results)
	}
}

func TestWritesUnderWayAreFinishedWhenTheRunIsCancelled(t *testing.T) {
	server, target := start(t, scimtest.Quirks{Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: 50 * time.Millisecond, Method: "POST", Match: func(*http.Request) bool { cancel(); return true }})
	done, stopped := 0, 0
	target.Write(ctx, people(100), func(_ int, r upload.Result) {
		switch {
		case r.Err == nil:
			done++
		case errors.Is(r.Err, context.Canceled):
			stopped++
		default:
			t.Errorf("%v", r.Err)
		}
	})
	if done == 0 || done > startWidth+1 || done+stopped != 100 || len(server.Users()) != done {
		t.Errorf("%d done, %d stopped, %d users", done, stopped, len(server.Users()))
	}
}

func TestTheWidthFollowsTheService(t *testing.T) {
	_, target := start(t, scimtest.Quirks{Bulk: scimtest.BulkOff, Rate: scimtest.RateLimit{PerSecond: 2000, Burst: 40, WritesOnly: true}}, "generic")
	read(t, target)
	must(t, write(t, target, people(200)...))
	g := newGate(&target.client.env, &target.profile)
	for range 100 {
		g.answered()
	}
	if g.width != startWidth+5 {
		t.Errorf("100 good answers give a width of %d", g.width)
	}
	now := time.Now()
	g.throttled(now, 0)
	g.throttled(now.Add(-time.Second), 0) // was under way already
	if g.width != (startWidth+5)/2 {
		t.Errorf("after a complaint the width is %d", g.width)
	}
}

// A service that takes long to answer, and complains of nothing, is asked for
// less at once.
func TestTheWidthFollowsSlowAnswers(t *testing.T) {
	server, target := start(t, scimtest.Quirks{Bulk: scimtest.BulkOff}, "generic")
	read(t, target)
	server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: 30 * time.Millisecond, Method: http.MethodPost})
	target.client.timeout = slowPart * 20 * time.Millisecond
	must(t, write(t, target, people(40)...))
	if g := target.client.gate; g.width > startWidth/4 {
		t.Errorf("after 40 slow answers the width is %d", g.width)
	}
}

// A run that only reads does not wait long for a service that is down.
func TestPatienceEnds(t *testing.T) {
	for _, row := range []struct {
		name        string
		fault       scimtest.Fault
		least, most time.Duration
	}{
		{"the service only asks to wait", scimtest.Fault{Status: 503}, 30 * time.Second, patience},
		{"so it does where users are", scimtest.Fault{Status: 503, Path: "/Users"}, 30 * time.Second, patience},
		{"it says how long, each time anew", scimtest.Fault{Status: 503, RetryAfter: "60"}, 3 * time.Minute, longestRetryAfter},
		{"it fails", scimtest.Fault{Status: 502, Path: "/Users"}, time.Second, patience},
	} {
		t.Run(row.name, func(t *testing.T) {
			server, target := start(t, scimtest.Quirks{}, "generic")
			row.fault.Kind = scimtest.FaultStatus
			server.Fault(row.fault)
			began := target.client.env.Now()
			_, err := target.Read(t.Context(), want())
			took := target.client.env.Now().Sub(began)
			if gone := new(upload.Unavailable); !errors.As(err, &gone) || took < row.least || took > row.most+5*time.Second {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
}

func TestADocumentThatCannotBeHadIsDoneWithout(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503, Path: "/Schemas"})
	if state := read(t, target); len(state.Unproven) != 0 || !target.facts.found {
		t.Errorf("unproven %v, found %t", state.Unproven, target.facts.found)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, row := range []struct {
		text, date string
		want       time.Duration
		ok         bool
	}{
		{"7", "", 7 * time.Second, true},
		{"0.5", "", 500 * time.Millisecond, true},
		{"86400", "", 5 * time.Minute, true},
		{"Wed, 02 Jan 2030 03:04:15 GMT", "", 10 * time.Second, true},
		{"Wed, 02 Jan 2030 04:04:15 GMT", "Wed, 02 Jan 2030 04:04:05 GMT", 10 * time.Second, true},
		{"Wed, 02 Jan 2020 03:04:15 GMT", "", 0, true},
		{"soon", "", 0, false},
		{"", "", 0, false},
		{"-1", "", 0, false},
	} {
		h := http.Header{"Retry-After": {row.text}, "Date": {row.date}}
		if got, ok := retryAfter(h, now); got != row.want || ok != row.ok {
			t.Errorf("%q: %v %t, want %v %t", row.text, got, ok, row.want, row.ok)
		}
	}
}

func TestAWebSiteIsNoService(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<html></html>")
	}))
	defer server.Close()
	target, err := New(Config{URL: server.URL}, Env{Sleep: new(clock).sleep})
	if err != nil {
		t.Fatal(err)
	}
	gone := new(upload.Unavailable)
	if _, err := target.Read(t.Context(), want()); !errors.As(err, &gone) || !strings.Contains(gone.Hint, "SCIM base URL") || asked.Load() > 5 {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

func TestAWaiterThatGivesUpTakesNobodysTurn(t *testing.T) {
	env := &Env{}
	env.defaults()
	g := newGate(env, &Profile{Width: 1})
	if err := g.enter(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, in := make(chan error), make(chan error)
	go func() { gone <- g.enter(ctx, false) }()
	waiting(g, 1)
	go func() { in <- g.enter(t.Context(), false) }()
	waiting(g, 2)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	g.leave()
	if err := <-in; err != nil {
		t.Fatal(err)
	}
}

// waiting returns when n are in the queue.
func waiting(g *gate, n int) {
	for {
		g.mu.Lock()
		have := len(g.queue)
		g.mu.Unlock()
		if have == n {
			return
		}
		runtime.Gosched()
	}
}

func TestASilentServiceIsSaidToBeSilent(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	target.client.timeout = 50 * time.Millisecond
	server.Fault(scimtest.Fault{Kind: scimtest.FaultHang, Path: "/Users"})
	_, err := target.Read(t.Context(), want())
	gone := new(upload.Unavailable)
	if !errors.As(err, &gone) || !strings.HasSuffix(err.Error(), "no whole answer within 50ms") || !strings.Contains(gone.Hint, "target.timeout") {
		t.Errorf("%v, hint %q", err, gone.Hint)
	}
}

func TestWhatCannotBeDeletedIsSaidToBeKept(t *testing.T) {
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	made := must(t, write(t, target, person(1), upload.Write{Op: upload.OpCreate, Kind: upload.Group, ExternalID: "corp:g", Set: []upload.Attribute{{Path: "displayName", Values: []string{"g"}}}}))
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 405, Method: "DELETE"})
	for kind, hint := range map[upload.Kind]string{upload.User: "set policy.user_gone and policy.user_disabled to deactivate", upload.Group: "set policy.group_gone to keep"} {
		id := made[map[upload.Kind]int{upload.User: 0, upload.Group: 1}[kind]].ID
		r := write(t, target, upload.Write{Op: upload.OpDelete, Kind: kind, Before: &upload.Resource{Kind: kind, ID: id}})[0]
		if refusal := new(upload.Refusal); !errors.As(r.Err, &refusal) || !strings.Contains(refusal.Hint, hint) {
			t.Errorf("%s: %v", kind, r.Err)
		}
	}
}

// Some gateways answer 200 to everything, and the error stands in the body.
func TestAnErrorThatComesAsSuccess(t *testing.T) {
	const scim = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":`
	for body, want := range map[string]int{
		scim + `"403","detail":"no"}`: 403,
		scim + `409}`:                 409,
		scim + `"200"}`:               200,
		scim + `null}`:                200,
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","status":"500"}`: 200,
		`{"Operations":[{"response":` + scim + `"400"}}]}`:                                   200,
		``: 200,
	} {
		if got := (&answer{status: 200, body: []byte(body)}).statusWithin(); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	server, target := start(t, scimtest.Quirks{}, "generic")
	read(t, target)
	server.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 200, Detail: "the quota is used up", Method: "POST"})
	if r := write(t, target, person(1))[0]; r.Err == nil || !strings.Contains(r.Err.Error(), "the quota is used up") {
		t.Errorf("%v", r.Err)
	}
}
