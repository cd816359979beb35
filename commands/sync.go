package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	Undo     string
	Metrics  string
	Ping     string
	// RandomDelay is up to how long the run may be put off.
	RandomDelay time.Duration
}

func syncCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "sync",
		Usage: "make the service agree with the directory, once",
		Description: `   Reads every source and the service, works out the difference, applies it and exits.
   Run it from cron, a systemd timer or Task Scheduler.

EXAMPLE:
   adsync sync --dry-run
   adsync sync --approve 5f2c0a9d41e7b360
   adsync sync --undo /var/lib/adsync/undo-20260301T040012.345Z.jsonl --dry-run`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", DisableDefaultText: true, Aliases: []string{"n"}, Usage: "show what would be done, and do nothing"},
			&cli.BoolFlag{Name: "exit-code", DisableDefaultText: true, Usage: "with --dry-run: exit with 4 when changes are pending"},
			&cli.StringFlag{Name: "approve", Usage: "permit exactly the withheld removals with this `DIGEST`"},
			&cli.StringFlag{Name: "expect", Usage: "apply only if the plan has this `DIGEST`"},
			&cli.StringSliceFlag{Name: "source", Usage: "synchronise only the source `ID` (repeatable)"},
			&cli.StringFlag{Name: "report", Usage: "write a report to `FILE` (.json or .html)"},
			&cli.StringFlag{Name: "plan", Usage: "write the plan to `FILE` as JSON"},
			&cli.StringFlag{Name: "undo", Usage: "put back what a run changed, by the undo `FILE` that it left"},
			&cli.DurationFlag{Name: "random-delay", Usage: "wait a random time up to `DURATION` (20m) before the run begins, for cron and launchd; a dry run does not wait", DefaultText: "none"},
			&cli.StringFlag{Name: "metrics-file", Usage: "write metrics for the node exporter's textfile collector to `FILE`"},
			&cli.StringFlag{Name: "ping", Usage: "call `URL` at the start, on success and on failure, as healthchecks services take it"},
		},
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			if err := givenValues(c, "approve", "expect", "report", "plan", "undo", "metrics-file", "ping"); err != nil {
				return err
			}
			return runSync(c.Context, env, syncOptions{
				globalOptions: g,
				DryRun:        c.Bool("dry-run"), ExitCode: c.Bool("exit-code"),
				Approve: c.String("approve"), Expect: c.String("expect"),
				Sources: c.StringSlice("source"), Report: c.String("report"), Plan: c.String("plan"),
				Undo: c.String("undo"), Metrics: c.String("metrics-file"), Ping: c.String("ping"),
				RandomDelay: c.Duration("random-delay"),
			})
		}),
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
	if folder := filepath.Dir(o.Report); o.Report != "" {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return usage(fmt.Errorf("--report: there is no folder %s", folder), "")
		}
	}
	if o.Ping != "" && !strings.HasPrefix(o.Ping, "https://") && !strings.HasPrefix(o.Ping, "http://") {
		return usage(fmt.Errorf("--ping: the address wants https:// or http://"), "")
	}
	if o.RandomDelay < 0 {
		return usage(fmt.Errorf("--random-delay: %s is less than no time", o.RandomDelay), "give the longest time to wait, such as 20m")
	}
	if o.Undo != "" && len(o.Sources) > 0 {
		return usage(fmt.Errorf("--undo and --source exclude each other"), "an undo concerns all that the run changed")
	}
	return nil
}

// runSync is one run to completion, with those told who want to know of it.
func runSync(ctx context.Context, env Env, o syncOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.putOff(ctx, env); err != nil {
		return err
	}
	f := finished{dryRun: o.DryRun, started: env.Now()}
	if o.Undo != "" {
		return runUndo(ctx, env, o, &f)
	}
	r, err := prepare(ctx, withProgress(env, o.globalOptions), o.globalOptions, o.Sources)
	if err != nil {
		return err
	}
	defer r.close()
	return r.monitored(ctx, o, &f, func() error { return r.recorded(&f, r.sync(ctx, o, &f)) })
}

// sync is the run itself: read both sides at the same time, decide, apply,
// report. A dry run is the same run without Apply.
func (r *run) sync(ctx context.Context, o syncOptions, f *finished) (err error) {
	if !o.DryRun {
		if err := r.lock(); err != nil {
			return err
		}
	}
	out := newPrinter(r.env, o.globalOptions, o.DryRun)
	f.held, err = r.read(ctx)
	for _, s := range f.held.sources {
		out.Source(s)
	}
	if err != nil {
		return err
	}
	f.plan, err = r.decide(ctx, &f.held)
	if err != nil {
		return err
	}
	return r.carryOut(ctx, out, o, f)
}

// carryOut does what the plan says, as far as the limits and the person who
// reviewed it let it, and reports.
func (r *run) carryOut(ctx context.Context, out printer, o syncOptions, f *finished) error {
	f.blown = f.plan.Limit(r.limits)
	if err := r.permit(out, o, f.plan); err != nil {
		return err
	}
	f.digest = f.plan.Digest()
	if o.Plan != "" {
		if err := writePlan(o.Plan, f.plan); err != nil {
			return err
		}
	}
	r.announceBudget(out, f.plan)
	announce(out, f.plan, f.blown, f.held)
	if !o.DryRun {
		r.keepUndo(out, f)
		end := r.env.progress.begin()
		f.done = upload.Apply(ctx, r.target, f.plan, upload.ApplyOptions{
			State: f.held.state, Mark: r.mark, Adopt: r.policy.Adopt, Observe: out.Changes,
			Progress: func(done, total int) { r.env.progress.at("changes", done, total) },
		})
		end()
		r.settleUndo(out, f)
	}
	f.took = r.env.Now().Sub(f.started)
	return r.conclude(out, o, f)
}

// permit compares the plan with the one that a person reviewed.
func (r *run) permit(out printer, o syncOptions, plan *upload.Plan) error {
	if o.Expect != "" && !plan.Expected(o.Expect) {
		return &Failure{Code: ExitUnexpected, Err: fmt.Errorf("--expect: the plan is %s now, not %s; nothing was changed", plan.Digest(), o.Expect),
			Hint: `look at it with "adsync sync --dry-run --json", and expect the digest of its summary`}
	}
	if o.Approve != "" && !plan.Approve(o.Approve) {
		for _, line := range r.changedSince(o.Approve, plan) {
			out.Notice(line)
		}
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
	for _, cause := range plan.Causes {
		out.Notice(cause)
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
	digest  string // of the plan as it was before anything was applied
	held    reading
	blown   []upload.Blown
	done    upload.Outcome
	dryRun  bool
	started time.Time
	took    time.Duration
	summary summary
	undo    string // the undo file that the run has left, "" when it changed nothing
	undid   string // the undo file whose run it takes back
}

// conclude prints what is left to print, and ends the run with its code.
func (r *run) conclude(out printer, o syncOptions, f *finished) error {
	f.summary = summary{DryRun: o.DryRun, Digest: f.digest, sources: f.held.sources}
	f.summary.count(f.plan)
	f.summary.Exit = worst(f.codes(o)...)
	var left []*upload.Change
	for i := range f.plan.Changes {
		if c := &f.plan.Changes[i]; c.State == upload.Withheld || o.DryRun && c.State == upload.Planned {
			left = append(left, c)
		}
	}
	out.Changes(left)
	for _, sentence := range f.done.Rewritten {
		out.Remark(sentence)
	}
	if f.done.Stopped != nil {
		out.Notice(stoppedEarly(f.done.Stopped))
		if hint := hintOf(f.done.Stopped); hint != "" {
			out.Remark("hint: " + hint)
		}
	}
	if command := r.approveCommand(f); command != "" {
		out.Notice(fmt.Sprintf("to permit exactly these %s: %s", count(f.summary.Withheld, "removal"), command))
	}
	if err := r.report(o, f); err != nil {
		out.Remark(err.Error())
		f.summary.Exit = worst(f.summary.Exit, ExitFailure)
	}
	if err := r.leave(f); err != nil {
		out.Remark(err.Error())
	}
	out.Summary(f.summary, f.took)
	return ended(f.summary.Exit)
}

// approveCommand is the command that permits exactly what a limit withholds,
// "" when none does.
func (r *run) approveCommand(f *finished) string {
	if len(f.blown) == 0 || f.summary.Withheld == 0 {
		return ""
	}
	_, held, _ := strings.Cut(f.summary.Digest, ".")
	undo := ""
	if f.undid != "" {
		undo = " --undo " + shellWord(f.undid)
	}
	return fmt.Sprintf("adsync sync%s%s --approve %s", r.configFlag(), undo, held)
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
	var overtaken *upload.Overtaken
	pending := summary{DryRun: true}
	pending.count(f.plan)
	apply(ExitPending, o.ExitCode && pending.pending())
	apply(ExitWithheld, len(f.blown) > 0 && pending.Withheld > 0)
	apply(ExitPartial, pending.Failed > 0 || pending.Quarantined > 0)
	apply(ExitTarget, len(f.held.state.Unproven) > 0)
	apply(ExitTarget, errors.As(f.done.Stopped, &gone))
	apply(ExitPartial, errors.As(f.done.Stopped, &refused))
	apply(ExitLocked, errors.As(f.done.Stopped, &overtaken))
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
