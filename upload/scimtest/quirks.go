package scimtest

// Quirks are the ways in which real services differ from the RFCs. The zero value is a service that does
// everything right and offers everything. ForService returns the quirks of a service by name.
type Quirks struct {
	// Discovery.
	NoDiscovery    bool // ServiceProviderConfig, ResourceTypes and Schemas answer 404
	NoGroups       bool // there is no /Groups
	Devices        bool // there is a /Devices (draft-ietf-scim-device-model)
	EntraExtension bool // users have the Microsoft Entra extension

	// Listing.
	PageSize           int       // rows when no count is asked for; 0 is 100
	PageCap            int       // most rows of a page; 0 is no cap
	TotalResults       TotalKind // what totalResults says
	IgnorePaging       bool      // startIndex and count are not looked at: always the first page (SCIMMY on Express 5)
	IgnoreIndex        bool      // startIndex is not looked at
	WrapPastEnd        bool      // a startIndex past the end gives rows from the start again (SCIMMY)
	PageNumbers        bool      // page = trunc(startIndex / page size), so that startIndex=21 is the first page of 20 again (authentik)
	Index              IndexKind // where indexes begin
	EmptyIs404         bool      // a list without resources is 404, with an error as SCIM writes it
	UnstableOrder      bool      // another order for each page
	RepeatRows         bool      // each page starts with the last row of the page before it
	LowerCaseResources bool      // "resources" instead of "Resources" (Entra, Google)
	BareList           bool      // a list is an array of resources and nothing else
	Cursor             PagingKind
	NoUnfilteredList   bool     // a list without a filter is 400 tooMany (Google)
	SyntheticUser      string   // an unfiltered user list is this one made-up user (Snowflake until bundle 2026_03)
	NoSort             bool     // sortBy is ignored
	NoProjection       bool     // attributes and excludedAttributes are ignored
	NoSearch           bool     // .search answers 404
	MaxCount           int      // a larger count is 400 instead of cut down to it
	Alone              []string // attributes of users that are shown of a single user and not in lists
	Members            Showing  // when a group shows its members
	SingleAsList       bool     // one resource is answered as a list of one
	SingleAsObject     bool     // a multi-valued attribute that has one value is shown as an object
	Enterprise         EnterpriseKind
	MembersCap         int      // most members a group shows in any answer, the first ones; 0 shows all
	MembersByRef       bool     // members are shown by their $ref alone
	NoUserGroups       bool     // users do not show their groups
	UserFilters        []string // the filters users can be found by, as shapes: "userName eq", "id eq and manager eq"; nil is every filter
	GroupFilters       []string // the same for groups
	FilterConjunctions bool     // any conjunction of the listed comparisons is allowed as well
	ValuePathCompare   bool     // emails[type eq "work"].value eq "x" is a filter, which RFC 7644 does not have (SCIMMY)
	SilentFilters      bool     // a filter that is not supported finds nothing instead of answering 400 invalidFilter
	ListsNothing       bool     // without a filter nothing is listed
	IgnoreFilters      bool     // a filter is not looked at: everything is listed
	FilterSpaceRefused bool     // a blank before "=" of the query is 400 (Entra SCIM)
	MaxFilterLength    int      // longer filters are 400
	CaseSensitiveText  bool     // filters compare strings as they are, whatever caseExact says (SCIMMY)
	MaxURLLength       int      // longer request lines are 431 (Node's limit is 16 KiB)

	// Writing.
	Patch               PatchKind
	PatchStatus         int  // 200 or 204; 0 is 200
	UnchangedStatus     int  // of a PATCH that changes nothing, if not PatchStatus (SCIMMY: 204)
	OnlyReplace         int  // the status that add and remove get in a PATCH; 0: they are known
	PatchReplaces       bool // what a PATCH of a user does not name is gone, but for userName
	MaxPatchOperations  int  // more operations in a PATCH are 400 (Keycloak)
	PatchPlain          bool // a PATCH with a query is 400
	NoPathlessPatch     bool // an operation without a path is 400
	ReplaceMakes        bool // replace of emails[type eq "home"].value without such an element makes one instead of 400 noTarget
	AddNeedsTarget      bool // add to emails[type eq "home"].value without such an element is 400 noTarget (SCIMMY)
	Manager             ManagerKind
	PostManager         PostManagerKind
	NoPut               bool // PUT of a user answers 405
	NoGroupPut          bool // PUT of a group answers 405
	PutMerges           bool // what a PUT of a user leaves out stays as it was; null takes it away (RFC 7644, section 3.5.1)
	NoCreateBody        bool // POST answers 201 without a body
	PutNeedsID          bool // PUT without the id in the body is 400 (Keycloak)
	Bulk                BulkKind
	BulkMaxOperations   int  // 0 is 1000
	BulkMaxPayload      int  // 0 is 1 MiB
	BulkStatusObject    bool // "status": {"code": "201"} as in old drafts (scimgateway)
	BulkReferences      ReferenceKind
	MaxAdds             int          // members one PATCH may add; 0 is no limit
	MaxRemoves          int          // members one PATCH may remove
	MaxChanges          int          // members one PATCH may add and remove together
	MaxPostMembers      int          // members a POST may carry
	NoPostMembers       bool         // members in POST or PUT are 400 (Keycloak)
	PostMembersDropped  bool         // members in POST are left out in silence
	OneMemberOperation  bool         // a PATCH with a members operation may hold no second operation (Entra SCIM)
	AddReplaces         bool         // adding members replaces those who are there
	AddsFirstOnly       bool         // of several members that one operation adds, the first is taken
	ReplaceMembers      ReplaceKind  // what "replace members" does
	RemoveByPath        RemoveKind   // what remove with members[value eq ".."] does
	RemoveByValue       ByValueKind  // what remove members with a value list does
	RemoveAllMembers    RemoveKind   // what remove members does
	DuplicateMembers    bool         // adding a member twice lists it twice (SCIMMY)
	AcceptUnknown       bool         // members that do not exist are accepted
	SkipUnknown         bool         // members that do not exist are dropped in silence
	NoNesting           bool         // a group as a member is 400
	SkipGroups          bool         // a group as a member is dropped in silence
	HideGroups          bool         // a group as a member is kept and not shown
	Delete              DeleteKind   // what DELETE of a user does
	Revive              ReviveKind   // how a soft-deleted user comes back
	PostTakesOver       bool         // POST of a taken userName changes that user and answers 201 (authentik)
	PostLinks           bool         // POST of a userName whose user has no externalId links it (Atlassian)
	Required            []string     // paths a user must have besides userName
	RequirePrimaryEmail bool         // a user must have exactly one primary email
	SchemasOptional     bool         // POST and PUT may lack schemas
	SingleValued        bool         // a multi-valued attribute of a user takes one value
	NotStored           []string     // user paths dropped in silence: "externalId", "emails.type"
	GroupNotStored      []string     // group attributes dropped in silence
	ExternalIDLength    int          // more characters of an externalId are cut off; 0 keeps all
	Refused             []string     // user attributes answered with 400
	ReadOnly            []string     // user paths that only a create can set; later changes are ignored
	NormalisePhones     bool         // "+1 555-555-5555" becomes "+15555555555" (Zitadel)
	LowerCaseEmails     bool         // e-mail addresses are stored in lower case
	LowerCaseUserName   bool         // userName is stored in lower case
	LowerCase           []string     // paths of users and groups whose text is stored in lower case
	RecomputeFormatted  bool         // name.formatted is made of the name's parts (Zitadel)
	DefaultLanguage     string       // preferredLanguage when none was sent (Zitadel: "und")
	FirstEmailPrimary   bool         // a user's only email is marked primary
	UnknownAttributes   UnknownKind  // what happens to an attribute no schema knows
	AcceptStringBool    bool         // "True" is read as true
	StringBool          bool         // active is answered as "True" or "False"
	CaseSensitiveNames  bool         // userName is unique as written: "Ada" and "ada" are two users
	UniqueDisplayName   bool         // a group's displayName is unique (Keycloak, AWS)
	UniqueExternalID    bool         // externalId is unique among users and among groups
	ExternalIDInPath    bool         // the id in the path of a user is its externalId (GitLab)
	InactiveUsers       InactiveKind // what a service shows of a user with active=false

	// Protocol.
	NeedUserAgent bool // a request without User-Agent is 403 (GitHub, AWS)
	NeedAccept    bool // a request without Accept: application/json or application/scim+json is 400 (Entra SCIM)
	AnyPathCase   bool // /users is /Users
	TrailingSlash bool // a path without a slash at its end is 301 to the one with it (Django)
	ByteOrderMark bool // a body begins with U+FEFF
	TextHTML      bool // a body is called text/html (what PHP says unless told)
	Location      LocationKind
	NoETags       bool // no meta.version, no ETag, If-Match ignored
	IgnoreIfMatch bool // versions are shown but If-Match is not looked at (SCIMMY, elimity)
	NoPatchBody   bool // PATCH with 200 answers an empty object
	ErrorsAs500   bool // what should be 404 or 409 in PUT, PATCH and DELETE is 500 (scimgateway)

	Rate RateLimit
}

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
