package scim

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config is one service as configured.
type Config struct {
	URL     string // base URL, before /Users
	Profile string // name of the profile; "" is guessed from the URL
	Auth    Auth
	// DevicesResource is the name of the ResourceType for computers, or the
	// URN of its schema; "" takes the one named Device, if there is one.
	DevicesResource string
	Overrides       ProfileOverrides
	UserAgent       string // default "adsync"
	// OutcomeWait is how long EntraBulk waits for the provisioning log; 0
	// does not wait.
	OutcomeWait time.Duration
}

// ProfileOverrides replace what the profile says. Zero keeps the profile's.
type ProfileOverrides struct {
	PageSize      int           // resources a page is asked for
	AddMembers    int           // members one request adds
	RemoveMembers int           // members one request removes
	Width         int           // requests in flight at most
	Bulk          Switch        // whether /Bulk is used where it is offered
	Timeout       time.Duration // for one answer; default one minute
}

// A Switch is on, off, or left to the profile.
type Switch int

// The positions of a Switch.
const (
	ByProfile Switch = iota
	On
	Off
)

// Env is what the target uses of the world.
type Env struct {
	Transport http.RoundTripper // default: a transport of its own, without a proxy
	Log       *slog.Logger      // default: none
	Now       func() time.Time  // default time.Now
	// Sleep waits, or returns the error of ctx; default: a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

func (e *Env) defaults() {
	switch t := e.Transport.(type) {
	case nil:
		e.Transport = pooled(&http.Transport{ForceAttemptHTTP2: true, TLSHandshakeTimeout: 15 * time.Second})
	case *http.Transport:
		if t.MaxIdleConnsPerHost < idleConnections {
			e.Transport = pooled(t.Clone())
		}
	}
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.Sleep == nil {
		e.Sleep = sleep
	}
}

// idleConnections is how many connections wait for the next request, so that
// a wide run does not connect anew for each.
const idleConnections = 64

func pooled(t *http.Transport) *http.Transport {
	t.MaxIdleConnsPerHost = idleConnections
	if t.IdleConnTimeout == 0 {
		t.IdleConnTimeout = 90 * time.Second
	}
	return t
}

func sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// baseURL checks the address of a service. Tokens go over TLS, or nowhere
// but to this machine.
func baseURL(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("service URL %q: %w", text, err)
	}
	switch {
	case u.Host == "":
		return nil, fmt.Errorf("service URL %q: want https://host/path", text)
	case u.User != nil:
		return nil, fmt.Errorf("service URL of %q: credentials do not belong in the URL", u.Host)
	case u.Fragment != "":
		return nil, fmt.Errorf("service URL %q: a fragment makes no sense here", text)
	case u.RawQuery != "":
		return nil, fmt.Errorf("service URL %q: want the base URL, without a query", text)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("service URL %q: plain http would show the token to everybody on the way, use https", text)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("service URL %q: want https", text)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
