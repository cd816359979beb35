package upload

// The mappings that apply when the configuration has none, by the type of
// the source. docs/directories.md prints them as tables.

const enterprise = SchemaEnterprise + ":"

// DefaultUsers maps the users of a source of a type: "ad", or "ldap" for the
// schema of RFC 2798 (inetOrgPerson) and RFC 2307.
func DefaultUsers(sourceType string) map[string][]string {
	if sourceType == "ad" {
		return map[string][]string{
			"userName":                             {"userPrincipalName"},
			"displayName":                          {"displayName", "cn"},
			"name.givenName":                       {"givenName"},
			"name.familyName":                      {"sn"},
			`emails[type eq "work"].value`:         {"mail"},
			`phoneNumbers[type eq "work"].value`:   {"telephoneNumber"},
			`phoneNumbers[type eq "mobile"].value`: {"mobile"},
			"title":                                {"title"},
			"preferredLanguage":                    {"preferredLanguage"},
			enterprise + "department":              {"department"},
			enterprise + "organization":            {"company"},
			enterprise + "division":                {"division"},
			enterprise + "employeeNumber":          {"employeeID", "employeeNumber"},
			PathManager:                            {"manager"},
		}
	}
	return map[string][]string{
		"userName":                             {"uid"},
		"displayName":                          {"displayName", "cn"},
		"name.givenName":                       {"givenName"},
		"name.familyName":                      {"sn"},
		`emails[type eq "work"].value`:         {"mail"},
		`phoneNumbers[type eq "work"].value`:   {"telephoneNumber"},
		`phoneNumbers[type eq "mobile"].value`: {"mobile"},
		"title":                                {"title"},
		"preferredLanguage":                    {"preferredLanguage"},
		enterprise + "department":              {"departmentNumber", "ou"},
		enterprise + "organization":            {"o"},
		enterprise + "employeeNumber":          {"employeeNumber"},
		PathManager:                            {"manager"},
	}
}

// PathMailNickname is what Entra's SCIM API wants of each user besides what
// others do: the alias of the mail address.
const PathMailNickname = "urn:ietf:params:scim:schemas:extension:Microsoft:Entra:2.0:User:mailNickname"

// EntraUsers maps what Entra's SCIM API wants besides DefaultUsers.
func EntraUsers(sourceType string) map[string][]string {
	if sourceType == "ad" {
		return map[string][]string{PathMailNickname: {"sAMAccountName"}}
	}
	return map[string][]string{PathMailNickname: {"uid"}}
}

// DefaultGroups maps groups.
func DefaultGroups(sourceType string) map[string][]string {
	if sourceType == "ad" {
		return map[string][]string{"displayName": {"displayName", "cn"}}
	}
	return map[string][]string{"displayName": {"cn"}}
}

// DefaultComputers maps computers to a device.
func DefaultComputers() map[string][]string {
	return map[string][]string{
		"displayName": {"dNSHostName", "cn"},
	}
}
