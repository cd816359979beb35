package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxErrorPage is how much of a proxy's error page is read to reuse the
// connection; a longer one ends it.
const maxErrorPage = 256 << 10

// connect asks an HTTP proxy for a tunnel to target (RFC 9110 section 9.3.6),
// signing in on the same connection as NTLM and Negotiate demand. It owns conn:
// on an error it is closed.
func (h *hop) connect(ctx context.Context, conn net.Conn, target string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	tunnel, err := h.tunnel(conn, target)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, h.handshakeError(target, err)
	}
	return tunnel, nil
}

func (h *hop) tunnel(conn net.Conn, target string) (net.Conn, error) {
	auth, err := h.authenticator()
	if err != nil {
		return nil, &Error{Kind: SignIn, Proxy: h.String(), Target: target, Err: err}
	}
	defer auth.close()
	reader := bufio.NewReader(conn)
	challenge := ""
	for {
		header, err := auth.next(challenge)
		if err != nil {
			return nil, &Error{Kind: SignIn, Proxy: h.String(), Target: target, Err: err}
		}
		resp, err := askConnect(conn, reader, target, header)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 {
			return unread(conn, reader), nil
		}
		again, more := auth.challenge(resp)
		if resp.StatusCode != http.StatusProxyAuthRequired || !more || resp.Close {
			return nil, h.refused(resp, target, header != "")
		}
		challenge = again
		if err := drain(resp.Body); err != nil {
			return nil, err
		}
	}
}

func askConnect(conn net.Conn, reader *bufio.Reader, target, authorization string) (*http.Response, error) {
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: target},
		Host:   target,
		Header: http.Header{"User-Agent": {"adsync"}},
	}
	if authorization != "" {
		req.Header.Set("Proxy-Authorization", authorization)
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	return http.ReadResponse(reader, req)
}

// drain reads the rest of an error page, so that the connection can be used for
// the next step of signing in.
func drain(body io.ReadCloser) error {
	n, err := io.Copy(io.Discard, io.LimitReader(body, maxErrorPage))
	if err == nil && n == maxErrorPage {
		err = errors.New("the proxy's error page has no end")
	}
	return err
}

// buffered is a connection of which some bytes were read ahead.
type buffered struct {
	net.Conn
	ahead *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.ahead.Read(p) }

// unread is conn with nothing lost of what the target sent right behind the
// proxy's answer.
func unread(conn net.Conn, reader *bufio.Reader) net.Conn {
	if reader.Buffered() == 0 {
		return conn
	}
	return &buffered{Conn: conn, ahead: reader}
}

// refused puts a proxy's answer to CONNECT, or its own answer to a plain
// request, into words.
func (h *hop) refused(resp *http.Response, target string, signedIn bool) error {
	e := &Error{
		Proxy:  h.String(),
		Target: target,
		Status: strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))),
	}
	// Squid names the reason, which says more than the status: for a name that
	// does not exist it should be 503 and ERR_DNS_FAIL, but 5.7 answers 500 and
	// ERR_CANNOT_FORWARD to CONNECT, 502 and ERR_READ_ERROR to GET.
	reason, _, _ := strings.Cut(resp.Header.Get("X-Squid-Error"), " ")
	page := ""
	switch {
	case reason != "":
		e.Status += ", " + reason
	case resp.StatusCode != http.StatusProxyAuthRequired:
		page = readPage(resp.Body)
		e.Status += title(page)
	}
	switch {
	case resp.StatusCode == http.StatusProxyAuthRequired:
		e.Kind, e.Schemes, e.SignedIn = ProxyAuth, offered(resp.Header), signedIn
	case reason == "ERR_DNS_FAIL", reason == "ERR_CANNOT_FORWARD" && !isAddress(target):
		e.Kind = TargetNameNotFound
	case resp.StatusCode == http.StatusGatewayTimeout:
		e.Kind = Timeout
	case strings.HasPrefix(reason, "ERR_ACCESS_DENIED"), reason == "ERR_CACHE_ACCESS_DENIED",
		resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusMethodNotAllowed,
		resp.StatusCode == http.StatusUnavailableForLegalReasons:
		e.Kind = Forbidden
	case reason != "" && resp.StatusCode >= 500,
		resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable:
		e.Kind = TargetRefused
		if !isAddress(target) && saysDNS(page) {
			e.Kind = TargetNameNotFound
		}
	default:
		e.Kind = ProxyProtocol
	}
	return e
}

func isAddress(target string) bool {
	host, _, _ := net.SplitHostPort(target)
	return net.ParseIP(host) != nil
}
