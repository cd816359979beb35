package ldapsrc

import (
	"fmt"
	"strings"
	"testing"

	"adsync/ldapsrc/directory"
)

// Every user of a reading is shown once while it is read, under a number that
// the snapshot's has too, and not where a membership is needed to know who is
// in scope.
func TestUsersAreShownWhileTheyAreRead(t *testing.T) {
	var text strings.Builder
	const each = progressStep + 70
	for d, base := range []string{"dc=example,dc=com", "dc=example,dc=org"} {
		fmt.Fprintf(&text, "dn: %s\nobjectClass: domain\n\n", base)
		for i := range each {
			fmt.Fprintf(&text, "dn: uid=user%d,%s\nobjectClass: inetOrgPerson\nuid: user%d\ncn: User\nsn: U\nentryUUID: %08x-0000-4000-8000-%012d\n\n", i, base, i, each-i, d)
		}
		fmt.Fprintf(&text, "dn: cn=staff,%s\nobjectClass: groupOfNames\ncn: staff\nmember: uid=user1,%s\nentryUUID: 00000000-0000-4000-8000-00000000001%d\n\n", base, base, d)
	}
	var came []directory.User
	want := Want{UserAttributes: []string{"uid"}, Users: func(users []directory.User) { came = append(came, users...) }}
	cfg := fileConfig(t, Config{ID: "corp", Type: LDAP}, text.String())
	snapshot := mustRead(t, cfg, want)
	if len(snapshot.Users) != 2*each || len(came) != 2*each {
		t.Fatalf("%d users, %d were shown, want %d of both", len(snapshot.Users), len(came), 2*each)
	}
	places := directory.Places(snapshot.Users)
	for n := range came {
		if u := &snapshot.Users[places[n]]; int(came[n].Number) != n || u.Anchor != came[n].Anchor || u.DN != came[n].DN || u.Attributes.First("uid") != came[n].Attributes.First("uid") {
			t.Fatalf("user %d was shown as number %d, %s; the snapshot has %s", n, came[n].Number, came[n].DN, u.DN)
		}
	}

	came = nil
	cfg.Users.MemberOf = []string{"cn=staff,dc=example,dc=com"}
	if snapshot = mustRead(t, cfg, want); len(snapshot.Users) != 1 || len(came) != 0 {
		t.Errorf("by membership: %d users, %d were shown, want 1 and 0", len(snapshot.Users), len(came))
	}
}
