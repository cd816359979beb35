// Package directory is the program's own model of what a directory holds:
// users, groups and computers, each with an immutable anchor, and the reading
// of one source, which is either complete or says why it is not.
//
// The package knows no LDAP and imports the standard library only. It is what
// ldapsrc produces and what upload compares with the service.
package directory

import "time"

// A User is one account of a source that is in scope.
type User struct {
	Anchor Anchor
	DN     string
	Login  string // sAMAccountName, uid: for people and look-ups, not an identity
	SID    string // objectSid as text (MS-DTYP 2.4.2.1); empty where there is none

	Active   bool
	Inactive string // why Active is false, in words for a reason line

	// Manager is the anchor of the entry the manager attribute points to,
	// whether or not that entry is in scope; empty when there is none.
	// ManagerUnknown says that the attribute names an entry that the source
	// cannot identify: one of another directory, hidden, or gone.
	Manager        Anchor
	ManagerUnknown bool

	// ScopeInDoubt says that the user is in scope only if SharedLogin means this
	// one: a login that groups name a member by and that other users have too.
	ScopeInDoubt bool
	SharedLogin  string

	// Number counts the users of a source who were shown while it was read, in
	// the order in which they came, from 0.
	Number int32

	Attributes Attributes // the attributes that were asked for, as they came
}

// Places are the places of all the users of a snapshot who were shown while it
// was read, by their Number.
func Places(users []User) []int32 {
	places := make([]int32, len(users))
	for i := range users {
		if n := users[i].Number; n >= 0 && int(n) < len(places) {
			places[n] = int32(i)
		}
	}
	return places
}

// A Group is one group of a source that is in scope.
type Group struct {
	Anchor Anchor
	DN     string
	Login  string // sAMAccountName, cn
	SID    string

	// Members are the anchors of the member users of the source, sorted and
	// without repetition. With flattened nesting they include the members of
	// member groups; with nesting kept, Groups has the direct member groups.
	Members []Anchor
	Groups  []Anchor

	// Foreign are the SIDs of members that the source itself cannot name
	// (foreign security principals, MS-ADTS 6.1.1.4.10). ResolveForeign turns
	// those that another source knows into Members.
	Foreign []string

	// Outside counts members that are not users in scope: contacts,
	// computers, accounts outside the bases or filters.
	Outside int

	Attributes Attributes
}

// A Computer is an endpoint account of a source.
type Computer struct {
	Anchor     Anchor
	DN         string
	Login      string // sAMAccountName without the trailing $
	SID        string
	Active     bool
	Inactive   string
	LastLogon  time.Time // zero when the directory does not say
	Path       string    // the OU path, outermost first, separated by "/"
	Attributes Attributes
}

// A Skip counts entries that were read and left out, by reason.
type Skip struct {
	Reason string // "replication conflict", "built-in", ...
	Count  int
	// Entries are those that no setting of ours left out: what is broken, and
	// what the directory needs for itself. Sorted by DN.
	Entries []Skipped
}

// A Skipped is an entry that was left out for what it is.
type Skipped struct {
	Group bool // a group, not a user
	DN    string
	Login string
}

// A Presence says what a source knows of an anchor that its snapshot does not
// hold: whether the entry still exists somewhere in the directory.
type Presence struct {
	Found  bool
	DN     string // where it is now
	Active bool
	Why    string // why it is out of scope: "not below any of users.base", "does not match users.filter", ...
	// InScope says that the entry belongs into the snapshot by all that can be
	// told of it alone: it was moved or made while the directory was read.
	InScope bool
}
