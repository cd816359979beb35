package scimtest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what Start starts. The zero value is a complete service over plain HTTP with a bearer token.
type Options struct {
	Quirks     Quirks
	BasePath   string   // path of the service's base URL; default /v2; "/" is the root
	TLS        bool     // HTTPS with a certificate of its own, and HTTP/2
	Auth       Auth     // who is let in; the zero value is the bearer token of Token
	Extensions []Schema // further extensions of User
	Types      []Type   // further resource types
	Seed       uint64   // for ids, unstable order and random faults; the same seed gives the same ids in the same order
	KeepBodies bool     // Requests hold the request bodies
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Type is a resource type of the test's own. Its schema decides what is kept; a displayName is indexed.
type Type struct {
	Name     string // "Computer"
	Endpoint string // "/Computers"
	Schema   Schema
}

// Server is a running service provider. All its methods may be called from several goroutines.
type Server struct {
	opts     Options
	quirk    atomic.Pointer[Quirks]
	types    []*resourceType
	listener net.Listener
	http     *http.Server
	base     string
	caPEM    []byte
	auth     *authenticator
	faults   faults
	bucket   bucket
	closed   chan struct{}
	closing  sync.Once

	mu        sync.RWMutex
	data      *store
	cursorGen int

	logMu    sync.Mutex
	requests []Request

	randMu sync.Mutex
	random *rand.Rand
	lists  atomic.Int64 // lists answered, for the quirks that change from one to the next
}

// Request is a line of the request log.
type Request struct {
	Method   string
	Path     string // below the base path, "/Users/1"
	Query    string // decoded, "filter=userName eq \"ada\""
	Status   int    // 0 if the client got no answer
	BodySize int
	Body     []byte // with Options.KeepBodies
	Fault    string // the fault that was applied
}

// Start listens on a free loopback port and serves until Close.
func Start(opts Options) (*Server, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.BasePath == "" {
		opts.BasePath = "/v2"
	}
	opts.BasePath = strings.TrimSuffix(opts.BasePath, "/")
	s := &Server{opts: opts, types: resourceTypes(opts), closed: make(chan struct{}), random: rand.New(rand.NewPCG(opts.Seed, 1))}
	s.SetQuirks(opts.Quirks)
	s.faults.random = rand.New(rand.NewPCG(opts.Seed, 2))
	s.data = newStore(s.types, s.newID)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the SCIM test service: %w", err)
	}
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute, MaxHeaderBytes: 1 << 20}
	scheme := "http"
	if opts.TLS {
		scheme = "https"
		if s.http.TLSConfig, s.caPEM, err = selfSigned(opts.Now()); err != nil {
			s.listener.Close()
			return nil, err
		}
	}
	s.base = scheme + "://" + s.listener.Addr().String()
	s.auth = newAuthenticator(opts.Auth, s.base+tokenPath, opts.Now)
	go s.serve()
	return s, nil
}

func (s *Server) serve() {
	if s.opts.TLS {
		_ = s.http.ServeTLS(s.listener, "", "") // always http.ErrServerClosed, by Close
		return
	}
	_ = s.http.Serve(s.listener)
}

// Close stops the server and ends every connection.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.closed)
		_ = s.http.Close() // the listener's error changes nothing for the caller
	})
}

// URL is the base URL of the service, with the base path and without a slash at the end.
func (s *Server) URL() string { return s.base + s.opts.BasePath }

// Token is the bearer token that lets a client in.
func (s *Server) Token() string { return s.auth.opts.Token }

// TokenURL is the OAuth 2.0 token endpoint.
func (s *Server) TokenURL() string { return s.base + tokenPath }

// CACertPEM is the certificate to trust; nil without TLS.
func (s *Server) CACertPEM() []byte { return bytes.Clone(s.caPEM) }

// Quirks returns the present quirks.
func (s *Server) Quirks() Quirks { return *s.quirk.Load() }

func (s *Server) quirks() *Quirks { return s.quirk.Load() }

// SetQuirks changes the quirks from the next request on. Which endpoints there are stays as it was at Start.
func (s *Server) SetQuirks(q Quirks) {
	s.quirk.Store(&q)
	s.bucket.reset()
}

// Requests returns the log since the start or the last ResetRequests.
func (s *Server) Requests() []Request {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	return append([]Request(nil), s.requests...)
}

// ResetRequests empties the log.
func (s *Server) ResetRequests() {
	s.logMu.Lock()
	defer s.logMu.Unlock()
	s.requests = nil
}

// newID makes a UUID of the server's own random numbers.
func (s *Server) newID() string {
	s.randMu.Lock()
	a, b := s.random.Uint64(), s.random.Uint64()
	s.randMu.Unlock()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}
