package rules

import (
	"fmt"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// Blocked are the objects of a source that a synchronisation holds back, each
// with the first rule that blocks it. An account that is off is never held
// back: taking its access away must not wait for its data to be put right.
func Blocked(findings []Finding, source string) map[directory.Anchor]upload.Quarantine {
	blocked := map[directory.Anchor]upload.Quarantine{}
	for i := range findings {
		f := &findings[i]
		if f.Severity != Block || f.Source != source || !f.Active {
			continue
		}
		q, again := blocked[f.Anchor]
		if again {
			q.Detail += fmt.Sprintf("; %s: %s", f.Rule, f.Message)
			blocked[f.Anchor] = q
			continue
		}
		kind := upload.User
		if f.Kind == KindGroup {
			kind = upload.Group
		}
		blocked[f.Anchor] = upload.Quarantine{
			Source: source, Kind: kind, Name: f.Name, DN: f.DN, Anchor: f.Anchor, Rule: f.Rule,
			Detail: f.detail(), Fix: f.advice(),
		}
	}
	return blocked
}

// detail is the message with the attribute that it is about.
func (f *Finding) detail() string {
	switch f.Rule {
	case "dup-login", "dup-group-name", "missing-login":
		return f.Message
	}
	if f.Attribute == "" || f.Value == "" {
		return f.Message
	}
	return fmt.Sprintf("%s %s: %s", f.Attribute, quoted(f.Value), f.Message)
}

// advice is what to do about a finding.
func (f *Finding) advice() string {
	if f.Suggestion == "" || f.Attribute == "" {
		return f.Fix
	}
	return fmt.Sprintf("set %s to %s", f.Attribute, quoted(f.Suggestion))
}
