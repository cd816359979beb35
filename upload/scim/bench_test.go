package scim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"adsync/upload"
	"adsync/upload/scimtest"
)

// Listing 10,000 users beside a plain client that reads the same bytes and
// keeps nothing.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{10000, 100000} {
		server, _ := start(b, scimtest.Quirks{PageCap: 1000}, "generic")
		if _, err := server.Seed(n); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("plain/%d", n), func(b *testing.B) {
			for b.Loop() {
				for at := 1; at <= n; at += 1000 {
					q, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/Users?startIndex=%d&count=1000", server.URL(), at), nil)
					if err != nil {
						b.Fatal(err)
					}
					q.Header.Set("Authorization", "Bearer "+server.Token())
					r, err := http.DefaultClient.Do(q)
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		})
		b.Run(fmt.Sprintf("read/%d", n), func(b *testing.B) {
			var state *upload.State
			for b.Loop() {
				state = read(b, connect(b, server, "generic"))
				if len(state.Users) != n || len(state.Unproven) != 0 {
					b.Fatalf("%d users, %v", len(state.Users), state.Unproven)
				}
			}
			var with, without runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&with)
			runtime.KeepAlive(state)
			state = nil
			runtime.GC()
			runtime.ReadMemStats(&without)
			b.ReportMetric(float64(with.HeapAlloc-without.HeapAlloc)/(1<<20), "held-MB")
		})
		server.Close()
	}
}

// Decoding alone.
func BenchmarkDecode(b *testing.B) {
	server, target := start(b, scimtest.Quirks{PageCap: 1000}, "generic")
	if _, err := server.Seed(1000); err != nil {
		b.Fatal(err)
	}
	if err := target.ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	a, err := target.client.do(b.Context(), call{method: http.MethodGet, path: "/Users", query: map[string][]string{"count": {"1000"}}})
	if err != nil {
		b.Fatal(err)
	}
	s := newShape(upload.User, userPaths, false)
	b.SetBytes(int64(len(a.body)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := readPage(newDecoder(newScanner(bytes.NewReader(a.body)), s, new(idPool)), 1000)
		if err != nil || len(p.rows) != 1000 {
			b.Fatal(err)
		}
	}
}

// Creating 10,000 users singly, in bulk, and at a service that takes 20 ms a
// request.
func BenchmarkCreate(b *testing.B) {
	const n = 10000
	for _, row := range []struct {
		name  string
		bulk  scimtest.BulkKind
		delay time.Duration
		n     int
	}{
		{"singly", scimtest.BulkOff, 0, n},
		{"bulk", scimtest.BulkOn, 0, n},
		{"singly at 20 ms", scimtest.BulkOff, 20 * time.Millisecond, n},
	} {
		b.Run(row.name, func(b *testing.B) {
			writes := people(row.n)
			for b.Loop() {
				server, err := scimtest.Start(scimtest.Options{Quirks: scimtest.Quirks{Bulk: row.bulk}})
				if err != nil {
					b.Fatal(err)
				}
				if row.delay > 0 {
					server.Fault(scimtest.Fault{Kind: scimtest.FaultDelay, Delay: row.delay, Method: http.MethodPost})
				}
				target := connect(b, server, "generic")
				if _, err := target.Read(context.Background(), want()); err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				must(b, write(b, target, writes...))
				took := time.Since(began)
				b.ReportMetric(took.Seconds(), "create-s")
				if row.delay > 0 {
					ideal := time.Duration(row.n/target.client.gate.width) * row.delay
					b.ReportMetric(float64(took)/float64(ideal), "times-ideal")
				}
				server.Close()
			}
		})
	}
}

// Encoding a new user alone.
func BenchmarkEncode(b *testing.B) {
	_, target := start(b, scimtest.Quirks{}, "generic")
	if err := target.ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	x := person(1)
	room := make([]byte, 0, roughSize(&x))
	b.ReportAllocs()
	for b.Loop() {
		if out := target.appendCreate(room, &x); out[len(out)-1] != '}' {
			b.Fatal(string(out))
		}
	}
}
