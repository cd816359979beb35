package upload

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
)

// The schema URNs of RFC 7643 8.7.
const (
	SchemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// PathManager is the one mapped path whose value is a reference to another
// user.
const PathManager = SchemaEnterprise + ":manager"

// A Path is one managed place in a resource: a SCIM attribute path
// (RFC 7644 3.5.2) that ends at a simple value.
//
//	title
//	name.givenName
//	emails[type eq "work"].value
//	urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department
type Path struct {
	URN  string // schema of an extension; "" for the core schema
	Attr string // attribute
	// By and Is are the value filter [By eq "Is"]; "" when there is none.
	By, Is string
	Sub    string // sub-attribute; "" when there is none
}

// ParsePath reads a path of the mapping. The core schema's own URN is
// dropped, so that a path has one spelling.
func ParsePath(text string) (Path, error) {
	var p Path
	rest := strings.TrimSpace(text)
	if len(rest) > 4 && strings.EqualFold(rest[:4], "urn:") {
		// The URN ends before the attribute: the last colon that is outside
		// a value filter, whose value may hold colons of its own.
		end := len(rest)
		if b := strings.IndexByte(rest, '['); b >= 0 {
			end = b
		}
		colon := strings.LastIndexByte(rest[:end], ':')
		p.URN, rest = rest[:colon], rest[colon+1:]
		if strings.EqualFold(p.URN, SchemaUser) || strings.EqualFold(p.URN, SchemaGroup) {
			p.URN = ""
		}
		if strings.EqualFold(p.URN, SchemaEnterprise) {
			p.URN = SchemaEnterprise
		}
	}
	if b := strings.IndexByte(rest, '['); b >= 0 {
		e := strings.LastIndexByte(rest, ']')
		if e < b {
			return Path{}, fmt.Errorf("path %q: [ without ]", text)
		}
		if err := p.filter(rest[b+1 : e]); err != nil {
			return Path{}, fmt.Errorf("path %q: %w", text, err)
		}
		p.Attr = rest[:b]
		rest = rest[e+1:]
		if rest != "" && !strings.HasPrefix(rest, ".") {
			return Path{}, fmt.Errorf("path %q: want .sub-attribute after ]", text)
		}
		p.Sub = strings.TrimPrefix(rest, ".")
		if p.Sub == "" {
			p.Sub = "value"
		}
	} else {
		var dotted bool
		p.Attr, p.Sub, dotted = strings.Cut(rest, ".")
		if dotted && p.Sub == "" {
			return Path{}, fmt.Errorf("path %q ends in a dot", text)
		}
	}
	if p.URN != "" && strings.Count(p.URN, ":") < 2 {
		return Path{}, fmt.Errorf("path %q: %q is not the URN of a schema", text, p.URN)
	}
	if !isName(p.Attr) || (p.Sub != "" && !isName(p.Sub)) {
		return Path{}, fmt.Errorf("path %q is not a SCIM attribute path", text)
	}
	return p.canonical(), nil
}

// filter reads the inside of a value filter. Only attr eq "value" can be
// written as well as read, so nothing else is taken.
func (p *Path) filter(text string) error {
	parts := strings.SplitN(strings.TrimSpace(text), " ", 3)
	if len(parts) != 3 || !strings.EqualFold(parts[1], "eq") || !isName(parts[0]) {
		return fmt.Errorf("want [attribute eq \"value\"], not [%s]", text)
	}
	value := strings.TrimSpace(parts[2])
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return fmt.Errorf("the value in [%s] wants double quotes", text)
	}
	p.By, p.Is = parts[0], value[1:len(value)-1]
	if strings.ContainsAny(p.Is, `"\`) || strings.ContainsFunc(p.Is, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("the value in [%s] may not hold quotes, backslashes or control characters", text)
	}
	return nil
}

// canonical gives the attribute names of the RFC's schemas the RFC's
// spelling, for names ignore case (RFC 7643 2.1).
func (p Path) canonical() Path {
	p.Attr, p.Sub, p.By = spelling(p.Attr), spelling(p.Sub), spelling(p.By)
	if p.URN == SchemaEnterprise && p.Attr == "manager" && p.Sub == "value" {
		p.Sub = ""
	}
	return p
}

// String spells the path canonically; ParsePath reads it back unchanged.
func (p Path) String() string {
	var b strings.Builder
	if p.URN != "" {
		b.WriteString(p.URN)
		b.WriteByte(':')
	}
	b.WriteString(p.Attr)
	if p.By != "" {
		fmt.Fprintf(&b, `[%s eq "%s"]`, p.By, p.Is)
	}
	if p.Sub != "" {
		b.WriteByte('.')
		b.WriteString(p.Sub)
	}
	return b.String()
}

// Short is the path as a person reads it: without the URN, and with the
// type of a multi-valued attribute before its name.
func (p Path) Short() string {
	s := p.Attr
	if p.Is != "" {
		s = p.Is + " " + s
	}
	if p.Sub != "" && p.Sub != "value" {
		s += "." + p.Sub
	}
	return s
}

// ShortPath is Short of a path's text; a text that is no path stays as it is.
func ShortPath(text string) string {
	if known, ok := shortPaths.Load(text); ok {
		return known.(string)
	}
	short := text
	if p, err := ParsePath(text); err == nil {
		short = p.Short()
	}
	shortPaths.Store(text, short)
	return short
}

// shortPaths keeps what ShortPath returned: the lines of a first run have the
// same few paths ten thousand times.
var shortPaths sync.Map

func isName(s string) bool {
	if s == "" {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '$' && i == 0
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '-' || r == '_')) {
			return false
		}
	}
	return true
}

// names holds the RFC's spelling of the attributes of RFC 7643 4 and 5, by
// that spelling and in lower case.
var names = func() map[string]string {
	m := map[string]string{}
	for _, name := range strings.Fields(`
		id externalId userName name formatted familyName givenName middleName
		honorificPrefix honorificSuffix displayName nickName profileUrl title
		userType preferredLanguage locale timezone active password emails
		phoneNumbers ims photos addresses groups entitlements roles
		x509Certificates value display type primary streetAddress locality
		region postalCode country members employeeNumber costCenter
		organization division department manager meta schemas`) {
		m[name], m[strings.ToLower(name)] = name, name
	}
	return m
}()

func spelling(name string) string {
	if known, ok := names[name]; ok {
		return known
	}
	if known, ok := names[strings.ToLower(name)]; ok {
		return known
	}
	return name
}
