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
	SubAttributes      SubKind  // whether a part of an attribute can be asked for
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
	UpperCase           []string     // the same in capitals
	EscapeHTML          []string     // the same with HTML entities for & < > " '
	TextLength          int          // more characters of a title are cut off; 0 keeps all
	NamePrefix          string       // what names of users and groups begin with, given or not (WSO2: "PRIMARY/")
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
