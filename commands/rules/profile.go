package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A profile is what a target allows, where that is published. The zero value
// of a field is no limit, or what the generic profile says.
type profile struct {
	name  string
	title string
	sets  set

	addressLogin bool    // userName must have the form of an address
	local        charset // of the local part of a login
	anyLogin     bool    // no character of a login but white space is refused
	length       func(string) int
	localMax     int
	domainMax    int
	loginMax     int // of the whole login
	rewrites     bool

	proxyChars *charset // nil: as generic

	displayMax, nameMax, groupMax       int
	displayChars, nameChars, groupChars *charset
	reserved                            []string // folded; of logins and group names
	reservedLocal                       []string // folded; of the local part
	singles                             bool     // every field takes one value
}

var (
	// dotAtom are RFC 5322 3.2.3's atext; dots are looked at apart.
	dotAtom       = charsetOf("a-zA-Z0-9!#$%&'*+/=?^_`{|}~-.")
	aliasChars    = without("\\<>();:,[]\"@ ")
	samChars      = without("[]\\\"|,/:<>+=;?*")
	typedChars    = without("<>()[],\"") // of sip: and eum: proxies
	entraProxies  = without("<>();,[]\"")
	defaultLimits = profile{name: "generic", title: "any target", local: *dotAtom, length: byteLen, localMax: 64, loginMax: 254}
)

const (
	emailLocalMax = 64  // RFC 5321 4.5.3.1.1
	emailMax      = 254 // RFC 5321 4.5.3.1.3, less the angle brackets
	proxyMax      = 256 // with its prefix
	aliasMax      = 64
	samUserMax    = 20
	samGroupMax   = 256
	proxyCountMax = 300
	githubMax     = 39 // with _shortcode
)

// profiles are the targets by the name of the configuration. Those that
// publish nothing have the generic rules under a name of their own.
func profileNamed(name string) (profile, error) {
	p := defaultLimits
	switch strings.ToLower(name) {
	case "", "generic":
		return p, nil
	case "entra", "entra-scim", "entra-bulk":
		p.title, p.sets, p.addressLogin = "Entra ID", entra, true
		p.local = *charsetOf("A-Za-z0-9'.-_!#^~")
		p.local['-'], p.local['_'] = true, true
		p.length, p.localMax, p.domainMax, p.loginMax = utf16Len, 64, 48, 113
		p.proxyChars = entraProxies
		p.displayMax, p.nameMax, p.groupMax = 256, 64, 256
	case "google":
		p.title, p.sets, p.addressLogin = "Google", google, true
		p.local = *charsetOf("a-zA-Z0-9_'.-")
		p.length, p.localMax, p.loginMax = utf8.RuneCountInString, 64, 0
		p.proxyChars = &p.local
		p.nameMax, p.groupMax = 60, 73
		p.nameChars, p.groupChars = without("<>"), without("=<>&")
		p.reservedLocal = []string{"abuse", "postmaster"}
	case "aws":
		p.title, p.sets, p.anyLogin, p.singles = "AWS IAM Identity Center", aws, true, true
		p.length, p.localMax, p.loginMax = utf8.RuneCountInString, 0, 128
		p.displayMax, p.groupMax = 1024, 1024
		p.displayChars = without("<>;:%")
		p.reserved = []string{"administrator", "awsadministrators"}
	case "github":
		p.title, p.sets, p.rewrites, p.anyLogin = "GitHub", github, true, true
		p.length, p.localMax, p.loginMax = utf8.RuneCountInString, 0, 0
	case "slack":
		p.title, p.sets = "Slack", needsEmail
	case "gitlab":
		p.title, p.sets = "GitLab", needsEmail
	case "atlassian":
		p.title, p.sets = "Atlassian", needsEmail
		p.length, p.displayMax = utf8.RuneCountInString, 100
	case "zitadel":
		p.title, p.sets = "Zitadel", needsEmail|needsName
	case "databricks", "snowflake", "zoom", "1password", "okta", "keycloak", "authentik":
	default:
		return profile{}, fmt.Errorf("no rules for a profile %q", name)
	}
	p.name = strings.ToLower(name)
	if p.title == defaultLimits.title {
		p.title = p.name
	}
	return p, nil
}

// Known reports whether a profile has a name here.
func Known(name string) bool {
	_, err := profileNamed(name)
	return err == nil
}
