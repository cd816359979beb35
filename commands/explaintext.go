package commands

import (
	"fmt"
	"io"
	"strings"

	"adsync/upload"
)

// explainPrinter is what explain tells, as text or as JSON.
type explainPrinter interface {
	Subject(explainObject)
	Absent(name string, near []nearObject)
	// Trouble is a side that could not be asked, so that the answer may be
	// short.
	Trouble(text, hint string)
}

func newExplainPrinter(env Env, g globalOptions) explainPrinter {
	if g.JSON {
		return &explainJSON{out: env.Stdout}
	}
	return &explainText{facts: newFacts(env), err: env.Stderr}
}

type explainJSON struct{ out io.Writer }

func (p *explainJSON) Subject(o explainObject) { writeJSON(p.out, o) }

func (p *explainJSON) Absent(name string, near []nearObject) {
	writeJSON(p.out, struct {
		Type string       `json:"type"`
		Name string       `json:"name"`
		Near []nearObject `json:"near"`
	}{"absent", name, emptyNotNull(near)})
}

func (p *explainJSON) Trouble(text, hint string) {
	writeJSON(p.out, struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		Hint    string `json:"hint"`
	}{"trouble", text, hint})
}

type explainText struct {
	*facts
	err io.Writer
}

func (p *explainText) Subject(o explainObject) {
	name := o.Login
	if o.Resource != nil && name == "" {
		name = o.Resource.Name
	}
	switch o.Source {
	case "":
		p.section("%s %s, at the service only", o.Kind, name)
	default:
		p.section("%s %s, source %s", o.Kind, name, o.Source)
	}
	p.entry(o)
	p.attributes(o)
	p.resource(o)
	p.say("next sync", "%s", o.Next)
	if q := o.Quarantine; q != nil {
		p.say("rule", "%s: %s", q.Rule, q.Detail)
		p.say("fix", "%s", q.Fix)
	}
	for _, line := range o.lines {
		p.say("", "%s", line)
	}
}

func (p *explainText) entry(o explainObject) {
	if o.Source == "" {
		return
	}
	if !o.Found {
		if o.Asked {
			p.say("directory", "no entry any more")
		} else {
			p.say("directory", "could not be asked")
		}
		p.say("anchor", "%s", o.Anchor)
		return
	}
	p.say("directory", "%s", o.DN)
	p.say("anchor", "%s", o.Anchor)
	switch {
	case !o.Active:
		p.say("state", "not active: %s", o.Inactive)
	case o.Kind != string(upload.Group):
		p.say("state", "active")
	}
	if o.InScope {
		p.say("in scope", "yes")
	} else {
		p.say("in scope", "no: %s", o.Why)
	}
	for _, setting := range o.Scope {
		p.say("", "%s", setting)
	}
	if len(o.Chain) > 0 {
		p.say("let in by", "%s", strings.Join(o.Chain, " in "))
	}
	label := "member of"
	for _, g := range o.Groups {
		text := g.DN
		switch {
		case g.Through != "":
			text += " (through " + g.Through + ")"
		case g.Primary:
			text += " (primary group)"
		}
		p.say(label, "%s", text)
		label = ""
	}
}

func (p *explainText) attributes(o explainObject) {
	label := "attributes"
	var empty []string
	for _, a := range o.Attributes {
		path := upload.ShortPath(a.Path)
		if a.Value == nil && a.same && a.Error == "" {
			empty = append(empty, path+" ("+a.Expression+")")
			continue
		}
		text := path + " = " + valueText(a.Value)
		switch {
		case a.Error != "":
			text += ": " + a.Error
		case a.From != "" && a.From != a.Expression:
			text += " from " + a.From + " of " + a.Expression
		default:
			text += " from " + a.Expression
		}
		if !a.same {
			text += "; the service has " + valueText(a.Held)
		}
		p.say(label, "%s", text)
		label = ""
	}
	p.say("no value", "%s", strings.Join(empty, ", "))
}

func (p *explainText) resource(o explainObject) {
	r := o.Resource
	if r == nil && o.unseen {
		p.say("service", "not known: it could not be looked at")
		return
	}
	if r == nil {
		p.say("service", "nothing")
		return
	}
	state := "active"
	if !r.Active {
		state = "not active"
	}
	if o.Kind == string(upload.Group) {
		state = "there"
	}
	p.say("service", "%s, %s", r.Name, state)
	p.say("", "id %s", r.ID)
	if r.ExternalID == "" {
		p.say("", "no externalId")
	} else {
		p.say("", "externalId %s", r.ExternalID)
	}
	if r.Manager != "" {
		p.say("", "manager %s", r.Manager)
	}
	if o.Kind == string(upload.Group) {
		p.say("", "%s", count(r.Members, "member"))
	}
	if len(r.Groups) > 0 {
		p.say("", "in %s", strings.Join(r.Groups, ", "))
	}
}

func valueText(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		return strings.Join(quoted, ", ")
	}
	return "(none)"
}

func (p *explainText) Absent(name string, near []nearObject) {
	p.section("nobody in the directory or at the service goes by %q", name)
	for _, n := range near {
		where := "at the service"
		if n.Source != "" {
			where = "source " + n.Source
		}
		p.item("near: %s, %s of %s %s", n.Name, n.Kind, where, n.DN)
	}
}

func (p *explainText) Trouble(text, hint string) {
	fmt.Fprintf(p.err, "adsync: %s\n", text)
	if hint != "" {
		fmt.Fprintf(p.err, "adsync: hint: %s\n", hint)
	}
}
