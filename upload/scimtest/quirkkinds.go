package scimtest

// SubKind is what a list shows of an attribute of which a part is asked for, as in members.value (RFC 7644, section 3.10).
type SubKind int

const (
	SubShown   SubKind = iota // that part
	SubMissing                // nothing of the attribute
	SubEmpty                  // its elements, and nothing in them
	SubRefused                // 400
)

// TotalKind is what a list says in totalResults.
type TotalKind int

// The ways totalResults goes wrong.
const (
	TotalRight    TotalKind = iota
	TotalShort              // one too small
	TotalPage               // the number of rows on this page
	TotalMissing            // not there
	TotalChanging           // another number on each request
)

// IndexKind says where the indexes of a list begin (RFC 7644, section 3.4.2.4: with 1).
type IndexKind int

// The kinds of indexes.
const (
	IndexFromOne        IndexKind = iota
	IndexFromZero                 // startIndex=0 is the first resource, and startIndex=1 the second one
	IndexSaidAsLess               // startIndex=1 is the first resource, and the answer's startIndex is one less than asked
	IndexSaidAsZero               // the answer's startIndex is always 0
	IndexOfPage                   // startIndex=2 is the second page
	IndexOfPageFromZero           // startIndex=1 is the second page
)

// EnterpriseKind is where a user shows the attributes of the enterprise extension.
type EnterpriseKind int

// The places of the extension's attributes.
const (
	EnterpriseExtension EnterpriseKind = iota
	EnterpriseFlat                     // beside those of the core
	EnterpriseOld                      // under the URN of SCIM 1.1
)

// PagingKind says which paging there is (RFC 9865 adds cursors).
type PagingKind int

// The kinds of paging.
const (
	CursorAndIndex PagingKind = iota
	IndexOnly
	CursorOnly // without cursor= the first page comes and there is no way on; startIndex is ignored
	CursorMust // every list answer is paged by cursor, asked for or not; no totalResults
)

// Showing says when an attribute is part of an answer.
type Showing int

// The values of Showing.
const (
	ShownAlways    Showing = iota
	ShownOnRequest         // only where attributes= names it
	ShownNever
	ShownAlone // where one resource is read, not in lists
)

// PatchKind says what PATCH can do.
type PatchKind int

// The kinds of PATCH.
const (
	PatchAll        PatchKind = iota
	PatchOff                  // 501 everywhere, and ServiceProviderConfig says so
	PatchActiveOnly           // of a user only active can be changed, else 400 (Zoom); GitLab takes externalId too
	PatchNoUsers              // 405 on users
	PatchLies                 // 204 on users, and nothing is done
	PatchNothing              // 204 on users and groups, and nothing is done
	PatchRefused              // 400 everywhere, as where the names of operations are wanted in another case
	PatchMissing              // 404 everywhere, as where there is no such route
)

// ManagerKind is the form in which PATCH takes a manager.
type ManagerKind int

// The forms of a manager.
const (
	ManagerAnyForm   ManagerKind = iota // {"value": id}, a bare string, or the path manager.value
	ManagerObject                       // only {"value": id}, else 400
	ManagerString                       // a bare string or manager.value; an object is accepted and not stored (scimgateway)
	ManagerValuePath                    // only manager.value
)

// BulkKind says whether there is a bulk endpoint and what ServiceProviderConfig says of it.
type BulkKind int

// The kinds of bulk support.
const (
	BulkOn     BulkKind = iota
	BulkOff             // not offered, 404
	BulkLies            // offered, but 404
	BulkHidden          // works, but ServiceProviderConfig says no
)

// PostManagerKind is what a create does with the manager.
type PostManagerKind int

// The kinds of creating a user with a manager.
const (
	PostManagerKept    PostManagerKind = iota
	PostManagerDropped                 // 201, and the user has none
	PostManagerRefused                 // 400
)

// ReferenceKind is what a bulk request does with a reference to a bulkId.
type ReferenceKind int

// The kinds of references.
const (
	ReferencesResolved ReferenceKind = iota
	ReferencesRefused                // the operation fails
	ReferencesStored                 // "bulkId:..." is taken for an id
	ReferencesDropped                // the manager or member is left out in silence
)

// ReplaceKind is what replacing all members does.
type ReplaceKind int

// The kinds of replacing members.
const (
	ReplaceReplaces ReplaceKind = iota
	ReplaceAdds                 // 2xx, and the old members stay (scimgateway)
	ReplaceRefused              // 400 (AWS)
)

// RemoveKind is what a removal of members does.
type RemoveKind int

// The kinds of removing members.
const (
	RemoveWorks    RemoveKind = iota
	RemoveIgnored             // 204, nothing done
	RemoveRefused             // 400
	RemoveOneOnly             // one comparison works; an "or" is ignored (scimgateway)
	RemoveTakesAll            // the filter is not looked at: every member goes
)

// ByValueKind is what remove members does with a value list, a form RFC 7644 does not have.
type ByValueKind int

// The kinds of removing by value.
const (
	ByValueRemovesAll    ByValueKind = iota // the value is not looked at: every member goes (RFC 7644, section 3.5.2.2, to the letter)
	ByValueRemovesListed                    // the members of the list go (Entra, Okta clients)
)

// DeleteKind is what DELETE of a user does.
type DeleteKind int

// The kinds of deleting.
const (
	DeleteHard        DeleteKind = iota
	DeleteSoft                   // gone from lists and 404, but the userName stays taken
	DeleteDeactivates            // active becomes false and the user stays
	DeleteRefused                // 405
)

// ReviveKind says how a soft-deleted user comes back.
type ReviveKind int

// The ways to revive.
const (
	ReviveNever   ReviveKind = iota // POST of the name is 409
	ReviveByPost                    // POST of the name brings the same id back
	ReviveByPatch                   // PATCH of the id brings it back
)

// UnknownKind is what happens to an attribute no schema knows.
type UnknownKind int

// The fates of unknown attributes. In a PATCH path they are 400 invalidPath unless stored.
const (
	UnknownDropped UnknownKind = iota
	UnknownRefused             // 400 invalidSyntax
	UnknownStored
)

// InactiveKind is what a service shows of a user with active=false.
type InactiveKind int

// The ways to show inactive users.
const (
	InactiveShown   InactiveKind = iota
	InactiveHidden               // 404 and not listed, PATCH still reaches it (Atlassian)
	InactiveAltered              // userName and emails are replaced by a hash (GitHub)
)

// LocationKind is the form of the Location header and of meta.location.
type LocationKind int

// The forms of Location.
const (
	LocationAbsolute LocationKind = iota
	LocationMissing               // no header; meta.location stays
	LocationRelative              // "Users/1"
	LocationStray                 // the header is the address of the endpoint: "https://host/Users/"
)

// RateLimit is a token bucket over all requests; the zero value is no limit.
type RateLimit struct {
	PerSecond  float64
	Burst      int
	WritesOnly bool
	RetryAfter RetryAfterKind
}

// RetryAfterKind is the form of Retry-After on a 429.
type RetryAfterKind int

// The forms of Retry-After (RFC 9110, section 10.2.3).
const (
	RetryAfterSeconds RetryAfterKind = iota
	RetryAfterDate
	RetryAfterMissing
)
