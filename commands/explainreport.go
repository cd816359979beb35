package commands

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc"
	"adsync/ldapsrc/directory"
	"adsync/upload"
)

// The objects that explain prints with --json; docs/json.md describes them.

type explainObject struct {
	Type       string             `json:"type"` // "explain"
	Kind       string             `json:"kind"`
	Source     string             `json:"source"` // "" when no configured source owns it
	Found      bool               `json:"found"`  // in the directory
	Asked      bool               `json:"asked"`  // false when the directory could not be: found is not known then
	DN         string             `json:"dn"`
	Anchor     string             `json:"anchor"`
	Login      string             `json:"login"`
	Active     bool               `json:"active"`
	Inactive   string             `json:"inactive"`
	InScope    bool               `json:"in_scope"`
	Why        string             `json:"why"` // why it is not in scope
	Scope      []string           `json:"scope"`
	Groups     []explainGroup     `json:"groups"`
	Chain      []string           `json:"chain"`
	Attributes []explainAttribute `json:"attributes"`
	Resource   *explainResource   `json:"resource"` // null when there is none
	Changes    []changeObject     `json:"changes"`
	Quarantine *quarantineObject  `json:"quarantine"`
	Next       string             `json:"next"`

	lines  []string // of the changes
	unseen bool     // the service shows nothing, or could not be read
}

type explainGroup struct {
	DN      string `json:"dn"`
	Through string `json:"through"`
	Primary bool   `json:"primary"`
	Named   bool   `json:"named"`
}

type explainAttribute struct {
	Path       string `json:"path"`
	Expression string `json:"expression"`
	From       string `json:"from"`  // the alternative that gave the value
	Value      any    `json:"value"` // what the directory makes of it
	Held       any    `json:"held"`  // what the service has
	Error      string `json:"error,omitempty"`

	same bool
}

type explainResource struct {
	ID         string   `json:"id"`
	ExternalID string   `json:"external_id"`
	Name       string   `json:"name"`
	Active     bool     `json:"active"`
	Manager    string   `json:"manager"` // userName
	Groups     []string `json:"groups"`  // of those that are ours
	Members    int      `json:"members"` // of a group
	Owner      string   `json:"owner"`   // "", or the source id that its externalId bears
}

type nearObject struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Source string `json:"source"`
	DN     string `json:"dn"`
}

// explain says of one subject everything that is known.
func (x *explaining) explain(s subject) explainObject {
	o := explainObject{Type: "explain", Kind: string(s.kind), Anchor: string(s.anchor), Found: s.found != nil, Asked: !s.unasked}
	if s.source != nil {
		o.Source = s.source.config.ID
	}
	if f := s.found; f != nil {
		o.Kind = f.Kind
		o.DN, o.Login, o.Active, o.Inactive, o.InScope, o.Why = f.DN, f.Login, f.Active, f.Inactive, f.InScope, f.Why
		o.Scope = scopeOf(s)
		for _, g := range f.Groups {
			o.Groups = append(o.Groups, explainGroup{DN: g.DN, Through: g.Through, Primary: g.Primary, Named: g.Named})
		}
		for _, g := range f.Chain {
			o.Chain = append(o.Chain, g.DN)
		}
		o.Attributes = x.trace(s)
	}
	if s.resource != nil {
		o.Resource = x.shown(s.resource)
	}
	o.unseen = x.held.state == nil || x.target.Capabilities().WriteOnly
	for _, c := range x.changes(s) {
		o.Changes = append(o.Changes, changeOf(&c))
		o.lines = append(o.lines, wouldLine(&c))
	}
	if q := x.quarantine(s); q != nil {
		object := quarantineOf(*q)
		o.Quarantine = &object
	}
	o.Next = x.next(s, &o)
	o.Scope, o.Groups, o.Chain = emptyNotNull(o.Scope), emptyNotNull(o.Groups), emptyNotNull(o.Chain)
	o.Attributes, o.Changes = emptyNotNull(o.Attributes), emptyNotNull(o.Changes)
	return o
}

// scopeOf are the settings that decide whether the entry is in scope.
func scopeOf(s subject) []string {
	var out []string
	say := func(key string, values []string) {
		if len(values) > 0 {
			out = append(out, key+": "+strings.Join(values, " | "))
		}
	}
	one := func(text string) []string {
		if text == "" {
			return nil
		}
		return []string{text}
	}
	c := s.source.config
	switch s.found.Kind {
	case ldapsrc.KindUser:
		say("users.base", c.Users.Base)
		say("users.filter", one(c.Users.Filter))
		say("users.member_of", c.Users.MemberOf)
		say("users.include", c.Users.Include)
		say("users.exclude", c.Users.Exclude)
	case ldapsrc.KindGroup:
		say("groups.base", c.Groups.Base)
		say("groups.filter", one(c.Groups.Filter))
	case ldapsrc.KindComputer:
		say("computers.base", c.Computers.Base)
		say("computers.filter", one(c.Computers.Filter))
	}
	return out
}

// trace evaluates each rule of the mapping and sets it beside what the
// service has.
func (x *explaining) trace(s subject) []explainAttribute {
	attributes, ok := x.attributes(s)
	if !ok || s.kind == "" {
		return nil
	}
	var out []explainAttribute
	view := directory.ViewOf(attributes)
	for _, rule := range s.source.mapping.Of(s.kind) {
		values, from, err := rule.From.Trace(view)
		a := explainAttribute{Path: rule.Path, Expression: rule.From.String(), From: from, Value: oneOrMany(values)}
		if err != nil {
			a.Error = err.Error()
		}
		if r := s.resource; r != nil {
			held := r.Get(rule.Path)
			if rule.Path == upload.PathManager && r.Manager != "" {
				held = []string{x.nameOf(r.Manager)}
			}
			a.Held = oneOrMany(held)
		}
		a.same = s.resource == nil || !x.differs(s, rule.Path)
		out = append(out, a)
	}
	return out
}

// differs reports whether the plan would write a path.
func (x *explaining) differs(s subject, path string) bool {
	for _, c := range x.changes(s) {
		if c.Kind != s.kind || c.Anchor != s.anchor {
			continue
		}
		for a := range c.Attributes() {
			if a.Path == path {
				return true
			}
		}
	}
	return false
}

func (x *explaining) nameOf(id string) string {
	for i := range x.held.state.Users {
		if r := &x.held.state.Users[i]; r.ID == id {
			return r.Name
		}
	}
	return id
}

// shown is a resource as the service has it.
func (x *explaining) shown(r *upload.Resource) *explainResource {
	out := &explainResource{ID: r.ID, ExternalID: r.ExternalID, Name: r.Name, Active: r.Active, Groups: []string{}, Members: len(r.Members)}
	if r.Manager != "" {
		out.Manager = x.nameOf(r.Manager)
	}
	if source, _, ok := x.mark.Owner(r.ExternalID); ok {
		out.Owner = source
	} else if source, ok := x.mark.Foreign(r.ExternalID); ok {
		out.Owner = source
	}
	for i := range x.held.state.Groups {
		g := &x.held.state.Groups[i]
		if slices.Contains(g.Members, r.ID) {
			out.Groups = append(out.Groups, g.Name)
		}
	}
	return out
}

func wouldLine(c *upload.Change) string {
	if c.State == upload.Withheld {
		return "withheld: " + c.Line() + ": " + c.Why
	}
	return "would " + c.Line()
}

// next says what the next sync would do, in a sentence.
func (x *explaining) next(s subject, o *explainObject) string {
	switch {
	case x.plan == nil:
		return "not known: the service could not be read"
	case s.source == nil && o.Resource.Owner != "":
		return fmt.Sprintf("nothing: it belongs to source %q, which is not configured here", o.Resource.Owner)
	case s.source == nil:
		return "nothing: no source owns it (its externalId is not one of ours)"
	case !x.complete(s.source):
		return "nothing: its source was not read completely, so that all it owns stays as it is"
	case o.Quarantine != nil:
		return fmt.Sprintf("nothing: it is left out by rule %s", o.Quarantine.Rule)
	case len(o.Changes) > 0:
		return planned(o.Changes)
	case s.kind == "":
		return "nothing: it is neither a user, a group nor a computer"
	case s.found == nil:
		return "nothing: the entry is gone, and policy keeps the resource as it is"
	case !s.found.InScope && s.resource == nil:
		return "nothing: it is out of scope (" + s.found.Why + ") and not at the service"
	case !s.found.InScope:
		return "nothing: it is out of scope (" + s.found.Why + "), and policy has been followed"
	case s.resource == nil && !s.found.Active:
		return "nothing: " + cmp.Or(s.found.Inactive, "disabled") + ", and one who is not active is not created"
	case s.resource == nil:
		return "nothing: the service takes no " + string(s.kind) + "s, or it is not synchronised"
	}
	return "nothing: it is as it should be"
}

// planned counts changes, and those that are held back.
func planned(changes []changeObject) string {
	text, held := count(len(changes), "change"), 0
	for _, c := range changes {
		if c.State == string(upload.Withheld) {
			held++
		}
	}
	if held > 0 {
		text += fmt.Sprintf(", %s withheld", thousands(held))
	}
	return text
}

func (x *explaining) complete(s *source) bool {
	for i, other := range x.sources {
		if other == s {
			_, ok := x.held.readings[i].Snapshot()
			return ok
		}
	}
	return false
}
