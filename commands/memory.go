package commands

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"sync"
)

const (
	// spareMemory is what the heap may come to before anything is collected.
	// What is read stays until the end of the run, and to look through it
	// again and again takes time from the work.
	spareMemory = 64 << 20
	// garbage is how many percent of what is in use may be garbage in a heap
	// that is larger. The usual 100 would mean to hold a large company twice.
	garbage = 50
)

// collectLate sets the collector up, once in a process, unless the environment
// does. docs/performance.md has what it costs and saves.
var collectLate = sync.OnceFunc(func() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(spareMemory)
	afterCollection(func() {
		debug.SetMemoryLimit(math.MaxInt64)
		leaveGarbage()
	})
})

// leaveGarbage lets as much garbage come as brings what is in use to
// spareMemory, after each collection anew.
func leaveGarbage() {
	use := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(use)
	live := max(1, int(use[0].Value.Uint64()))
	debug.SetGCPercent(max(garbage, 100*(spareMemory-live)/live))
	afterCollection(leaveGarbage)
}

// afterCollection calls do once, after the next collection.
func afterCollection(do func()) {
	runtime.AddCleanup(new([16]byte), func(do func()) { do() }, do)
}
