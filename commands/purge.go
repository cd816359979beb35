package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"adsync/commands/ask"
	"adsync/upload"

	"github.com/urfave/cli/v2"
)

// purgeOptions are the flags of purge.
type purgeOptions struct {
	globalOptions
	Source     string
	Delete     bool
	Deactivate bool
	DryRun     bool
	Approve    string
}

func purgeCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:      "purge",
		ArgsUsage: "SOURCE",
		Usage:     "remove or deactivate everything that belongs to a source id",
		Description: `   For a source that was taken out of the configuration, or is about to be. Users are deactivated or
   deleted and groups are deleted as policy.user_gone and policy.group_gone say. Nothing is done
   until the source's id is typed on a terminal, or the list is approved by its digest.

EXAMPLE:
   adsync purge old
   adsync purge old --delete --approve 5f2c0a9d41e7b360`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "delete", DisableDefaultText: true, Usage: "delete users and groups, whatever the policy says"},
			&cli.BoolFlag{Name: "deactivate", DisableDefaultText: true, Usage: "deactivate users, whatever the policy says"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, DisableDefaultText: true, Usage: "show the list and its digest, and ask nothing"},
			&cli.StringFlag{Name: "approve", Usage: "permit exactly the list with this `DIGEST`"},
		},
		Action: flagsAndOne(env, "source id", func(c *cli.Context, g globalOptions, source string) error {
			if err := givenValues(c, "approve"); err != nil {
				return err
			}
			return runPurge(c.Context, env, purgeOptions{
				globalOptions: g, Source: source, Delete: c.Bool("delete"), Deactivate: c.Bool("deactivate"),
				DryRun: c.Bool("dry-run"), Approve: c.String("approve"),
			})
		}),
	}
}

// policy is what becomes of users and groups: the configuration's word unless
// a flag has another.
func (o *purgeOptions) policy(configured upload.Policy) (upload.Policy, error) {
	switch {
	case o.Delete && o.Deactivate:
		return configured, usage(errors.New("--delete and --deactivate exclude each other"), "")
	case o.DryRun && o.Approve != "":
		return configured, usage(errors.New("--dry-run and --approve exclude each other"), "")
	case o.Delete:
		configured.UserGone, configured.GroupGone = upload.Remove, upload.Remove
	case o.Deactivate:
		configured.UserGone = upload.Off
	case configured.UserGone == upload.Keep && configured.GroupGone == upload.Keep:
		return configured, usage(errors.New("policy.user_gone and policy.group_gone are both keep: there is nothing to do"), "say --deactivate or --delete")
	}
	return configured, nil
}

// runPurge lists what a source owns at the service, has the list confirmed,
// and removes it. No source is read for it.
func runPurge(ctx context.Context, env Env, o purgeOptions) error {
	started := env.Now()
	r, err := prepareTarget(ctx, env, o.globalOptions)
	if err != nil {
		return err
	}
	defer r.close()
	policy, err := o.policy(r.policy)
	if err != nil {
		return err
	}
	if !o.DryRun {
		if err := r.lock(); err != nil {
			return err
		}
	}
	state, err := r.target.Read(ctx, r.wantEverything())
	if err != nil {
		return targetFailure(err)
	}
	if r.target.Capabilities().WriteOnly {
		return usage(errors.New("purge: this service takes records and shows none, so that nobody can say what a source owns there"), "remove them in the service's own console")
	}
	in := upload.Input{State: state, Capabilities: r.target.Capabilities(), Mark: r.mark, Policy: policy}
	plan := upload.Purge(in, o.Source)
	out := newPrinter(env, o.globalOptions, false)
	r.announcePurge(out, o, in, plan)
	var done upload.Outcome
	approved, err := r.approved(ctx, out, o, plan)
	if err != nil {
		return err
	}
	if approved {
		done = upload.Apply(ctx, r.target, plan, upload.ApplyOptions{State: state, Mark: r.mark, Observe: out.Changes})
	}
	f := finished{plan: plan, held: reading{state: state}, done: done, summary: summary{DryRun: o.DryRun, Digest: plan.Digest()}}
	f.summary.count(plan)
	codes := f.codes(syncOptions{})
	if f.summary.Withheld > 0 {
		codes = append(codes, ExitWithheld)
	}
	f.summary.Exit = worst(codes...)
	if done.Stopped != nil {
		out.Notice(stoppedEarly(done.Stopped))
	}
	out.Summary(f.summary, env.Now().Sub(started))
	return ended(f.summary.Exit)
}

// announcePurge says what a person must know before deciding.
func (r *run) announcePurge(out printer, o purgeOptions, in upload.Input, plan *upload.Plan) {
	for _, kind := range kinds {
		if why := in.State.Unproven[kind]; why != "" {
			out.Remark(fmt.Sprintf("the service's list of %ss is not proven complete, there may be more: %s", kind, why))
		}
	}
	var others []string
	for _, h := range upload.Holdings(in.State, in.Mark) {
		if owned := h.Users + h.Groups + h.Devices; owned > 0 && h.Source != o.Source {
			others = append(others, h.Source)
		} else if h.Source == o.Source && owned > 0 && len(plan.Changes) == 0 {
			out.Notice(fmt.Sprintf("source %s owns %s, and nothing is left to do with them", o.Source, owns(h.Users, h.ActiveUsers, h.Groups, h.Devices)))
			return
		}
	}
	if len(plan.Changes) == 0 {
		out.Notice(fmt.Sprintf("nothing at the service belongs to source %s", o.Source))
		if len(others) > 0 {
			out.Remark("these own something: " + strings.Join(others, ", "))
		}
		return
	}
	if r.file.Source(o.Source) != nil {
		out.Notice(fmt.Sprintf("source %s is configured: the next sync makes its users and groups anew; take it out of %s first if it is to go", o.Source, r.file.Path))
	}
	for _, w := range plan.Warnings {
		out.Remark(w)
	}
}

// approved shows the list and finds out whether it may be removed: by its
// digest, or by a person who types the source's id.
func (r *run) approved(ctx context.Context, out printer, o purgeOptions, plan *upload.Plan) (bool, error) {
	if len(plan.Changes) == 0 {
		return false, nil
	}
	digest := plan.Digest()
	_, short, _ := strings.Cut(digest, ".")
	if o.Approve != "" {
		if !plan.Approve(o.Approve) {
			return false, &Failure{Code: ExitUnexpected, Err: fmt.Errorf("--approve: what source %s owns is %s now, not %s; nothing was changed", o.Source, short, o.Approve),
				Hint: fmt.Sprintf(`look at it with "adsync purge %s --dry-run"`, shellWord(o.Source))}
		}
		return true, nil
	}
	all := make([]*upload.Change, len(plan.Changes))
	for i := range plan.Changes {
		all[i] = &plan.Changes[i]
	}
	out.Changes(all)
	if r.canAsk() && !o.DryRun && !o.JSON {
		asker := ask.For(r.env.Stdin, r.env.Terminal, r.env.Getenv)
		typed, err := asker.Text(ctx, ask.Question{Key: "source", Label: fmt.Sprintf("%s of source %s will be deactivated or deleted. Type the source's id to go on",
			count(len(plan.Changes), "resource"), o.Source)})
		if errors.Is(err, ask.ErrInterrupted) {
			return false, &Failure{Code: ExitInterrupted, Err: errors.New("interrupted; nothing was changed")}
		}
		if err == nil && strings.TrimSpace(typed) == o.Source {
			return plan.Approve(digest), nil
		}
		out.Notice("that is not the id: nothing was changed")
		return false, nil
	}
	mode := ""
	switch {
	case o.Delete:
		mode = " --delete"
	case o.Deactivate:
		mode = " --deactivate"
	}
	out.Notice(fmt.Sprintf("to permit exactly these %s: adsync purge%s %s%s --approve %s",
		count(len(plan.Changes), "removal"), r.configFlag(), shellWord(o.Source), mode, short))
	return false, nil
}

// canAsk reports whether somebody sits at a terminal.
func (r *run) canAsk() bool {
	return r.env.Stdin != nil && r.env.Terminal != nil && ask.Possible(r.env.Stdin)
}

// wantEverything asks for all resources with nothing but their names: who
// owns what is all that matters.
func (r *run) wantEverything() upload.Want {
	want := upload.Want{Groups: []string{upload.KeyDisplayName}, Owned: func(string) bool { return false }}
	for _, s := range r.file.Sources {
		if s.Computers.Sync {
			want.Devices = []string{upload.KeyDisplayName}
		}
	}
	return want
}

// stoppedEarly says why not everything was tried.
func stoppedEarly(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted: what was done stands, the next run does the rest"
	}
	return fmt.Sprintf("stopped before the end: %v", err)
}
