package ldaptest

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Fault is something that goes wrong, and when. The zero value of each
// condition is no condition.
type Fault struct {
	On    Op                 // OpSearch if empty; OpBind, OpStartTLS and OpConnect take Close, Reset, Hang, Delay, Disconnect and Refuse
	Where func(Request) bool // which requests, as they will be in the log
	Nth   int                // only the nth of these requests; each page of a search is one
	Page  int                // only this page of a search, from 1
	After int                // once this many entries of the request were sent; AtDone: before the search's result
	Bytes int                // once this many bytes of the answer were sent; for Close, Reset and Hang, instead of After
	Times int                // it strikes this often, then no more
	Do    Effect
}

// AtDone is the value of Fault.After for the moment when all entries were sent.
const AtDone = -1

// Effect is what a fault does.
type Effect struct {
	kind  effect
	code  uint16
	text  string
	delay time.Duration
}

type effect int

const (
	closing effect = iota + 1
	resetting
	hanging
	refusing
	disconnecting
	delaying
	repeating
	skipping
	strangeID
	malforming
	omittingPaging
	emptyingCookie
	restarting
	hidingAttribute
	hidingSubtree
	droppingRanges
)

// Close closes the connection.
func Close() Effect { return Effect{kind: closing} }

// Reset ends the connection with a TCP reset.
func Reset() Effect { return Effect{kind: resetting} }

// Hang sends nothing more and leaves the connection open.
func Hang() Effect { return Effect{kind: hanging} }

// Refuse ends the operation with a result code and diagnostic message, of a
// search's entries the ones before After having been sent.
func Refuse(code uint16, message string) Effect {
	return Effect{kind: refusing, code: code, text: message}
}

// RefuseBind is Refuse with result 49 and AD's message for a reason in hex,
// such as "52e", "532", "533", "701", "773" or "775".
func RefuseBind(data string) Effect {
	return Refuse(ldap.LDAPResultInvalidCredentials, bindMessage(data))
}

// Disconnect sends a notice of disconnection (RFC 4511 section 4.4.1) and closes.
func Disconnect(code uint16) Effect { return Effect{kind: disconnecting, code: code} }

// Delay waits, before each further entry of a search.
func Delay(d time.Duration) Effect { return Effect{kind: delaying, delay: d} }

// RepeatEntry sends the next entry twice.
func RepeatEntry() Effect { return Effect{kind: repeating} }

// SkipEntry leaves the next entry out.
func SkipEntry() Effect { return Effect{kind: skipping} }

// UnknownMessageID sends the next entry under a message id nobody used.
func UnknownMessageID() Effect { return Effect{kind: strangeID} }

// Malformed sends bytes that are no BER instead of the next message.
func Malformed() Effect { return Effect{kind: malforming} }

// OmitPaging leaves the paging control out of the search's result.
func OmitPaging() Effect { return Effect{kind: omittingPaging} }

// EmptyCookie says in the search's result that this page was the last.
func EmptyCookie() Effect { return Effect{kind: emptyingCookie} }

// Restart takes no notice of the cookie: the page is the first one again.
func Restart() Effect { return Effect{kind: restarting} }

// HideAttribute leaves an attribute out of all entries, as an ACL does.
func HideAttribute(name string) Effect {
	return Effect{kind: hidingAttribute, text: strings.ToLower(name)}
}

// HideSubtree leaves an entry and all below it out of the answer, as an ACL does.
func HideSubtree(dn string) Effect { return Effect{kind: hidingSubtree, text: dn} }

// DropRanges answers a request for any range of values but the first with no
// attribute at all.
func DropRanges() Effect { return Effect{kind: droppingRanges} }

// Injected is a fault at work.
type Injected struct {
	fault  Fault
	faults *faults
	seen   int
	struck int
}

type faults struct {
	mu   sync.Mutex
	list []*Injected
}

// Inject puts a fault to work, from the next request on.
func (s *Server) Inject(f Fault) *Injected {
	if f.On == "" {
		f.On = OpSearch
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	in := &Injected{fault: f, faults: &s.faults}
	s.faults.list = append(s.faults.list, in)
	return in
}

// Remove ends a fault. What hangs goes on hanging.
func (in *Injected) Remove() {
	in.faults.mu.Lock()
	defer in.faults.mu.Unlock()
	in.faults.list = slices.DeleteFunc(in.faults.list, func(other *Injected) bool { return other == in })
}

// Struck returns how often the fault has done what it does.
func (in *Injected) Struck() int {
	in.faults.mu.Lock()
	defer in.faults.mu.Unlock()
	return in.struck
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// of returns the faults that concern a request.
func (fs *faults) of(r Request) []*Injected {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var concerned []*Injected
	for _, in := range fs.list {
		f := &in.fault
		if f.On != r.Op || f.Page != 0 && f.Page != r.Page || f.Where != nil && !f.Where(r) {
			continue
		}
		in.seen++
		if f.Nth != 0 && f.Nth != in.seen || f.Times != 0 && in.struck >= f.Times {
			continue
		}
		concerned = append(concerned, in)
	}
	return concerned
}

// strike counts.
func (in *Injected) strike() Effect {
	in.faults.mu.Lock()
	defer in.faults.mu.Unlock()
	in.struck++
	return in.fault.Do
}
