package commands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"adsync/commands/config"
	"adsync/upload"
)

// recordVersion is the version of the documents below; fields are only ever
// added to it. docs/json.md describes them.
const recordVersion = 1

// lastRunFile is the name of the record that status shows.
const lastRunFile = "last-run.json"

// record is what one run leaves for people, for status and for monitors. No
// run reads it to decide anything.
type record struct {
	Version     int                `json:"version"`
	Program     string             `json:"program"`
	Started     time.Time          `json:"started"`
	Seconds     float64            `json:"seconds"`
	DryRun      bool               `json:"dry_run"`
	Target      string             `json:"target"`
	Digest      string             `json:"digest"`
	Summary     summary            `json:"summary"`
	Sources     []sourceResult     `json:"sources"`
	Failures    []failureObject    `json:"failures"`
	Quarantined []quarantineObject `json:"quarantined"`
	Warnings    []string           `json:"warnings"`
	Limits      []string           `json:"limits"` // those that were gone over
	Stopped     string             `json:"stopped,omitempty"`
	Approve     string             `json:"approve,omitempty"` // the command that permits what is withheld
	Undo        string             `json:"undo,omitempty"`    // the file that takes the run back
	Undid       string             `json:"undid,omitempty"`   // the file whose run this one took back

	// changes stand last in the document, one a line, and are made as they
	// are written: there may be a hundred thousand.
	changes []upload.Change
}

func (r *run) record(f *finished) record {
	doc := record{
		Version: recordVersion, Program: version(), Started: f.started.UTC(), Seconds: float64(f.took.Milliseconds()) / 1000,
		DryRun: f.dryRun, Target: r.file.Target.URL, Digest: f.summary.Digest, Summary: f.summary, Sources: f.held.sources,
		Warnings: append([]string{}, slices.Concat(f.plan.Causes, f.held.warnings, f.plan.Warnings, f.done.Rewritten)...),
		Failures: []failureObject{}, Quarantined: []quarantineObject{}, Limits: []string{},
		Approve: r.approveCommand(f), Undo: f.undo, Undid: f.undid, changes: f.plan.Changes,
	}
	doc.Summary.Type, doc.Summary.Seconds = "summary", doc.Seconds
	for i := range f.plan.Changes {
		if c := &f.plan.Changes[i]; c.State == upload.Failed {
			doc.Failures = append(doc.Failures, failureOfChange(c))
		}
	}
	for _, q := range f.plan.Quarantined {
		doc.Quarantined = append(doc.Quarantined, quarantineOf(q))
	}
	for _, b := range f.blown {
		doc.Limits = append(doc.Limits, b.String())
	}
	if f.done.Stopped != nil {
		doc.Stopped = f.done.Stopped.Error()
	}
	return doc
}

// report writes the report that was asked for.
func (r *run) report(o syncOptions, f *finished) (err error) {
	doc := r.record(f)
	switch {
	case strings.HasSuffix(o.Report, ".json"):
		err = writeWhole(o.Report, doc, doc.changes)
	case strings.HasSuffix(o.Report, ".html"):
		err = writeReport(o.Report, doc)
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// leave writes the record of a run that was no dry run.
func (r *run) leave(f *finished) error {
	if f.dryRun {
		return nil
	}
	doc := r.record(f)
	if err := writeWhole(r.lastRunPath(), doc, doc.changes); err != nil {
		return fmt.Errorf("write the record of this run: %w", err)
	}
	return nil
}

// recorded leaves a record of a run that ended before it had a plan, so that
// status does not show the run before as the last. A run that never held the
// lock, or in which nothing was changed on purpose, leaves the record alone.
func (r *run) recorded(f *finished, err error) error {
	if err == nil || f.dryRun || f.summary.Exit != ExitOK {
		return err
	}
	code := failureOf(err).Code
	if code != ExitTarget && code != ExitFailure && code != ExitInterrupted {
		return err
	}
	if f.plan == nil {
		f.plan = &upload.Plan{}
	}
	f.took = r.env.Now().Sub(f.started)
	f.summary = summary{Exit: code, sources: f.held.sources}
	f.done.Stopped = err
	if bad := r.leave(f); bad != nil {
		r.log.Warn(bad.Error())
	}
	return err
}

// planDocument is what --plan writes, the changes behind it as in record.
type planDocument struct {
	Version     int                `json:"version"`
	Digest      string             `json:"digest"`
	Quarantined []quarantineObject `json:"quarantined"`
	Warnings    []string           `json:"warnings"`
}

func writePlan(path string, plan *upload.Plan) error {
	doc := planDocument{Version: recordVersion, Digest: plan.Digest(), Quarantined: []quarantineObject{}, Warnings: append([]string{}, plan.Warnings...)}
	for _, q := range plan.Quarantined {
		doc.Quarantined = append(doc.Quarantined, quarantineOf(q))
	}
	if err := writeWhole(path, doc, plan.Changes); err != nil {
		return usage(fmt.Errorf("--plan: %w", err), "name a file in a folder that this account may write")
	}
	return nil
}

// writeWhole writes a document, with its changes as the last field, so that
// the file at path is always a whole one: the old or the new.
func writeWhole(path string, doc any, changes []upload.Change) error {
	return replaceFile(path, func(w io.Writer) error {
		head, err := json.MarshalIndent(doc, "", "  ")
		if err != nil {
			return err
		}
		b := bufio.NewWriter(w)
		b.Write(bytes.TrimSuffix(head, []byte("\n}")))
		b.WriteString(",\n  \"changes\": [")
		line := func(text []byte, i int) []byte {
			if i > 0 {
				text = append(text, ',')
			}
			return appendChange(append(text, "\n    "...), &changes[i])
		}
		if err := upload.InOrder(len(changes), line, func(text []byte) error { _, err := b.Write(text); return err }); err != nil {
			return err
		}
		b.WriteString("\n  ]\n}\n")
		return b.Flush()
	})
}

// replaceFile writes a file whole or not at all. What a link points to is
// written and the link stays; a device or a pipe, such as /dev/stdout, is
// written to and not replaced.
func replaceFile(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeThrough(path, write)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".adsync-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return config.Rename(f.Name(), path)
}

// writeThrough writes to what is no file of its own.
func writeThrough(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = write(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}
