package scimtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"adsync/upload/scimtest"
)

func TestFaults(t *testing.T) {
	for _, row := range []struct {
		name   string
		fault  scimtest.Fault
		status int // 0: no answer
		broken bool
		stored bool
		log    string
	}{
		{"a delay", scimtest.Fault{Kind: scimtest.FaultDelay, Delay: time.Millisecond}, 201, false, true, "delay"},
		{"throttled", scimtest.Fault{Kind: scimtest.FaultStatus, Status: 429, RetryAfter: "7"}, 429, false, false, "status 429"},
		{"unavailable", scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503}, 503, false, false, "status 503"},
		{"an error after the write took effect", scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, After: true}, 500, false, true, "status 500"},
		{"a token that expired", scimtest.Fault{Kind: scimtest.FaultStatus, Status: 401}, 401, false, false, "status 401"},
		{"a page of the proxy's", scimtest.Fault{Kind: scimtest.FaultHTML}, 502, false, false, "html"},
		{"a reset", scimtest.Fault{Kind: scimtest.FaultReset}, 0, false, false, "reset"},
		{"an answer lost after the write took effect", scimtest.Fault{Kind: scimtest.FaultLost}, 0, false, true, "lost"},
		{"half an answer", scimtest.Fault{Kind: scimtest.FaultTruncate}, 0, false, true, "truncate"},
		{"broken JSON", scimtest.Fault{Kind: scimtest.FaultMalformed}, 201, true, true, "malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t, scimtest.Options{})
			row.fault.Method, row.fault.Path, row.fault.Nth = "POST", "/Users", 2
			c.srv.Fault(row.fault)
			c.do(201, "POST", "/Users", userHead+`"userName":"first"}`)
			c.do(200, "GET", "/Users", "")
			c.srv.ResetRequests()
			r, err := c.try("POST", "/Users", userHead+`"userName":"ada"}`)
			if r.status != row.status && !(row.fault.Kind == scimtest.FaultTruncate && err != nil) {
				t.Errorf("status %d (%v), want %d", r.status, err, row.status)
			}
			if noAnswer := row.status == 0 || row.broken; noAnswer != (err != nil) {
				t.Errorf("error %v", err)
			}
			if got := c.srv.User("ada") != nil; got != row.stored {
				t.Errorf("stored %v, want %v", got, row.stored)
			}
			if got := c.srv.Requests()[0].Fault; got != row.log {
				t.Errorf("the log says %q, want %q", got, row.log)
			}
			if row.fault.RetryAfter != "" && r.header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
			}
			if row.fault.Kind == scimtest.FaultHTML && !strings.HasPrefix(r.text, "<html>") {
				t.Errorf("answered %s", r.text)
			}
			c.do(201, "POST", "/Users", userHead+`"userName":"third"}`)
		})
	}
}

func TestHanging(t *testing.T) {
	for _, row := range []struct {
		name   string
		kind   scimtest.FaultKind
		stored bool
	}{
		{"before the write", scimtest.FaultHang, false},
		{"after the write", scimtest.FaultHangAfter, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := start(t, scimtest.Options{})
			c.srv.Fault(scimtest.Fault{Kind: row.kind})
			c.http.Timeout = 100 * time.Millisecond
			if _, err := c.try("POST", "/Users", userHead+`"userName":"ada"}`); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
			if got := c.srv.User("ada") != nil; got != row.stored {
				t.Errorf("stored %v, want %v", got, row.stored)
			}
		})
	}
}

func TestWhichRequestsMeetAFault(t *testing.T) {
	c := start(t, scimtest.Options{Seed: 7})
	c.srv.Fault(
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 500, Path: "/Groups/*"},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 502, Method: "GET", Path: "/Users", Times: 2},
		scimtest.Fault{Kind: scimtest.FaultStatus, Status: 409, Match: func(r *http.Request) bool { return r.Header.Get("X-Trial") != "" }})
	c.do(500, "GET", "/Groups/1", "")
	c.do(200, "GET", "/Groups", "")
	c.do(502, "GET", "/Users", "")
	c.do(502, "GET", "/Users", "")
	c.do(200, "GET", "/Users", "")
	c.extra.Set("X-Trial", "1")
	c.do(409, "GET", "/Users", "")
	c.srv.ClearFaults()
	c.srv.Fault(scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503, Probability: 0.5})
	failed := 0
	for range 200 {
		if r, err := c.try("GET", "/Users", ""); err == nil && r.status == 503 {
			failed++
		}
	}
	if failed < 60 || failed > 140 {
		t.Errorf("%d of 200 failed", failed)
	}
}

func TestDelaysComeOnTop(t *testing.T) {
	c := start(t, scimtest.Options{})
	c.srv.Fault(scimtest.Fault{Delay: 30 * time.Millisecond}, scimtest.Fault{Delay: 20 * time.Millisecond}, scimtest.Fault{Kind: scimtest.FaultStatus, Status: 503})
	began := time.Now()
	c.do(503, "GET", "/Users", "")
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestEndlessAnswersAndRedirects(t *testing.T) {
	c := start(t, scimtest.Options{BasePath: "/"})
	c.srv.Fault(scimtest.Fault{Kind: scimtest.FaultEndless, Times: 1}, scimtest.Fault{Kind: scimtest.FaultRedirect, Detail: "https://elsewhere.example.com/", Times: 1})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.srv.URL()+"/Users", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, resp.Body, 10<<20); err != nil {
		t.Errorf("it ended after %d bytes: %v", n, err)
	}
	resp.Body.Close()
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if r := c.do(307, "GET", "/Users", ""); r.header.Get("Location") != "https://elsewhere.example.com/" {
		t.Errorf("Location %q", r.header.Get("Location"))
	}
	c.do(200, "GET", "/Users", "")
}

func TestRateLimit(t *testing.T) {
	for _, row := range []struct {
		name string
		kind scimtest.RetryAfterKind
		want string
	}{
		{"in seconds", scimtest.RetryAfterSeconds, "2"},
		{"as a date", scimtest.RetryAfterDate, "Wed, 02 Jan 2030 03:04:08 GMT"},
		{"not said", scimtest.RetryAfterMissing, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := newClock()
			c := start(t, scimtest.Options{Now: now.now, Quirks: scimtest.Quirks{Rate: scimtest.RateLimit{PerSecond: 0.5, Burst: 2, RetryAfter: row.kind}}})
			c.do(200, "GET", "/Users", "")
			c.do(200, "GET", "/Users", "")
			if r := c.do(429, "GET", "/Users", ""); r.header.Get("Retry-After") != row.want {
				t.Errorf("Retry-After %q, want %q", r.header.Get("Retry-After"), row.want)
			}
			now.advance(3 * time.Second)
			c.do(200, "GET", "/Users", "")
		})
	}
}
