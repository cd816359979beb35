package config

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Rename puts a file in the place of another. Virus scanners, backups and
// whoever reads it hold a file for a moment, and Windows refuses as long.
func Rename(from, to string) error {
	for wait := 10 * time.Millisecond; ; wait *= 2 {
		err := os.Rename(from, to)
		held := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if !held || wait > time.Second {
			return err
		}
		time.Sleep(wait)
	}
}
