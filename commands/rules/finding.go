package rules

import "adsync/ldapsrc/directory"

// A Severity is what a finding means for the synchronisation.
type Severity string

const (
	Block Severity = "block" // the object is held back until it is put right
	Warn  Severity = "warn"  // it is synchronised, and somebody should look
	Info  Severity = "info"  // worth knowing
)

// weight orders severities; zero is no severity at all.
func (s Severity) weight() int {
	switch s {
	case Block:
		return 3
	case Warn:
		return 2
	case Info:
		return 1
	}
	return 0
}

// The kinds of objects that are checked.
const (
	KindUser  = "user"
	KindGroup = "group"
)

// A Finding is one fault of one object.
type Finding struct {
	Rule      string
	Severity  Severity
	Kind      string // KindUser or KindGroup
	Source    string
	DN        string
	Anchor    directory.Anchor
	Name      string // what the object is called at the service, or its login
	Active    bool   // false for an account that is off; true for groups
	Attribute string // of the directory; "" where the object itself is at fault
	Value     string // as the directory has it; "" where it is missing
	// Suggestion is the value to put in place of Value, "" when there is
	// none. It never makes a new duplicate.
	Suggestion string
	// Safe is true when the suggestion can be applied unread: the value after
	// it has no fault that blocks and no new one, and collides with nothing.
	Safe bool
	// Others are the objects that have the same value.
	Others  []Holder
	Message string // in plain English, offending characters by code point
	Fix     string // what to do about it, in words; "" when nothing is known
	// ChangesLogin is true when the suggestion changes how somebody signs in.
	ChangesLogin bool
}

// A Holder is another object that has a value which must be unique.
type Holder struct {
	Source    string // "" for a resource of the target
	Kind      string
	DN        string
	Anchor    directory.Anchor
	Attribute string
	Active    bool
	// AtTarget is true for an entry that has a resource at the target already.
	AtTarget bool
	Resource string // id at the target of a resource that is not ours; "" for an entry
}
