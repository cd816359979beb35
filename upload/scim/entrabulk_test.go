package scim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scim"
	"adsync/upload/scimtest"
)

// entra starts the simulator and a target of it. Waiting takes no time: the
// simulator's clock is moved instead.
func entra(t *testing.T, o scimtest.EntraBulkOptions, wait time.Duration) (*scimtest.EntraBulk, *scim.EntraBulk) {
	t.Helper()
	now := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	clock := make(chan func(), 1)
	clock <- nil
	read := func() time.Time { <-clock; defer func() { clock <- nil }(); return now }
	o.Now = read
	s, err := scimtest.StartEntraBulk(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	id, secret := s.Client()
	target, err := scim.NewEntraBulk(scim.Config{
		URL: s.URL(), OutcomeWait: wait,
		Auth: scim.Auth{OAuth2: &scim.OAuth2{TokenURL: s.TokenURL(), ClientID: id, ClientSecret: scim.Secret(secret), Scopes: []string{"https://graph.microsoft.com/.default"}}},
	}, scim.Env{Now: read, Sleep: func(ctx context.Context, d time.Duration) error {
		<-clock
		now = now.Add(d)
		clock <- nil
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s, target
}

// records are whole records of so many users; each third one has no title.
func records(n int) []upload.Write {
	var out []upload.Write
	for i := range n {
		on, none := i%10 != 9, ""
		w := upload.Write{Op: upload.OpCreate, Kind: upload.User, ExternalID: fmt.Sprintf("corp:%08d", i), Active: &on, Manager: &none, Set: []upload.Attribute{
			{Path: "userName", Values: []string{fmt.Sprintf("user%d@example.com", i)}},
			{Path: "name.givenName"}, {Path: "title"}, {Path: "roles.value"}, {Path: upload.SchemaEnterprise + ":department", Values: []string{"Sales"}},
			{Path: `emails[type eq "work"].value`, Values: []string{fmt.Sprintf("user%d@example.com", i)}},
		}}
		if i%3 != 0 {
			w.Set[2].Values = []string{"Engineer"}
		}
		if i > 0 {
			boss := "corp:00000000"
			w.Manager = &boss
		}
		out = append(out, w)
	}
	return out
}

func sendAll(t *testing.T, target *scim.EntraBulk, writes []upload.Write) []error {
	t.Helper()
	if _, err := target.Read(t.Context(), upload.Want{}); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, len(writes))
	told := 0
	target.Write(t.Context(), writes, func(i int, r upload.Result) { errs[i] = r.Err; told++ })
	if told != len(writes) {
		t.Fatalf("%d of %d writes were told of", told, len(writes))
	}
	return errs
}

func TestEntraBulkSendsFiftyAtATime(t *testing.T) {
	s, target := entra(t, scimtest.EntraBulkOptions{FlowNull: true, LogDelay: 6 * time.Minute}, 15*time.Minute)
	for i, err := range sendAll(t, target, records(120)) {
		if err != nil {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if s.Users() != 120 || len(s.Uploads()) != 3 || len(target.Remarks()) != 0 {
		t.Errorf("%d users came in %d uploads; %q", s.Users(), len(s.Uploads()), target.Remarks())
	}
	// What is mapped and empty is null, and so taken away.
	first := string(s.Uploads()[0])
	for _, want := range []string{`"title":null`, `"roles":null`, `"name":{"givenName":null}`, `"manager":{"value":"corp:00000000"}`, `"manager":null`, `"active":false`, upload.SchemaEnterprise, upload.SchemaUser} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in the first upload", want)
		}
	}
}

func TestEntraBulkTellsWhatTheLogSays(t *testing.T) {
	_, target := entra(t, scimtest.EntraBulkOptions{Domains: []string{"example.com"}, LogDelay: 6 * time.Minute}, 15*time.Minute)
	writes := records(3)
	writes[1].Set[0].Values = []string{"user1@unverified.example.org"}
	errs := sendAll(t, target, writes)
	var refusal *upload.Refusal
	if errs[0] != nil || errs[2] != nil || !errors.As(errs[1], &refusal) {
		t.Errorf("errors %v", errs)
	}
}

func TestEntraBulkSaysWhatItDoesNotKnow(t *testing.T) {
	_, target := entra(t, scimtest.EntraBulkOptions{LogDelay: time.Hour}, 5*time.Minute)
	for _, err := range sendAll(t, target, records(2)) {
		if err != nil {
			t.Error(err)
		}
	}
	if r := target.Remarks(); len(r) != 1 || !strings.Contains(r[0], "2 records were taken") {
		t.Errorf("remarks %q", r)
	}
}

func TestEntraBulkStopsWhenTheDayIsUsedUp(t *testing.T) {
	s, target := entra(t, scimtest.EntraBulkOptions{DailyCalls: 2}, 0)
	errs := sendAll(t, target, records(150))
	var gone *upload.Unavailable
	if errs[0] != nil || errs[99] != nil || !errors.As(errs[100], &gone) || s.Users() != 100 {
		t.Errorf("%d users; the 101st: %v", s.Users(), errs[100])
	}
}

func TestEntraBudget(t *testing.T) {
	_, target := entra(t, scimtest.EntraBulkOptions{}, 0)
	if text, fits := target.Budget(4000); !fits || text != "4000 records are 80 calls of the tenant's 2000 in 24 hours (6000 with ID Governance); at most 25 such runs a day" {
		t.Errorf("%v %s", fits, text)
	}
	if text, fits := target.Budget(100_001); fits || !strings.Contains(text, "cannot fit") {
		t.Errorf("%v %s", fits, text)
	}
}

func TestEntraBulkRefusesOtherAddresses(t *testing.T) {
	for _, bad := range []string{
		"https://graph.microsoft.com/v1.0/users", "https://graph.example.com/v1.0/servicePrincipals/a/synchronization/jobs/b/bulkUpload",
		"http://graph.microsoft.com/v1.0/servicePrincipals/a/synchronization/jobs/b/bulkUpload",
	} {
		if _, err := scim.NewEntraBulk(scim.Config{URL: bad}, scim.Env{}); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
