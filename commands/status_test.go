package commands

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc"
)

func TestEndsAreWarnedOfInGoodTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"one that does not say", time.Time{}, ""},
		{"one of next year", now.AddDate(1, 0, 0), ""},
		{"one of 31 days", now.AddDate(0, 0, 31), ""},
		{"one of 29 days", now.AddDate(0, 0, 29), "the token ends in 29 days, on 2026-03-30"},
		{"one of tomorrow", now.Add(25 * time.Hour), "the token ends in 1 day, on 2026-03-02"},
		{"one of today", now.Add(3 * time.Hour), "the token ends within a day, at 15:00 UTC"},
		{"one that has ended", now.Add(-time.Second), "the token ended on 2026-03-01"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Join(ends("the token", test.at, now), "\n"); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestCronLinesThatRunAdsync(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"every two hours", "17 */2 * * * /usr/local/bin/adsync sync --quiet --config /etc/adsync/adsync.yaml\n", "17 */2 * * *"},
		{"in the system's table", "5 3 * * 1-5 root adsync -s\n", "5 3 * * 1-5"},
		{"by name", "@hourly adsync sync", "@hourly"},
		{"a comment", "# 17 */2 * * * adsync sync", ""},
		{"another command of ours", "0 8 * * * adsync status", ""},
		{"another program", "0 8 * * * rsync --daemon sync", ""},
		{"a setting", "ADSYNC_CONFIG=/etc/adsync sync", ""},
		{"nothing", "\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := cronRule(test.line); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// A domain of a forest that cannot be reached makes its source not ok: a
// sync would leave the whole source alone.
func TestAPartOfAForestThatIsDownIsShown(t *testing.T) {
	var s sourceStatus
	s.ID, s.OK, s.Error = "corp", false, "domain eu.corp.example.com: connect to dc9: refused"
	s.take(ldapsrc.Probe{
		Kind: "Active Directory", Server: "ldaps://dc1.corp.example.com", BoundAs: "svc@corp.example.com", Encryption: "TLS 1.3",
		ClockSkew: -3 * time.Minute,
		Domains:   []ldapsrc.ProbedDomain{{Name: "corp.example.com"}, {Name: "eu.corp.example.com", Err: errNoRecord}},
		Trusts:    []ldapsrc.Trust{{Partner: "partner.example.org", Direction: "both ways", Forest: true}, {Partner: "eu.corp.example.com", WithinForest: true}},
	})
	s.Warnings = astray(-3 * time.Minute)
	var out bytes.Buffer
	s.text(&facts{out: &out, width: 60}, time.Time{})
	want := `source corp: NOT OK
  error        domain eu.corp.example.com: connect to dc9:
               refused
  server       Active Directory,
               ldaps://dc1.corp.example.com
  bound as     svc@corp.example.com
  domains      corp.example.com; eu.corp.example.com (not
               reached)
  trusts       partner.example.org (both ways)
  encryption   TLS 1.3
  clock        3m0s behind ours
  warning      the server's clock is 3m0s behind ours:
               Kerberos and tokens fail at five minutes; set
               both by NTP
`
	if out.String() != want {
		t.Errorf("%s\nwant:\n%s", out.String(), want)
	}
}

func TestWordsThatAreTooLongAreBrokenAtTheirJoints(t *testing.T) {
	var out bytes.Buffer
	f := &facts{out: &out, width: 40}
	f.say("dn", "%s", "CN=A very long name,OU=People,OU=Engineering,DC=corp,DC=example,DC=com")
	f.say("bell", "%s", "ring\a \x1b[31m")
	want := "  dn           CN=A very long\n" +
		"               name,OU=People,\n" +
		"               OU=Engineering,DC=corp,\n" +
		"               DC=example,DC=com\n" +
		"  bell         ring\uFFFD \uFFFD[31m\n"
	if out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
}

func TestNearNamesAreThoseOneMayHaveMeant(t *testing.T) {
	for _, test := range []struct {
		name, spelling, asked string
		near                  bool
	}{
		{"two letters swapped", "adarwin", "adrawin", true},
		{"a letter missing", "adarwin", "adarwn", true},
		{"the beginning alone", "adarwin@example.com", "adarwin", true},
		{"somebody else", "adarwin", "bdickens", false},
		{"one letter", "a", "b", false},
		{"nothing", "", "ada", false},
		{"too short to be found inside", "adarwin", "da", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, near := likeness(test.spelling, test.asked); near != test.near {
				t.Errorf("near: %t, want %t", near, test.near)
			}
		})
	}
}
