package commands

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A launchdTime is when launchd starts a job (launchd.plist(5)): at that
// minute of every hour, or of one.
type launchdTime struct {
	Daily        bool
	Hour, Minute int
}

// launchdTimes are the times of a day, at a minute that differs from machine to
// machine; the run puts itself off at random, which launchd cannot.
func launchdTimes(every time.Duration, seed string) []launchdTime {
	minutes := int(every / time.Minute)
	at := int(hash(seed) % uint32(min(minutes, 60)))
	var times []launchdTime
	if minutes < 60 {
		for ; at < 60; at += minutes {
			times = append(times, launchdTime{Minute: at})
		}
		return times
	}
	for hour := 0; hour < 24; hour += minutes / 60 {
		times = append(times, launchdTime{Daily: true, Hour: hour, Minute: at})
	}
	return times
}

func (s *schedule) viewLaunchd(v *scheduleView) {
	v.Label = s.name
	if s.me == "root" {
		v.Daemon = s.account
	}
	v.Words = slices.Concat([]string{s.program, "sync", "--quiet"}, s.putOff(), []string{"--config", s.config})
	v.Times = launchdTimes(s.every, s.config)
	// launchd keeps nothing of what a job prints, and there is no journal.
	v.Errors = filepath.Join(filepath.Dir(s.config), s.name+".out")
}

// launchdFolder is where jobs are: of the machine where root installs them, of
// the person, for when that person is logged in, otherwise.
func (s *schedule) launchdFolder() string {
	if s.me == "root" {
		return "/Library/LaunchDaemons"
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "~"
	}
	return filepath.Join(home, "Library", "LaunchAgents")
}

// launchdDomain is whose jobs launchctl is to look at.
func (s *schedule) launchdDomain() string {
	if s.me == "root" {
		return "system"
	}
	return fmt.Sprintf("gui/%d", os.Getuid())
}

// loadJob has launchd take the job, in place of an older one.
func (s *schedule) loadJob(ctx context.Context, path string) ([]string, error) {
	s.unloadJob(ctx)
	if _, err := tool(ctx, "", "launchctl", "bootstrap", s.launchdDomain(), path); err != nil {
		return nil, &Failure{Code: ExitFailure, Err: err,
			Hint: "a person's job is loaded in a session on the screen; as root it is the machine's own"}
	}
	return []string{"loaded the job " + s.name}, nil
}

// unloadJob has launchd forget the job; that there is none is no error.
func (s *schedule) unloadJob(ctx context.Context) {
	_, _ = tool(ctx, "", "launchctl", "bootout", s.launchdDomain()+"/"+s.name)
}
