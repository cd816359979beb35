package scim

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"time"

	"adsync/upload"
)

// A Probe is what can be said of a service without changing anything.
type Probe struct {
	Profile       string
	Title         string
	Authenticated bool // a request was answered that needs credentials
	Refused       string
	Discovery     bool // there is a ServiceProviderConfig
	Patch         bool
	Bulk          bool
	BulkOps       int
	Filter        bool
	Sort          bool
	ETag          bool
	Cursor        bool
	ResourceTypes []string
	Schemes       []string // authentication schemes offered
	Users         int      // -1 when not known
	// TokenExpires is when the bearer token ends; zero when it does not say.
	TokenExpires time.Time
	// Date is the service's clock, and Skew how far ahead of ours it is.
	Date time.Time
	Skew time.Duration
	// CertificateExpires is when the first certificate of the chain ends.
	CertificateExpires time.Time
	Certificate        string // whose that is
}

// Probe reaches the service, proves the credentials with one small list, and
// says what it found. An error is a service that cannot be reached or does
// not let us in.
func (t *Target) Probe(ctx context.Context) (Probe, error) {
	p := Probe{Profile: t.profile.Name, Title: t.profile.Title, Users: -1}
	if at, ok := expiry(string(t.bearer)); ok {
		p.TokenExpires = at
	}
	if err := t.meet(ctx, &p); err != nil {
		return p, err
	}
	if err := t.ready(ctx); err != nil {
		return p, err
	}
	f := t.facts
	p.Discovery, p.Patch, p.Bulk, p.BulkOps = f.found, f.patch, f.bulk, f.bulkOps
	p.Filter, p.Sort, p.ETag, p.Cursor = f.filter, f.sort, f.etag, f.cursor
	p.ResourceTypes, p.Schemes = f.types, f.schemes
	return p, t.admitted(ctx, &p)
}

// admitted asks for one user, which no service gives to strangers.
func (t *Target) admitted(ctx context.Context, p *Probe) error {
	l, err := t.newLister(upload.User, newShape(upload.User, nil, false))
	if err != nil {
		return err
	}
	more := url.Values{"count": {"1"}}
	switch {
	case t.profile.Paging == PagingNone:
		more = url.Values{"filter": {filterText(upload.KeyUserName, "nobody@invalid.example.com")}}
	case t.profile.Paging == PagingCursor:
		more.Set("cursor", "")
	default:
		more.Set("startIndex", "1")
	}
	got, err := l.page(ctx, more)
	if err != nil {
		if isRefusal(err) && !isStatus(err, http.StatusForbidden, http.StatusNotFound) {
			p.Authenticated, p.Refused = true, err.Error()
			return nil
		}
		return t.readError(upload.User, err)
	}
	p.Authenticated = true
	if t.profile.Paging != PagingNone && got.total >= 0 {
		p.Users = got.total
	}
	return nil
}

// meet sends one request past the gate, to see the connection itself.
func (t *Target) meet(ctx context.Context, p *Probe) error {
	c := t.client
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	began := c.env.Now()
	token, err := c.credentials.header(ctx)
	if err != nil {
		return err
	}
	q := call{method: http.MethodGet, path: "/ServiceProviderConfig", doing: "reach the service"}
	h, err := c.request(ctx, q, token)
	if err != nil {
		return err
	}
	r, err := c.http.Do(h)
	if err != nil {
		return c.unavailable(q, hideURL(err), began)
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)); err != nil {
		return c.unavailable(q, err, began)
	}
	if date, err := http.ParseTime(r.Header.Get("Date")); err == nil {
		p.Date = date
		p.Skew = date.Sub(c.env.Now().Truncate(time.Second))
	}
	if r.TLS != nil {
		p.chain(r.TLS.PeerCertificates)
	}
	return nil
}

func (p *Probe) chain(certificates []*x509.Certificate) {
	for _, c := range certificates {
		if p.CertificateExpires.IsZero() || c.NotAfter.Before(p.CertificateExpires) {
			p.CertificateExpires, p.Certificate = c.NotAfter, c.Subject.String()
		}
	}
}
