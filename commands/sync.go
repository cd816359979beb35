package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"adsync/upload"

	"github.com/urfave/cli/v2"
)

// syncOptions are the flags of sync.
type syncOptions struct {
	globalOptions
	DryRun   bool
	ExitCode bool
	Approve  string
	Expect   string
	Sources  []string
	Report   string
	Plan     string
}

func syncCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "sync",
		Usage: "make the service agree with the directory, once",
		Description: `   Reads every source and the service, works out the difference, applies it and exits.
   Run it from cron, a systemd timer or Task Scheduler.

EXAMPLE:
   adsync sync --dry-run
   adsync sync --approve 5f2c0a9d41e7b360`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Aliases: []string{"n"}, Usage: "show what would be done, and do nothing"},
			&cli.BoolFlag{Name: "exit-code", DisableDefaultText: true, Usage: "with --dry-run: exit with 4 when changes are pending"},
			&cli.StringFlag{Name: "approve", Usage: "permit exactly the withheld removals with this `DIGEST`"},
			&cli.StringFlag{Name: "expect", Usage: "apply only if the plan has this `DIGEST`"},
			&cli.StringSliceFlag{Name: "source", Usage: "synchronise only the source `ID` (repeatable)"},
			&cli.StringFlag{Name: "report", Usage: "write a report to `FILE` (.json or .html)"},
			&cli.StringFlag{Name: "plan", Usage: "write the plan to `FILE` as JSON"},
		},
		Action: func(c *cli.Context) error {
			g, err := globals(c, env)
			if err != nil {
				return err
			}
			if err := noArguments(c); err != nil {
				return err
			}
			return runSync(c.Context, env, syncOptions{
				globalOptions: g,
				DryRun:        c.Bool("dry-run"), ExitCode: c.Bool("exit-code"),
				Approve: c.String("approve"), Expect: c.String("expect"),
				Sources: c.StringSlice("source"), Report: c.String("report"), Plan: c.String("plan"),
			})
		},
	}
}

// check refuses flags that make no sense together.
func (o *syncOptions) check() error {
	if o.ExitCode && !o.DryRun {
		return usage(fmt.Errorf("--exit-code goes with --dry-run"), "")
	}
	if o.Report != "" && !strings.HasSuffix(o.Report, ".json") && !strings.HasSuffix(o.Report, ".html") {
		return usage(fmt.Errorf("--report: %q is neither a .json nor a .html file", o.Report), "")
	}
	return nil
}

// runSync is one run to completion: load, read both sides at the same time,
// decide, apply, report. A dry run is the same run without Apply.
func runSync(ctx context.Context, env Env, o syncOptions) error {
	started := env.Now()
	if err := o.check(); err != nil {
		return err
	}
	r, err := prepare(ctx, env, o.globalOptions, o.Sources)
	if err != nil {
		return err
	}
	defer r.close()
	if !o.DryRun {
		if err := r.lock(); err != nil {
			return err
		}
	}
	out := newPrinter(env, o.globalOptions, o.DryRun)
	held, err := r.read(ctx)
	for _, s := range held.sources {
		out.Source(s)
	}
	if err != nil {
		return err
	}
	plan, err := r.decide(ctx, &held)
	if err != nil {
		return err
	}
	blown := plan.Limit(r.limits)
	if err := o.permit(plan); err != nil {
		return err
	}
	if o.Plan != "" {
		if err := writePlan(o.Plan, plan); err != nil {
			return err
		}
	}
	announce(out, plan, blown, held)
	var done upload.Outcome
	if !o.DryRun {
		done = upload.Apply(ctx, r.target, plan, upload.ApplyOptions{
			State: held.state, Mark: r.mark, Adopt: r.policy.Adopt, Observe: out.Change,
		})
	}
	return r.conclude(out, o, finished{plan: plan, held: held, blown: blown, done: done, dryRun: o.DryRun, started: started, took: env.Now().Sub(started)})
}

// permit compares the plan with the one that a person reviewed.
func (o *syncOptions) permit(plan *upload.Plan) error {
	if o.Expect != "" && !plan.Expected(o.Expect) {
		return &Failure{Code: ExitUnexpected, Err: fmt.Errorf("--expect: the plan is %s now, not %s; nothing was changed", plan.Digest(), o.Expect),
			Hint: `look at it with "adsync sync --dry-run" and expect its digest`}
	}
	if o.Approve != "" && !plan.Approve(o.Approve) {
		return &Failure{Code: ExitUnexpected, Err: fmt.Errorf("--approve: the removals that are withheld now are not those of %s; nothing was changed", o.Approve),
			Hint: `look at them with "adsync sync --dry-run", which prints the digest to approve`}
	}
	return nil
}

// announce says what a person must know before the changes go by.
func announce(out printer, plan *upload.Plan, blown []upload.Blown, held reading) {
	if withheld := plan.Withheld(); len(withheld) > 0 {
		out.Notice(fmt.Sprintf("REMOVALS WITHHELD: %s will not be made in this run", count(len(withheld), "removal")))
		for _, b := range blown {
			out.Notice("  " + b.String())
		}
	}
	for _, w := range slices.Concat(held.warnings, plan.Warnings) {
		out.Remark(w)
	}
	for _, q := range plan.Quarantined {
		out.Quarantine(q)
	}
}

// finished is everything that a run has come to.
type finished struct {
	plan    *upload.Plan
	held    reading
	blown   []upload.Blown
	done    upload.Outcome
	dryRun  bool
	started time.Time
	took    time.Duration
	summary summary
}

// conclude prints what is left to print, and ends the run with its code.
func (r *run) conclude(out printer, o syncOptions, f finished) error {
	f.summary = summary{DryRun: o.DryRun, sources: f.held.sources}
	f.summary.count(f.plan)
	f.summary.Exit = worst(f.codes(o)...)
	for i := range f.plan.Changes {
		c := &f.plan.Changes[i]
		if c.State == upload.Withheld || (o.DryRun && c.State == upload.Planned) {
			out.Change(c)
		}
	}
	for _, sentence := range f.done.Rewritten {
		out.Remark(sentence)
	}
	if f.done.Stopped != nil {
		out.Notice(stoppedEarly(f.done.Stopped))
	}
	if len(f.blown) > 0 && f.summary.Withheld > 0 {
		_, held, _ := strings.Cut(f.summary.Digest, ".")
		out.Notice(fmt.Sprintf("to permit exactly these %s: adsync sync%s --approve %s",
			count(f.summary.Withheld, "removal"), r.configFlag(), held))
	}
	if err := r.leave(o, &f); err != nil {
		out.Remark(err.Error())
	}
	out.Summary(f.summary, f.took)
	return ended(f.summary.Exit)
}

// codes are the exit codes that apply to a run; the worst of them counts.
func (f *finished) codes(o syncOptions) []int {
	codes := []int{ExitOK}
	apply := func(code int, applies bool) {
		if applies {
			codes = append(codes, code)
		}
	}
	var gone *upload.Unavailable
	var refused *upload.Refused
	pending := summary{DryRun: true}
	pending.count(f.plan)
	apply(ExitPending, o.ExitCode && pending.pending())
	apply(ExitWithheld, len(f.blown) > 0 && pending.Withheld > 0)
	apply(ExitPartial, pending.Failed > 0 || pending.Quarantined > 0)
	apply(ExitTarget, len(f.held.state.Unproven) > 0)
	apply(ExitTarget, errors.As(f.done.Stopped, &gone))
	apply(ExitPartial, errors.As(f.done.Stopped, &refused))
	apply(ExitInterrupted, errors.Is(f.done.Stopped, context.Canceled))
	for _, s := range f.held.sources {
		apply(ExitSource, !s.Complete)
	}
	return codes
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}
