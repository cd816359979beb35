package scimtest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what Start starts. The zero value is a complete service over plain HTTP with a bearer token.
type Options struct {
	Quirks     Quirks
	BasePath   string   // path of the service's base URL; default /v2
	TLS        bool     // HTTPS with a certificate of its own, and HTTP/2
	Auth       Auth     // who is let in; the zero value is the bearer token of Token
	Extensions []Schema // further extensions of User
	Seed       uint64   // for ids, unstable order and random faults; the same seed gives the same ids in the same order
	KeepBodies bool     // Requests hold the request bodies
	// Now is the clock; default time.Now.
	Now func() time.Time
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
	select {
	case <-s.closed:
		return
	default:
		close(s.closed)
	}
	_ = s.http.Close()
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

// request is an HTTP request, or an operation of a bulk request.
type request struct {
	method string
	path   string // below the base path
	query  url.Values
	header http.Header
	body   []byte
	raw    string // the query as it came
	inBulk bool
}

// maxBody bounds what is read of a request.
const maxBody = 64 << 20

// ServeHTTP answers one request. Faults are applied here, around what the service itself would answer.
func (s *Server) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	body, err := readBody(h)
	if err != nil {
		http.Error(w, "body cannot be read", http.StatusBadRequest)
		return
	}
	path, ok := strings.CutPrefix(h.URL.Path, s.opts.BasePath)
	q := &request{method: h.Method, path: path, header: h.Header, body: body, raw: h.URL.RawQuery}
	if h.URL.RawQuery != "" {
		q.query, _ = url.ParseQuery(h.URL.RawQuery)
	}
	var respond func() answer
	switch {
	case h.URL.Path == tokenPath:
		q.path = tokenPath
		respond = func() answer { return s.auth.issue(h.Header, body) }
	case !ok:
		respond = func() answer { return errorAnswer(fail(http.StatusNotFound, "no such endpoint")) }
	default:
		respond = func() answer { return s.respond(q, len(h.RequestURI)) }
	}
	f := s.faults.pick(q.method, q.path, h)
	entry := Request{Method: q.method, Path: q.path, BodySize: len(body), Fault: f.String()}
	if q.query != nil {
		entry.Query, _ = url.QueryUnescape(q.raw)
	}
	if s.opts.KeepBodies {
		entry.Body = body
	}
	// The line is written before the client can have the answer, so that a test that waited for it sees the line.
	deliver(s.closed, w, h, f, respond, func(status int) {
		entry.Status = status
		s.logMu.Lock()
		s.requests = append(s.requests, entry)
		s.logMu.Unlock()
	})
}

func readBody(h *http.Request) ([]byte, error) {
	if h.Body == nil || h.ContentLength == 0 {
		return nil, nil
	}
	if h.ContentLength > 0 && h.ContentLength <= maxBody {
		b := make([]byte, h.ContentLength)
		_, err := io.ReadFull(h.Body, b)
		return b, err
	}
	return io.ReadAll(io.LimitReader(h.Body, maxBody))
}

// respond applies what holds for every endpoint, then routes.
func (s *Server) respond(q *request, urlLength int) answer {
	quirks := s.quirks()
	if quirks.MaxURLLength > 0 && urlLength > quirks.MaxURLLength {
		return answer{status: http.StatusRequestHeaderFieldsTooLarge}
	}
	if err := s.auth.check(q.header); err != nil {
		a := errorAnswer(err)
		a.set("WWW-Authenticate", `Bearer realm="scim"`)
		return a
	}
	if wait, ok := s.bucket.take(quirks.Rate, q.method, s.opts.Now()); !ok {
		return throttled(quirks.Rate, wait, s.opts.Now())
	}
	if err := checkHeaders(quirks, q); err != nil {
		return errorAnswer(err)
	}
	a, err := s.route(q)
	if err != nil {
		return errorAnswer(err)
	}
	return a
}

func checkHeaders(quirks *Quirks, q *request) error {
	if quirks.NeedUserAgent && q.header.Get("User-Agent") == "" {
		return fail(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	}
	if accept := q.header.Get("Accept"); quirks.NeedAccept && !strings.Contains(accept, "application/json") && !strings.Contains(accept, "application/scim+json") {
		return badRequest("", "the Accept header must be application/json")
	}
	if quirks.FilterSpaceRefused && (strings.Contains(q.raw, "+=") || strings.Contains(q.raw, "%20=") || strings.Contains(q.raw, "=+") || strings.Contains(q.raw, "=%20")) {
		return badRequest("invalidSyntax", "blank beside '=' in the query")
	}
	return nil
}

// route finds the endpoint (RFC 7644, section 3.2).
func (s *Server) route(q *request) (answer, error) {
	path := strings.TrimSuffix(q.path, "/")
	quirks := s.quirks()
	switch path {
	case "/ServiceProviderConfig", "/ResourceTypes", "/Schemas":
		return s.discovery(q, path)
	case "/Bulk":
		return s.bulk(q)
	case "/.search":
		return answer{}, fail(http.StatusNotImplemented, "searching all resource types is not supported")
	case "/Me":
		return answer{}, fail(http.StatusNotImplemented, "/Me is not supported")
	}
	if strings.HasPrefix(path, "/ResourceTypes/") || strings.HasPrefix(path, "/Schemas/") {
		return s.discovery(q, path)
	}
	for _, t := range s.types {
		rest, ok := cutEndpoint(path, t.endpoint, quirks.AnyPathCase)
		switch {
		case !ok:
			continue
		case rest == "":
			return s.collection(q, t)
		case rest == "/.search":
			return s.search(q, t)
		case strings.Count(rest, "/") == 1:
			return s.single(q, t, rest[1:])
		}
	}
	return answer{}, fail(http.StatusNotFound, "no such endpoint: %s", q.path)
}

func cutEndpoint(path, endpoint string, anyCase bool) (rest string, ok bool) {
	if anyCase && len(path) >= len(endpoint) && strings.EqualFold(path[:len(endpoint)], endpoint) {
		path = endpoint + path[len(endpoint):]
	}
	rest, ok = strings.CutPrefix(path, endpoint)
	return rest, ok && (rest == "" || rest[0] == '/')
}

func (s *Server) collection(q *request, t *resourceType) (answer, error) {
	switch q.method {
	case http.MethodGet:
		return s.list(t, listFromQuery(t, q.query))
	case http.MethodPost:
		return s.create(q, t)
	}
	return answer{}, fail(http.StatusMethodNotAllowed, "%s is not allowed here", q.method)
}

func (s *Server) single(q *request, t *resourceType, id string) (answer, error) {
	switch q.method {
	case http.MethodGet:
		return s.get(q, t, id)
	case http.MethodPut:
		return s.replace(q, t, id)
	case http.MethodPatch:
		return s.patch(q, t, id)
	case http.MethodDelete:
		return s.delete(q, t, id)
	}
	return answer{}, fail(http.StatusMethodNotAllowed, "%s is not allowed here", q.method)
}
