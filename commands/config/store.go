package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/zalando/go-keyring"
)

// StoreFile keeps a secret in a file for {file: PATH}, whole or not at all and
// readable by its owner alone. On Windows the folder's access list decides who
// may read it, and it is encrypted for this machine.
func StoreFile(path string, v Value) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	content, err := sealed(v.text)
	if err != nil {
		return fmt.Errorf("store the secret: %w", err)
	}
	// Resolve takes one newline off, so one is added.
	if err := replace(path, []byte(content+"\n")); err != nil {
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

// InKeyring reports whether {keyring: NAME} holds something.
func InKeyring(name string) bool {
	_, err := keyring.Get(KeyringService, name)
	return err == nil
}

// RestoreKeyring is what puts {keyring: NAME} back as it is now: the secret
// that it holds, or none.
func RestoreKeyring(name string) func() {
	text, err := keyring.Get(KeyringService, name)
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return func() { _ = keyring.Delete(KeyringService, name) }
	case err != nil:
		return func() {}
	}
	return func() { _ = keyring.Set(KeyringService, name, text) }
}

// KeyringUsable reports whether the account that runs the program has a
// keyring, and it is open.
func KeyringUsable() bool {
	answered := make(chan bool, 1)
	go func() {
		_, err := keyring.Get(KeyringService, "is there a keyring")
		answered <- err == nil || errors.Is(err, keyring.ErrNotFound)
	}()
	select {
	case usable := <-answered:
		return usable
	case <-time.After(keyringPatience):
		return false // it asks somebody, on a screen that is elsewhere
	}
}

const keyringPatience = 3 * time.Second
