//go:build !windows

package config

import "os"

// Rename puts a file in the place of another, whoever has that open.
func Rename(from, to string) error { return os.Rename(from, to) }
