package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zalando/go-keyring"
)

// KeyringService is the name under which secrets stand in the operating
// system's keyring; the configuration's {keyring: NAME} is the account.
const KeyringService = "adsync"

// largestSecret is far above any password, token or private key.
const largestSecret = 64 << 10

// A Resolver fetches secrets. The zero value uses the process's environment
// and the operating system's keyring.
type Resolver struct {
	Dir      string                                     // where relative paths start; the working directory when empty
	Getenv   func(string) string                        // os.Getenv when nil
	Keyring  func(service, name string) (string, error) // the system's when nil
	Timeout  time.Duration                              // for a command; 30 s when zero
	Redactor *Redactor                                  // is told every secret; may be nil
	Warn     func(remark string)                        // is told of secrets that others could read; may be nil
}

// Resolve fetches the secret. The error says which place failed and what to
// do, and never holds the secret.
func (s Secret) Resolve(ctx context.Context, r Resolver) (Value, error) {
	var text string
	var err error
	switch {
	case s.Env != "":
		text, err = r.env(s.Env)
	case s.File != "":
		text, err = r.file(s.File)
	case len(s.Command) > 0:
		text, err = r.command(ctx, s.Command)
	case s.Keyring != "":
		text, err = r.keyring(s.Keyring)
	default:
		return Value{}, nil
	}
	if err != nil {
		return Value{}, err
	}
	v := Value{text}
	r.Redactor.Add(v)
	return v, nil
}

func (r Resolver) getenv(name string) string {
	if r.Getenv != nil {
		return r.Getenv(name)
	}
	return os.Getenv(name)
}

func (r Resolver) env(name string) (string, error) {
	text := r.getenv(name)
	if text == "" {
		return "", fmt.Errorf("environment variable %s is not set or empty", name)
	}
	return text, nil
}

// file reads a secret from a file, with a warning if others can read it.
func (r Resolver) file(name string) (string, error) {
	path, err := r.secretPath(name)
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return "", fmt.Errorf("read the secret: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder, not a file", path)
	case readableByOthers(info) && !r.handedOver(path) && r.Warn != nil:
		r.Warn(fmt.Sprintf("%s can be read by other users of this machine: chmod 600 %s", path, path))
	}
	text, err := io.ReadAll(io.LimitReader(file, largestSecret+1))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	content, err := oneSecret(path, text)
	if err != nil {
		return "", err
	}
	if content, err = unsealed(content); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

// oneSecret takes the one newline off that editors and programs end with, and
// the mark that editors on Windows begin with.
func oneSecret(from string, text []byte) (string, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("%s: the secret is empty", from)
	case len(text) > largestSecret:
		return "", fmt.Errorf("%s: more than %d bytes are no secret", from, largestSecret)
	case bytes.IndexByte(text, 0) >= 0:
		return "", fmt.Errorf("%s: the secret is UTF-16 or binary; save it as UTF-8", from)
	case !utf8.Valid(text):
		// Windows' editors and programs have code pages of their own, and a
		// wrong password, shown often enough, locks its account.
		return "", fmt.Errorf("%s: the secret is in another encoding than UTF-8; save or print it as UTF-8", from)
	}
	return string(text), nil
}

// secretPath turns credential:NAME into the file that systemd made of the
// unit's LoadCredential= or LoadCredentialEncrypted=.
func (r Resolver) secretPath(name string) (string, error) {
	credential, ok := strings.CutPrefix(name, "credential:")
	if !ok {
		return absolute(r.Dir, name), nil
	}
	dir := r.getenv("CREDENTIALS_DIRECTORY")
	switch {
	case credential == "" || credential != filepath.Base(credential):
		return "", errors.New("credential: wants the name of a systemd credential, without a folder")
	case dir == "":
		return "", fmt.Errorf("credential %s: systemd handed none over (CREDENTIALS_DIRECTORY is not set); the unit wants LoadCredential=%s:PATH", credential, credential)
	}
	return filepath.Join(dir, credential), nil
}

// handedOver reports whether systemd keeps the file: its folder is closed to
// others, whatever the mode of the files in it.
func (r Resolver) handedOver(path string) bool {
	dir := r.getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

func (r Resolver) keyring(name string) (string, error) {
	get := r.Keyring
	if get == nil {
		get = keyring.Get
	}
	text, err := get(KeyringService, name)
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "", fmt.Errorf("the keyring of this account has no entry %q for %s; %q stores it", name, KeyringService, "adsync init")
	case err != nil:
		return "", fmt.Errorf("the keyring of this account cannot be read: %w", err)
	case text == "":
		return "", fmt.Errorf("the keyring's entry %q is empty", name)
	}
	return text, nil
}
