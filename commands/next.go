package commands

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// askScheduler bounds the question to a scheduler, which may not be running.
const askScheduler = 3 * time.Second

// nextRun asks the schedulers of this machine for a run of adsync. That none
// is found does not mean that there is none: another account may have it.
func nextRun(ctx context.Context) nextRunStatus {
	ctx, cancel := context.WithTimeout(ctx, askScheduler)
	defer cancel()
	if runtime.GOOS == "windows" {
		return nextTask(ctx)
	}
	for _, scope := range []string{"--system", "--user"} {
		if next := nextTimer(ctx, scope); next.By != "" {
			return next
		}
	}
	if next := nextJob(); next.By != "" {
		return next
	}
	return nextCron(ctx)
}

// nextJob looks for a job of launchd, the person's own or the machine's.
func nextJob() nextRunStatus {
	for _, s := range []schedule{{}, {me: "root"}} {
		files, _ := filepath.Glob(filepath.Join(s.launchdFolder(), "adsync*.plist"))
		if len(files) > 0 {
			return nextRunStatus{By: "launchd", Rule: strings.TrimSuffix(filepath.Base(files[0]), ".plist")}
		}
	}
	return nextRunStatus{}
}

// said is what a program prints, nil when it is not there or fails.
func said(ctx context.Context, name string, args ...string) []byte {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil
	}
	c := exec.CommandContext(ctx, path, args...)
	c.WaitDelay = time.Second
	out, err := c.Output()
	if err != nil {
		return nil
	}
	return out
}

func nextTimer(ctx context.Context, scope string) nextRunStatus {
	var timers []struct {
		Next int64  `json:"next"` // microseconds
		Unit string `json:"unit"`
	}
	text := said(ctx, "systemctl", scope, "list-timers", "--all", "--output=json", "adsync*")
	if json.Unmarshal(text, &timers) != nil || len(timers) == 0 {
		return nextRunStatus{}
	}
	next := nextRunStatus{By: "systemd", Rule: timers[0].Unit}
	if us := timers[0].Next; us > 0 {
		next.At = timeOrNil(time.UnixMicro(us))
	} else {
		next.Rule += " (not active)"
	}
	return next
}

// nextCron looks for a line that runs adsync, in the account's own table and
// in the system's.
func nextCron(ctx context.Context) nextRunStatus {
	tables := [][]byte{said(ctx, "crontab", "-l")}
	files, _ := filepath.Glob("/etc/cron.d/*")
	for _, file := range append(files, "/etc/crontab") {
		if text, err := os.ReadFile(file); err == nil {
			tables = append(tables, text)
		}
	}
	for _, table := range tables {
		for line := range strings.Lines(string(table)) {
			if rule := cronRule(line); rule != "" {
				return nextRunStatus{By: "cron", Rule: rule}
			}
		}
	}
	return nextRunStatus{}
}

// cronRule is the time part of a line that runs adsync sync.
func cronRule(line string) string {
	line = strings.TrimSpace(line)
	_, command, runs := strings.Cut(line, "adsync")
	if !runs || strings.HasPrefix(line, "#") || !strings.Contains(command, " sync") && !strings.Contains(command, " -s") {
		return ""
	}
	return strings.Join(cronFields(line), " ")
}

// nextTask asks the Task Scheduler: name, next run and state of each task.
func nextTask(ctx context.Context) nextRunStatus {
	rows, err := csv.NewReader(bytes.NewReader(said(ctx, "schtasks.exe", "/Query", "/FO", "CSV", "/NH"))).ReadAll()
	if err != nil {
		return nextRunStatus{}
	}
	for _, row := range rows {
		if len(row) >= 2 && strings.Contains(strings.ToLower(row[0]), "adsync") {
			return nextRunStatus{By: "Task Scheduler", Rule: row[1]}
		}
	}
	return nextRunStatus{}
}
