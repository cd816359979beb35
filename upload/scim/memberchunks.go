package scim

import (
	"context"
	"net/http"
	"sync/atomic"
)

// A chunkSize is how many members go into one request: as the profile says,
// halved where that is too many, doubled where nobody has set a limit.
type chunkSize struct {
	size  atomic.Int32
	grows atomic.Bool
}

// largestChunk is where growing ends.
const largestChunk = 1000

func (c *chunkSize) set(n int, grows bool) {
	c.size.Store(int32(n))
	c.grows.Store(grows)
}

func (c *chunkSize) get() int { return int(c.size.Load()) }

func (c *chunkSize) tooMany(n int) {
	c.grows.Store(false)
	for {
		have := c.size.Load()
		if int(have) <= n || c.size.CompareAndSwap(have, int32(max(1, n))) {
			return
		}
	}
}

func (c *chunkSize) worked(n int) {
	if have := c.size.Load(); c.grows.Load() && n >= int(have) && have < largestChunk {
		c.size.CompareAndSwap(have, min(have*2, largestChunk))
	}
}

// inChunks sends ids in chunks. A chunk that is too large is halved; where
// both halves are taken the size is remembered, and where one is not it was
// the members.
func (t *Target) inChunks(ctx context.Context, size *chunkSize, ids []string, send func(chunk []string) error) error {
	var failed error
	for len(ids) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(size.get(), len(ids))
		chunk := ids[:n]
		ids = ids[n:]
		err := send(chunk)
		if n > 1 && isStatus(err, http.StatusRequestEntityTooLarge, http.StatusBadRequest) && isRefusal(err) {
			if err = t.halves(ctx, size, chunk, send); err == nil {
				continue
			}
		}
		switch {
		case err == nil:
			size.worked(n)
		case !isRefusal(err):
			return err
		case failed == nil:
			failed = err
		}
	}
	return failed
}

func (t *Target) halves(ctx context.Context, size *chunkSize, chunk []string, send func(chunk []string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	middle := len(chunk) / 2
	var failed error
	for _, half := range [][]string{chunk[:middle], chunk[middle:]} {
		err := send(half)
		if len(half) > 1 && isStatus(err, http.StatusRequestEntityTooLarge, http.StatusBadRequest) && isRefusal(err) {
			err = t.halves(ctx, size, half, send)
		}
		if err != nil && !isRefusal(err) {
			return err
		}
		if err != nil && failed == nil {
			failed = err
		}
	}
	if failed == nil {
		size.tooMany(len(chunk) - middle)
	}
	return failed
}
