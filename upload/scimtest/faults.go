package scimtest

import (
	"math/rand/v2"
	"net"
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
)

var faultNames = []string{"delay", "status", "reset", "lost", "truncate", "malformed", "html", "hang", "hang-after"}

// Fault is something that goes wrong, and with which requests. Every condition must hold; an empty one always does.
type Fault struct {
	Kind   FaultKind
	Status int  // for FaultStatus and FaultHTML
	After  bool // FaultStatus: the request takes effect, then this status is answered
	Detail string
	// RetryAfter is the header's value, seconds or a date; empty is no header.
	RetryAfter string
	Delay      time.Duration // before the request is looked at

	Method      string                   // "POST"
	Path        string                   // path below the base, or its beginning if it ends in *: "/Users", "/Groups/*"
	Nth         int                      // only this one of the requests that fit, from 1
	Times       int                      // at most so often
	Probability float64                  // of those that fit, by the server's seed; 0 is always
	Match       func(*http.Request) bool // the body has been read already
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

// Fault adds faults. Of several that fit a request, the one added first is applied.
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

func (f *faults) pick(method, path string, h *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
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
		return &one
	}
	return nil
}

func (f *Fault) fits(method, path string, h *http.Request) bool {
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
	return f.Match == nil || f.Match(h)
}

// deliver lets the service answer, or the fault spoil it. log is told the status the client will see; 0 is none. A
// closed server ends what hangs.
func deliver(closed <-chan struct{}, w http.ResponseWriter, h *http.Request, f *Fault, respond func() answer, log func(int)) {
	if f == nil {
		write(w, respond(), log)
		return
	}
	if f.Delay > 0 && !wait(closed, h, f.Delay) {
		log(0)
		return
	}
	switch f.Kind {
	case FaultDelay:
		write(w, respond(), log)
	case FaultStatus:
		if f.After {
			respond()
		}
		write(w, f.statusAnswer(), log)
	case FaultHTML:
		a := answer{status: f.Status, body: []byte("<html><body><h1>Bad Gateway</h1></body></html>")}
		if a.status == 0 {
			a.status = http.StatusBadGateway
		}
		a.set("Content-Type", "text/html")
		write(w, a, log)
	case FaultReset:
		log(0)
		cut(w, 0)
	case FaultLost:
		respond()
		log(0)
		cut(w, -1)
	case FaultTruncate:
		writeHalf(w, respond(), log)
	case FaultMalformed:
		a := respond()
		a.body = []byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":`)
		write(w, a, log)
	case FaultHang, FaultHangAfter:
		if f.Kind == FaultHangAfter {
			respond()
		}
		log(0)
		wait(closed, h, time.Hour)
		cut(w, -1)
	}
}

// wait pauses; it says whether the client and the server are still there.
func wait(closed <-chan struct{}, h *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.Context().Done():
	case <-closed:
	}
	return false
}

func (f *Fault) statusAnswer() answer {
	detail := f.Detail
	if detail == "" {
		detail = http.StatusText(f.Status)
	}
	a := errorAnswer(fail(f.Status, "%s", detail))
	if f.RetryAfter != "" {
		a.set("Retry-After", f.RetryAfter)
	}
	return a
}

func write(w http.ResponseWriter, a answer, log func(int)) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if h.Get("Content-Type") == "" && len(a.body) > 0 {
		h.Set("Content-Type", "application/scim+json;charset=UTF-8")
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	log(a.status)
	w.WriteHeader(a.status)
	// A client that has gone away is no concern of the service.
	_, _ = w.Write(a.body)
}

// writeHalf promises the whole body and breaks off in the middle.
func writeHalf(w http.ResponseWriter, a answer, log func(int)) {
	if len(a.body) < 2 {
		log(0)
		cut(w, -1)
		return
	}
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	h.Set("Content-Type", "application/scim+json;charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	log(a.status)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:len(a.body)/2])
	if flusher, ok := w.(http.Flusher); ok {
		flusher.Flush()
	}
	cut(w, -1)
}

// cut ends the connection without an answer; linger 0 makes it a reset. On HTTP/2 only the stream ends, by the
// panic value net/http documents for that.
func cut(w http.ResponseWriter, linger int) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	inner := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		inner = t.NetConn()
	}
	if tcp, ok := inner.(*net.TCPConn); ok && linger == 0 {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
		return
	}
	_ = conn.Close()
}
