package commands

import (
	"context"
	"errors"
	"fmt"
	"io"

	"adsync/commands/ask"
	"adsync/commands/config"
)

// askAccount asks under which account the sync will run, where that is open.
func (w *wizard) askAccount(ctx context.Context) error {
	if !w.person() || w.options.RunAs != "" || w.exists && len(w.answers.typed()) == 0 {
		return nil
	}
	return w.plan.askAccount(ctx, w.ask)
}

// offerSchedule is the last step: the schedule is shown and, if wanted,
// installed.
func (w *wizard) offerSchedule(ctx context.Context, f *config.File) error {
	if w.plan.byHand {
		w.say("\nRun it with: adsync sync%s", w.configFlag())
		return nil
	}
	if w.plan.installed(ctx) && !w.plan.stale(f) && !w.plan.otherAccount() {
		w.say("\nThe schedule stays as it is. To run it now: adsync sync%s", w.configFlag())
		return nil
	}
	options := []ask.Option{
		{Value: "install", Label: "Install it: " + w.plan.often(), Help: w.plan.means()},
		{Value: "print", Label: "Show it"},
		{Value: "no", Label: "Not now", Help: `"adsync init --schedule" does it later`},
	}
	standard := "install"
	for {
		i, err := w.ask.Choose(ctx, ask.Question{Key: "schedule", Label: "Run it by itself?", Default: standard}, options)
		if err != nil {
			return err
		}
		switch options[i].Value {
		case "print":
			if err := w.printSchedule(f); err != nil {
				return err
			}
			continue
		case "install":
			if err := w.installSchedule(ctx, f); err != nil && ctx.Err() == nil {
				// The configuration stands; the schedule can be made later.
				w.explain(err)
				standard = "no"
				continue
			}
		}
		w.say("\nTo run it now: adsync sync%s", w.configFlag())
		return nil
	}
}

// often says how often it runs, for people.
func (s *schedule) often() string {
	if s.kept.times != "" {
		return "at the times it has"
	}
	return "every " + inHours(s.every)
}

// means says what the schedule is, for people.
func (s *schedule) means() string {
	switch s.kind {
	case systemdTimer:
		return "a systemd timer"
	case crontab:
		return "a line in the crontab of " + s.account
	case launchdJob:
		return "a launchd job of " + s.account
	}
	return "a task of the Task Scheduler"
}

func (w *wizard) configFlag() string {
	r := run{options: w.options.globalOptions}
	return r.configFlag()
}

// scheduleAlone is "init --schedule" without anything else: it shows the
// schedule, and installs it with --yes or when asked to.
func (w *wizard) scheduleAlone(ctx context.Context) error {
	if !w.exists {
		return usage(fmt.Errorf("there is no configuration %s to schedule", w.path), `run "adsync init" first, or name it with --config`)
	}
	if err := w.plan.check(w.before); err != nil {
		return err
	}
	if w.options.Yes {
		return w.installSchedule(ctx, w.before)
	}
	if err := w.printSchedule(w.before); err != nil || !w.person() {
		return err
	}
	install, err := w.ask.Confirm(ctx, ask.Question{Key: "install", Label: "Install it (" + w.plan.means() + ")?", Default: "yes"})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // it was shown, and nobody is there to want more
	}
	if err != nil || !install {
		return err
	}
	return w.installSchedule(ctx, w.before)
}

// printSchedule prints the schedule's files on stdout.
func (w *wizard) printSchedule(f *config.File) error {
	files, err := w.plan.files(f)
	if err != nil {
		return err
	}
	for _, file := range files {
		if w.options.JSON {
			writeJSON(w.env.Stdout, fileObject{Type: "file", What: "shown", Path: file.name, Text: file.text})
			continue
		}
		if len(files) > 1 {
			fmt.Fprintf(w.env.Stdout, "# %s\n", file.name)
		}
		fmt.Fprint(w.env.Stdout, file.text)
	}
	return nil
}

func (w *wizard) installSchedule(ctx context.Context, f *config.File) error {
	done, err := w.plan.install(ctx, f)
	w.tellDone(done)
	w.written = w.written || len(done) > 0
	if err != nil {
		return fmt.Errorf("install the schedule: %w", err)
	}
	return nil
}

// tellDone says what was done with the schedule, on stdout.
func (w *wizard) tellDone(done []string) {
	for _, line := range done {
		switch {
		case w.options.JSON:
			writeJSON(w.env.Stdout, noticeObject{"notice", line})
		case !w.options.Quiet:
			fmt.Fprintln(w.env.Stdout, line)
		}
	}
}

// unschedule takes the schedule away.
func (w *wizard) unschedule(ctx context.Context) error {
	done, err := w.plan.remove(ctx)
	w.tellDone(done)
	if err == nil && len(done) == 0 {
		w.say("There is no schedule of %s.", w.path)
	}
	return err
}
