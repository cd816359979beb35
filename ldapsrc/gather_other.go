//go:build !linux

package ldapsrc

import "syscall"

// wakeFrom is not known of this system.
func wakeFrom(syscall.Conn, int) bool { return false }
