package upload

import (
	"context"
	"fmt"
	"time"
)

// A Target is a service provider as the plan needs it. Everything that one
// service does differently from another, and every retry, is behind it;
// what is to be written, and in what order, is decided in front of it.
//
// upload/targettest holds the conformance suite that every Target passes.
type Target interface {
	// Read discovers the service and lists what it holds, to the end. It
	// returns an error when the service cannot be reached or refuses us, and
	// an unproven State when the list may be short.
	Read(ctx context.Context, want Want) (*State, error)

	// Capabilities are known once Read has returned.
	Capabilities() Capabilities

	// Write carries out independent writes in any order, as many at once as
	// the service bears, singly or in bulk, and calls done once for each
	// with its index; calls do not overlap. When ctx is cancelled the writes
	// under way are finished and the others end with ctx's error.
	Write(ctx context.Context, writes []Write, done func(i int, r Result))

	// Find looks resources up by one key: KeyExternalID, KeyUserName,
	// KeyDisplayName, or a mapped path. The error is an *Unanswerable when the
	// service has no such look-up; any other says that it did not answer now.
	Find(ctx context.Context, kind Kind, key, value string) ([]Resource, error)
}

// The keys that Find takes besides mapped paths.
const (
	KeyExternalID  = "externalId"
	KeyUserName    = "userName"
	KeyDisplayName = "displayName"
)

// Want says what a run needs of the service, so that no more is fetched.
type Want struct {
	Users    []string                         // mapped paths of users, as Path.String spells them
	Groups   []string                         // mapped paths of groups; empty with Members false: groups are not read
	Devices  []string                         // mapped paths of devices; empty: devices are not read
	Members  bool                             // read the members of groups
	Owned    func(externalID string) bool     // which resources are ours: members are read of these only
	Progress func(kind Kind, read, total int) // may be nil; total 0 when unknown
}

// Capabilities are what the service can do, from its ServiceProviderConfig
// and Schemas as corrected by the profile.
type Capabilities struct {
	Profile string
	Bulk    bool
	Patch   bool
	Groups  bool // groups can be written
	Nested  bool // a group can be a member of a group
	// Unmarked kinds keep no externalId: their resources are known by name
	// alone, are never removed, and need no adopting.
	Unmarked map[Kind]bool
	Devices  bool
	Delete   map[Kind]bool // whether DELETE may be used; a kind that is not named may be deleted
	// Unique are the paths on which a second resource is refused.
	Unique map[Kind][]string
	// Required are paths without which a create is refused.
	Required map[Kind][]string
	// Deactivates is false where users have no active attribute.
	Deactivates bool
	// StaticDevices is true where devices have no active attribute.
	StaticDevices bool
	// FrozenInactive is true where an inactive user's attributes are not
	// to be compared, because the service replaces them.
	FrozenInactive bool
	// WriteOnly is a service of which nothing can be read: every user is sent
	// whole in every run, and who is gone cannot be known. A whole record is
	// an OpCreate whose Set has all mapped paths, empty ones included, and
	// whose Manager is the manager's externalId.
	WriteOnly bool
	// Trait says how the values of a path behave. It is never nil after
	// Read.
	Trait func(kind Kind, path string) Trait
}

// A Trait is how the values of one path are compared and written
// (RFC 7643 2.2, and what services do besides).
type Trait struct {
	CaseExact bool
	ReadOnly  bool // never written
	WriteOnce bool // written on create only (immutable, or never returned)
	Hidden    bool // not returned: compare as unknown
	Single    bool // takes one value
	Boolean   bool
	// Default is the value that the service gives where none was written: it
	// stands for none.
	Default string
	// Normal is the form in which two values are compared; nil: as they are
	// but for surrounding space, Unicode form and, unless CaseExact, case.
	Normal func(string) string
}

// An Op is what a Write does.
type Op string

const (
	OpCreate        Op = "create"
	OpUpdate        Op = "update" // the attributes in Set, active and the manager included
	OpDelete        Op = "delete"
	OpAddMembers    Op = "add members"
	OpRemoveMembers Op = "remove members"
)

// A Write is one request to the target, or as many as the service makes of it.
type Write struct {
	Op   Op
	Kind Kind
	// Before is the resource as listed; nil for a create.
	Before *Resource
	// ExternalID is written when not empty (create, adopt).
	ExternalID string
	// Trial is of an ExternalID that is most likely not kept: one way of writing
	// that is answered with success is enough to know.
	Trial bool
	// Set are the attributes to write. No values takes the attribute away.
	Set []Attribute
	// Active is written when not nil.
	Active *bool
	// Manager is written when not nil; empty takes it away. It is an id.
	Manager *string
	// ManagerFrom, of a create, is the index of an earlier create of the same
	// call, which makes the user's manager. A target may wait for it, refer to
	// it in one request (RFC 7644 3.7.2) or leave the manager out.
	ManagerFrom *int
	// Members are the ids to add or to remove. A new group may be given the
	// first of them, or all, with its create.
	Members []string
	// Groups are those of the Members that are groups. An addition of them
	// that does not show is an *Unshown error.
	Groups []string
}

// A Result is the outcome of one Write.
type Result struct {
	// ID is the resource's id after a create.
	ID string
	// After is the resource as the service returned it, nil when it did not.
	// After a delete it is one that is still there, and inactive.
	After *Resource
	// Existed is true when a create found the resource already there with
	// our externalId: an earlier attempt had taken effect.
	Existed bool
	// Manager is true when a create has written the manager too. Where it is
	// false, an update is still to do so.
	Manager bool
	// Unmarked is true when everything was written to a group but its
	// ExternalID, of which the service keeps nothing.
	Unmarked bool
	// Lost is true of an update that was answered with success, and of which
	// nothing was kept in others that were looked at.
	Lost bool
	// Joined is how many of a create's Members, counted from the first, the
	// new group has. The others are still to be added.
	Joined int
	Err    error
}

// A Refusal is a write that the service answered with an error.
type Refusal struct {
	Status   int    // HTTP status
	ScimType string // RFC 7644 3.12, "" when not given
	Detail   string // the service's own words, shortened; never a request body
	Hint     string // what to do, "" when not known
}

func (e *Refusal) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("status %d", e.Status)
	}
	return fmt.Sprintf("status %d: %s", e.Status, e.Detail)
}

// Conflict reports whether the write was refused because another resource
// has the same unique value (RFC 7644 3.12, uniqueness).
func (e *Refusal) Conflict() bool { return e.Status == 409 || e.ScimType == "uniqueness" }

// Unanswerable is a look-up that the service does not offer.
type Unanswerable struct {
	Kind Kind
	Key  string
	Err  error // why
}

func (e *Unanswerable) Error() string {
	return fmt.Sprintf("the service cannot look a %s up by %s: %v", e.Kind, e.Key, e.Err)
}

func (e *Unanswerable) Unwrap() error { return e.Err }

// Unavailable is a target that cannot be reached, refuses us as a whole, or
// has gone away in mid run: no further write makes sense.
type Unavailable struct {
	Doing string // "list users", "discover", ...
	Err   error
	Hint  string
	After time.Duration // how long it was tried
}

func (e *Unavailable) Error() string { return e.Doing + ": " + e.Err.Error() }
func (e *Unavailable) Unwrap() error { return e.Err }
