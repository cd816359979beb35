package commands

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adsync/upload/scimtest"
)

func TestSyncToEntraBulkSendsEveryoneAndSaysWhatItCosts(t *testing.T) {
	s, err := scimtest.StartEntraBulk(scimtest.EntraBulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id, secret := s.Client()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"adsync.yaml": `version: 1
sources:
  - {id: corp, type: ldap, url: "ldif:people.ldif"}
mapping: {user: {userName: mail, displayName: cn, name.familyName: sn, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": manager}}
target:
  url: ` + s.URL() + `
  profile: entra-bulk
  auth:
    oauth2: {token_url: "` + s.TokenURL() + `", client_id: ` + id + `, client_secret: {file: secret}, scopes: [https://graph.microsoft.com/.default]}
  outcome_wait: 2s
`,
		"secret": secret,
		"people.ldif": `dn: uid=ada,dc=example,dc=com
objectClass: inetOrgPerson
uid: ada
cn: Ada Lovelace
sn: Lovelace
mail: ada@example.com
manager: uid=bob,dc=example,dc=com
entryUUID: 11111111-1111-4111-8111-111111111111

dn: uid=bob,dc=example,dc=com
objectClass: inetOrgPerson
uid: bob
cn: Bob Martin
sn: Martin
mail: bob@example.com
entryUUID: 22222222-2222-4222-8222-222222222222
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var printed bytes.Buffer
	env := Env{Stdout: &printed, Stderr: &printed, Getenv: func(string) string { return "" }, Now: time.Now}
	run := func(args ...string) int {
		printed.Reset()
		return execute(context.Background(), append([]string{"adsync", "--config", filepath.Join(dir, "adsync.yaml")}, args...), env)
	}
	if code := run("sync", "--dry-run"); code != ExitOK || s.Users() != 0 {
		t.Fatalf("dry run: exit %d, %d users\n%s", code, s.Users(), printed.String())
	}
	for _, want := range []string{
		"would update user ada@example.com: displayName, name.familyName, userName, manager (sent whole: what the service holds cannot be read)",
		"2 records are 1 calls", "nothing can be read of this service",
	} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("the dry run does not say %q:\n%s", want, printed.String())
		}
	}
	if code := run("sync"); code != ExitOK || s.Users() != 2 {
		t.Fatalf("exit %d, %d users\n%s", code, s.Users(), printed.String())
	}
	manager := s.User("corp:11111111-1111-4111-8111-111111111111")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
	if text, ok := manager.(map[string]any); !ok || !strings.Contains(strings.ToLower(toText(text["manager"])), "22222222") {
		t.Errorf("ada's manager is %v", manager)
	}
}

func toText(v any) string {
	if m, ok := v.(map[string]any); ok {
		return toText(m["value"])
	}
	s, _ := v.(string)
	return s
}
