package commands_test

import (
	"regexp"
	"strings"
	"testing"

	"adsync/commands"
)

// What status and explain say of real servers.
func TestStatusAndExplainOnRealDirectories(t *testing.T) {
	common := []string{"in scope yes", `title = "Engineer" from title`, "service bob", "manager ada", "in staff", "next sync nothing: it is as it should be"}
	for _, row := range []struct {
		name            string
		house           func(*testing.T, bool) *house
		status, explain []string
	}{
		{"slapd", slapdHouse, []string{"server OpenLDAP, ldaps://", "bound as cn="}, []string{"user bob, source corp", "directory uid=bob,"}},
		{"Samba", sambaHouse, []string{"server Samba Active Directory, ldaps://", "bound as svc-adsync@"}, []string{"directory CN=bob,", "(primary group)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := found(row.house(t, false))
			p := install(t, memoryService(t), c.source("corp"))
			p.succeeds(t, "sync")
			said(t, p.run(t, "status"), commands.ExitOK, append(row.status,
				"source corp: ok", "encryption TLS 1.", "certificate until ", "owns 6 users, 2 groups", "target: ok", "signed in yes", "exit 0"))
			said(t, p.run(t, "explain", c.bob), commands.ExitOK, append(row.explain, common...))
			said(t, p.run(t, "explain", "Bob Ürgüp"), commands.ExitOK, row.explain)
			said(t, p.run(t, "explain", "bobb"), commands.ExitFailure, []string{`nobody in the directory or at the service goes by "bobb" near: bob, user of source corp`})
			c.Delete(c.gus)
			said(t, p.run(t, "status", "--plan"), commands.ExitOK, []string{"a sync now dry run: 0 created, 0 updated, 1 deactivated, "})
		})
	}
}

var spaces = regexp.MustCompile(`[ \n]+`)

// said fails the test unless the output, white space aside, has the words.
func said(t *testing.T, e ended, code int, words []string) {
	t.Helper()
	if e.code != code {
		t.Errorf("exit code %d, want %d\n%s", e.code, code, e.stderr)
	}
	text := spaces.ReplaceAllString(e.stdout, " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s%s", w, e.stdout, e.stderr)
		}
	}
}
