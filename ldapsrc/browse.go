package ldapsrc

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A Node is a place in the directory's tree, or a group, for somebody to pick.
type Node struct {
	DN          string
	Name        string // the value of the first RDN
	Class       string // organizationalUnit, container, domain, group, ...
	Description string
	System      bool // hidden in AD's own tools (showInAdvancedViewOnly)
}

const containerFilter = "(|(objectClass=organizationalUnit)(objectClass=container)(objectClass=builtinDomain)(objectClass=domain)" +
	"(objectClass=organization)(objectClass=country)(objectClass=locality)(objectClass=nsContainer)(objectClass=dcObject))"

var nodeNames = directory.NewNames("objectClass", "description", "showInAdvancedViewOnly")

// containerClasses are what a Node's Class may be, the most telling one first.
var containerClasses = []string{"organizationalUnit", "builtinDomain", "domainDNS", "domain", "organization", "country", "locality", "nsContainer",
	"container", "posixGroup", "groupOfNames", "groupOfUniqueNames", "group"}

// Browse lists the OUs and containers one level below a DN, by name. An empty
// base lists the domains of the source.
func (s *Source) Browse(ctx context.Context, base string) ([]Node, error) {
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	if base == "" {
		var nodes []Node
		for _, d := range domains {
			nodes = append(nodes, d.node())
		}
		return nodes, nil
	}
	d := ownerOf(foldDN(base), domains)
	if d == nil {
		return nil, &ReadError{Problem: "\"" + base + "\" is not below " + listDomains(domains)}
	}
	if err := d.connect(ctx); err != nil {
		return nil, d.failure(err)
	}
	return d.nodes(ctx, request{base: base, scope: ldap.ScopeSingleLevel, filter: containerFilter}, 0)
}

// node is the domain itself, as the place where its tree begins.
func (d *domain) node() Node { return Node{DN: d.base, Name: d.name, Class: "domain"} }

// errEnough ends a search that has brought enough; the connection is then of
// no more use.
var errEnough = errors.New("enough")

// nodes runs a search for at most limit nodes, 0 for all.
func (d *domain) nodes(ctx context.Context, req request, limit int) ([]Node, error) {
	req.names = nodeNames
	var nodes []Node
	_, err := searchWhole(ctx, d.first, req, func(e *entry) error {
		n := Node{DN: string(e.dn), Name: rdnValue(string(e.dn)), Description: string(e.first(1)), System: isTrue(e.first(2))}
		for _, class := range containerClasses {
			if slices.ContainsFunc(e.get(0), func(v []byte) bool { return strings.EqualFold(string(v), class) }) {
				n.Class = class
				break
			}
		}
		if nodes = append(nodes, n); limit > 0 && len(nodes) == limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, d.failure(err)
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		return strings.Compare(foldValue(a.Name)+"\x00"+a.DN, foldValue(b.Name)+"\x00"+b.DN)
	})
	return nodes, nil
}

// SearchGroups lists groups whose name begins with a prefix, by name, at most
// limit of each domain.
func (s *Source) SearchGroups(ctx context.Context, prefix string, limit int) ([]Node, error) {
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	filter := s.kind.groups
	if prefix != "" {
		filter = "(&" + filter + "(|"
		for _, attribute := range s.kind.group {
			filter += "(" + attribute + "=" + ldap.EscapeFilter(prefix) + "*)"
		}
		filter += "))"
	}
	var nodes []Node
	for _, d := range domains {
		if err := d.connect(ctx); err != nil {
			return nil, d.failure(err)
		}
		found, err := d.nodes(ctx, request{base: d.base, scope: ldap.ScopeWholeSubtree, filter: filter}, limit)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, found...)
	}
	return nodes, nil
}
