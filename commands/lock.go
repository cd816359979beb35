package commands

import (
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
	dir := r.reportDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &Failure{Code: ExitFailure, Err: fmt.Errorf("make the folder for the lock and the last run: %w", err),
			Hint: "set report.dir to a folder that this account may write"}
	}
	path := filepath.Join(dir, "adsync.lock")
	l := flock.New(path)
	held, err := l.TryLock()
	if err != nil {
		return &Failure{Code: ExitFailure, Err: fmt.Errorf("lock %s: %w", path, err),
			Hint: "set report.dir to a folder that this account may write"}
	}
	if !held {
		return &Failure{Code: ExitLocked, Err: errors.New("another run is under way; nothing was changed"),
			Hint: "wait for it to end; the lock is " + path}
	}
	r.release = append(r.release, func() { _ = l.Close() })
	return nil
}
