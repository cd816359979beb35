package ldaptest

import "sync"

// Op names an operation.
type Op string

// The operations that a server logs and that a Fault can be put on.
const (
	OpSearch   Op = "search"
	OpBind     Op = "bind"
	OpStartTLS Op = "starttls"
	OpConnect  Op = "connect"
	OpAbandon  Op = "abandon"
	OpUnbind   Op = "unbind"
	OpExtended Op = "extended"
	OpWrite    Op = "write" // add, modify, modrdn, delete
)

// Request is one operation as the server saw it and answered it.
type Request struct {
	Op         Op
	Connection int    // counted from 1
	TLS        bool   // over LDAPS or after StartTLS
	DN         string // bind name, search base or the entry written to
	Method     string // of a bind: "simple", "anonymous" or the SASL mechanism
	Scope      string // of a search: "base", "one" or "sub"
	Filter     string
	Attributes []string
	TypesOnly  bool
	SizeLimit  int
	Controls   []string // OIDs
	PageSize   int      // 0 without the paging control
	Page       int      // of a paged search, counted from 1

	Done       bool // answered; false while under way or if cut off
	Result     uint16
	Entries    int
	References int
}

// requestLog keeps requests in the order they came.
type requestLog struct {
	mu   sync.Mutex
	list []*Request
}

func (l *requestLog) add(r Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, &r)
	return &r
}

func (l *requestLog) update(r *Request, change func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(r)
}

// Requests returns what was asked so far, of the given operations only if any
// are given, in the order it came.
func (s *Server) Requests(ops ...Op) []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	var all []Request
	for _, r := range s.log.list {
		for _, op := range ops {
			if r.Op == op {
				all = append(all, *r)
			}
		}
		if len(ops) == 0 {
			all = append(all, *r)
		}
	}
	return all
}

// ForgetRequests empties the log.
func (s *Server) ForgetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.list = nil
}
