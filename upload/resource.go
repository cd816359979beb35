package upload

import "adsync/ldapsrc/directory"

// Kind is what a resource is. Its text is what is printed and what the plan
// and the reports hold.
type Kind string

const (
	User   Kind = "user"
	Group  Kind = "group"
	Device Kind = "device"
)

// A Resource is what the target holds of one user, group or device: its
// identity and those attributes that the mapping manages. What others manage
// is not read and not kept.
type Resource struct {
	Kind       Kind
	ID         string               // the service provider's id (RFC 7643 3.1)
	ExternalID string               // the client's id; the ownership mark
	Name       string               // userName of a user, displayName of a group or device
	Active     bool                 // true where the service has no such attribute
	Attributes directory.Attributes // named by path, as Path.String spells it
	Manager    string               // id of the manager (RFC 7643 4.3); empty when none
	Members    []string             // ids of a group's members, in any order; see MembersKnown
	// MembersKnown is false where the service does not show a group's
	// members: nothing may be taken out then.
	MembersKnown bool
	place        int32  // in the index of its state, or of the user who has its id
	Version      string // ETag (RFC 7644 3.14); empty when there is none
}

// An Attribute is one mapped SCIM path and its values, as text: booleans as
// "true" and "false", references as ids. Path is spelt as Path.String spells
// it. No values means that the attribute is absent (RFC 7643 2.5).
type Attribute struct {
	Path   string
	Values []string
}

// Get returns the values of a path, nil when the resource has none.
func (r *Resource) Get(path string) []string { return r.Attributes.Get(path) }

// A State is what the target holds now.
type State struct {
	Users   []Resource
	Groups  []Resource
	Devices []Resource

	// Unproven says why the list of a kind is not proven complete. A kind
	// that is not in it was listed to the end: what the list lacks is not at
	// the service. Removals of an unproven kind are withheld, and creates
	// are looked up first.
	Unproven map[Kind]string
	// Unsaid are the kinds whose list is whole unless it lacks somebody who is
	// there when looked up: nothing in it says how many there are.
	Unsaid map[Kind]bool
	// Unseen are the entries of which it cannot be known whether an unproven
	// list lacks their resources, and why: they are not created.
	Unseen map[directory.Anchor]string
	// Warnings are sentences for the administrator: quirks found, attributes
	// the service does not return, and so on.
	Warnings []string

	index *index // nil where the state is not indexed, or has grown since
}

// Of returns the resources of one kind.
func (s *State) Of(k Kind) []Resource {
	switch k {
	case User:
		return s.Users
	case Group:
		return s.Groups
	}
	return s.Devices
}
