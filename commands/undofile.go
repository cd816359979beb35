package commands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"adsync/upload"
)

// undoHeader is the first line of an undo file; the others are upload.Images,
// one for each change. docs/undo.md describes them.
type undoHeader struct {
	Type    string    `json:"type"` // "undo"
	Version int       `json:"version"`
	Program string    `json:"program"`
	Started time.Time `json:"started"`
	Target  string    `json:"target"`
	Digest  string    `json:"digest"`
}

// undoPattern finds the undo files of a folder; by name they are in order of
// time.
const undoPattern = "undo-*.jsonl"

// keepUndo writes what the plan's resources are before anything is done to
// them, so that whatever ends the run leaves a file to undo it by. A run that
// cannot leave one says so and goes on: those who left must be locked out
// even when a disk is full.
func (r *run) keepUndo(out printer, f *finished) {
	if r.file.Report.KeepUndo == 0 || !f.plan.Has(upload.Planned) {
		return
	}
	path := filepath.Join(r.reportDir(), "undo-"+f.started.UTC().Format("20060102T150405.000Z")+".jsonl")
	planned := func(s upload.ChangeState) bool { return s == upload.Planned }
	if err := r.writeUndo(path, f, planned); err != nil {
		out.Remark(fmt.Sprintf("this run cannot be undone by --undo: write the undo file: %v", err))
		return
	}
	f.undo = path
	r.dropOldUndos(out)
}

// settleUndo leaves in the undo file what was really tried.
func (r *run) settleUndo(out printer, f *finished) {
	if f.undo == "" || f.plan.DoneAsPlanned() {
		return
	}
	var err error
	if f.plan.Has(upload.Applied) || f.plan.Has(upload.Failed) {
		tried := func(s upload.ChangeState) bool { return s == upload.Applied || s == upload.Failed }
		err = r.writeUndo(f.undo, f, tried)
	} else {
		err = os.Remove(f.undo)
		f.undo = ""
	}
	if err != nil {
		out.Remark(fmt.Sprintf("the undo file holds changes that were not made, which does no harm: %v", err))
	}
}

func (r *run) writeUndo(path string, f *finished, keep func(upload.ChangeState) bool) error {
	return replaceFile(path, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		err := e.Encode(undoHeader{"undo", recordVersion, version(), f.started.UTC(), r.file.Target.URL, f.digest})
		for image := range f.plan.Images(f.held.state, r.mark, keep) {
			if err != nil {
				return err
			}
			err = e.Encode(image)
		}
		return errors.Join(err, b.Flush())
	})
}

// dropOldUndos keeps as many undo files as the configuration says.
func (r *run) dropOldUndos(out printer) {
	files, _ := filepath.Glob(filepath.Join(r.reportDir(), undoPattern))
	slices.Sort(files)
	for _, old := range files[:max(0, len(files)-r.file.Report.KeepUndo)] {
		if err := os.Remove(old); err != nil {
			out.Remark(fmt.Sprintf("remove an old undo file: %v", err))
		}
	}
}

// readUndo reads an undo file whole. One that is not as it was written is
// refused: half an undo is worse than none.
func readUndo(path string) (undoHeader, []upload.Image, error) {
	var head undoHeader
	f, err := os.Open(path)
	if err != nil {
		return head, nil, err
	}
	defer f.Close()
	var images []upload.Image
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return head, nil, err
		}
		if n == 1 {
			if json.Unmarshal(line, &head) != nil || head.Type != "undo" {
				return head, nil, fmt.Errorf("%s is not an undo file", path)
			}
			if head.Version > recordVersion {
				return head, nil, fmt.Errorf("%s is of version %d, which a newer adsync wrote", path, head.Version)
			}
			continue
		}
		var image upload.Image
		if err := json.Unmarshal(line, &image); err != nil {
			return head, nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if err := image.Check(); err != nil {
			return head, nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		images = append(images, image)
	}
	if head.Type == "" {
		return head, nil, fmt.Errorf("%s is empty", path)
	}
	return head, images, nil
}
