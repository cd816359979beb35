package config

import (
	"strings"
	"testing"
)

func TestWhatIsSharedHoldsNoKeys(t *testing.T) {
	f, err := parse("adsync.yaml", []byte(`version: 1
# the password was hunter2 until May
sources:
  - id: corp
    type: ad
    url: ldaps://dc1.corp.example.com
    bind: {username: svc@corp.example.com, password: {command: [vault, read, --key=k-4711]}}
target:
  url: https://scim.example.com/v2
  auth: {basic: {username: sync, password: {command: [pass, show, k-4712]}}}
monitor:
  ping: https://checks.example.com/k-4713?key=k-4714
  webhook: {command: [echo, k-4715]}
`))
	if err != nil {
		t.Fatal(err)
	}
	text := string(f.Shareable())
	for _, key := range []string{"hunter2", "k-471"} {
		if strings.Contains(text, key) {
			t.Errorf("%s is in what is shared:\n%s", key, text)
		}
	}
	for _, kept := range []string{"id: corp", "command: [vault, '...']", "command: [pass, '...']", "https://checks.example.com/...", "svc@corp.example.com"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is not in what is shared:\n%s", kept, text)
		}
	}
	if f.Sources[0].Bind.Password.Command[2] != "--key=k-4711" || f.Target.Auth.Basic.Password.Command[2] != "k-4712" {
		t.Error("the configuration itself was changed")
	}
}
