package commands

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"adsync/upload"
)

//go:embed report
var reportFiles embed.FS

// reportTemplate is the whole page: nothing in it is fetched from elsewhere.
var reportTemplate = template.Must(template.ParseFS(reportFiles, "report/*"))

// reportRows is how many changes a page shows. More than this nobody reads,
// and a browser would be slow to show.
const reportRows = 20000

// reportMembers is how many members of one change are shown at once.
const reportMembers = 24

// writeReport writes the record of a run as one page for those who read
// neither logs nor JSON.
func writeReport(path string, doc record) error {
	return replaceFile(path, func(w io.Writer) error {
		return reportTemplate.ExecuteTemplate(w, "page.html", newReportPage(doc))
	})
}

// reportPage is what the template shows.
type reportPage struct {
	Title, Outcome, Tone, Lead string
	DryRun                     bool
	Facts                      []reportFact
	Tiles                      []reportCount
	Bars                       []reportCount
	Sources                    []sourceResult
	Limits                     []string
	Approve                    string
	Withheld, Failed, Rows     []reportRow
	Quarantined                []quarantineObject
	Warnings                   []string
	Stopped                    string
	Verbs                      []reportVerb
	Program, Digest, Undo      string

	WithheldCount, FailedCount, ChangeCount, More string
}

type reportFact struct{ Name, Value string }

// reportCount is a number with a name, and with a bar where there are several.
type reportCount struct {
	Label, Text, Tone string
	N                 int
	Percent           float64
}

type reportVerb struct{ Verb, Label string }

func newReportPage(doc record) reportPage {
	s := doc.Summary
	p := reportPage{
		DryRun: doc.DryRun, Sources: doc.Sources, Limits: doc.Limits, Approve: doc.Approve, Warnings: doc.Warnings,
		Quarantined: doc.Quarantined, Stopped: doc.Stopped, Program: "adsync " + doc.Program, Digest: doc.Digest,
		WithheldCount: thousands(s.Withheld), FailedCount: thousands(s.Failed),
	}
	p.Outcome, p.Tone = outcome(&doc)
	p.Title = "adsync: " + p.Outcome
	p.Lead = sentence(&doc)
	p.Facts = []reportFact{
		{"Service", doc.Target}, {"Started", doc.Started.UTC().Format("2 January 2006, 15:04:05 UTC")},
		{"Took", fmt.Sprintf("%.1f s", doc.Seconds)}, {"Exit code", fmt.Sprint(s.Exit)},
	}
	if doc.Undid != "" {
		p.Facts = append(p.Facts, reportFact{"Undo of", doc.Undid})
	}
	if doc.Undo != "" {
		p.Undo = "adsync sync --undo " + shellWord(doc.Undo)
	}
	p.Tiles = tiles(&s)
	p.Bars = p.bars(doc.changes)
	p.rows(doc.changes)
	return p
}

// outcome is how the run ended, in a few words, and how good that is.
func outcome(doc *record) (text, tone string) {
	s := doc.Summary
	switch s.Exit {
	case ExitWithheld:
		return "Removals wait for approval", "warn"
	case ExitSource:
		return "A directory could not be read completely", "bad"
	case ExitTarget:
		return "The service could not be relied on", "bad"
	case ExitInterrupted:
		return "The run was interrupted", "warn"
	case ExitPartial:
		if s.Failed > 0 {
			return "Some changes failed", "bad"
		}
		return "In step, but for entries that were left out", "warn"
	}
	switch {
	case doc.Stopped != "":
		return "The run stopped before the end", "bad"
	case doc.DryRun && s.pending():
		return "Changes are pending", "good"
	case s.pending():
		return "All changes were made", "good"
	}
	return "In step: nothing to change", "good"
}

// sentence is the summary as a person would say it.
func sentence(doc *record) string {
	s := doc.Summary
	s.sources = nil
	return strings.ToUpper(s.does()[:1]) + s.does()[1:] + "."
}

// tiles are the counts of the run. Those that a manager asks for are always
// there.
func tiles(s *summary) []reportCount {
	all := []struct {
		label, tone string
		n           int
		always      bool
	}{
		{"created", "good", s.Created, true}, {"updated", "change", s.Updated, true}, {"adopted", "change", s.Adopted, false},
		{"released", "change", s.Released, false}, {"reactivated", "good", s.Reactivated, false}, {"deactivated", "warn", s.Deactivated, true},
		{"deleted", "warn", s.Deleted, false}, {"members added", "good", s.MembersAdded, true}, {"members removed", "warn", s.MembersRemoved, true},
		{"withheld", "warn", s.Withheld, true}, {"failed", "bad", s.Failed, true}, {"left out", "warn", s.Quarantined, true},
	}
	var out []reportCount
	for _, t := range all {
		if t.always || t.n > 0 {
			out = append(out, reportCount{Label: t.label, Tone: t.tone, N: t.n, Text: thousands(t.n)})
		}
	}
	return out
}

// bars count the changes by kind, verb and whether they were made.
func (p *reportPage) bars(changes []upload.Change) []reportCount {
	type key struct {
		kind  upload.Kind
		verb  upload.Verb
		state upload.ChangeState
	}
	counts := map[key]int{}
	most := 0
	for i := range changes {
		k := key{changes[i].Kind, changes[i].Verb, changes[i].State}
		counts[k]++
		most = max(most, counts[k])
	}
	var out []reportCount
	for _, kind := range kinds {
		for _, v := range reportVerbs {
			for _, s := range reportStates {
				if n := counts[key{kind, v.verb, s.state}]; n > 0 {
					bar := reportCount{Label: string(kind) + "s: " + v.label + s.label, Tone: cmp.Or(s.tone, v.tone), N: n,
						Text: thousands(n), Percent: float64(1000*n/most) / 10}
					if p.DryRun && s.state == upload.Planned {
						bar.Label, bar.Tone = string(kind)+"s: "+v.label, v.tone
					}
					out = append(out, bar)
				}
			}
		}
	}
	return out
}

// reportStates are the states as the bars name and colour them. What a dry run
// calls planned was not made by a run that stopped before.
var reportStates = []struct {
	state       upload.ChangeState
	label, tone string
}{{upload.Applied, "", ""}, {upload.Planned, ", not made", "held"}, {upload.Withheld, ", withheld", "held"}, {upload.Failed, ", failed", "bad"}}

// reportVerbs are the verbs as the page names and colours them.
var reportVerbs = []struct {
	verb        upload.Verb
	label, tone string
}{
	{upload.Create, "create", "good"}, {upload.Adopt, "adopt", "change"}, {upload.Release, "release", "change"},
	{upload.Update, "update", "change"}, {upload.Reactivate, "reactivate", "good"}, {upload.Deactivate, "deactivate", "warn"},
	{upload.Delete, "delete", "warn"}, {upload.AddMembers, "add members", "good"}, {upload.RemoveMembers, "remove members", "warn"},
}

func toneOf(v upload.Verb) string {
	for _, known := range reportVerbs {
		if known.verb == v {
			return known.tone
		}
	}
	return "change"
}

// rows sorts the changes into the page's lists.
func (p *reportPage) rows(changes []upload.Change) {
	used := map[upload.Verb]bool{}
	total := 0
	for i := range changes {
		c := &changes[i]
		switch {
		case c.State == upload.Withheld:
			p.Withheld = append(p.Withheld, rowOf(c))
			continue
		case c.State == upload.Failed:
			p.Failed = append(p.Failed, rowOf(c))
		}
		used[c.Verb] = true
		if total++; total > reportRows {
			continue
		}
		row := rowOf(c)
		if c.State == upload.Planned && !p.DryRun {
			row.State, row.StateTone = "not made", "warn"
		}
		p.Rows = append(p.Rows, row)
	}
	slices.SortStableFunc(p.Withheld, func(a, b reportRow) int { return strings.Compare(b.Kind, a.Kind) }) // users first
	p.ChangeCount = thousands(total)
	if total > reportRows {
		p.More = thousands(total - reportRows)
	}
	for _, v := range reportVerbs {
		if used[v.verb] {
			p.Verbs = append(p.Verbs, reportVerb{string(v.verb), v.label})
		}
	}
}

// reportRow is one change on the page.
type reportRow struct {
	Verb, Phrase, Tone string
	Kind, Name, DN     string
	State, StateTone   string
	Edits              []reportEdit
	Members            string // the first of them
	More, MoreCount    string // the others, folded away
	Reason, Why        string
	Failure, Hint      string
}

type reportEdit struct{ Path, Old, New string }

func rowOf(c *upload.Change) reportRow {
	row := reportRow{
		Verb: string(c.Verb), Phrase: c.Verb.Phrase(), Tone: toneOf(c.Verb), Kind: string(c.Kind), Name: c.Name, DN: c.DN,
		Reason: c.Reason, Why: c.Why,
	}
	switch c.State {
	case upload.Withheld:
		row.State, row.StateTone = "withheld", "warn"
	case upload.Failed:
		row.State, row.StateTone = "failed", "bad"
		f := failureOfChange(c)
		row.Failure, row.Hint = f.Detail, f.Hint
		if f.Status > 0 {
			row.Failure = fmt.Sprintf("%d: %s", f.Status, cmp.Or(f.Detail, "no reason given"))
		}
	}
	for a := range c.Attributes() {
		row.Edits = append(row.Edits, reportEdit{upload.ShortPath(a.Path), strings.Join(a.Old, ", "), strings.Join(a.New, ", ")})
	}
	names := make([]string, 0, len(c.Members))
	for _, m := range c.Members {
		names = append(names, m.Name)
	}
	if n := len(names); n > reportMembers {
		row.More, row.MoreCount = strings.Join(names[reportMembers:], ", "), thousands(n-reportMembers)
		names = names[:reportMembers]
	}
	row.Members = strings.Join(names, ", ")
	return row
}
