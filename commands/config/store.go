package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/zalando/go-keyring"
)

// StoreFile keeps a secret in a file for {file: PATH}, whole or not at all and
// readable by its owner alone. On Windows the folder's access list decides who
// may read it.
func StoreFile(path string, v Value) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	// Resolve takes one newline off, so one is added.
	if err := replace(path, []byte(v.text+"\n")); err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	return nil
}

// StoreKeyring keeps a secret in the keyring of the account that runs the
// program, for {keyring: NAME}, and reads it back.
func StoreKeyring(name string, v Value) error {
	if err := keyring.Set(KeyringService, name, v.text); err != nil {
		return fmt.Errorf("store the secret in the keyring of this account: %w", err)
	}
	if text, err := keyring.Get(KeyringService, name); err != nil || text != v.text {
		return fmt.Errorf("the keyring of this account does not give back what was stored in it")
	}
	return nil
}
