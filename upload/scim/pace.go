package scim

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// startWidth is how many requests are in flight before anything is known.
const startWidth = 8

// goodAnswers is how many answers in a row, without a complaint, widen by
// one.
const goodAnswers = 20

// A gate lets requests through: as many at once as the service bears, none
// while it has asked us to wait, and no faster than the profile's rates. The
// width is found by additive increase and multiplicative decrease.
type gate struct {
	env *Env
	max int

	mu     sync.Mutex
	width  int
	inUse  int
	good   int
	halved time.Time
	resume time.Time
	queue  []chan struct{}
	rates  [2]bucket // reads, writes
}

// A bucket is a token bucket, kept as the time at which it is empty.
type bucket struct {
	every time.Duration // 0: no limit
	burst int
	next  time.Time
}

func newGate(env *Env, p *Profile) *gate {
	return &gate{
		env: env, max: p.Width, width: min(startWidth, p.Width),
		rates: [2]bucket{newBucket(p.Reads), newBucket(p.Writes)},
	}
}

func newBucket(r Rate) bucket {
	if r.PerSecond == 0 {
		return bucket{}
	}
	return bucket{every: time.Duration(float64(time.Second) / r.PerSecond), burst: max(1, r.Burst)}
}

// take reserves a place in the bucket and returns how long to wait for it.
func (b *bucket) take(now time.Time) time.Duration {
	if b.every == 0 {
		return 0
	}
	if earliest := now.Add(-time.Duration(b.burst-1) * b.every); b.next.Before(earliest) {
		b.next = earliest
	}
	wait := b.next.Sub(now)
	b.next = b.next.Add(b.every)
	return max(0, wait)
}

// enter waits for a place. The caller leaves when it returned no error.
func (g *gate) enter(ctx context.Context, write bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.mu.Lock()
		now := g.env.Now()
		if wait := g.resume.Sub(now); wait > 0 {
			g.mu.Unlock()
			if err := g.env.Sleep(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if g.inUse < g.width {
			g.inUse++
			kind := 0
			if write {
				kind = 1
			}
			wait := g.rates[kind].take(now)
			g.mu.Unlock()
			if err := g.env.Sleep(ctx, wait); err != nil {
				g.leave()
				return err
			}
			return nil
		}
		turn := make(chan struct{}, 1)
		g.queue = append(g.queue, turn)
		g.mu.Unlock()
		select {
		case <-turn:
		case <-ctx.Done():
			g.giveUp(turn)
			return ctx.Err()
		}
	}
}

func (g *gate) leave() {
	g.mu.Lock()
	g.inUse--
	g.mu.Unlock()
	g.wake()
}

// giveUp leaves the queue. A turn that has come already is the next one's.
func (g *gate) giveUp(turn chan struct{}) {
	g.mu.Lock()
	g.queue = slices.DeleteFunc(g.queue, func(one chan struct{}) bool { return one == turn })
	g.mu.Unlock()
	g.wake()
}

// wake lets as many try as there are places.
func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := g.width - g.inUse; n > 0 && len(g.queue) > 0; n-- {
		g.queue[0] <- struct{}{}
		g.queue = g.queue[1:]
	}
}

// answered takes note of an answer that was no complaint.
func (g *gate) answered() {
	g.mu.Lock()
	if g.good++; g.good >= goodAnswers && g.width < g.max {
		g.good = 0
		g.width++
	}
	g.mu.Unlock()
}

// slowPart of the time that a request has is a long time for its answer.
const slowPart = 6

// slow takes note of an answer that was long in coming, or did not come: the
// service has more to do than it can, and says so in this way only.
func (g *gate) slow(started time.Time) {
	g.mu.Lock()
	g.narrow(started)
	g.mu.Unlock()
}

// throttled takes note of a 429 or 503: nobody starts before the wait is over.
func (g *gate) throttled(started time.Time, wait time.Duration) {
	g.mu.Lock()
	g.narrow(started)
	if until := g.env.Now().Add(wait); until.After(g.resume) {
		g.resume = until
	}
	g.mu.Unlock()
}

// narrow halves the width, once for all that were under way.
func (g *gate) narrow(started time.Time) {
	g.good = 0
	if g.halved.IsZero() || !started.Before(g.halved) {
		g.width = max(1, g.width/2)
		g.halved = g.env.Now()
	}
}

// tries is how often one request is sent at most when it fails.
const tries = 6

// throttleTries is how often one request is sent when the service only asks
// us to wait.
const throttleTries = 30

// patience is how long a service that is asked for something may go on failing,
// or asking us to wait without saying how long. Whoever only reads has changed
// nothing yet, and the next run is not far.
const patience = 75 * time.Second

const (
	firstWait   = 250 * time.Millisecond
	longestWait = 30 * time.Second
	// longestRetryAfter bounds what a service may ask for.
	longestRetryAfter = 5 * time.Minute
)

// backoff is the wait before trying again: exponential, with full jitter.
func backoff(try int) time.Duration {
	ceiling := min(longestWait, firstWait<<min(try, 10))
	return time.Duration(rand.Int64N(int64(ceiling))) + time.Millisecond
}

// retryAfter reads the header: seconds, or a date (RFC 9110 10.2.3).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
		return min(longestRetryAfter, time.Duration(min(seconds, 1e6)*float64(time.Second))), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	// The date is by the service's clock, if it says what that shows.
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(longestRetryAfter, max(0, at.Sub(now))), true
}

// A budget bounds the retries of a whole run, so that a service that is down
// is not asked six times for each of a hundred thousand resources. Good
// answers fill it again.
type budget struct {
	mu   sync.Mutex
	left float64
}

const fullBudget = 100

func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (b *budget) earn() {
	b.mu.Lock()
	b.left = min(fullBudget, b.left+0.25)
	b.mu.Unlock()
}
