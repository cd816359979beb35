package scimtest

import (
	"fmt"
	"slices"
	"strings"
)

// Services lists the services whose profiles the program has, sorted.
func Services() []string { return namesOf(services) }

// Implementations lists the server software that ForService knows beside the services, sorted.
func Implementations() []string { return namesOf(implementations) }

func namesOf(all []service) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// ForService returns the quirks of a service by its profile's name, or of an implementation.
func ForService(name string) (Quirks, error) {
	for _, s := range slices.Concat(services, implementations) {
		if s.name == name {
			return s.quirks, nil
		}
	}
	return Quirks{}, fmt.Errorf("no service %q: there are %s", name, strings.Join(Services(), ", "))
}

// everyEq are the filters of services that document equality on the usual attributes and nothing else.
var everyEq = []string{"userName eq", "externalId eq", "id eq"}

// service is a row of the tables below.
type service struct {
	name   string
	quirks Quirks
}

// services are the quirks by service. What a comment calls assumed is not in the vendor's documentation.
var services = []service{
	// All of RFC 7643, RFC 7644 and RFC 9865, and nothing else.
	{"generic", Quirks{}},

	// AWS IAM Identity Center developer guide: given and family name and displayName required, one value per
	// multi-valued attribute, no photos and the like; 100 rows and no startIndex, cursor paging on request; groups list
	// no members; at most 100 members per PATCH or POST; replace-all and remove-all refused; no PUT of groups, no bulk,
	// no .search; filters as listed, User-Agent wanted on PATCH. That names and externalId are unique is documented. The filter
	// by manager, which AWS writes without the extension's URN, is left out.
	{"aws", Quirks{
		PageSize: 100, PageCap: 100, Cursor: CursorOnly, NoSort: true, NoProjection: true, NoSearch: true, Members: ShownNever, NoUserGroups: true,
		UserFilters:  []string{"userName eq", "externalId eq", "groups.value eq", "id eq", "id eq and groups.value eq"},
		GroupFilters: []string{"displayName eq", "externalId eq", "id eq and members eq", "id eq and members.value eq"},
		Bulk:         BulkOff, NoGroupPut: true, MaxChanges: 100, MaxPostMembers: 100, ReplaceMembers: ReplaceRefused, RemoveAllMembers: RemoveRefused,
		RemoveByValue: ByValueRemovesListed, NoNesting: true, UniqueDisplayName: true, UniqueExternalID: true, SingleValued: true,
		Required: []string{"displayName", "name.givenName", "name.familyName"}, Refused: []string{"photos", "ims", "x509Certificates", "entitlements"},
		FirstEmailPrimary: true, NeedUserAgent: true, NoETags: true, PatchStatus: 200}},

	// Entra ID SCIM API reference (2026): no PUT, no bulk, cursor only, "resources" in lower case and no total; members
	// never shown, read through groups.value; adds of up to 20 in one operation alone, removes one by one; required
	// attributes; groups have no externalId; Accept compulsory; no blank beside "="; PATCH of a user answers 204. Soft delete is from memory.
	{"entra-scim", Quirks{
		PageSize: 100, PageCap: 1000, Cursor: CursorMust, LowerCaseResources: true, NoSort: true, NoSearch: true, Members: ShownNever, NoUserGroups: true,
		UserFilters:  []string{"userName eq", "externalId eq", "id eq", "groups.value eq", EntraSchema + ":mailNickname eq", "userName ew", EntraSchema + ":mailNickname ew"},
		GroupFilters: []string{"displayName eq", "id eq", "members.value eq", "displayName ew"}, FilterConjunctions: true, FilterSpaceRefused: true,
		Bulk: BulkOff, NoPut: true, NoGroupPut: true, PatchStatus: 204, MaxAdds: 20, MaxRemoves: 1, MaxPostMembers: 20, OneMemberOperation: true,
		ReplaceMembers: ReplaceRefused, RemoveAllMembers: RemoveRefused, RemoveByValue: ByValueRemovesListed, Delete: DeleteSoft,
		Required:       []string{"password", "name.givenName", "name.familyName", "active", "displayName", EntraSchema + ":mailNickname"},
		GroupNotStored: []string{"externalId"}, EntraExtension: true, NeedAccept: true, NoETags: true, UnknownAttributes: UnknownRefused}},

	// GitHub docs, provisioning with the REST API: case-sensitive paths, User-Agent required, a suspended user's login
	// and addresses are replaced by a hash, no bulk; 1000 users an hour is a limit tests set themselves.
	{"github", Quirks{
		PageSize: 30, PageCap: 100, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, NeedUserAgent: true,
		UserFilters: everyEq, GroupFilters: []string{"displayName eq", "externalId eq", "id eq"}, InactiveUsers: InactiveAltered, NoNesting: true,
		RemoveByValue: ByValueRemovesListed, Required: []string{"externalId", "emails"}}},

	// Slack docs: default page 10, most 1000; DELETE deactivates; no bulk. The filter list is from memory.
	{"slack", Quirks{
		PageSize: 10, PageCap: 1000, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, Delete: DeleteDeactivates,
		UserFilters: append([]string{"emails eq", "emails.value eq"}, everyEq...), GroupFilters: []string{"displayName eq", "id eq"},
		Required: []string{"emails"}, NoNesting: true, RemoveByValue: ByValueRemovesListed, PatchStatus: 200}},

	// Atlassian docs: 100 rows whatever is asked; POST of an existing managed account links it; a deactivated user is
	// 404; e-mail required; no sorting; groups flat.
	{"atlassian", Quirks{
		PageSize: 100, PageCap: 100, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, Delete: DeleteDeactivates, InactiveUsers: InactiveHidden,
		UserFilters: everyEq, GroupFilters: []string{"displayName eq", "externalId eq", "id eq"}, PostLinks: true, Required: []string{"emails"}, NoNesting: true}},

	// GitLab docs, internal SCIM API: the path id is the externalId, PATCH takes active and externalId only, names and
	// mail are create-only, "id eq" is the only filter, no PUT, no groups; booleans come as strings.
	{"gitlab", Quirks{
		PageSize: 20, PageCap: 20, Cursor: IndexOnly, NoDiscovery: true, NoGroups: true, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, NoPut: true,
		ExternalIDInPath: true, Patch: PatchActiveOnly, PatchStatus: 204, UserFilters: []string{"id eq"}, AcceptStringBool: true, Required: []string{"externalId"},
		NotStored: []string{EnterpriseSchema + ":manager", "title", "phoneNumbers", "addresses"}, UniqueExternalID: true}},

	// Databricks docs: no bulk; filters of more than 200 nodes refused (here by length); members left out of lists from memory.
	{"databricks", Quirks{
		PageSize: 100, PageCap: 10000, Cursor: IndexOnly, NoSearch: true, Bulk: BulkOff, NoETags: true, MaxFilterLength: 8000, Members: ShownAlone,
		RemoveByValue: ByValueRemovesListed, PatchStatus: 200}},

	// Snowflake docs: one eq or sw, else 400 invalidFilter; multi-valued attributes are not kept; paged since bundle
	// 2026_03 (before, set SyntheticUser to "synthesis_user" and SilentFilters).
	{"snowflake", Quirks{
		PageSize: 100, PageCap: 100, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true,
		UserFilters:  []string{"userName eq", "userName sw", "externalId eq", "externalId sw", "id eq", "displayName eq", "displayName sw"},
		GroupFilters: []string{"displayName eq", "displayName sw", "externalId eq", "id eq"},
		NotStored:    []string{"phoneNumbers", "addresses", "emails.type"}, NoNesting: true}},

	// Zoom docs: PATCH of a user only switches it on and off, everything else is PUT; a request a second is left to
	// the test that wants it.
	{"zoom", Quirks{
		PageSize: 100, PageCap: 100, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, Patch: PatchActiveOnly,
		UserFilters: []string{"userName eq", "id eq", "emails.value eq"}, GroupFilters: []string{"displayName eq", "id eq"}, NoNesting: true}},

	// 1Password SCIM bridge: deactivation instead of deletion is second-hand; the rest is assumed plain.
	{"1password", Quirks{Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, Delete: DeleteDeactivates, NoNesting: true}},

	// Okta inbound SCIM: only an overview is public; assumed a plain RFC 7644 service without bulk.
	{"okta", Quirks{PageSize: 100, PageCap: 200, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, NoNesting: true}},

	// Keycloak 26.8, server administration guide: members only on request and only by PATCH; displayName unique; full
	// filter grammar but what is not mapped finds nothing in silence; no bulk, ETag or sort; externalId is not kept unless the
	// realm's user profile has an attribute for it (assumed configured here).
	{"keycloak", Quirks{
		PageSize: 100, PageCap: 100, Cursor: IndexOnly, NoSort: true, Bulk: BulkOff, NoETags: true, Members: ShownOnRequest, NoPostMembers: true, UniqueDisplayName: true,
		SilentFilters: true, MaxFilterLength: 2048, NoUserGroups: true,
		UserFilters:  []string{"userName eq", "externalId eq", "emails.value eq", "emails eq", "displayName eq", "name.givenName eq", "name.familyName eq", "active eq", "meta.lastModified gt"},
		GroupFilters: []string{"displayName eq", "externalId eq"}, FilterConjunctions: true, NoNesting: true, MaxPatchOperations: 100, PutNeedsID: true}},

	// authentik, sources/scim/views/v2: the page number is trunc(startIndex / page size) and count is not looked at;
	// POST of a taken userName takes that account over; five user filters.
	{"authentik", Quirks{
		PageSize: 20, PageCap: 20, Cursor: IndexOnly, PageNumbers: true, NoSort: true, NoSearch: true, NoProjection: true, Bulk: BulkOff, NoETags: true, PostTakesOver: true,
		UserFilters:  []string{"id eq", "userName eq", "active eq", "name.familyName eq", "externalId eq"},
		GroupFilters: []string{"id eq", "displayName eq", "members eq", "members.value eq", "externalId eq"}, NoUserGroups: true}},

	// Zitadel docs: users only, with bulk and sort; phones normalised, type of e-mails dropped, name.formatted recomputed, a
	// default preferredLanguage; PATCH answers 204; filters of 1000 characters at most.
	{"zitadel", Quirks{
		PageSize: 100, PageCap: 100, Cursor: IndexOnly, NoGroups: true, PatchStatus: 204, BulkMaxOperations: 100, MaxFilterLength: 1000, NormalisePhones: true,
		RecomputeFormatted: true, DefaultLanguage: "und", NotStored: []string{"emails.type"}, RequirePrimaryEmail: true, Required: []string{"name.givenName", "name.familyName"},
		UserFilters: []string{"id eq", "externalId eq", "externalId ne", "userName eq", "userName sw", "userName co", "name.familyName eq", "name.givenName eq", "emails eq", "emails.value eq", "active eq",
			"meta.lastModified gt", "meta.created gt"}, FilterConjunctions: true}},

	// Google Cloud Identity docs: "userName eq" is the only filter and needed, no paging, no PUT, no bulk, no ETag, "resources" in
	// lower case. Group lookup by displayName is assumed.
	{"google", Quirks{
		NoUnfilteredList: true, LowerCaseResources: true, Cursor: IndexOnly, NoSort: true, NoSearch: true, Bulk: BulkOff, NoETags: true, NoPut: true, NoGroupPut: true,
		UserFilters: []string{"userName eq"}, GroupFilters: []string{"displayName eq"}, NoUserGroups: true, Required: []string{"name.givenName", "name.familyName"}}},
}

// implementations are server software as it was measured on loopback, with a plain store behind it.
var implementations = []service{
	// SCIMMY 1.3.5 with scimmy-routers 1.3.2 on Express 4: no Location header, names unique but compared with case in
	// filters, members listed twice, references not checked, a startIndex past the end gives rows from the start.
	{"scimmy", Quirks{
		Cursor: IndexOnly, WrapPastEnd: true, CaseSensitiveText: true, NoUserGroups: true, AddNeedsTarget: true, Manager: ManagerObject, DuplicateMembers: true,
		AcceptUnknown: true, SchemasOptional: true, ValuePathCompare: true, RemoveByValue: ByValueRemovesListed, UnchangedStatus: 204,
		Location: LocationMissing, IgnoreIfMatch: true}},

	// The same on Express 5, whose query object is read-only: always the first page of twenty.
	{"scimmy-express5", Quirks{
		Cursor: IndexOnly, IgnorePaging: true, PageSize: 20, CaseSensitiveText: true, NoUserGroups: true, AddNeedsTarget: true, Manager: ManagerObject,
		DuplicateMembers: true, AcceptUnknown: true, SchemasOptional: true, ValuePathCompare: true, RemoveByValue: ByValueRemovesListed, UnchangedStatus: 204,
		Location: LocationMissing, IgnoreIfMatch: true}},

	// scimgateway 6.1.18 with plugin-loki: names unique as written, replace of members adds, an "or" of members and the removal
	// of all are ignored, a manager object is not stored, unknown attributes are, bulk status as an object, 500 for 404.
	{"scimgateway", Quirks{
		Cursor: IndexOnly, PageSize: 200, NoSort: true, CaseSensitiveNames: true, UniqueDisplayName: true, UnknownAttributes: UnknownStored, Manager: ManagerString,
		ReplaceMembers: ReplaceAdds, RemoveByPath: RemoveOneOnly, RemoveAllMembers: RemoveIgnored, RemoveByValue: ByValueRemovesListed, BulkStatusObject: true,
		AcceptStringBool: true, SchemasOptional: true, ErrorsAs500: true}},
}
