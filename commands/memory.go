package commands

import (
	"os"
	"runtime/debug"
)

// How many percent of what is in use may be garbage before it is collected.
// What is read of a company stays until the end of the run, so that the usual
// 100 would mean to hold a large one twice. A small one, once it is known to
// be small, has memory enough, and collecting takes time from the work.
// docs/performance.md has what either costs.
const (
	garbage      = 50
	garbageSmall = 200
	smallCompany = 25_000 // entries on both sides together
)

// collect sets the collector up, unless the environment's GOGC does.
func collect(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// small reports whether few entries and resources are held of both sides.
func (h *reading) small() bool {
	n := len(h.state.Users) + len(h.state.Groups) + len(h.state.Devices)
	for _, s := range h.sources {
		n += s.Users + s.Groups + s.Computers
	}
	return n <= smallCompany
}
