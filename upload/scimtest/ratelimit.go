package scimtest

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// bucket is a token bucket; its size and rate come with each call, since quirks can change.
type bucket struct {
	mu     sync.Mutex
	tokens float64
	at     time.Time
}

func (b *bucket) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = time.Time{}
}

// take takes a token, or says how long it is until there is one.
func (b *bucket) take(r RateLimit, method string, now time.Time) (wait time.Duration, ok bool) {
	if r.PerSecond <= 0 || (r.WritesOnly && method == http.MethodGet) {
		return 0, true
	}
	size := math.Max(float64(r.Burst), 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() {
		b.tokens, b.at = size, now
	}
	b.tokens = math.Min(size, b.tokens+now.Sub(b.at).Seconds()*r.PerSecond)
	b.at = now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / r.PerSecond * float64(time.Second)), false
	}
	b.tokens--
	return 0, true
}

// throttled is the 429. Both forms of Retry-After count in whole seconds, so the wait is rounded up.
func throttled(r RateLimit, wait time.Duration, now time.Time) answer {
	a := errorAnswer(fail(http.StatusTooManyRequests, "too many requests"))
	seconds := int(math.Ceil(wait.Seconds()))
	switch r.RetryAfter {
	case RetryAfterSeconds:
		a.set("Retry-After", strconv.Itoa(seconds))
	case RetryAfterDate:
		at := now.Add(wait).Truncate(time.Second).Add(time.Second)
		a.set("Retry-After", at.UTC().Format(http.TimeFormat))
	}
	return a
}
