package scimtest

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// EntraBulkOptions say what StartEntraBulk starts. Numbers left zero are those of Microsoft's documentation.
type EntraBulkOptions struct {
	Tenant           string // default "example-tenant"
	ServicePrincipal string // default "sp-1"
	Job              string // default "API2AAD.1"
	OAuth2           OAuth2 // default client "client-1" with secret "secret-1" and the Graph scope
	Domains          []string
	// FlowNull is the "Flow null values" switch on source attributes and mappings: null, "" and absence clear a
	// single-valued attribute. Off, which is the default there too, they are ignored.
	FlowNull   bool
	CallsPer5s int           // default 40
	DailyCalls int           // default 2000 (P1 and P2; 6000 with ID Governance)
	LogDelay   time.Duration // until the outcome is in the log; 5 to 10 minutes in life, none by default here
	LogPage    int           // entries of a log page without $top; default 100
	TLS        bool
	Now        func() time.Time
}

// EntraBulk simulates Microsoft Entra's API-driven inbound provisioning: one job's bulkUpload, the token endpoint and
// the provisioning log. It is written from Microsoft's documentation; comments say where that is silent and this
// guesses.
type EntraBulk struct {
	opts     EntraBulkOptions
	auth     *authenticator
	listener net.Listener
	http     *http.Server
	base     string
	caPEM    []byte
	faults   faults
	closed   chan struct{}
	closing  sync.Once

	mu       sync.Mutex
	users    map[string]map[string]any // by externalId, the matching attribute
	byUPN    map[string]string         // lower-case userName to externalId
	log      []logEntry
	calls    []time.Time // accepted calls of the last 24 hours
	requests []Request
	uploads  [][]byte
}

const (
	graphScope  = "https://graph.microsoft.com/.default"
	maxBulkOps  = 50
	bulkWindow  = 5 * time.Second
	quotaWindow = 24 * time.Hour
)

// StartEntraBulk listens on a free loopback port and serves until Close.
func StartEntraBulk(opts EntraBulkOptions) (*EntraBulk, error) {
	opts = opts.withDefaults()
	e := &EntraBulk{opts: opts, closed: make(chan struct{}), users: map[string]map[string]any{}, byUPN: map[string]string{}}
	e.faults.random = rand.New(rand.NewPCG(1, 2))
	var err error
	if e.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the Entra simulator: %w", err)
	}
	e.http = &http.Server{Handler: e, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	e.base = "http://" + e.listener.Addr().String()
	serve := e.http.Serve
	if opts.TLS {
		e.base = "https://" + e.listener.Addr().String()
		if e.http.TLSConfig, e.caPEM, err = selfSigned(opts.Now()); err != nil {
			e.listener.Close()
			return nil, err
		}
		serve = func(l net.Listener) error { return e.http.ServeTLS(l, "", "") }
	}
	e.auth = newAuthenticator(Auth{OAuth2: &opts.OAuth2}, e.TokenURL(), opts.Now)
	go func() { _ = serve(e.listener) }() // always http.ErrServerClosed, by Close
	return e, nil
}

func (o EntraBulkOptions) withDefaults() EntraBulkOptions {
	text := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	number := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	text(&o.Tenant, "example-tenant")
	text(&o.ServicePrincipal, "sp-1")
	text(&o.Job, "API2AAD.1")
	text(&o.OAuth2.ClientID, "client-1")
	if o.OAuth2.PublicKey == nil {
		text(&o.OAuth2.ClientSecret, "secret-1")
	}
	text(&o.OAuth2.Scope, graphScope)
	number(&o.CallsPer5s, 40)
	number(&o.DailyCalls, 2000)
	number(&o.LogPage, 100)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Close stops the simulator and ends every connection.
func (e *EntraBulk) Close() {
	e.closing.Do(func() {
		close(e.closed)
		_ = e.http.Close() // the listener's error changes nothing for the caller
	})
}

// URL is the address of bulkUpload.
func (e *EntraBulk) URL() string {
	return e.base + "/v1.0/servicePrincipals/" + e.opts.ServicePrincipal + "/synchronization/jobs/" + e.opts.Job + "/bulkUpload"
}

// GraphURL is the root of the Graph API, "https://graph.microsoft.com" in life.
func (e *EntraBulk) GraphURL() string { return e.base }

// TokenURL is the tenant's token endpoint.
func (e *EntraBulk) TokenURL() string { return e.base + "/" + e.opts.Tenant + tokenPath }

// Client returns the credentials that are let in.
func (e *EntraBulk) Client() (id, secret string) {
	return e.opts.OAuth2.ClientID, e.opts.OAuth2.ClientSecret
}

// CACertPEM is the certificate to trust; nil without TLS.
func (e *EntraBulk) CACertPEM() []byte { return e.caPEM }

// Fault adds faults, ClearFaults ends them, as with Server. Paths begin at the host.
func (e *EntraBulk) Fault(f ...Fault) { e.faults.add(f) }

// ClearFaults ends all faults.
func (e *EntraBulk) ClearFaults() { e.faults.clear() }

// User returns the directory's user with this externalId; nil if there is none.
func (e *EntraBulk) User(externalID string) map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u := e.users[externalID]; u != nil {
		return roundTrip(u)
	}
	return nil
}

// Users counts the directory's users.
func (e *EntraBulk) Users() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.users)
}

// Uploads returns the bodies of the accepted bulkUpload calls.
func (e *EntraBulk) Uploads() [][]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([][]byte(nil), e.uploads...)
}

// Requests returns the log of all requests.
func (e *EntraBulk) Requests() []Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Request(nil), e.requests...)
}

// ServeHTTP answers one request.
func (e *EntraBulk) ServeHTTP(w http.ResponseWriter, h *http.Request) {
	body, err := readBody(h)
	if err != nil {
		http.Error(w, "body cannot be read", http.StatusBadRequest)
		return
	}
	f := e.faults.pick(h.Method, h.URL.Path, h)
	entry := Request{Method: h.Method, Path: h.URL.Path, Query: h.URL.Query().Encode(), BodySize: len(body), Fault: f.String()}
	deliver(e.closed, w, h, f, func() answer { return e.respond(h, body) }, func(status int) {
		entry.Status = status
		e.mu.Lock()
		e.requests = append(e.requests, entry)
		e.mu.Unlock()
	})
}

func (e *EntraBulk) respond(h *http.Request, body []byte) answer {
	if h.URL.Path == "/"+e.opts.Tenant+tokenPath {
		if h.Method != http.MethodPost {
			return oauthError(http.StatusMethodNotAllowed, "invalid_request", "only POST")
		}
		return e.auth.issue(h.Header, body)
	}
	path, ok := strings.CutPrefix(h.URL.Path, "/v1.0")
	if !ok {
		if path, ok = strings.CutPrefix(h.URL.Path, "/beta"); !ok {
			return graphError(http.StatusBadRequest, "BadRequest", "Invalid version.")
		}
	}
	if e.auth.check(h.Header) != nil {
		return graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	}
	upload := "/servicePrincipals/" + e.opts.ServicePrincipal + "/synchronization/jobs/" + e.opts.Job + "/bulkUpload"
	switch {
	case path == upload && h.Method == http.MethodPost:
		return e.upload(h, body)
	case strings.TrimSuffix(path, "/") == "/auditLogs/provisioning" && h.Method == http.MethodGet:
		return e.provisioningLog(h)
	}
	return graphError(http.StatusNotFound, "ResourceNotFound", "Resource not found for the segment.")
}

func graphError(status int, code, message string) answer {
	return jsonAnswer(status, map[string]any{"error": map[string]any{"code": code, "message": message, "innerError": map[string]string{"request-id": "00000000-0000-0000-0000-000000000001"}}})
}

// upload checks a bulkUpload call and processes it at once; only the log lags behind.
func (e *EntraBulk) upload(h *http.Request, body []byte) answer {
	now := e.opts.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if a, ok := e.withinQuota(now); !ok {
		return a
	}
	if kind, _, _ := strings.Cut(h.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/scim+json") {
		return graphError(http.StatusBadRequest, "BadRequest", "Invalid Data Format")
	}
	records, err := decodeUpload(body)
	if err != nil {
		return graphError(http.StatusBadRequest, "BadRequest", err.Error())
	}
	e.calls = append(e.calls, now)
	e.uploads = append(e.uploads, body)
	for _, r := range records {
		e.process(r, now)
	}
	a := answer{status: http.StatusAccepted}
	a.set("Location", e.base+"/v1.0/auditLogs/provisioning/?$filter=jobid%20eq%20'"+e.opts.Job+"'")
	a.set("request-id", strconv.Itoa(len(e.calls)))
	return a
}

// withinQuota applies the limits of calls. Retry-After and the wording are guesses: the documentation only says 429.
func (e *EntraBulk) withinQuota(now time.Time) (answer, bool) {
	for len(e.calls) > 0 && now.Sub(e.calls[0]) >= quotaWindow {
		e.calls = e.calls[1:]
	}
	recent := 0
	for i := len(e.calls) - 1; i >= 0 && now.Sub(e.calls[i]) < bulkWindow; i-- {
		recent++
	}
	var wait time.Duration
	switch {
	case len(e.calls) >= e.opts.DailyCalls:
		wait = quotaWindow - now.Sub(e.calls[0])
	case recent >= e.opts.CallsPer5s:
		wait = bulkWindow - now.Sub(e.calls[len(e.calls)-recent])
	default:
		return answer{}, true
	}
	a := graphError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
	a.set("Retry-After", strconv.Itoa(int(wait.Seconds())+1))
	return a, false
}
