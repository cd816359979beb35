package commands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"adsync/upload"
)

// printer is what a run tells, in the order in which it happens. The text and
// the JSON of it are two implementations.
type printer interface {
	Source(sourceResult)
	Quarantine(upload.Quarantine)
	// Changes are those whose outcome is known, or that are only planned.
	Changes([]*upload.Change)
	// Notice is a sentence that a person must not miss.
	Notice(text string)
	// Remark is a sentence for whoever looks closer.
	Remark(text string)
	Summary(summary, time.Duration)
}

func newPrinter(env Env, g globalOptions, dryRun bool) printer {
	if g.JSON {
		return &jsonPrinter{out: env.Stdout}
	}
	return &textPrinter{complain: env.complain, out: env.Stdout, err: env.Stderr, quiet: g.Quiet, would: dryRun}
}

// textPrinter prints results on stdout and remarks on stderr.
type textPrinter struct {
	complain     func(text string)
	out, err     io.Writer
	quiet, would bool
}

func (p *textPrinter) Source(s sourceResult) {
	if !s.Complete {
		text := fmt.Sprintf("adsync: source %s was not read completely, all it owns stays as it is: %s\n", s.ID, s.Reason)
		if s.Hint != "" {
			text += fmt.Sprintf("adsync: hint: %s\n", s.Hint)
		}
		p.complain(text)
	}
}

func (p *textPrinter) Quarantine(q upload.Quarantine) {
	fmt.Fprintf(p.out, "quarantine %s %s: %s: %s [%s]\n", q.Kind, q.Name, q.Rule, q.Detail, q.DN)
	if q.Fix != "" {
		fmt.Fprintf(p.out, "  fix: %s\n", q.Fix)
	}
}

func (p *textPrinter) Changes(changes []*upload.Change) {
	printLines(p.out, len(changes), func(text []byte, i int) []byte { return p.appendChange(text, changes[i]) })
}

// printLines prints many lines in a few pieces.
func printLines(w io.Writer, n int, line func(text []byte, i int) []byte) {
	_ = upload.InOrder(n, line, func(text []byte) error {
		if len(text) == 0 {
			return nil
		}
		_, err := w.Write(text)
		return err // a closed stdout has nobody to tell
	})
}

func (p *textPrinter) appendChange(text []byte, c *upload.Change) []byte {
	switch c.State {
	case upload.Failed:
		text = fmt.Appendf(text, "failed: %s: %v\n", c.Line(), c.Failure)
		if hint := hintOf(c.Failure); hint != "" {
			text = fmt.Appendf(text, "  hint: %s\n", hint)
		}
		return text
	case upload.Withheld:
		return fmt.Appendf(text, "withheld: %s: %s\n", c.Line(), c.Why)
	}
	if p.quiet {
		return text
	}
	if p.would {
		text = append(text, "would "...)
	}
	return append(append(text, c.Line()...), '\n')
}

func (p *textPrinter) Notice(text string) { fmt.Fprintln(p.out, text) }

func (p *textPrinter) Remark(text string) {
	if !p.quiet {
		fmt.Fprintf(p.err, "adsync: %s\n", text)
	}
}

func (p *textPrinter) Summary(s summary, took time.Duration) {
	if !p.quiet || s.Exit != ExitOK {
		fmt.Fprintln(p.out, s.line(took))
	}
}

// jsonPrinter prints one object a line; docs/json.md describes the fields.
type jsonPrinter struct{ out io.Writer }

type changeObject struct {
	Type       string            `json:"type"` // "change"
	Verb       upload.Verb       `json:"verb"`
	Kind       upload.Kind       `json:"kind"`
	Name       string            `json:"name"`
	Source     string            `json:"source"`
	Anchor     string            `json:"anchor"`
	DN         string            `json:"dn,omitempty"`
	ID         string            `json:"id,omitempty"`
	Attributes []attributeObject `json:"attributes,omitempty"`
	Members    []memberObject    `json:"members,omitempty"`
	Reason     string            `json:"reason"`
	State      string            `json:"state"`
	Why        string            `json:"why,omitempty"`
}

type attributeObject struct {
	Path string `json:"path"`
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

type memberObject struct {
	Name   string `json:"name"`
	Anchor string `json:"anchor"`
}

type failureObject struct {
	Type   string      `json:"type"` // "failure"
	Verb   upload.Verb `json:"verb"`
	Kind   upload.Kind `json:"kind"`
	Name   string      `json:"name"`
	Source string      `json:"source"`
	Anchor string      `json:"anchor"`
	Status int         `json:"status"`
	Detail string      `json:"detail"`
	Hint   string      `json:"hint"`
}

type quarantineObject struct {
	Type   string      `json:"type"` // "quarantine"
	Kind   upload.Kind `json:"kind"`
	Name   string      `json:"name"`
	Source string      `json:"source"`
	DN     string      `json:"dn"`
	Anchor string      `json:"anchor"`
	Rule   string      `json:"rule"`
	Detail string      `json:"detail"`
	Fix    string      `json:"fix,omitempty"`
}

type noticeObject struct {
	Type    string `json:"type"` // "notice" or "remark"
	Message string `json:"message"`
}

type errorObject struct {
	Type    string `json:"type"` // "error"
	Message string `json:"message"`
	Hint    string `json:"hint"`
	Exit    int    `json:"exit"`
}

func writeJSON(w io.Writer, v any) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	// What is encoded are our own structs: only the writer can fail, and a
	// closed stdout has nobody to tell.
	_ = e.Encode(v)
}

func (p *jsonPrinter) Source(s sourceResult) { writeJSON(p.out, s) }

func (p *jsonPrinter) Quarantine(q upload.Quarantine) { writeJSON(p.out, quarantineOf(q)) }

func (p *jsonPrinter) Changes(changes []*upload.Change) {
	printLines(p.out, len(changes), func(text []byte, i int) []byte {
		c := changes[i]
		text = append(appendChange(text, c), '\n')
		if c.State == upload.Failed {
			failure := bytes.NewBuffer(text)
			writeJSON(failure, failureOfChange(c))
			text = failure.Bytes()
		}
		return text
	})
}

func (p *jsonPrinter) Notice(text string) { writeJSON(p.out, noticeObject{"notice", text}) }
func (p *jsonPrinter) Remark(text string) { writeJSON(p.out, noticeObject{"remark", text}) }

func (p *jsonPrinter) Summary(s summary, took time.Duration) {
	s.Type, s.Seconds = "summary", float64(took.Milliseconds())/1000
	writeJSON(p.out, s)
}

func changeOf(c *upload.Change) changeObject {
	o := changeObject{
		Type: "change", Verb: c.Verb, Kind: c.Kind, Name: c.Name, Source: c.Source, Anchor: string(c.Anchor),
		DN: c.DN, Reason: c.Reason, State: string(c.State), Why: c.Why,
	}
	if c.Before != nil {
		o.ID = c.Before.ID
	}
	o.Attributes = attributesOf(c.Attributes())
	for _, m := range c.Members {
		o.Members = append(o.Members, memberObject{Name: m.Name, Anchor: string(m.Anchor)})
	}
	return o
}

func attributesOf(changes iter.Seq[upload.AttributeChange]) []attributeObject {
	var out []attributeObject
	for a := range changes {
		out = append(out, attributeObject{Path: a.Path, Old: oneOrMany(a.Old), New: oneOrMany(a.New)})
	}
	return out
}

// oneOrMany is null, a text, or a list of texts.
func oneOrMany(values []string) any {
	switch len(values) {
	case 0:
		return nil
	case 1:
		return values[0]
	}
	return slices.Clone(values)
}

func failureOfChange(c *upload.Change) failureObject {
	o := failureObject{
		Type: "failure", Verb: c.Verb, Kind: c.Kind, Name: c.Name, Source: c.Source,
		Anchor: string(c.Anchor), Detail: c.Failure.Error(), Hint: hintOf(c.Failure),
	}
	var refusal *upload.Refusal
	if errors.As(c.Failure, &refusal) {
		o.Status, o.Detail = refusal.Status, refusal.Detail
	}
	return o
}

func quarantineOf(q upload.Quarantine) quarantineObject {
	return quarantineObject{
		Type: "quarantine", Kind: q.Kind, Name: q.Name, Source: q.Source, DN: q.DN,
		Anchor: string(q.Anchor), Rule: q.Rule, Detail: q.Detail, Fix: q.Fix,
	}
}

// hintOf is what to do about an error, "" when nobody knows.
func hintOf(err error) string {
	var refusal *upload.Refusal
	if errors.As(err, &refusal) {
		return refusal.Hint
	}
	var gone *upload.Unavailable
	if errors.As(err, &gone) {
		return gone.Hint
	}
	var h hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
