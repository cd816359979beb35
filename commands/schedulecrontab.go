package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
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

// crontabFolders are where the accounts' crontabs are: of Debian and Alpine, Red
// Hat, SUSE, BSD and macOS.
var crontabFolders = []string{"/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs", "/var/cron/tabs", "/var/at/tabs"}

// crontabs are the accounts whose crontab has the configuration's line, ours
// first. Only root may look into those of others.
func (s *schedule) crontabs(ctx context.Context) []string {
	accounts := []string{s.me}
	for _, folder := range s.spool {
		files, _ := os.ReadDir(folder)
		for _, file := range files {
			if file.Type().IsRegular() && !slices.Contains(accounts, file.Name()) {
				accounts = append(accounts, file.Name())
			}
		}
	}
	return slices.DeleteFunc(accounts, func(account string) bool { return s.crontabLine(ctx, account) == "" })
}

// crontabLine is the configuration's line in an account's crontab, "" where
// there is none.
func (s *schedule) crontabLine(ctx context.Context, account string) string {
	text, err := tool(ctx, "", "crontab", s.crontabOf(account, "-l")...)
	if err != nil {
		return ""
	}
	_, line := cutMarked(text, s.marker())
	return line
}

// crontabOf is how crontab(1) is called for an account.
func (s *schedule) crontabOf(account string, args ...string) []string {
	if strings.EqualFold(account, s.me) {
		return args
	}
	return append([]string{"-u", account}, args...)
}

// installCrontab puts the line into the account's crontab, and takes an older
// one out of another account's.
func (s *schedule) installCrontab(ctx context.Context, text string) ([]string, error) {
	done, err := s.editCrontab(ctx, s.account, text)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(s.crontabs(ctx), func(account string) bool { return account == s.account })
	removed, err := s.takeOut(ctx, others)
	return append(done, removed...), err
}

// removeCrontab takes the line out of the account's crontab, or out of all where
// no account is named.
func (s *schedule) removeCrontab(ctx context.Context) ([]string, error) {
	if accounts := s.crontabs(ctx); !s.named && len(accounts) > 0 {
		return s.takeOut(ctx, accounts)
	}
	return s.takeOut(ctx, []string{s.account})
}

func (s *schedule) takeOut(ctx context.Context, accounts []string) ([]string, error) {
	var done []string
	for _, account := range accounts {
		removed, err := s.editCrontab(ctx, account, "")
		if err != nil {
			return done, err
		}
		done = append(done, removed...)
	}
	return done, nil
}

// editCrontab replaces the configuration's line in an account's crontab, or
// takes it away where the text is empty. All other lines stay.
func (s *schedule) editCrontab(ctx context.Context, account, text string) ([]string, error) {
	before, err := tool(ctx, "", "crontab", s.crontabOf(account, "-l")...)
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
	after, _ := cutMarked(before, s.marker())
	after += text
	switch {
	case after == before:
		return nil, nil
	case after == "":
		_, err = tool(ctx, "", "crontab", s.crontabOf(account, "-r")...)
	default:
		_, err = tool(ctx, after, "crontab", s.crontabOf(account, "-")...)
	}
	if err != nil {
		return nil, err
	}
	if text == "" {
		return []string{"removed the line from the crontab of " + account}, nil
	}
	return []string{"added the line to the crontab of " + account}, nil
}

// noCrontab reports whether "crontab -l" failed because there is none yet. Of
// others it says why, each in its own words.
func noCrontab(err error) bool {
	said := strings.ToLower(err.Error())
	_, complaint, complains := strings.Cut(said, ": exit status 1")
	return complains && (complaint == "" || strings.Contains(complaint, "no crontab") || strings.Contains(complaint, "no such file"))
}

// cutMarked is a crontab without the marked line and the one after it, and that
// one. One that runs no sync is somebody else's: ours was taken out by hand.
func cutMarked(text, marker string) (rest, line string) {
	var b strings.Builder
	marked := false
	for l := range strings.Lines(text) {
		switch {
		case strings.TrimSpace(l) == "# "+marker:
			marked = true
		case marked && slices.Contains(strings.Fields(l), "sync"):
			marked, line = false, l
		default:
			marked = false
			b.WriteString(l)
		}
	}
	return b.String(), line
}

// cronFields are the fields of a line that say when it runs, none where it does
// not run.
func cronFields(line string) []string {
	fields := strings.Fields(line)
	switch {
	case len(fields) > 1 && strings.HasPrefix(fields[0], "@"):
		return fields[:1]
	case len(fields) > 5 && strings.ContainsAny(fields[0][:1], "*0123456789"):
		return fields[:5]
	}
	return nil
}
