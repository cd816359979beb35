package upload

import (
	"fmt"
	"iter"
	"strings"
	"sync"

	"adsync/ldapsrc/directory"
)

// Verb is what a change does. Its text is part of the JSON output.
type Verb string

const (
	Create        Verb = "create"
	Adopt         Verb = "adopt"
	Update        Verb = "update"
	Reactivate    Verb = "reactivate"
	Deactivate    Verb = "deactivate"
	Release       Verb = "release" // the reverse of adopt: only Undo plans it
	Delete        Verb = "delete"
	AddMembers    Verb = "add_members"
	RemoveMembers Verb = "remove_members"
)

// Removes reports whether the verb takes something away from somebody.
func (v Verb) Removes() bool { return v == Deactivate || v == Delete || v == RemoveMembers }

// Phrase is the verb as a change line says it.
func (v Verb) Phrase() string {
	switch v {
	case AddMembers:
		return "add members to"
	case RemoveMembers:
		return "remove members from"
	}
	return string(v)
}

// ChangeState is how far a change has come.
type ChangeState string

const (
	Planned  ChangeState = "planned"
	Applied  ChangeState = "applied"
	Withheld ChangeState = "withheld"
	Failed   ChangeState = "failed"
)

// A Change is one verb on one resource, with its reason.
type Change struct {
	Verb   Verb
	Kind   Kind
	Name   string // userName or displayName: the new one of a rename
	Source string
	Anchor directory.Anchor
	DN     string // "" when the entry is gone
	Reason string

	// Before is the resource as the service holds it; nil for a create.
	Before *Resource
	// Members are those to add or to remove.
	Members []Member

	State   ChangeState
	Why     string // why it is withheld
	Failure error  // why it failed

	overLimit bool // a limit holds it back, approved or not

	// set are the attributes that an update, adoption or reactivation
	// writes. Those of a create are worked out when they are needed, so that
	// a plan of a hundred thousand creates stays small.
	set     []AttributeChange
	create  func(*room) []AttributeChange
	manager *managerChange
	whole   *wholeRecord // a record for a service of which nothing can be read

	clearing   bool      // an update that only takes away what many others lose too
	inactive   bool      // a create or an adoption of somebody who is off, and stays so
	led        bool      // a create that has written the manager too
	joined     int       // how many of the Members to be added have come with the group's create
	externalID string    // what a release writes; "" takes ours away
	taken      *Resource // what a create found in its place and took over
}

// An AttributeChange is one managed path before and after.
type AttributeChange struct {
	Path     string
	Old, New []string
}

// A Member is a user as a member of a group.
type Member struct {
	Anchor directory.Anchor `json:"anchor,omitempty"` // "" of somebody who is not ours
	ID     string           `json:"id,omitempty"`     // "" while the member is yet to be created
	Name   string           `json:"name"`

	group bool // a group as a member of a group
}

// managerChange is the second pass of a user: who is to be the manager.
type managerChange struct {
	anchor directory.Anchor // with id "" too, takes the manager away
	id     string           // of one who is not ours
	name   string
	old    string
}

// Attributes are the paths that the change writes, with the values before
// and after. The manager's values are userNames where they are known. The
// lists of values are valid until the next path.
func (c *Change) Attributes() iter.Seq[AttributeChange] {
	return func(yield func(AttributeChange) bool) {
		set := c.set
		if c.create != nil {
			r := rooms.Get().(*room)
			defer rooms.Put(r)
			set = c.create(r)
		}
		for _, a := range set {
			if !yield(a) {
				return
			}
		}
		if m := c.manager; m != nil {
			a := AttributeChange{Path: PathManager}
			if m.old != "" {
				a.Old = []string{m.old}
			}
			if m.name != "" {
				a.New = []string{m.name}
			}
			yield(a)
		}
	}
}

// A room is where the attributes of a new resource are worked out. They are
// valid until it is used again.
type room struct {
	view directory.View
	made []AttributeChange
}

// rooms are free ones: the attributes of a first run are looked at several
// times, for its digest, its lines and its record.
var rooms = sync.Pool{New: func() any { return new(room) }}

// differs is the reason of an update, which needs no saying beside what it
// changes.
const differs = "the service differs from the directory"

// Line is the change as one line of text, without a leading "would".
func (c *Change) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", c.Verb.Phrase(), c.Kind, printable(c.Name))
	if what := c.what(); what != "" {
		b.WriteString(": ")
		b.WriteString(what)
	}
	if c.Reason != "" && c.Reason != differs && c.Verb != Create {
		fmt.Fprintf(&b, " (%s)", printable(c.Reason))
	}
	return b.String()
}

// shown is how many members a line names before it only counts.
const shown = 10

func (c *Change) what() string {
	var parts []string
	if c.Verb == AddMembers || c.Verb == RemoveMembers {
		for i, m := range c.Members {
			if i == shown {
				parts = append(parts, fmt.Sprintf("and %d more", len(c.Members)-shown))
				break
			}
			parts = append(parts, printable(m.Name))
		}
		return strings.Join(parts, ", ")
	}
	for a := range c.Attributes() {
		name := ShortPath(a.Path)
		switch {
		case c.Verb == Create || c.whole != nil:
			// The values of a new resource are in --json and in the report.
		case len(a.Old) == 0 && len(a.New) == 0 || a.Path == PathManager:
		case len(a.Old) <= 1 && len(a.New) <= 1:
			name += fmt.Sprintf(" %s -> %s", quoted(a.Old), quoted(a.New))
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, ", ")
}

func quoted(values []string) string {
	if len(values) == 0 {
		return "(none)"
	}
	return fmt.Sprintf("%q", values[0])
}

// printable keeps line breaks and terminal controls out of a line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}
