package scim

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scimtest"
)

var seeds = flag.Int("seeds", 6, "how many random runs TestRandomFaults makes")

// Whatever goes wrong on the way, at most of the requests nothing does, and
// what is reported as done is done, once.
func TestRandomFaults(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { chaos(t, uint64(seed)) })
	}
}

func chaos(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	quirks := scimtest.Quirks{DuplicateMembers: true, PageCap: 7 + random.IntN(50), NoETags: random.IntN(2) == 0}
	if random.IntN(3) == 0 {
		quirks.Bulk = scimtest.BulkOff
	}
	if random.IntN(4) == 0 {
		quirks.Patch = scimtest.PatchOff
	}
	server, err := scimtest.Start(scimtest.Options{Quirks: quirks, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	faulty(server)
	target := connect(t, server, "generic")
	target.client.timeout = 600 * time.Millisecond
	read(t, target)
	const n = 60
	must(t, write(t, target, people(n)...))
	server.ClearFaults()
	if got := len(server.Users()); got != n {
		t.Fatalf("%d users were made, want %d", got, n)
	}
	faulty(server)
	state := read(t, target)
	var updates []upload.Write
	var ids []string
	for i := range state.Users {
		u := &state.Users[i]
		ids = append(ids, u.ID)
		updates = append(updates, upload.Write{Op: upload.OpUpdate, Kind: upload.User, Before: u, Set: []upload.Attribute{
			{Path: "title", Values: []string{fmt.Sprintf("T%d", random.IntN(3))}}, {Path: `phoneNumbers[type eq "mobile"].value`, Values: []string{"1"}},
		}})
	}
	persist(t, target, updates)
	group := crew(t, target)
	must(t, write(t, target, upload.Write{Op: upload.OpAddMembers, Kind: upload.Group, Before: group, Members: ids}))
	must(t, write(t, target, upload.Write{Op: upload.OpRemoveMembers, Kind: upload.Group, Before: group, Members: ids[:20]}))
	server.ClearFaults()
	if got, want := server.MemberIDs(group.ID), slices.Sorted(slices.Values(ids[20:])); !slices.Equal(got, want) {
		t.Errorf("%d members, want %d", len(got), len(want))
	}
	for _, w := range updates {
		u := server.Resource(w.Before.ID)
		if phones, _ := u["phoneNumbers"].([]any); u["title"] != w.Set[0].Values[0] || len(phones) != 2 {
			t.Errorf("%v: title %v, want %v; %d phones", u["userName"], u["title"], w.Set[0].Values[0], len(phones))
		}
	}
	faulty(server)
	for i := range updates {
		updates[i].Op = upload.OpDelete
	}
	must(t, write(t, target, updates...))
	if got := len(server.Users()); got != 0 {
		t.Errorf("%d users are left", got)
	}
}

// persist writes again what was reported as refused, as a next run does: one
// that is answered 500 three times in a row is.
func persist(t *testing.T, target *Target, writes []upload.Write) {
	t.Helper()
	results := write(t, target, writes...)
	for i, r := range results {
		if refusal := new(upload.Refusal); errors.As(r.Err, &refusal) && refusal.Status == http.StatusInternalServerError {
			results[i] = write(t, target, writes[i])[0]
		}
	}
	must(t, results)
}

func faulty(server *scimtest.Server) {
	const often = 0.02
	server.Fault(
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 429, RetryAfter: "1", Probability: often},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 502, After: true, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultReset, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultLost, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultTruncate, Probability: often},
		scimtest.Fault{Kind: scimtest.FaultMalformed, Probability: often / 2},
		scimtest.Fault{Kind: scimtest.FaultHangAfter, Probability: often / 4},
	)
}
