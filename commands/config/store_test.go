package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

func TestASecretThatIsStoredIsFetchedAgain(t *testing.T) {
	keyring.MockInit()
	path := filepath.Join(t.TempDir(), "Schlüssel", "corp.password")
	for _, text := range []string{"hunter2", "ends with a newline\n", " müller 日本 "} {
		if err := StoreFile(path, NewValue(text)); err != nil {
			t.Fatal(err)
		}
		if err := StoreKeyring("corp", NewValue(text)); err != nil {
			t.Fatal(err)
		}
		for _, s := range []Secret{{File: path}, {Keyring: "corp"}} {
			if v, err := s.Resolve(t.Context(), Resolver{}); err != nil || v.Reveal() != text {
				t.Errorf("%s gives %q, %v; stored was %q", s, v.Reveal(), err, text)
			}
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAKeyringThatDoesNotOpenIsSaidWithoutTheSecret(t *testing.T) {
	keyring.MockInitWithError(os.ErrPermission)
	defer keyring.MockInit()
	err := StoreKeyring("corp", NewValue("hunter2"))
	if err == nil || !strings.HasPrefix(err.Error(), "store the secret in the keyring of this account: ") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestASecretThatWindowsSealedElsewhereIsSaid(t *testing.T) {
	for _, row := range []struct{ content, says string }{
		{sealMark + "AQAAANCMnd8BFdERjHoAwE/Cl+s=", "it was encrypted by windows on another machine"},
		{sealMark + "planted %", "what windows encrypted is damaged: write the secret anew"},
	} {
		path := filepath.Join(t.TempDir(), "corp.password")
		if err := os.WriteFile(path, []byte(row.content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Secret{File: path}.Resolve(t.Context(), Resolver{})
		if err == nil || !strings.Contains(err.Error(), path+": "+row.says) || strings.Contains(err.Error(), "planted") {
			t.Errorf("%v", err)
		}
	}
}

func TestTheKeyringIsPutBackAsItWas(t *testing.T) {
	keyring.MockInit()
	for _, row := range []struct{ name, before string }{{"a secret", "hunter2"}, {"none", ""}} {
		t.Run(row.name, func(t *testing.T) {
			if row.before != "" {
				if err := keyring.Set(KeyringService, "corp", row.before); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = keyring.Delete(KeyringService, "corp") })
			}
			undo := RestoreKeyring("corp")
			if err := StoreKeyring("corp", NewValue("another")); err != nil {
				t.Fatal(err)
			}
			undo()
			got, err := keyring.Get(KeyringService, "corp")
			if got != row.before || row.before == "" && err != keyring.ErrNotFound {
				t.Errorf("it holds %q, %v", got, err)
			}
		})
	}
}
