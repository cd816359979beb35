package commands

import "golang.org/x/sys/windows"

// readerGone are the errors of a pipe whose reader has closed it.
var readerGone = []error{windows.ERROR_NO_DATA, windows.ERROR_BROKEN_PIPE}
