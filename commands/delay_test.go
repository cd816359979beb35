package commands

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestARunIsPutOffAtRandom(t *testing.T) {
	env, config, _, _, printed := proxyWorld(t)
	var waited []time.Duration
	env.pause = func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	}
	run := func(args ...string) int {
		printed.Reset()
		return execute(context.Background(), append([]string{"adsync", "sync", "--config", config}, args...), env)
	}
	for range 20 {
		if code := run("--random-delay", "20m", "--quiet"); code != ExitOK || printed.Len() > 0 {
			t.Fatalf("exits %d: %s", code, printed)
		}
	}
	different := map[time.Duration]bool{}
	for _, d := range waited {
		if different[d] = true; d < 0 || d > 20*time.Minute {
			t.Errorf("waited %s", d)
		}
	}
	if len(waited) != 20 || len(different) < 5 {
		t.Errorf("waited %v", waited)
	}
	waited = nil
	if code := run("--random-delay", "20m", "--verbose"); code != ExitOK || !strings.HasPrefix(printed.String(), "time=") || !strings.Contains(printed.String(), `for=`+waited[0].String()) {
		t.Errorf("exits %d: %s", code, printed)
	}
	if code := run("--random-delay", "20m", "--verbose", "--log-format", "json"); code != ExitOK || !strings.Contains(printed.String(), `"for":"`+waited[1].String()+`"`) {
		t.Errorf("exits %d: %s", code, printed)
	}

	waited = nil
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--random-delay", "20m", "--dry-run"}, ExitOK, "dry run"},
		{[]string{"--random-delay", "0"}, ExitOK, ""},
		{[]string{"--random-delay", "-20m"}, ExitUsage, "--random-delay: -20m0s is less than no time"},
		{[]string{"--random-delay", "soon"}, ExitUsage, "invalid value \"soon\" for flag --random-delay\nadsync: hint: write a time as 90s, 20m or 2h\n"},
		{[]string{"--random-delay", "20m", "--config", config + ".not-there"}, ExitUsage, "hint: "},
	} {
		if code := run(row.args...); code != row.code || !strings.Contains(printed.String(), row.says) || len(waited) > 0 {
			t.Errorf("%v: exits %d after waiting %v: %s", row.args, code, waited, printed)
		}
	}
}

// Whoever waits by the clock is woken by an interrupt.
func TestWaitingEndsWithTheContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, stop)
	env, config, _, _, _ := proxyWorld(t)
	var out bytes.Buffer
	env.Stderr = &out
	if code := execute(ctx, []string{"adsync", "sync", "--config", config, "--random-delay", "1000h"}, env); code != ExitInterrupted {
		t.Errorf("exits %d: %s", code, &out)
	}
}
