package commands

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	w.answers.place(w.plan.keyring(len(w.answers.typed()) > 0))
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
		w.say("The service does not hand over all files of the configuration: run \"adsync init --schedule%s\" once more.", w.configFlag())
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
			w.answers.place(w.plan.keyring(len(w.answers.typed()) > 0))
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
		if t.place.Keyring != "" {
			w.say("The %s goes into this account's keyring.", t.what())
		} else {
			w.say("The %s goes into %s, which only %s can read.", t.what(), f.Abs(t.place.File), w.plan.readers())
		}
	}
	if w.exists {
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
	r := &run{env: w.env, options: w.options.globalOptions, file: f, secrets: secrets, redactor: w.redactor, log: w.log}
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
			w.say("  ... and %s left out; \"adsync check\" explains each", count(len(plan.Quarantined)-shown, "more entry"))
			break
		}
		w.say("  left out: %s %s: %s", q.Kind, q.Name, q.Detail)
	}
	s := summary{DryRun: true, sources: held.sources}
	s.count(plan)
	w.say("%s", s.line(w.env.Now().Sub(started)))
	return nil
}

// write stores the secrets and the configuration, all or nothing.
func (w *wizard) write(f *config.File) (err error) {
	var undo []func()
	defer func() {
		for i := len(undo) - 1; err != nil && i >= 0; i-- {
			undo[i]()
		}
	}()
	_, statErr := os.Stat(filepath.Dir(w.path))
	fresh := errors.Is(statErr, fs.ErrNotExist)
	var files []string
	for _, t := range w.answers.typed() {
		if t.place.Keyring != "" {
			undo = append(undo, config.RestoreKeyring(t.place.Keyring))
			if err := config.StoreKeyring(t.place.Keyring, t.value); err != nil {
				return err
			}
			continue
		}
		path := f.Abs(t.place.File)
		undo = append(undo, restore(path))
		if err := config.StoreFile(path, t.value); err != nil {
			return err
		}
		if w.exists { // as for what is there already
			if err := config.SameAccess(path, w.path); err != nil {
				return err
			}
		}
		files = append(files, path)
	}
	before := w.before.Render()
	undo = append(undo, restore(w.path), restore(w.path+".bak"))
	if err := f.Save(w.path); err != nil {
		return usage(err, "nothing was written")
	}
	own := append(files, w.path)
	if fresh {
		own = append(own, filepath.Dir(w.path))
	}
	if err := w.plan.handOver(f, own); err != nil {
		return err
	}
	if err := w.plan.check(f); err != nil {
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
	What string `json:"what"` // wrote, unchanged, removed, installed
	Path string `json:"path"`
}

// restore is what puts a file back as it is now.
func restore(path string) func() {
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return func() { _ = os.Remove(path) }
	case err != nil || statErr != nil:
		return func() {}
	}
	return func() {
		_ = os.WriteFile(path, text, info.Mode().Perm())
		_ = os.Chtimes(path, time.Time{}, info.ModTime())
	}
}
