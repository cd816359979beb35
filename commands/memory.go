package commands

import (
	"os"
	"runtime/debug"
)

// How many percent of what is in use may be garbage before it is collected.
// What was read of a company stays until the end of the run: of a small one
// there is memory enough, and collecting takes time from the work; of a large
// one the usual 100 would mean to hold it twice. docs/performance.md has what
// either costs.
const (
	garbage      = 200
	garbageLarge = 50
	largeCompany = 25_000 // entries on both sides together
)

// collectFor sets the collector up for so many entries in memory, unless the
// environment's GOGC does.
func collectFor(entries int) {
	switch {
	case os.Getenv("GOGC") != "":
	case entries > largeCompany:
		debug.SetGCPercent(garbageLarge)
	default:
		debug.SetGCPercent(garbage)
	}
}

// entries is how many entries and resources are held of both sides.
func (h *reading) entries() int {
	n := len(h.state.Users) + len(h.state.Groups) + len(h.state.Devices)
	for _, s := range h.sources {
		n += s.Users + s.Groups + s.Computers
	}
	return n
}
