package commands

import (
	"io"

	"adsync/commands/rules"
)

// findingObject is one finding of a check.
type findingObject struct {
	Type         string         `json:"type"` // "finding"
	Rule         string         `json:"rule"`
	Severity     rules.Severity `json:"severity"` // block, warn or info
	Kind         string         `json:"kind"`
	Source       string         `json:"source"`
	Name         string         `json:"name"`
	DN           string         `json:"dn"`
	Anchor       string         `json:"anchor"`
	Attribute    string         `json:"attribute"`
	Value        string         `json:"value"`
	Suggestion   string         `json:"suggestion"`
	Safe         bool           `json:"safe"`
	ChangesLogin bool           `json:"changes_login"`
	Others       []otherObject  `json:"others"`
	Message      string         `json:"message"`
	Fix          string         `json:"fix"`
}

// otherObject is another holder of a value that must be unique.
type otherObject struct {
	Source    string `json:"source"`
	Kind      string `json:"kind"`
	DN        string `json:"dn"`
	Anchor    string `json:"anchor"`
	Attribute string `json:"attribute"`
	Active    bool   `json:"active"`
	AtTarget  bool   `json:"at_target"`    // has a resource at the target already
	ID        string `json:"id,omitempty"` // of a resource of the target
}

// checkSummary ends a check.
type checkSummary struct {
	Type     string         `json:"type"` // "summary"
	Profile  string         `json:"profile"`
	Users    int            `json:"users"`
	Groups   int            `json:"groups"`
	Skipped  map[string]int `json:"skipped"` // by reason
	Findings int            `json:"findings"`
	Block    int            `json:"block"`
	Warn     int            `json:"warn"`
	Info     int            `json:"info"`
	Blocked  int            `json:"blocked"` // objects held back
	Rules    map[string]int `json:"rules"`
	Complete bool           `json:"complete"` // every source was read to its end
	Fixes    int            `json:"fixes"`    // changes written by --fix
	Exit     int            `json:"exit"`
}

func (p *checkReport) printJSON(w io.Writer) {
	complete := true
	for _, s := range p.sources {
		s.Type = "source"
		complete = complete && s.Complete
		writeJSON(w, s)
	}
	byRule := map[string]int{}
	for i := range p.findings {
		byRule[p.findings[i].Rule]++
		writeJSON(w, findingOf(&p.findings[i]))
	}
	writeJSON(w, checkSummary{
		Type: "summary", Profile: p.profile, Users: p.counts.Users, Groups: p.counts.Groups, Skipped: p.counts.Skipped,
		Findings: len(p.findings), Block: p.of(rules.Block), Warn: p.of(rules.Warn), Info: p.of(rules.Info),
		Blocked: p.blocked, Rules: byRule, Complete: complete, Fixes: p.fixes, Exit: p.exit,
	})
}

func findingOf(f *rules.Finding) findingObject {
	o := findingObject{
		Type: "finding", Rule: f.Rule, Severity: f.Severity, Kind: f.Kind, Source: f.Source, Name: f.Name, DN: f.DN, Anchor: string(f.Anchor),
		Attribute: f.Attribute, Value: f.Value, Suggestion: f.Suggestion, Safe: f.Safe, ChangesLogin: f.ChangesLogin,
		Others: []otherObject{}, Message: f.Message, Fix: f.Fix,
	}
	for _, h := range f.Others {
		o.Others = append(o.Others, otherObject{Source: h.Source, Kind: h.Kind, DN: h.DN, Anchor: string(h.Anchor), Attribute: h.Attribute, Active: h.Active, AtTarget: h.AtTarget, ID: h.Resource})
	}
	return o
}
