package scim

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"adsync/upload"
)

// A Profile is what one service does differently, as its vendor documents
// it. The zero value of a field is what RFC 7644 says.
type Profile struct {
	Name   string
	Title  string
	Source string   // the page or text that it is from
	Hosts  []string // ends of host names that tell the service from its URL
	Paths  []string // parts of a path that tell it

	// Reading.
	Paging       Paging
	PageSize     int // resources a page is asked for
	NoProjection bool
	Members      MemberReading
	// UserFilters and GroupFilters are the attributes that can be looked up
	// with eq; nil: all.
	UserFilters, GroupFilters []string
	// Untrusted says why lists of this service prove nothing; "" when they
	// may be trusted as far as their numbers agree.
	Untrusted string
	// Synthetic is a made-up user that stands for a list that is not given.
	Synthetic      string
	FrozenInactive bool // an inactive user's attributes are replaced or hidden

	// Writing.
	Update        Dialect // of users
	GroupUpdate   Dialect
	NoPut         bool // PUT of users is not offered
	NoGroupPut    bool
	ActivePatch   bool // PATCH changes active and nothing else
	CreateOnly    bool // attributes are set by a create and never after
	BareGroups    bool // a group is made without members, or does not show them
	AddMembers    int  // members one request adds
	RemoveMembers int  // members one request removes
	RemoveByValue bool // members are removed by a list of values, not by a path
	NoGroups      bool
	Flat          bool // no group in a group, whatever the schema says
	NoDelete      map[upload.Kind]bool
	NoBulk        bool
	BulkOps       int // operations of one bulk request at most
	IDIsExternal  bool
	// NoGroupExternalID says that groups keep no externalId.
	NoGroupExternalID bool
	Required          []string // of users, besides userName
	// NewPassword says that a create wants a password: one is made up that
	// nobody knows.
	NewPassword   bool
	GroupRequired []string
	Unique        []string // of users, besides userName
	GroupUnique   []string
	Single        []string // multi-valued attributes that take one value; "*": all
	ReadOnly      []string // paths that are never kept as written
	Untyped       []string // multi-valued attributes whose type is not kept

	// Pace.
	Width         int // requests in flight at most
	Reads, Writes Rate
}

// A Rate is a token bucket; zero is no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Paging is how a list is walked.
type Paging int

// The kinds of paging.
const (
	PagingOffered Paging = iota // by what ServiceProviderConfig says
	PagingIndex                 // startIndex (RFC 7644 3.4.2.4)
	PagingCursor                // cursor (RFC 9865)
	PagingNone                  // nothing can be listed: single look-ups only
)

// MemberReading is how the members of a group are read.
type MemberReading int

// The ways to read members.
const (
	MembersTried     MemberReading = iota // whichever way is seen to work
	MembersListed                         // as part of a listed group
	MembersOnRequest                      // with attributes=members
	MembersByFilter                       // Users?filter=groups.value eq "id"
	MembersNever
)

// Dialect is the first way an update is tried; when it fails, the next ones
// follow.
type Dialect int

// The ladder of updates.
const (
	PatchPaths  Dialect = iota // PATCH, an operation with a path for each attribute
	PatchObject                // PATCH, one operation without a path
	PutWhole                   // GET, change, PUT
	PutNulls                   // the same, with null for what is taken away (RFC 7644 3.5.1)
	PatchNulls                 // PatchObject with null for what is taken away, where remove is not known
)

// patches reports whether a dialect is one of PATCH.
func (d Dialect) patches() bool { return d != PutWhole && d != PutNulls }

// Profiles returns all profiles, in the order of their table.
func Profiles() []Profile {
	out := make([]Profile, len(profiles))
	for i := range profiles {
		out[i] = profiles[i].filled()
	}
	return out
}

// ProfileNamed returns a profile; the error of an unknown name says which
// name is nearest.
func ProfileNamed(name string) (Profile, error) {
	best, distance := "", 1<<30
	for i := range profiles {
		if strings.EqualFold(profiles[i].Name, name) {
			return profiles[i].filled(), nil
		}
		if d := editDistance(strings.ToLower(name), profiles[i].Name); d < distance {
			best, distance = profiles[i].Name, d
		}
	}
	return Profile{}, fmt.Errorf("no profile %q: did you mean %q", name, best)
}

// GuessProfile tells the profile from a service's URL: "generic" when it
// does not show.
func GuessProfile(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return generic
	}
	host, path := strings.ToLower(u.Hostname()), strings.ToLower(u.Path)
	for i := range profiles {
		p := &profiles[i]
		for _, end := range p.Hosts {
			if host != end && !matches(host, end) {
				continue
			}
			if len(p.Paths) == 0 {
				return p.Name
			}
			for _, part := range p.Paths {
				if strings.Contains(path, part) {
					return p.Name
				}
			}
		}
		for _, part := range p.Paths {
			if len(p.Hosts) == 0 && strings.Contains(path, part) {
				return p.Name
			}
		}
	}
	return generic
}

// matches reports whether a host is below a domain, or fits prefix*suffix.
func matches(host, pattern string) bool {
	if before, after, ok := strings.Cut(pattern, "*"); ok {
		return strings.HasPrefix(host, before) && strings.HasSuffix(host, after) && len(host) > len(before)+len(after)
	}
	return strings.HasSuffix(host, "."+pattern)
}

const generic = "generic"

// What a service is asked for when its profile does not say.
const (
	pageSize      = 1000
	memberChunk   = 100
	removeChunk   = 50
	bulkChunk     = 100
	requestsWidth = 16
)

// filled is the profile with the usual numbers where it has none.
func (p Profile) filled() Profile {
	p.PageSize = cmp.Or(p.PageSize, pageSize)
	p.AddMembers = cmp.Or(p.AddMembers, memberChunk)
	p.RemoveMembers = cmp.Or(p.RemoveMembers, removeChunk)
	p.BulkOps = cmp.Or(p.BulkOps, bulkChunk)
	p.Width = cmp.Or(p.Width, requestsWidth)
	return p
}

func (p *Profile) override(o ProfileOverrides) {
	p.PageSize = cmp.Or(o.PageSize, p.PageSize)
	p.AddMembers = cmp.Or(o.AddMembers, p.AddMembers)
	p.RemoveMembers = cmp.Or(o.RemoveMembers, p.RemoveMembers)
	p.Width = cmp.Or(o.Width, p.Width)
	switch o.Bulk {
	case On:
		p.NoBulk = false
	case Off:
		p.NoBulk = true
	}
}

// editDistance is the Levenshtein distance.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
