package commands

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"adsync/commands/rules"
	"adsync/ldapsrc/directory"
)

// checkReport is what a check came to.
type checkReport struct {
	profile  string
	title    string
	sources  []sourceResult
	counts   rules.Counts
	findings []rules.Finding
	remarks  []string
	blocked  int // objects
	fixes    int // changes written as LDIF
	exit     int
}

func newCheckReport(c *rules.Checker, held reading, r *checkRun) checkReport {
	p := checkReport{profile: cmp.Or(r.profile, "generic"), title: c.Title(), sources: held.sources, findings: c.Findings(), counts: c.Counts()}
	p.remarks = append(held.warnings, r.remarks...)
	codes := []int{ExitOK}
	blocked := map[directory.Anchor]bool{}
	for i := range p.findings {
		if p.findings[i].Severity == rules.Block {
			blocked[p.findings[i].Anchor] = true
			codes = append(codes, ExitPartial)
		}
	}
	p.blocked = len(blocked)
	for _, s := range p.sources {
		if !s.Complete {
			codes = append(codes, ExitSource)
		}
	}
	p.exit = worst(codes...)
	return p
}

// of counts the findings of a severity.
func (p *checkReport) of(s rules.Severity) int {
	n := 0
	for i := range p.findings {
		if p.findings[i].Severity == s {
			n++
		}
	}
	return n
}

func (p *checkReport) print(env Env, o checkOptions) {
	for _, remark := range p.remarks {
		if o.JSON {
			writeJSON(env.Stdout, noticeObject{"remark", remark})
		} else if !o.Quiet {
			fmt.Fprintf(env.Stderr, "adsync: %s\n", remark)
		}
	}
	switch {
	case o.JSON:
		p.printJSON(env.Stdout)
	case o.CSV == "-":
		p.printSources(env.Stderr)
		p.printSummary(env.Stderr)
	default:
		p.printSources(env.Stdout)
		p.printText(env.Stdout, o.Quiet)
		if !o.Quiet || p.exit != ExitOK {
			p.printSummary(env.Stdout)
		}
	}
}

// printSources says what is missing from the findings.
func (p *checkReport) printSources(w io.Writer) {
	for _, s := range p.sources {
		if !s.Complete {
			fmt.Fprintf(w, "source %s was not read completely, nothing of it was checked: %s\n", s.ID, s.Reason)
			if s.Hint != "" {
				fmt.Fprintf(w, "  hint: %s\n", s.Hint)
			}
		}
	}
}

// printText is the table: the rules with their counts, each with its objects.
func (p *checkReport) printText(w io.Writer, quiet bool) {
	list := p.findings
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Rule == list[0].Rule {
			n++
		}
		group := list[:n]
		list = list[n:]
		if quiet {
			group = slices.DeleteFunc(slices.Clone(group), func(f rules.Finding) bool { return f.Severity != rules.Block })
			if len(group) == 0 {
				continue
			}
		}
		printRule(w, group)
	}
}

func printRule(w io.Writer, group []rules.Finding) {
	bySeverity := map[rules.Severity]int{}
	for i := range group {
		bySeverity[group[i].Severity]++
	}
	var parts []string
	for _, s := range []rules.Severity{rules.Block, rules.Warn, rules.Info} {
		if bySeverity[s] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", thousands(bySeverity[s]), s))
		}
	}
	fmt.Fprintf(w, "%s: %s\n", group[0].Rule, strings.Join(parts, ", "))
	told := 0
	for i := range group {
		if group[i].Severity == rules.Info {
			if told++; told > infoShown {
				continue
			}
		}
		printFinding(w, &group[i])
	}
	if told > infoShown {
		fmt.Fprintf(w, "  and %s more, which --json lists\n", thousands(told-infoShown))
	}
	fmt.Fprintln(w)
}

// infoShown is how many objects of a rule are shown that are for information
// only: every domain has dozens of built-in groups.
const infoShown = 10

func printFinding(w io.Writer, f *rules.Finding) {
	text := "  " + rules.Show(f.DN)
	if f.Attribute != "" {
		text += ": " + f.Attribute
		if f.Value != "" {
			text += " " + rules.Quote(f.Value)
		}
	}
	fmt.Fprintf(w, "%s: %s\n", text, rules.Show(f.Message))
	switch {
	case f.Suggestion == "":
	case f.Safe:
		fmt.Fprintf(w, "    suggestion (safe): %s\n", rules.Quote(f.Suggestion))
	default:
		fmt.Fprintf(w, "    suggestion: %s\n", rules.Quote(f.Suggestion))
	}
}

// printSummary is never empty: what was read, what was left out, what is
// clean and what is not.
func (p *checkReport) printSummary(w io.Writer) {
	var read []string
	for _, s := range p.sources {
		if s.Complete {
			read = append(read, fmt.Sprintf("%s: %s, %s read", s.ID, count(s.Users, "user"), count(s.Groups, "group")))
		} else {
			read = append(read, s.ID+": not read completely")
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(p.counts.Skipped)) {
		read = append(read, fmt.Sprintf("%s skipped (%s)", thousands(p.counts.Skipped[reason]), reason))
	}
	whole := ""
	if p.exit == ExitSource {
		whole = "of what was read: "
	}
	fmt.Fprintf(w, "%s; %schecked for %s: %s to block, %s, %s for information; %s held back\n", strings.Join(read, "; "), whole, p.title,
		count(p.of(rules.Block), "finding"), count(p.of(rules.Warn), "warning"), thousands(p.of(rules.Info)), count(p.blocked, "object"))
}
