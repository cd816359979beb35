package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"adsync/commands/ask"

	"github.com/urfave/cli/v2"
)

// initOptions are the flags of init: answers to its questions, and what to do
// with the schedule.
type initOptions struct {
	globalOptions
	scheduleOptions
	// Given are the answers that flags have given, by the question's key.
	Given      map[string][]string
	Remove     string // the id of a source to take out of the file
	Schedule   bool
	Unschedule bool
	Yes        bool
	// CountWithin is how long counting for a choice may take; 0 is countWithin.
	CountWithin time.Duration
	// Asker asks the questions; nil is chosen by what standard input is.
	Asker ask.Asker
}

func initCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "set up: directories, service, scope and schedule",
		Description: `   Asks for the directory, the service and who is to be sent, and tries each answer at once.
   On an existing file it edits: add, change or remove a source, replace a secret. Nothing is
   written until the end. Every question is a flag too, for set-ups without a terminal.

EXAMPLE:
   adsync init
   adsync init --yes --domain corp.example.com --bind-user svc-adsync@corp.example.com \
       --password-file corp.password --target-url https://scim.example.com/v2 --token-file target.token
   adsync init --schedule`,
		Flags: initFlags(),
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			return runInit(c.Context, env, initOptions{
				globalOptions: g,
				scheduleOptions: scheduleOptions{
					Kind: c.String("schedule-kind"), Every: c.Duration("every"), RunAs: c.String("run-as"), UnitDir: c.String("unit-dir"),
				},
				Given:    givenAnswers(c),
				Remove:   c.String("remove-source"),
				Schedule: c.Bool("schedule"), Unschedule: c.Bool("unschedule"), Yes: c.Bool("yes"),
			})
		}),
	}
}

// runInit asks, tries, shows and writes the configuration, and sees to the
// schedule. Until the end nothing is written, wherever it is left.
func runInit(ctx context.Context, env Env, o initOptions) error {
	if o.Schedule && o.Unschedule {
		return usage(errors.New("--schedule and --unschedule exclude each other"), "")
	}
	w, err := newWizard(ctx, env, o)
	if err != nil {
		return err
	}
	onlySchedule := (o.Schedule || o.Unschedule) && len(o.Given) == 0 && o.Remove == ""
	switch {
	case o.Unschedule && onlySchedule:
		err = w.unschedule(ctx)
	case onlySchedule:
		err = w.scheduleAlone(ctx)
	default:
		err = w.run(ctx)
	}
	return w.ended(ctx, err)
}

// ended maps what a question came to: nobody there to answer it, or Ctrl-C.
func (w *wizard) ended(ctx context.Context, err error) error {
	left := ""
	if !w.written {
		left = "; nothing was written"
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ask.ErrInterrupted), ctx.Err() != nil:
		return &Failure{Code: ExitInterrupted, Err: errors.New("interrupted" + left)}
	case errors.Is(err, io.ErrUnexpectedEOF) && !w.written:
		return w.unanswered(err)
	}
	return withFlags(err, initFlagNames())
}

// person is who answers: nobody with --yes or where standard input leads
// nowhere, else whoever is at its other end.
func person(env Env, o initOptions) ask.Asker {
	switch {
	case o.Yes:
		return nil
	case o.Asker != nil:
		return o.Asker
	}
	return answerer(env, o.globalOptions)
}

// unanswered lists all that is still missing, with the flags that give it.
func (w *wizard) unanswered(cause error) error {
	missing := w.missing()
	if len(missing) == 0 {
		return withFlags(cause, initFlagNames())
	}
	text := "these answers are missing; nothing was written"
	for _, m := range missing {
		text += fmt.Sprintf("\n  %-46s %s", m.flags, m.what)
	}
	return usage(errors.New(text), `run "adsync init" on a terminal, or give these flags; "adsync init --help" lists all`)
}

// has reports whether a flag has answered a question, or would have.
func (o *initOptions) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return len(o.Given[key]) > 0 })
}

// first is the answer that a flag has given, "" for none.
func (o *initOptions) first(key string) string {
	if list := o.Given[key]; len(list) > 0 {
		return list[0]
	}
	return ""
}
