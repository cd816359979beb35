package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// putOff waits a random time before the run begins, for schedulers that know
// no random delay. Nothing has been read and no lock is held meanwhile. A dry
// run does not wait: somebody is looking at it.
func (o *syncOptions) putOff(ctx context.Context, env Env) error {
	if o.RandomDelay == 0 || o.DryRun {
		return nil
	}
	if _, err := load(env, o.globalOptions); err != nil {
		return err // now, and not after the wait
	}
	d := rand.N(o.RandomDelay).Round(time.Second)
	if o.Verbose {
		var log slog.Handler = slog.NewTextHandler(env.Stderr, nil)
		if o.LogFormat == "json" {
			log = slog.NewJSONHandler(env.Stderr, nil)
		}
		slog.New(log).Info("waiting before the run begins (--random-delay)", "for", d.String(), "until", env.Now().Add(d).Format(time.TimeOnly))
	}
	if err := env.wait(ctx, d); err != nil {
		return &Failure{Code: ExitInterrupted, Err: errors.New("interrupted before the run began; nothing was changed")}
	}
	return nil
}

// wait returns after a time, or with its error when ctx ends.
func (env *Env) wait(ctx context.Context, d time.Duration) error {
	if env.pause != nil {
		return env.pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// minutes is a time without the zeros that a duration ends in: 20m, 1m40s.
func minutes(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
