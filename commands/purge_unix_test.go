//go:build unix

package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adsync/upload/scimtest"
)

// What a person types at purge decides: the id lets it happen, anything else
// and Ctrl-C do not.
func TestPurgeOnATerminal(t *testing.T) {
	for _, test := range []struct {
		name  string
		keys  []string
		ends  string
		says  string
		users int
	}{
		{"the id", []string{"old", "Enter"}, "ended 0", "2 deleted, 0 withheld", 0},
		{"another word", []string{"yes", "Enter"}, "ended 5", "that is not the id: nothing was changed", 2},
		{"Ctrl-C", []string{"C-c"}, "ended 130", "adsync: interrupted; nothing was changed", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			service, err := scimtest.Start(scimtest.Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer service.Close()
			for i, name := range []string{"olga", "otto"} {
				doc := map[string]any{"schemas": []string{scimtest.UserSchema}, "userName": name, "active": true,
					"externalId": fmt.Sprintf("old:00000000-0000-4000-8000-00000000000%d", i)}
				if _, err := service.Put("User", doc); err != nil {
					t.Fatal(err)
				}
			}
			dir, err := os.MkdirTemp("/tmp", "adsync-") // a socket's path must be short
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			text := fmt.Sprintf("version: 1\nsources: [{id: corp, type: ldap, url: \"ldap://127.0.0.1:1\", bind: {method: anonymous}}]\n"+
				"target: {url: %q, auth: {bearer: {file: token}}}\nreport: {dir: .}\n", service.URL())
			for name, content := range map[string]string{"adsync.yaml": text, "token": service.Token()} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c := openConsole(t, 80, dir, "purge", "old", "--delete", "--config", "adsync.yaml")
			c.answer("Type the source's id to go on", test.keys...)
			all := c.wait(test.ends, false)
			if !strings.Contains(all, test.says) {
				t.Errorf("%q is not on the screen:\n%s", test.says, all)
			}
			if n := len(service.Users()); n != test.users {
				t.Errorf("%d users are left, want %d", n, test.users)
			}
		})
	}
}
