package scim

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"adsync/upload"
)

// refusal reads an error answer (RFC 7644 3.12), in whichever shape it came.
func refusal(a *answer) *upload.Refusal {
	e := &upload.Refusal{Status: a.status, Hint: hintForStatus(a.status)}
	if e.ScimType, e.Detail = told(a.body); e.Detail == "" && e.ScimType == "" {
		e.Detail = strings.ToLower(http.StatusText(a.status))
	}
	return e
}

// told is what an answer says of an error, "" where it says nothing of one.
func told(text []byte) (scimType, detail string) {
	var body struct {
		ScimType string          `json:"scimType"`
		Detail   json.RawMessage `json:"detail"`
		Message  json.RawMessage `json:"message"`
		Error    json.RawMessage `json:"error"`
		Errors   json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(text, &body) != nil {
		return "", ""
	}
	for _, raw := range []json.RawMessage{body.Detail, body.Message, body.Error, body.Errors} {
		if detail == "" {
			detail = shortened(words(raw), 300)
		}
	}
	return shortened(body.ScimType, 40), detail
}

// schemaError is the message of RFC 7644 3.12.
const schemaError = "urn:ietf:params:scim:api:messages:2.0:Error"

// statusWithin is the status of an error as SCIM writes it that came with
// success: some gateways answer 200 to everything.
func (a *answer) statusWithin() int {
	if a.status >= 300 || !bytes.Contains(a.body, []byte(schemaError)) || !isSCIMError(a.body) {
		return a.status
	}
	var e struct{ Status any }
	if json.Unmarshal(a.body, &e) == nil {
		if n, err := strconv.Atoi(fmt.Sprint(e.Status)); err == nil && n >= 400 && n < 600 {
			return n
		}
	}
	return a.status
}

// isSCIMError reports whether a body is an error as SCIM writes it.
func isSCIMError(body []byte) bool {
	var e struct{ Schemas []string }
	return json.Unmarshal(body, &e) == nil && slices.ContainsFunc(e.Schemas, func(s string) bool { return strings.EqualFold(s, schemaError) })
}

// words finds the text in an error that may be a string, {"message": ..},
// {"description": ..} or a list of such.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct{ Message, Description, Detail string }
	if json.Unmarshal(raw, &object) == nil {
		for _, s := range []string{object.Message, object.Description, object.Detail} {
			if s != "" {
				return s
			}
		}
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return words(list[0])
	}
	return ""
}

// shortened is text of somebody else on one line of at most n bytes.
func shortened(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, strings.TrimSpace(s))
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func hintForStatus(status int) string {
	switch status {
	case http.StatusForbidden:
		return "the token may lack a scope or role at the service"
	case http.StatusNotFound:
		return "if every request gets this answer, check the path of target.url"
	}
	return ""
}

// hintFor says what to do about an exchange that failed.
func hintFor(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	var redirect errRedirect
	var way interface{ Hint() string } // whoever carries the request knows what stood in its way
	switch {
	case errors.As(err, &redirect):
		return "the service wants another address: check target.url, its host, its path and https"
	case errors.Is(err, ErrNotSCIM):
		return "target.url is the address of a web site: take the SCIM base URL that the service shows"
	case errors.As(err, &way) && way.Hint() != "":
		return way.Hint()
	case errors.As(err, new(silence)):
		return "the service takes longer than target.timeout: raise it, or look at the network and the proxy"
	case isStatus(err, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout):
		return "the service, or a proxy before it, cannot answer now: let a later run try, and look whether the vendor says that it is down"
	case isStatus(err, http.StatusTooManyRequests):
		return "the service is asked too much by all its clients together: let a later run try, or lower target.width"
	case errors.As(err, &unknown):
		return "the service's certificate is not signed by a known authority: set target.tls.ca_file to that of its own"
	case errors.As(err, &host):
		return "the service's certificate is for another name: check target.url"
	case errors.As(err, &invalid):
		return "the service's certificate is not valid now: check this machine's clock"
	case errors.As(err, &dns):
		return "the service's name cannot be resolved: check target.url, DNS and the proxy"
	}
	return "check target.url, the network and the proxy"
}

// silence is an exchange that took longer than target.timeout.
type silence struct{ after time.Duration }

func (s silence) Error() string { return fmt.Sprintf("no whole answer within %s", s.after) }
func (s silence) Unwrap() error { return context.DeadlineExceeded }

// lasting reports whether an exchange would fail the same way again at once.
func lasting(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var redirect errRedirect
	var way interface{ Lasting() bool } // whoever carries the request knows what stood in its way
	if errors.As(err, &way) && way.Lasting() {
		return true
	}
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &redirect) || errors.Is(err, ErrNotSCIM)
}

// hideURL takes the URL out of an error of net/http: a filter in it may name
// people.
func hideURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// query encodes parameters; unlike url.Values.Encode, a space is %20, which
// every server reads as a space.
func query(v url.Values) string {
	return strings.ReplaceAll(v.Encode(), "+", "%20")
}
