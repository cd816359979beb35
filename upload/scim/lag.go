package scim

import (
	"context"
	"time"
)

// lags are the waits between looks at what a write came to: at many services
// what is read is a moment behind what was written.
var lags = []time.Duration{500 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second}

// vainWaits is how often in a run it is waited in vain: a service that is
// behind shows the change in the end, and one that does nothing never does.
const vainWaits = 2

// eventually looks until seen, or until it was waited long enough.
func (t *Target) eventually(ctx context.Context, look func() (seen bool, err error)) error {
	seen, err := look()
	if seen || err != nil || t.learned.vain.Load() >= vainWaits {
		return err
	}
	for _, d := range lags {
		if err := t.client.env.Sleep(ctx, d); err != nil {
			return nil // what was seen last counts
		}
		if seen, err = look(); seen || err != nil {
			return err
		}
	}
	t.learned.vain.Add(1)
	return nil
}
