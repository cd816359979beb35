package scimtest

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind is what goes wrong with a request.
type FaultKind int

// The kinds of faults.
const (
	FaultDelay     FaultKind = iota // nothing but Fault.Delay
	FaultStatus                     // Fault.Status instead of the service's own answer; the request has no effect
	FaultReset                      // the connection is reset before the request has an effect
	FaultLost                       // the request takes effect, then the connection closes without an answer
	FaultTruncate                   // the request takes effect, half of the answer arrives
	FaultMalformed                  // the request takes effect, the answer is broken JSON
	FaultHTML                       // an HTML page with Fault.Status (default 502), as a proxy sends; no effect
	FaultHang                       // no answer until the client gives up; no effect
	FaultHangAfter                  // the same after the request took effect
	FaultEndless                    // an answer that never ends; no effect
	FaultRedirect                   // 307 to the address in Fault.Detail; no effect
)

var faultNames = []string{"delay", "status", "reset", "lost", "truncate", "malformed", "html", "hang", "hang-after", "endless", "redirect"}

// Fault is something that goes wrong, and with which requests. Every condition must hold; an empty one always does.
type Fault struct {
	Kind   FaultKind
	Status int    // for FaultStatus and FaultHTML
	After  bool   // FaultStatus: the request takes effect, then this status is answered
	Detail string // of FaultStatus: the error's text
	// RetryAfter is the header's value, seconds or a date; empty is no header.
	RetryAfter string
	Delay      time.Duration // before the request is looked at

	Method      string                   // "POST"
	Path        string                   // path below the base, or its beginning if it ends in *: "/Users", "/Groups/*"
	Nth         int                      // only this one of the requests that fit, from 1
	Times       int                      // at most so often
	Probability float64                  // of those that fit, by the server's seed; 0 is always
	Match       func(*http.Request) bool // the body has been read already
	// InBulk makes it a fault of single operations inside bulk requests instead of requests. Only FaultStatus works there.
	InBulk bool
}

// String names the fault for the request log.
func (f *Fault) String() string {
	if f == nil {
		return ""
	}
	name := faultNames[f.Kind]
	if f.Status != 0 {
		name += " " + strconv.Itoa(f.Status)
	}
	return name
}

// faults decides which fault a request meets.
type faults struct {
	mu     sync.Mutex
	rules  []faultRule
	random *rand.Rand
}

type faultRule struct {
	Fault
	seen, done int
}

// Fault adds faults. Of several that fit a request, the one added first is applied; delays (FaultDelay) come on top.
func (s *Server) Fault(f ...Fault) { s.faults.add(f) }

// ClearFaults ends all faults. Requests that hang already go on hanging.
func (s *Server) ClearFaults() { s.faults.clear() }

func (f *faults) add(more []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range more {
		f.rules = append(f.rules, faultRule{Fault: one})
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// pick returns the fault for a request, or for an operation of a bulk request, which has no HTTP request of its own.
func (f *faults) pick(method, path string, h *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var slow *Fault
	for i := range f.rules {
		r := &f.rules[i]
		if !r.fits(method, path, h) {
			continue
		}
		r.seen++
		if r.Nth != 0 && r.seen != r.Nth || r.Times != 0 && r.done >= r.Times {
			continue
		}
		if r.Probability != 0 && f.random.Float64() >= r.Probability {
			continue
		}
		r.done++
		one := r.Fault
		if slow != nil {
			one.Delay += slow.Delay
		}
		if one.Kind != FaultDelay {
			return &one
		}
		slow = &one
	}
	return slow
}

func (f *Fault) fits(method, path string, h *http.Request) bool {
	if f.InBulk != (h == nil) {
		return false
	}
	if f.Method != "" && f.Method != method {
		return false
	}
	if prefix, ok := strings.CutSuffix(f.Path, "*"); ok {
		if !strings.HasPrefix(path, prefix) {
			return false
		}
	} else if f.Path != "" && f.Path != path {
		return false
	}
	return f.Match == nil || h != nil && f.Match(h)
}
