package upload

import (
	"fmt"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
)

// A Mapping says which attributes of the directory make up each managed path
// of the service. It is a pure function: the same entry always gives the same
// values.
type Mapping struct {
	User, Group, Device []Rule
}

// A Rule fills one path from one expression.
type Rule struct {
	Path string // as Path.String spells it
	From Expression
}

// Unmanaged are the attributes that no mapping may name: the service's own,
// and those that the plan itself decides.
var unmanaged = map[string]string{
	"id":         "the service gives ids",
	"externalId": "target.external_id decides it",
	"active":     "policy decides it",
	"schemas":    "it follows from the paths",
	"meta":       "the service keeps it",
	"groups":     "memberships are written to the groups",
	"members":    "memberships follow from the directory's groups",
	"password":   "passwords are not synchronised",
}

// CompileRules checks and compiles the mapping of one kind: SCIM path to the
// alternatives of its expression. The rules are sorted by path.
func CompileRules(kind Kind, mapping map[string][]string) ([]Rule, error) {
	var rules []Rule
	for text, alternatives := range mapping {
		path, err := ParsePath(text)
		if err != nil {
			return nil, err
		}
		if why, ok := unmanaged[path.Attr]; ok && path.URN == "" {
			return nil, fmt.Errorf("path %q cannot be mapped: %s", text, why)
		}
		from, err := ParseExpression(alternatives)
		if err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
		if path.String() == PathManager && (len(alternatives) != 1 || from.alternatives[0].template != nil) {
			return nil, fmt.Errorf("path %q wants one attribute that holds a DN", text)
		}
		rules = append(rules, Rule{Path: path.String(), From: from})
	}
	slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.Path, b.Path) })
	for i := 1; i < len(rules); i++ {
		if rules[i].Path == rules[i-1].Path {
			return nil, fmt.Errorf("path %q is mapped twice", rules[i].Path)
		}
	}
	if name := nameOf(kind); !slices.ContainsFunc(rules, func(r Rule) bool { return r.Path == name }) {
		return nil, fmt.Errorf("path %q must be mapped", name)
	}
	return rules, nil
}

// nameOf is the path that names a resource of a kind.
func nameOf(k Kind) string {
	if k == User {
		return KeyUserName
	}
	return KeyDisplayName
}

// Of returns the rules of one kind.
func (m *Mapping) Of(k Kind) []Rule {
	switch k {
	case User:
		return m.User
	case Group:
		return m.Group
	}
	return m.Device
}

// Paths returns the managed paths of a kind, the manager's included.
func (m *Mapping) Paths(k Kind) []string {
	var paths []string
	for _, r := range m.Of(k) {
		paths = append(paths, r.Path)
	}
	return paths
}

// Attributes returns the names of the directory attributes that the rules of
// a kind read, sorted.
func (m *Mapping) Attributes(k Kind) []string {
	var names []string
	for _, r := range m.Of(k) {
		names = append(names, r.From.Attributes()...)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(names, strings.EqualFold)
}

// ManagerAttribute is the directory attribute that names a user's manager, ""
// when the mapping has none.
func (m *Mapping) ManagerAttribute() string {
	for _, r := range m.User {
		if r.Path == PathManager {
			return r.From.String()
		}
	}
	return ""
}

// manages reports whether the mapping fills a path.
func (m *Mapping) manages(k Kind, path string) bool {
	return slices.ContainsFunc(m.Of(k), func(r Rule) bool { return r.Path == path })
}

// Evaluate returns the values that the rules of a kind give for an entry, in
// the order of the rules. The manager's path, which no text can fill, is
// left out.
func (m *Mapping) Evaluate(k Kind, a directory.Attributes) ([]Attribute, error) {
	rules := m.Of(k)
	out := make([]Attribute, 0, len(rules))
	view := directory.ViewOf(a)
	for _, r := range rules {
		if r.Path == PathManager {
			continue
		}
		values, err := r.From.Values(view)
		if err != nil {
			return nil, fmt.Errorf("mapping of %s: %w", r.Path, err)
		}
		out = append(out, Attribute{Path: r.Path, Values: values})
	}
	return out, nil
}
