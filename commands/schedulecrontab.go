package commands

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// cronTime is every so often for crontab(5), at a minute that differs from
// machine to machine, so that a service is not called by all at once; the run
// puts itself off at random besides.
func cronTime(every time.Duration, seed string) string {
	minutes := int(every / time.Minute)
	at := int(hash(seed) % uint32(min(minutes, 60)))
	switch {
	case minutes < 60:
		return fmt.Sprintf("%d-59/%d * * * *", at, minutes)
	case minutes == 24*60:
		return fmt.Sprintf("%d 0 * * *", at)
	}
	return fmt.Sprintf("%d */%d * * *", at, minutes/60)
}

// editCrontab replaces the configuration's line in the account's crontab, or
// takes it away where the text is empty. All other lines stay.
func (s *schedule) editCrontab(ctx context.Context, text string) ([]string, error) {
	var whose []string
	if !s.own() {
		whose = []string{"-u", s.account}
	}
	before, err := tool(ctx, "", "crontab", append(whose, "-l")...)
	switch {
	case errors.Is(err, exec.ErrNotFound) && text == "":
		return nil, nil // nothing can be there
	case errors.Is(err, exec.ErrNotFound):
		return nil, &Failure{Code: ExitFailure, Err: errors.New("this machine has no crontab program"),
			Hint: "install cron, or use --schedule-kind systemd as root"}
	case err != nil && !noCrontab(err):
		return nil, err // what was not read must not be written over
	case err != nil:
		before = ""
	}
	after := withoutMarked(before, s.marker()) + text
	switch {
	case after == before:
		return nil, nil
	case after == "":
		_, err = tool(ctx, "", "crontab", append(whose, "-r")...)
	default:
		_, err = tool(ctx, after, "crontab", append(whose, "-")...)
	}
	if err != nil {
		return nil, err
	}
	if text == "" {
		return []string{"removed the line from the crontab of " + s.account}, nil
	}
	return []string{"added the line to the crontab of " + s.account}, nil
}

// noCrontab reports whether "crontab -l" failed because there is none yet. Of
// others it says why, each in its own words.
func noCrontab(err error) bool {
	said := strings.ToLower(err.Error())
	_, complaint, complains := strings.Cut(said, ": exit status 1")
	return complains && (complaint == "" || strings.Contains(complaint, "no crontab") || strings.Contains(complaint, "no such file"))
}

// withoutMarked is a crontab without the marked line and the one after it.
func withoutMarked(text, marker string) string {
	var b strings.Builder
	skip := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "# "+marker {
			skip = 2
		}
		if skip > 0 {
			skip--
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
