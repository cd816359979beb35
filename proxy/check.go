package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// The steps of a Report, in the order they are made. Which of them a way has
// depends on the proxy and the target.
const (
	StepResolve  = "resolve the proxy's name"
	StepConnect  = "connect to the proxy"
	StepProxyTLS = "tls with the proxy"
	StepTunnel   = "ask the proxy for the target"
	StepDirect   = "connect to the target"
	StepTLS      = "tls with the target"
	StepAnswer   = "first answer"
)

// Step is one part of the way and how it went.
type Step struct {
	Name string
	Err  error // nil: done
	Took time.Duration
}

// Report is the way to a target as Check went it: every step that was made, the
// last of them perhaps with an error.
type Report struct {
	Steps []Step
	// Chain is what the target, or whoever opened the TLS, showed; its own
	// certificate first.
	Chain []Certificate
	// Status is the first answer's, such as "401 Unauthorized": any answer of
	// the target proves the way.
	Status string
}

// Intercepted names the authority that issued the target's certificate when the
// system does not trust it, which is what a proxy that opens TLS looks like. It
// is empty otherwise.
func (r Report) Intercepted() string {
	if len(r.Chain) == 0 || r.Chain[0].Trusted {
		return ""
	}
	return r.Chain[len(r.Chain)-1].Issuer
}

func (r *Report) observe(name string, began time.Time, err error) {
	r.Steps = append(r.Steps, Step{Name: name, Err: err, Took: time.Since(began)})
}

// Check goes the way to a target that Transport would go, step by step, up to
// the first HTTP answer to a GET without credentials. For an ldap or ldaps URL
// it goes the way of Dialer and stops at the connection or its TLS. The error is
// the failed step's, an *Error or a context's own; the report holds the steps
// made up to there. The TLS configuration is for the target, as Transport's, and
// may be nil.
func (p *Proxy) Check(ctx context.Context, target *url.URL, config *tls.Config) (Report, error) {
	var report Report
	err := p.check(ctx, target, p.targetTLS(config), &report)
	return report, err
}

func (p *Proxy) check(ctx context.Context, target *url.URL, config *tls.Config, report *Report) error {
	addr := targetAddr(target)
	h := p.way(target.Scheme, addr)
	absolute := h != nil && target.Scheme == "http" && h.absoluteForm()
	conn, err := p.checkConnection(ctx, h, addr, absolute, report)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if target.Scheme == "https" || target.Scheme == "ldaps" {
		secured, err := checkTLS(ctx, h, conn, addr, config, report)
		if err != nil {
			return err
		}
		conn = secured
	}
	if target.Scheme != "https" && target.Scheme != "http" {
		return nil
	}
	return observer(report.observe).run(StepAnswer, func() error {
		err := p.firstAnswer(ctx, conn, target, absolute, report)
		var known *Error
		if err == nil || errors.As(err, &known) {
			return err
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return answerError(h, addr, err)
	})
}

// checkConnection goes as far as a connection to the target, or for a plain
// request in absolute form to the proxy.
func (p *Proxy) checkConnection(ctx context.Context, h *hop, addr string, absolute bool, report *Report) (net.Conn, error) {
	watch := observer(report.observe)
	if h == nil {
		var conn net.Conn
		err := watch.run(StepDirect, func() (err error) {
			conn, err = p.dial(ctx, nil, "tcp", addr)
			return err
		})
		return conn, err
	}
	err := watch.run(StepResolve, func() error {
		if _, err := net.DefaultResolver.LookupHost(ctx, h.host()); err != nil {
			return dialError(h, addr, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if absolute {
		return h.dial(ctx, addr, watch)
	}
	return h.open(ctx, addr, watch)
}

func checkTLS(ctx context.Context, h *hop, conn net.Conn, addr string, config *tls.Config, report *Report) (net.Conn, error) {
	config.NextProtos = nil // the one request after it is HTTP/1.1
	var secured *tls.Conn
	err := observer(report.observe).run(StepTLS, func() (err error) {
		secured, err = secure(ctx, h, conn, addr, config)
		return err
	})
	var known *Error
	if errors.As(err, &known) {
		report.Chain = known.Chain
	}
	if err != nil {
		return nil, err
	}
	report.Chain = certificates(secured.ConnectionState().PeerCertificates)
	return secured, nil
}

func (p *Proxy) firstAnswer(ctx context.Context, conn net.Conn, target *url.URL, absolute bool, report *Report) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "adsync")
	req.Close = true
	write := req.Write
	if absolute {
		write = req.WriteProxy
		if header, _ := basic(p.ways.http.userPassword()).next(""); header != "" {
			req.Header.Set("Proxy-Authorization", header)
		}
	}
	_ = conn.SetDeadline(time.Now().Add(openTimeout))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := write(conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	report.Status = resp.Status
	return p.refusal(resp)
}

// userPassword is what basic authentication sends, empty for nothing.
func (h *hop) userPassword() string {
	if h.username == "" {
		return ""
	}
	return h.username + ":" + h.password
}

// answerError is a connection that ended before the first answer.
func answerError(h *hop, addr string, err error) error {
	e := &Error{Kind: TargetRefused, Target: addr, Err: err}
	if h != nil {
		e.Proxy = h.String()
	}
	switch {
	case canceled(err):
		return err
	case timedOut(err):
		e.Kind = Timeout
	}
	return e
}
