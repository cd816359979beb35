package scim

import "adsync/upload"

var (
	keepUsers = map[upload.Kind]bool{upload.User: true}
)

// byName are the filters of services that document little else.
var byName = []string{"userName", "externalId", "id"}

// profiles is the table of services. What is not documented is left as the
// RFC has it, for the run finds out.
var profiles = []Profile{
	{
		Name: generic, Title: "Any SCIM 2.0 service",
		Source: "RFC 7643, RFC 7644, RFC 9865",
	},
	{
		Name: "aws", Title: "AWS IAM Identity Center",
		Source: "AWS IAM Identity Center SCIM implementation, developer guide",
		Flat:   true,
		Hosts:  []string{"scim.*.amazonaws.com"},
		Paging: PagingCursor, PageSize: 100, NoProjection: true, Members: MembersByFilter,
		UserFilters:  []string{"userName", "externalId", "groups.value", "id"},
		GroupFilters: []string{"displayName", "externalId"},
		NoGroupPut:   true, BareGroups: true, AddMembers: 100, RemoveMembers: 100, NoBulk: true,
		Required:    []string{"displayName", "name.givenName", "name.familyName"},
		GroupUnique: []string{"displayName"}, Single: []string{"*"}, Width: 8,
	},
	{
		Name: "entra-scim", Title: "Microsoft Entra ID, SCIM API",
		Source: "Microsoft Entra ID SCIM API reference",
		Hosts:  []string{"graph.microsoft.com"}, Paths: []string{"/rp/scim"},
		Paging: PagingCursor, PageSize: 100, Members: MembersByFilter,
		UserFilters:  []string{"userName", "externalId", "id", "groups.value"},
		GroupFilters: []string{"displayName", "id", "members.value"},
		NoPut:        true, NoGroupPut: true, BareGroups: true, AddMembers: 20, RemoveMembers: 1, NoBulk: true, NoGroupExternalID: true,
		NewPassword: true,
		Required:    []string{"displayName", "name.givenName", "name.familyName", "active", "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname"},
		Width:       4,
	},
	{
		Name: "entra-bulk", Title: "Microsoft Entra ID, API-driven inbound provisioning",
		Source: "Microsoft Graph, synchronizationJob: bulkUpload",
		Hosts:  []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"}, Paths: []string{"/bulkupload"},
		Paging: PagingNone, Members: MembersNever, NoPut: true, NoGroupPut: true, NoGroups: true,
		NoDelete: keepUsers, BulkOps: 50, Width: 1, Writes: Rate{PerSecond: 8, Burst: 40},
	},
	{
		Name: "github", Title: "GitHub Enterprise Managed Users",
		Source: "GitHub docs, provisioning users and groups with SCIM using the REST API",
		Flat:   true,
		Hosts:  []string{"api.github.com", "ghe.com"}, Paths: []string{"/scim/v2/"},
		Paging: PagingIndex, PageSize: 100, UserFilters: byName, GroupFilters: []string{"displayName", "externalId", "id"},
		FrozenInactive: true, NoDelete: keepUsers, NoBulk: true, AddMembers: 1000,
		Required: []string{"displayName", "emails"}, Width: 4,
	},
	{
		Name: "slack", Title: "Slack",
		Source: "Slack SCIM API reference and rate limits",
		Flat:   true,
		Hosts:  []string{"api.slack.com", "slack.com"},
		Paging: PagingIndex, PageSize: 1000, UserFilters: []string{"userName", "externalId", "id", "emails.value"}, GroupFilters: []string{"displayName", "id"},
		NoBulk: true, NoDelete: keepUsers, Required: []string{"emails"}, Width: 4,
		Reads: Rate{PerSecond: 5, Burst: 20}, Writes: Rate{PerSecond: 3, Burst: 20},
	},
	{
		Name: "atlassian", Title: "Atlassian Guard",
		Source: "Atlassian user provisioning REST API",
		Flat:   true,
		Hosts:  []string{"api.atlassian.com"},
		Paging: PagingIndex, PageSize: 100, UserFilters: byName, GroupFilters: []string{"displayName", "externalId", "id"},
		FrozenInactive: true, NoBulk: true, NoDelete: keepUsers, Required: []string{"emails"}, Width: 8,
	},
	{
		Name: "gitlab", Title: "GitLab",
		Source: "GitLab docs, internal SCIM API",
		Hosts:  []string{"gitlab.com"}, Paths: []string{"/api/scim/v2/"},
		Paging: PagingIndex, PageSize: 20, NoProjection: true, UserFilters: []string{"id"},
		NoPut: true, NoGroupPut: true, ActivePatch: true, CreateOnly: true, NoGroups: true, NoBulk: true,
		IDIsExternal: true, Required: []string{"name.formatted", "emails"}, Width: 4,
	},
	{
		Name: "databricks", Title: "Databricks",
		Source: "Databricks docs, account SCIM API 2.1",
		Hosts:  []string{"cloud.databricks.com", "azuredatabricks.net", "gcp.databricks.com"},
		Paging: PagingIndex, PageSize: 100, Members: MembersTried, NoBulk: true, Width: 4, Writes: Rate{PerSecond: 5, Burst: 5},
	},
	{
		Name: "snowflake", Title: "Snowflake",
		Source: "Snowflake docs, SCIM API reference and behaviour change 2276",
		Flat:   true,
		Hosts:  []string{"snowflakecomputing.com"},
		Paging: PagingIndex, PageSize: 100, NoProjection: true,
		UserFilters: []string{"userName", "externalId", "id", "displayName"}, GroupFilters: []string{"displayName", "externalId", "id"},
		Synthetic: "synthesis_user", NoBulk: true, Single: []string{"*"}, Untyped: []string{"emails"},
		ReadOnly: []string{"phoneNumbers", "addresses"}, Width: 8,
	},
	{
		Name: "zoom", Title: "Zoom",
		Source: "Zoom SCIM2 API reference",
		Flat:   true,
		Hosts:  []string{"api.zoom.us"}, Paths: []string{"/scim2"},
		Paging: PagingIndex, PageSize: 100, UserFilters: []string{"userName", "id", "emails.value"}, GroupFilters: []string{"displayName", "id"},
		Update: PutWhole, ActivePatch: true, NoBulk: true, Width: 2, Reads: Rate{PerSecond: 1, Burst: 1}, Writes: Rate{PerSecond: 1, Burst: 1},
	},
	{
		Name: "1password", Title: "1Password SCIM Bridge",
		Source: "1Password support, automate provisioning",
		Flat:   true,
		Paging: PagingIndex, PageSize: 100, NoBulk: true, NoDelete: keepUsers, Width: 4,
	},
	{
		Name: "okta", Title: "Okta, inbound SCIM",
		Source: "Okta developer docs, inbound SCIM connection overview",
		Flat:   true,
		Hosts:  []string{"okta.com", "oktapreview.com", "okta-emea.com"},
		Paging: PagingIndex, PageSize: 100, NoBulk: true, Width: 4,
	},
	{
		Name: "keycloak", Title: "Keycloak 26.8 and later",
		Source: "Keycloak server administration guide, SCIM",
		Flat:   true,
		Paths:  []string{"/realms/"},
		Paging: PagingIndex, PageSize: 100, UserFilters: []string{"userName", "externalId"}, GroupFilters: []string{"displayName", "externalId"},
		NoGroupPut: true, BareGroups: true, AddMembers: 100, RemoveMembers: 100, NoBulk: true, GroupUnique: []string{"displayName"}, Width: 8,
	},
	{
		Name: "authentik", Title: "authentik, SCIM source",
		Source: "authentik source, authentik/sources/scim/views/v2",
		Paths:  []string{"/source/scim/"},
		Paging: PagingIndex, PageSize: 20, NoProjection: true, UserFilters: []string{"userName", "externalId", "id", "active", "name.familyName"},
		GroupFilters: []string{"displayName", "externalId", "id", "members"}, NoBulk: true, Width: 4,
	},
	{
		Name: "zitadel", Title: "Zitadel",
		Source: "Zitadel docs, SCIM v2 API",
		Hosts:  []string{"zitadel.cloud"},
		Paging: PagingIndex, PageSize: 100, UserFilters: []string{"id", "externalId", "userName", "name.familyName", "name.givenName", "emails.value", "active"},
		NoGroups: true, Required: []string{"name.givenName", "name.familyName", "emails"},
		Untyped: []string{"emails"}, ReadOnly: []string{"name.formatted"}, Width: 8,
	},
	{
		Name: "google", Title: "Google Cloud Identity",
		Source: "Google Cloud Identity SCIM API reference",
		Hosts:  []string{"cloudidentityscim.googleapis.com"},
		Paging: PagingNone, UserFilters: []string{"userName"}, GroupFilters: []string{"displayName"},
		NoPut: true, NoGroupPut: true, NoBulk: true, Required: []string{"name.givenName", "name.familyName"}, Width: 4,
	},
}
