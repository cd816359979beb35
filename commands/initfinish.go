package commands

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/upload"
)

// finish shows the configuration, offers a dry run, writes it, and sees to
// the schedule.
func (w *wizard) finish(ctx context.Context) error {
	if err := w.askAccount(ctx); err != nil {
		return err
	}
	w.plan.place(w.before, w.answers.typed())
	if w.person() {
		if err := w.review(ctx); err != nil {
			return err
		}
	}
	f := w.answers.configure(w.before)
	if err := w.write(f); err != nil {
		return err
	}
	if w.person() {
		return w.offerSchedule(ctx, f)
	}
	if w.options.Schedule {
		return w.installSchedule(ctx, f)
	}
	if w.options.Unschedule {
		return w.unschedule(ctx)
	}
	if w.plan.installed(ctx) && w.plan.stale(f) {
		fmt.Fprintf(w.env.Stderr, staleSchedule+"\n", w.configFlag()) // --quiet or not
	}
	return nil
}

// review shows what will be written until it is right.
func (w *wizard) review(ctx context.Context) error {
	standard := "try"
	for {
		f := w.answers.configure(w.before)
		if standard == "try" {
			w.show(f)
		}
		i, err := w.ask.Choose(ctx, ask.Question{Key: "write", Label: "Is that right?", Default: standard}, []ask.Option{
			{Value: "try", Label: "Try it first: a dry run", Help: "changes nothing"},
			{Value: "write", Label: "Write it"},
			{Value: "change", Label: "Change something"},
			{Value: "leave", Label: "Leave everything as it is"},
		})
		if err != nil {
			return err
		}
		switch i {
		case 0:
			if err := w.dryRun(ctx, f); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				w.explain(err)
			}
			standard = "write"
		case 1:
			return nil
		case 2:
			if _, err := w.menu(ctx); err != nil && !errors.Is(err, errSchedule) {
				return err
			}
			w.plan.place(w.before, w.answers.typed())
			standard = "try"
		default:
			return ask.ErrInterrupted
		}
	}
}

// show says what will be written, and where.
func (w *wizard) show(f *config.File) {
	w.say("\n--- %s", w.path)
	w.say("%s", strings.TrimRight(string(f.Render()), "\n"))
	w.say("---")
	for _, t := range w.answers.typed() {
		w.say("%s", w.plan.whereTo(f, t))
	}
	if exists(w.path) {
		w.say("The present file is kept as %s.bak.", filepath.Base(w.path))
	}
}

// dryRun runs the configuration that is not written yet, without changing
// anything, and shows what it would do.
func (w *wizard) dryRun(ctx context.Context, f *config.File) error {
	started := w.env.Now()
	secrets, err := w.secrets(ctx, f)
	if err != nil {
		return err
	}
	env := w.env
	env.progress = w.progress
	r := &run{env: env, options: w.options.globalOptions, file: f, secrets: secrets, redactor: w.redactor, log: w.log}
	if err := r.selectSources(nil); err != nil {
		return err
	}
	if err := r.assemble(); err != nil {
		return err
	}
	defer r.close()
	w.say("Reading both sides...")
	held, err := r.read(ctx)
	for _, s := range held.sources {
		if !s.Complete {
			w.say("  source %s was not read completely: %s", s.ID, s.Reason)
		}
	}
	if err != nil {
		return err
	}
	plan, err := r.decide(ctx, &held)
	if err != nil {
		return err
	}
	plan.Limit(r.limits)
	w.showPlan(plan)
	s := summary{DryRun: true, sources: held.sources}
	s.count(plan)
	w.say("%s", s.line(w.env.Now().Sub(started)))
	return nil
}

// showPlan shows the first changes of a plan, and the first entries that it
// leaves out.
func (w *wizard) showPlan(plan *upload.Plan) {
	const shown = 5
	for i := range plan.Changes {
		if i == shown {
			w.say("  ... and %s", count(len(plan.Changes)-shown, "more change"))
			break
		}
		state := "would"
		if plan.Changes[i].State == upload.Withheld {
			state = "withheld:"
		}
		line := plan.Changes[i].Line()
		if plan.Changes[i].Verb == upload.Create {
			line, _, _ = strings.Cut(line, ": ") // all that is mapped is new
		}
		w.say("  %s %s", state, line)
	}
	for i, q := range plan.Quarantined {
		if i == shown {
			w.say("  ... and %s more left out; \"adsync check\" explains each", thousands(len(plan.Quarantined)-shown))
			break
		}
		w.say("  left out: %s %s: %s", q.Kind, q.Name, q.Detail)
	}
}

// write stores the secrets and the configuration, all or nothing.
func (w *wizard) write(f *config.File) error {
	before := w.before.Render()
	f.Path = w.path
	files, err := w.plan.save(f, w.answers.typed())
	if err != nil {
		return err
	}
	w.written = true
	for _, path := range files {
		w.tell("wrote", path)
	}
	if !w.exists || string(before) != string(f.Render()) {
		w.tell("wrote", w.path)
	} else {
		w.tell("unchanged", w.path)
	}
	return nil
}

// tell is a result: a line, or an object, on stdout.
func (w *wizard) tell(what, path string) {
	if w.options.JSON {
		writeJSON(w.env.Stdout, fileObject{Type: "file", What: what, Path: path})
		return
	}
	if !w.options.Quiet {
		fmt.Fprintf(w.env.Stdout, "%s %s\n", what, path)
	}
}

type fileObject struct {
	Type string `json:"type"` // "file"
	What string `json:"what"` // wrote, unchanged; shown, of a schedule
	Path string `json:"path"`
	Text string `json:"text,omitempty"` // what is shown
}
