package ldapsrc

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Why entries are left out; the words of directory.Skip.
const (
	skipBuiltIn      = "built-in account"
	skipBuiltInGroup = "built-in group"
	skipConflict     = "replication conflict"
	skipMachine      = "account name ends in $"
	skipExcluded     = "excluded by users.exclude"
	skipIncluded     = "not named by users.include"
	skipMemberOf     = "not in a group of users.member_of"
)

// joinFilter adds a configured filter to the type's own.
func joinFilter(own, configured string) string {
	configured = bracket(configured)
	if configured == "" {
		return own
	}
	return "(&" + own + configured + ")"
}

// bracket adds the parentheses that people leave out.
func bracket(filter string) string {
	filter = strings.TrimSpace(filter)
	if filter == "" || strings.HasPrefix(filter, "(") {
		return filter
	}
	return "(" + filter + ")"
}

// basesBelow returns those of the configured bases that are to be searched in
// a domain: the ones in it, without those below another. Without any
// configured base the domain itself is the base.
func basesBelow(configured []string, d *domain, all []*domain) []string {
	if len(configured) == 0 {
		return []string{d.base}
	}
	var list []string
	for _, base := range outermost(configured) {
		if ownerOf(foldDN(base), all) == d {
			list = append(list, base)
		}
	}
	return list
}

// outermost drops the DNs that are below another one or repeat it.
func outermost(dns []string) []string {
	var list []string
	for i, dn := range dns {
		folded := foldDN(dn)
		covered := slices.ContainsFunc(dns[:i], func(other string) bool { return foldDN(other) == folded }) ||
			slices.ContainsFunc(dns, func(other string) bool { f := foldDN(other); return f != folded && isBelow(folded, f) })
		if !covered {
			list = append(list, dn)
		}
	}
	return list
}

// ownerOf returns the domain that holds a DN: the one with the longest suffix
// of it, nil when none does.
func ownerOf(folded string, all []*domain) *domain {
	var owner *domain
	for _, d := range all {
		if isBelow(folded, d.key) && (owner == nil || len(d.key) > len(owner.key)) {
			owner = d
		}
	}
	return owner
}

// checkBases refuses bases that no domain of the source holds.
func (s *Source) checkBases(all []*domain) error {
	for _, scope := range s.cfg.scopes() {
		for _, base := range scope.base {
			if ownerOf(foldDN(base), all) == nil {
				return &ConfigError{Key: s.cfg.key(scope.kind + ".base"), Problem: fmt.Sprintf("%q is not below %s", base, listDomains(all)),
					Advice: "correct the DN, or set forest: true when it belongs to another domain of the same forest"}
			}
		}
	}
	return nil
}

func listDomains(all []*domain) string {
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = fmt.Sprintf("%q", d.base)
	}
	return strings.Join(names, " or ")
}

// A globList matches names against patterns with * and ?, in any case.
type globList []string

func newGlobs(patterns []string) globList {
	list := make(globList, len(patterns))
	for i, p := range patterns {
		list[i] = strings.ToLower(p)
	}
	return list
}

// match reports whether one of the patterns fits one of the names.
func (g globList) match(names ...[]byte) bool {
	if len(g) == 0 {
		return false
	}
	for _, name := range names {
		if len(name) == 0 {
			continue
		}
		// path.Match would let * stop at a slash, which a name may have.
		folded := strings.ReplaceAll(strings.ToLower(string(name)), "/", "\x00")
		for _, pattern := range g {
			if ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), folded); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// A scope is where the entries of a kind are looked for, and by which filter.
type scope struct {
	kind   string // users, groups or computers, as the key is called
	base   []string
	filter string
}

func (c *Config) scopes() []scope {
	return []scope{
		{"users", c.Users.Base, c.Users.Filter},
		{"groups", c.Groups.Base, c.Groups.Filter},
		{"computers", c.Computers.Base, c.Computers.Filter},
	}
}

// checkScope validates what can be seen without a server.
func (c *Config) checkScope() error {
	for _, scope := range c.scopes() {
		for _, dn := range scope.base {
			if err := checkDN(dn); err != nil || !strings.Contains(dn, "=") {
				return &ConfigError{Key: c.key(scope.kind + ".base"), Problem: fmt.Sprintf("%q is not a DN", dn), Err: err,
					Advice: "write it as OU=People,DC=example,DC=com, special characters escaped with a backslash"}
			}
		}
	}
	for i, name := range c.Users.MemberOf {
		if err := checkDN(name); strings.Contains(name, "=") && err != nil {
			return &ConfigError{Key: c.key(fmt.Sprintf("users.member_of[%d]", i)), Problem: fmt.Sprintf("%q is not a DN", name), Err: err,
				Advice: "write it as CN=Staff,OU=Groups,DC=example,DC=com, or the group's name alone"}
		}
	}
	for _, scope := range c.scopes() {
		if scope.filter == "" {
			continue
		}
		if _, err := ldap.CompileFilter(bracket(scope.filter)); err != nil {
			return &ConfigError{Key: c.key(scope.kind + ".filter"), Problem: fmt.Sprintf("%q is not a filter", scope.filter), Err: err,
				Advice: "write it as (attribute=value); parentheses and asterisks in a value are \\28, \\29 and \\2a (RFC 4515)"}
		}
	}
	for _, globs := range []struct {
		key      string
		patterns []string
	}{{"users.include", c.Users.Include}, {"users.exclude", c.Users.Exclude}} {
		for _, p := range globs.patterns {
			if _, err := path.Match(p, ""); err != nil {
				return &ConfigError{Key: c.key(globs.key), Problem: fmt.Sprintf("%q is not a pattern", p), Err: err, Advice: "* stands for any text, ? for one character"}
			}
		}
	}
	if n := c.Groups.Nested; n != "" && n != Flatten && n != Keep {
		return &ConfigError{Key: c.key("groups.nested"), Problem: fmt.Sprintf("%q is unknown", n), Advice: "use flatten or keep"}
	}
	return c.checkCatalog()
}

// catalogPorts are those of the Global Catalog (MS-ADTS 3.1.1.3.1.10).
var catalogPorts = []string{":3268", ":3269"}

// checkCatalog refuses a Global Catalog where it would give wrong memberships:
// it has the members of universal groups only.
func (c *Config) checkCatalog() error {
	for _, url := range c.URLs {
		if !slices.ContainsFunc(catalogPorts, func(port string) bool { return strings.HasSuffix(strings.TrimSuffix(url, "/"), port) }) {
			continue
		}
		what := ""
		switch {
		case c.Groups.Sync:
			what = "groups.sync"
		case len(c.Users.MemberOf) > 0:
			what = "users.member_of"
		case c.Forest:
			what = "forest"
		default:
			continue
		}
		return &ConfigError{Key: c.key("url"), Problem: fmt.Sprintf("%q is a Global Catalog, which knows the members of universal groups only and few attributes: it cannot serve %s", url, what),
			Advice: "use the domain controller's own port, 636 or 389; with forest: true every domain is read from one of its own controllers"}
	}
	return nil
}
