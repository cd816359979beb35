//go:build !windows

package commands

import "syscall"

// readerGone are the errors of a pipe whose reader has closed it.
var readerGone = []error{syscall.EPIPE}
