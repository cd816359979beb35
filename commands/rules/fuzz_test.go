package rules

import (
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// Whatever a directory holds, a check ends: no suggestion equals its value,
// and none that is safe leaves the fault it is for.
func FuzzCheck(f *testing.F) {
	for _, list := range cases {
		for _, c := range list {
			for _, p := range c.people {
				f.Add(c.profile, p["userPrincipalName"], p["mail"], p["displayName"], p["proxyAddresses"])
			}
		}
	}
	f.Add("entra", "smtp: ", "@", "\u200b", "smtp: |SMTP:\u200b|:|smtp::|sip:")
	f.Add("github", "@", "a@", "=", "x500:")
	f.Fuzz(func(t *testing.T, profile, login, mail, display, proxies string) {
		if !Known(profile) {
			profile = "entra"
		}
		p := person{"userPrincipalName": login, "mail": mail, "displayName": display, "proxyAddresses": proxies, "mailNickname": display, "sAMAccountName": login}
		o := Options{Profile: profile, Attributes: []string{"proxyAddresses", "mailNickname", "sAMAccountName"}, Suffixes: map[string]string{"corp.local": "example.com"}}
		for _, finding := range findings(t, o, p, p, ada) {
			if finding.Suggestion != "" && finding.Suggestion == finding.Value {
				t.Errorf("%s: %q is suggested for itself", finding.Rule, finding.Value)
			}
			if !finding.Safe {
				continue
			}
			again := with(p, finding.Attribute, strings.ReplaceAll(p[finding.Attribute], finding.Value, finding.Suggestion))
			for _, left := range findings(t, o, again) {
				if left.Rule == finding.Rule && left.Attribute == finding.Attribute && left.Value == finding.Suggestion {
					t.Errorf("%s: %q is safe for %q and breaks it again", finding.Rule, finding.Suggestion, finding.Value)
				}
			}
		}
	})
}

// What the checks hold back as dup-login, the plan itself would.
func TestSharedLoginsAreThoseOfThePlan(t *testing.T) {
	people := []person{
		with(ada, "mail", "1@example.com"), with(ada, "userPrincipalName", "ADA@example.com", "mail", "2@example.com"),
		with(ada, "userPrincipalName", "Adä@example.com", "mail", "3@example.com"), with(ada, "userPrincipalName", "ada\u0308@example.com", "mail", "4@example.com"),
		with(ada, "userPrincipalName", "off@example.com", "mail", "5@example.com"), with(ada, "userPrincipalName", "off@example.com", "mail", "6@example.com", "off", "yes"),
		with(ada, "userPrincipalName", "b@example.com", "mail", "7@example.com"),
	}
	snapshot := &directory.Snapshot{}
	for i, p := range people {
		snapshot.Users = append(snapshot.Users, p.user(t, i+1))
	}
	reading := directory.Complete("corp", snapshot)
	mapping := defaults(t, "ad")
	mark, err := upload.NewMark("{source}:{anchor}", []string{"corp"})
	if err != nil {
		t.Fatal(err)
	}
	planned := upload.Diff(upload.Input{State: &upload.State{}, Mark: mark, Sources: []upload.Source{{ID: "corp", Reading: reading, Mapping: mapping}}})
	c, err := New(Options{Least: Block})
	if err != nil {
		t.Fatal(err)
	}
	c.Add(Source{ID: "corp", AD: true, Mapping: mapping}, snapshot)
	blocked := Blocked(c.Findings(), "corp")
	if len(planned.Quarantined) != 4 || len(blocked) != 4 {
		t.Errorf("the plan holds back %d, the checks %d, want 4", len(planned.Quarantined), len(blocked))
	}
	for _, q := range planned.Quarantined {
		if b := blocked[q.Anchor]; b.Rule != q.Rule || b.Detail != q.Detail {
			t.Errorf("the plan: %s: %s\nthe checks: %s: %s", q.Rule, q.Detail, b.Rule, b.Detail)
		}
	}
}
