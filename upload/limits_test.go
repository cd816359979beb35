package upload_test

import (
	"fmt"
	"strings"
	"testing"

	"adsync/upload"
)

func TestLimit(t *testing.T) {
	for _, test := range []struct {
		text    string
		of      int
		allowed int
	}{
		{"10%", 1000, 100}, {"10%", 20, 5}, {"0%", 1000, 5}, {"3", 1000, 3}, {"0", 1000, 0}, {"12.5%", 80, 10}, {"100%", 7, 7},
	} {
		l, err := upload.ParseLimit(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Allows(test.of); got != test.allowed {
			t.Errorf("%s of %d allows %d, want %d", test.text, test.of, got, test.allowed)
		}
		if l.String() != test.text {
			t.Errorf("%s prints as %s", test.text, l)
		}
	}
	for _, bad := range []string{"", "-1", "101%", "ten", "5 %%", "1.5", "NaN%"} {
		if _, err := upload.ParseLimit(bad); err == nil {
			t.Errorf("%q is taken for a limit", bad)
		}
	}
}

// departures is a company of a hundred of whom some left, and one joined.
func departures(t *testing.T, left int) *world {
	w := newWorld()
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("user%02d", i))
		w.user(all[i], nil)
	}
	w.group("staff", all...)
	w.sync(t)
	for _, login := range all[:left] {
		delete(w.users, login)
	}
	w.group("staff", all[left:]...)
	w.user("new", nil)
	return w
}

func TestFuseWithholdsOnlyRemovals(t *testing.T) {
	w := departures(t, 30)
	plan := w.plan()
	blown := plan.Limit(upload.DefaultLimits())
	if len(blown) != 2 || blown[0].String() != "30 user removals are over limits.user_removals: 10% of 100 allows 10" ||
		blown[1].String() != "30 member removals are over limits.member_removals: 20% of 100 allows 20" {
		t.Errorf("blown: %v", blown)
	}
	if got := len(plan.Withheld()); got != 31 {
		t.Errorf("%d changes withheld, want 30 users and one group's members", got)
	}
	if !strings.Contains(lines(plan), "\ncreate user new") && !strings.HasPrefix(lines(plan), "create user new") {
		t.Errorf("the new user is not created:\n%s", lines(plan))
	}
}

// Where DELETE only deactivates those who left stay for good, and are planned
// to be deleted in each run.
func TestWhoIsOffAlreadyKeepsNobodyIn(t *testing.T) {
	w := departures(t, 18)
	w.policy.UserGone = upload.Remove
	for i := range 15 {
		w.named(fmt.Sprintf("user%02d", i)).Active = false
	}
	plan := w.plan()
	blown := plan.Limit(upload.DefaultLimits())
	if len(blown) != 1 || blown[0].String() != "15 deletions of inactive users are over limits.user_removals: 10% of 85 allows 8" {
		t.Errorf("blown: %v", blown)
	}
	for _, c := range plan.Withheld() {
		if c.Verb == upload.Delete && c.Before.Active {
			t.Errorf("withheld: %s", c.Line())
		}
	}
}

func TestWithinTheLimitNothingIsWithheld(t *testing.T) {
	plan := departures(t, 10).plan()
	if blown := plan.Limit(upload.DefaultLimits()); len(blown) > 0 || len(plan.Withheld()) > 0 {
		t.Errorf("blown %v, withheld %d", blown, len(plan.Withheld()))
	}
}

func TestWithheldUsersStayInTheirGroups(t *testing.T) {
	plan := departures(t, 15).plan()
	plan.Limit(upload.DefaultLimits()) // 15 users are too many, 15 members are not
	for _, c := range plan.Withheld() {
		if c.Verb == upload.RemoveMembers {
			return
		}
	}
	t.Errorf("members are taken out while their removal is withheld:\n%s", lines(plan))
}

func TestApproval(t *testing.T) {
	held := func(left int) *upload.Plan {
		p := departures(t, left).plan()
		p.Limit(upload.DefaultLimits())
		return p
	}
	plan := held(30)
	whole, part, _ := strings.Cut(plan.Digest(), ".")
	if len(whole) != 16 || len(part) != 16 {
		t.Fatalf("digest %q", plan.Digest())
	}
	for _, digest := range []string{plan.Digest(), part, whole} {
		if p := held(30); !p.Approve(digest) || len(p.Withheld()) != 0 {
			t.Errorf("%q does not approve its own list", digest)
		}
	}
	for _, digest := range []string{held(31).Digest(), "", "0000000000000000"} {
		if p := held(30); p.Approve(digest) || len(p.Withheld()) == 0 {
			t.Errorf("%q approves another list", digest)
		}
	}
	if p := held(30); !p.Approve(part) || p.Digest() != plan.Digest() {
		t.Errorf("the digest changes with the approval")
	}
	if !held(30).Expected(plan.Digest()) || held(29).Expected(plan.Digest()) {
		t.Errorf("the expected plan is not told from another")
	}
	if p := departures(t, 3).plan(); p.Approve(p.Digest()) {
		t.Errorf("there is nothing to approve")
	}
}
