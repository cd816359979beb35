package commands

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lock takes the lock that keeps two runs of one configuration from each
// other's way. The operating system holds it: it ends with the process,
// however that ends.
func (r *run) lock() error {
	var held bool
	var err error
	for _, path := range r.lockPaths() {
		_ = os.MkdirAll(filepath.Dir(path), 0o700)
		l := flock.New(path)
		if held, err = l.TryLock(); err != nil {
			continue // a folder that this account may not write
		}
		if !held {
			return &Failure{Code: ExitLocked, Err: errors.New("another run of this configuration is under way; nothing was changed"),
				Hint: "wait for it to end; the lock is " + path}
		}
		r.release = append(r.release, func() { _ = l.Close() })
		return nil
	}
	return &Failure{Code: ExitFailure, Err: fmt.Errorf("lock out other runs: %w", err),
		Hint: "set report.dir to a folder that this account may write"}
}

// lockPaths are the places of the lock, each for when the one before cannot
// be written.
func (r *run) lockPaths() []string {
	config, err := filepath.Abs(r.file.Path)
	if err != nil {
		config = r.file.Path
	}
	id := sha256.Sum256([]byte(config))
	return []string{
		filepath.Join(r.reportDir(), "."+filepath.Base(config)+".lock"),
		filepath.Join(os.TempDir(), fmt.Sprintf("adsync-%x.lock", id[:6])),
	}
}
