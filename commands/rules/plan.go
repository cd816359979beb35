package rules

import (
	"strings"

	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// A plan says which attributes of one kind of entry are looked at and what
// each is used for: it is the mapping of a source, compiled.
type plan struct {
	fields []field
	index  map[string]int // of fields, by folded attribute or template text
	paths  []path

	emails bool // an e-mail is mapped
}

// A field is an attribute of the directory, or a template over some.
type field struct {
	name   string // of the attribute; of a template those it reads
	text   string // as the mapping spells it
	by     role   // what its name says, whatever it is mapped to
	always bool   // named on the command line
	made   bool   // by a template: the value is not the directory's own
}

// A path is one managed path of the service.
type path struct {
	used role
	from upload.Expression
	only int // the field that alone feeds it, or -1
}

// byName is what an attribute is whatever it is mapped to.
var byName = map[string]role{
	"userprincipalname": asUPN,
	"mail":              asEmail,
	"proxyaddresses":    asProxy,
	"targetaddress":     asProxy,
	"mailnickname":      asAlias,
	"samaccountname":    asSAM,
	"displayname":       asDisplay,
	"givenname":         asGiven,
	"sn":                asFamily,
}

func newPlan(kind upload.Kind, m *upload.Mapping, named []string) *plan {
	p := &plan{index: map[string]int{}}
	if m != nil {
		for _, r := range m.Of(kind) {
			if r.Path == upload.PathManager {
				continue
			}
			p.addPath(kind, r)
		}
	}
	for _, name := range named {
		i := p.field(name, []string{name})
		p.fields[i].always = true
		if p.fields[i].by == 0 {
			p.fields[i].by = asText
		}
	}
	return p
}

func (p *plan) addPath(kind upload.Kind, r upload.Rule) {
	read := r.From.Attributes()
	to := path{used: useOf(kind, r.Path), from: r.From, only: -1}
	for _, text := range r.From.Alternatives() {
		names := read
		if !strings.Contains(text, "{{") {
			names = []string{text}
		}
		i := p.field(text, names)
		if text == r.From.String() && !p.fields[i].made {
			to.only = i
		}
	}
	p.emails = p.emails || to.used == asEmail
	p.paths = append(p.paths, to)
}

// field returns the number of a field.
func (p *plan) field(text string, names []string) int {
	folded := strings.ToLower(text)
	if i, ok := p.index[folded]; ok {
		return i
	}
	f := field{name: strings.Join(names, ", "), text: text, made: strings.Contains(text, "{{")}
	if !f.made {
		f.by = byName[folded]
	}
	p.index[folded] = len(p.fields)
	p.index[text] = len(p.fields)
	p.fields = append(p.fields, f)
	return len(p.fields) - 1
}

// useOf is what a value at a path of the service is used for.
func useOf(kind upload.Kind, name string) role {
	if kind == upload.Group {
		if name == upload.KeyDisplayName {
			return asGroupName
		}
		return asText
	}
	switch name {
	case upload.KeyUserName:
		return asLogin
	case "displayName":
		return asDisplay
	case "name.givenName":
		return asGiven
	case "name.familyName":
		return asFamily
	}
	p, err := upload.ParsePath(name)
	switch {
	case err != nil || p.URN != "":
	case p.Attr == "emails" && p.Sub == "value":
		return asEmail
	case p.Attr == "addresses" && (p.Sub == "streetAddress" || p.Sub == "formatted"):
		return asLines
	}
	return asText
}

// attribute is the one that a value would be expected in: the first that the
// mapping names.
func (to *path) attribute() string {
	if names := to.from.Attributes(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// emailFrom is the attribute that the e-mail is expected in.
func (p *plan) emailFrom() string {
	for i := range p.paths {
		if p.paths[i].used == asEmail {
			return p.paths[i].attribute()
		}
	}
	return "mail"
}

// An evaluation is what a plan makes of one entry. It is used again for the
// next one.
type evaluation struct {
	used   []role
	values [][]string // of the view
	filled []bool     // by path: it has a value
	view   directory.View
}

func (p *plan) evaluation() evaluation {
	return evaluation{used: make([]role, len(p.fields)), values: make([][]string, len(p.fields)), filled: make([]bool, len(p.paths))}
}

// evaluate finds out which fields feed which paths for an entry.
func (p *plan) evaluate(a directory.Attributes, e *evaluation) {
	clear(e.used)
	clear(e.values)
	e.view.Read(a)
	for i := range p.fields {
		if f := &p.fields[i]; f.always {
			e.used[i], e.values[i] = f.by, e.view.Get(f.text)
		}
	}
	for i := range p.paths {
		to := &p.paths[i]
		at, values := to.only, []string(nil)
		if at >= 0 {
			values = e.view.Get(p.fields[at].text)
			e.filled[i] = first(values) != ""
		} else {
			values, at = p.trace(to, &e.view)
			e.filled[i] = at >= 0
		}
		if e.filled[i] {
			e.used[at] |= to.used | p.fields[at].by
			e.values[at] = values
		}
	}
}

// trace evaluates a path with several alternatives; -1 when none has a value.
func (p *plan) trace(to *path, view *directory.View) ([]string, int) {
	values, by, err := to.from.Trace(view)
	if err != nil || first(values) == "" {
		return nil, -1
	}
	i, ok := p.index[by]
	if !ok {
		i = p.index[strings.ToLower(by)]
	}
	if !p.fields[i].made {
		values = view.Get(by)
	}
	return values, i
}

// fed returns the value and the field of the path with a use, -1 when it has
// none.
func (p *plan) fed(e *evaluation, used role) (string, int) {
	for i := range p.fields {
		if e.used[i]&used != 0 {
			if v := first(e.values[i]); v != "" {
				return v, i
			}
		}
	}
	return "", -1
}
