package commands

import (
	"context"
	"fmt"

	"adsync/upload"
)

// runUndo puts back what a run changed. No directory is read for it: what was
// there before stands in the undo file, and what is there now at the service.
func runUndo(ctx context.Context, env Env, o syncOptions, f *finished) error {
	r, err := prepareTarget(ctx, withProgress(env, o.globalOptions), o.globalOptions)
	if err != nil {
		return err
	}
	defer r.close()
	return r.monitored(ctx, o, f, func() error { return r.undo(ctx, o, f) })
}

func (r *run) undo(ctx context.Context, o syncOptions, f *finished) error {
	head, images, err := readUndo(o.Undo)
	if err != nil {
		return usage(fmt.Errorf("--undo: %w", err), "name a file undo-TIME.jsonl that a run has left beside last-run.json")
	}
	if head.Target != r.file.Target.URL {
		return usage(fmt.Errorf("--undo: %s is of a run against %s, and the configuration names %s", o.Undo, head.Target, r.file.Target.URL), "")
	}
	for i := range images {
		if r.file.Source(images[i].Source) == nil {
			return usage(fmt.Errorf("--undo: %s changed what source %q owns, which is not configured here", o.Undo, images[i].Source), "")
		}
	}
	if !o.DryRun {
		if err := r.lock(); err != nil {
			return err
		}
	}
	out := newPrinter(r.env, o.globalOptions, o.DryRun)
	state, err := r.target.Read(ctx, r.wantBack(images))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return targetFailure(err)
	}
	f.undid = o.Undo
	f.held.take(state)
	f.plan = upload.Undo(upload.Input{State: state, Capabilities: r.target.Capabilities(), Mark: r.mark, Policy: r.policy}, images)
	out.Remark(fmt.Sprintf("undo of the run of %s: the next sync does it again unless the directory or the configuration is put right before",
		head.Started.UTC().Format("2006-01-02 15:04:05 MST")))
	return r.carryOut(ctx, out, o, f)
}

// wantBack asks the service for what the images are about.
func (r *run) wantBack(images []upload.Image) upload.Want {
	w := upload.Want{
		Users: []string{upload.KeyUserName}, Groups: []string{upload.KeyDisplayName}, Members: true,
		Owned: func(externalID string) bool { _, _, ok := r.mark.Owner(externalID); return ok },
	}
	for i := range images {
		list := &w.Users
		switch images[i].Kind {
		case upload.Group:
			list = &w.Groups
		case upload.Device:
			list = &w.Devices
			*list = append(*list, upload.KeyDisplayName)
		}
		for _, a := range images[i].Attributes {
			*list = append(*list, a.Path)
		}
		if images[i].Manager != nil {
			*list = append(*list, upload.PathManager)
		}
	}
	return eachOnce(w)
}
