package scim

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"adsync/upload"
)

// A client sends requests to one service: within the gate, with
// credentials, again where that is safe.
type client struct {
	env         Env
	base        *url.URL
	http        *http.Client
	credentials credentials
	gate        *gate
	budget      *budget
	userAgent   string
	timeout     time.Duration
	slash       *atomic.Bool // paths have a slash at their end
	versions    *atomic.Bool // writes want the version that they change
}

// A call is one request as the caller means it.
type call struct {
	method string
	path   string // below the base, escaped: "/Users/1"
	query  url.Values
	body   []byte
	match  string // If-Match
	doing  string // for errors: "list users"
	// again says that the request may be sent again though it may have
	// taken effect: reads, and writes that come to the same when repeated.
	again bool
	// looks says that the caller looks what came of a write before it sends it
	// again, after 503 too: a gateway may answer so behind which it took effect.
	looks   bool
	timeout time.Duration // 0: the client's
	// read takes the body of a 2xx answer; nil keeps it in the answer.
	read func(io.Reader) error
}

// An answer is the response to a call.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	attempts int // requests it took
}

// unsure is the error of a write that may or may not have taken effect.
type unsure struct {
	err    error
	status int // 0 when there was no answer
}

func (e *unsure) Error() string { return e.err.Error() }
func (e *unsure) Unwrap() error { return e.err }

func newHTTPClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		// The token is for one host.
		first := via[0]
		if next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme {
			return errRedirect{"redirect to another host, " + next.URL.Host + ", is not followed"}
		}
		if len(via) > 3 {
			return errRedirect{"redirect to " + next.URL.Path + " is not followed"}
		}
		// 307 and 308 repeat the request (RFC 7644 3.12).
		if next.Method != first.Method {
			return errRedirect{"a redirect to " + next.URL.Path + " would make a read of a write"}
		}
		return nil
	}}
}

// errRedirect is a redirect that is not followed.
type errRedirect struct{ text string }

func (e errRedirect) Error() string { return e.text }

// do sends a call until it is answered: with 2xx, or with a *upload.Refusal.
// A whole service that fails is an *upload.Unavailable, a write of unknown
// effect an *unsure, and a cancelled context its error.
func (c *client) do(ctx context.Context, q call) (*answer, error) {
	if c.unconditional(q) && c.versions.Load() {
		return c.conditional(ctx, q)
	}
	began := c.env.Now()
	refreshed := false
	failures, throttles := 0, 0
	for attempt := 1; ; attempt++ {
		a, err := c.once(ctx, q, &refreshed)
		if a != nil {
			a.attempts = attempt
		}
		if err == nil {
			c.budget.earn()
			return a, nil
		}
		var wait *throttle
		var failed *unsure
		switch {
		case errors.As(err, &wait):
			throttles++
			pause := wait.after(throttles)
			if throttles >= throttleTries || q.method == http.MethodGet && wait.outlasts(c.env.Now().Add(pause).Sub(began)) {
				return nil, c.unavailable(q, wait.err, began)
			}
			c.gate.throttled(wait.started, pause)
			if q.looks && isStatus(wait.err, http.StatusServiceUnavailable) {
				return nil, &unsure{err: wait.err, status: http.StatusServiceUnavailable}
			}
		case errors.As(err, &failed):
			if !q.again {
				return nil, failed
			}
			failures++
			long := failures > 1 && q.method == http.MethodGet && c.env.Now().Sub(began) > patience
			if failures >= tries || long {
				return nil, c.exhausted(q, failed, began)
			}
			if !c.budget.spend() {
				return nil, c.unavailable(q, failed.err, began)
			}
			if err := c.env.Sleep(ctx, backoff(failures)); err != nil {
				return nil, err
			}
		case errors.Is(err, errRefreshed):
		case c.unconditional(q) && isStatus(err, http.StatusPreconditionRequired):
			return c.conditional(ctx, q)
		default:
			return a, err
		}
	}
}

// exhausted is what a call comes to that failed again and again: an answer
// may be about the one resource, silence is not.
func (c *client) exhausted(q call, failed *unsure, began time.Time) error {
	if refusal := new(upload.Refusal); errors.As(failed.err, &refusal) && q.method != http.MethodGet {
		return refusal
	}
	return c.unavailable(q, failed.err, began)
}

func (c *client) unavailable(q call, err error, began time.Time) error {
	return &upload.Unavailable{Doing: q.doing, Err: err, Hint: hintFor(err), After: c.env.Now().Sub(began)}
}

// throttle is a 429 or 503: nothing was done, and later it may be.
type throttle struct {
	err     error
	wait    time.Duration
	said    bool
	started time.Time
}

func (e *throttle) Error() string { return e.err.Error() }

// after is how long to wait: as the service said, a little longer each time.
func (e *throttle) after(times int) time.Duration {
	if e.said {
		return e.wait + backoff(min(times, 3))/4
	}
	return backoff(times + 1)
}

// outlasts reports whether a service has asked a reader to wait for too long.
// One that says when it will be back is believed for longer, and one that is
// there and only busy (429) is asked until its answers are too many.
func (e *throttle) outlasts(waited time.Duration) bool {
	switch {
	case isStatus(e.err, http.StatusTooManyRequests):
		return false
	case e.said:
		return waited > longestRetryAfter
	}
	return waited > patience
}

// errRefreshed says that a new token was fetched and the request is to be
// sent again.
var errRefreshed = errors.New("token refreshed")

// once sends a call one time.
func (c *client) once(ctx context.Context, q call, refreshed *bool) (*answer, error) {
	if err := c.gate.enter(ctx, q.method != http.MethodGet); err != nil {
		return nil, err
	}
	defer c.gate.leave()
	token, err := c.credentials.header(ctx)
	if err != nil {
		return nil, err
	}
	started := c.env.Now()
	a, err := c.send(ctx, q, token)
	took := c.env.Now().Sub(started)
	slow := took > c.patienceFor(q)/slowPart
	if slow {
		c.gate.slow(started)
	}
	if err != nil {
		c.env.Log.Debug("request", "method", q.method, "path", q.path, "error", err.Error(), "took", took)
		if ctx.Err() != nil && q.method == http.MethodGet {
			return nil, ctx.Err()
		}
		if lasting(err) {
			return nil, c.unavailable(q, err, started)
		}
		return nil, &unsure{err: err}
	}
	c.env.Log.Debug("request", "method", q.method, "path", q.path, "status", a.status, "took", took)
	if a.status = a.statusWithin(); a.status >= 300 {
		a.body = scrubbed(a.body, token)
	}
	switch {
	case a.status < 300:
		if !slow {
			c.gate.answered()
		}
		return a, nil
	case a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable:
		wait, said := retryAfter(a.header, c.env.Now())
		return a, &throttle{err: refusal(a), wait: wait, said: said, started: started}
	case a.status == http.StatusUnauthorized:
		if !*refreshed && c.credentials.refresh(token) {
			*refreshed = true
			return a, errRefreshed
		}
		return a, &upload.Unavailable{Doing: q.doing, Err: refusal(a), Hint: "the service does not accept the credentials: check target.auth"}
	case a.status == http.StatusInternalServerError || a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout:
		return a, &unsure{err: refusal(a), status: a.status}
	}
	return a, refusal(a)
}

// patienceFor is how long a call may take.
func (c *client) patienceFor(q call) time.Duration { return cmp.Or(q.timeout, c.timeout) }

// send is one exchange. Writes under way are finished when ctx is
// cancelled: what they did would be unknown otherwise.
func (c *client) send(ctx context.Context, q call, token string) (a *answer, err error) {
	if q.method != http.MethodGet {
		ctx = context.WithoutCancel(ctx)
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, c.patienceFor(q))
	defer cancel()
	defer func() {
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && whole.Err() == nil {
			err = silence{c.patienceFor(q)}
		}
	}()
	h, err := c.request(ctx, q, token)
	if err != nil {
		return nil, err
	}
	r, err := c.http.Do(h)
	if err != nil {
		return nil, hideURL(err)
	}
	defer r.Body.Close()
	if r.Request.URL.Path == h.URL.Path+"/" && r.StatusCode < 300 {
		// A redirected read shows how writes, which follow none, are to be
		// addressed.
		c.slash.Store(true)
	}
	a = &answer{status: r.StatusCode, header: r.Header}
	if q.read != nil && r.StatusCode < 300 {
		body, err := scimText(&bounded{from: r.Body, left: maxPage}, r.Header.Get("Content-Type"))
		if err != nil {
			return nil, err
		}
		if err := q.read(body); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return a, drain(body)
	}
	if a.body, err = wholeBody(r); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return a, nil
}

func (c *client) request(ctx context.Context, q call, token string) (*http.Request, error) {
	address := c.base.Scheme + "://" + c.base.Host + c.base.EscapedPath() + q.path
	if c.slash.Load() && !strings.HasSuffix(address, "/") {
		address += "/"
	}
	if len(q.query) > 0 {
		address += "?" + query(q.query)
	}
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	h, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		return nil, hideURL(err)
	}
	// Entra refuses a request that does not accept plain JSON; GitHub and AWS
	// refuse one without a User-Agent.
	h.Header.Set("Accept", "application/scim+json, application/json")
	h.Header.Set("User-Agent", c.userAgent)
	if q.body != nil {
		h.Header.Set("Content-Type", "application/scim+json")
	}
	if token != "" {
		h.Header.Set("Authorization", token)
	}
	if q.match != "" {
		h.Header.Set("If-Match", q.match)
	}
	return h, nil
}
