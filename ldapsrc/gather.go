package ldapsrc

import (
	"syscall"
	"time"
)

const (
	// gatherTime is how long what comes is left in the socket.
	gatherTime = 2 * time.Millisecond
	// gatherBytes is how much may come meanwhile: half of what a socket holds.
	gatherBytes = 64 << 10
	// gatherEntries is how many entries of a page must have come, and be able
	// to come still.
	gatherEntries = 150
)

// gather lets more of a page come before it is read. Most servers send entry
// by entry, and to wake up for each costs both sides more than to read it. It
// does not wait where the end of the page may be near, as the server does
// nothing from then on until the next page is asked for.
func (s *running) gather() {
	if s.page < gatherEntries || s.size-s.page < gatherEntries || s.link.wire.stream.full {
		return
	}
	socket, ok := s.link.raw.(syscall.Conn)
	if ok && wakeFrom(socket, gatherBytes) {
		time.Sleep(gatherTime)
		wakeFrom(socket, 1)
	}
}
