package ldapsrc

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// findRoots reads the groups that users.member_of names. One that is not there
// makes the reading incomplete: it may have been renamed, and its members must
// not look as if they had left.
func (m *memberships) findRoots(ctx context.Context) error {
	for i, name := range m.r.src.cfg.Users.MemberOf {
		where := m.r.src.cfg.key(fmt.Sprintf("users.member_of[%d]", i))
		dn, d := name, ownerOf(foldDN(name), m.r.domains)
		if !strings.Contains(name, "=") {
			var err error
			if dn, d, err = m.groupNamed(ctx, where, name); err != nil {
				return err
			}
		}
		if d == nil {
			return &ReadError{Where: where, Problem: fmt.Sprintf("%q is not below %s", name, listDomains(m.r.domains)),
				Advice: "correct the DN, or set forest: true when it belongs to another domain of the same forest"}
		}
		if row, ok := m.rowByDN[foldDN(dn)]; ok {
			m.roots = append(m.roots, row)
			continue
		}
		found, err := m.fetch(ctx, d, dn)
		if err != nil {
			return d.failure(fmt.Errorf("%s: read the group %q: %w", where, dn, err))
		}
		row, ok := m.rowByDN[foldDN(dn)]
		if !found || !ok {
			return m.missingRoot(ctx, where, dn, d)
		}
		m.roots = append(m.roots, row)
	}
	return nil
}

// groupNamed finds a group that is given by name and not by DN.
func (m *memberships) groupNamed(ctx context.Context, where, name string) (string, *domain, error) {
	var found []string
	var owner *domain
	filter := "(|"
	for _, attribute := range m.r.src.kind.group {
		filter += "(" + attribute + "=" + ldap.EscapeFilter(name) + ")"
	}
	for _, d := range m.r.domains {
		_, err := d.first.search(ctx, request{base: d.base, scope: ldap.ScopeWholeSubtree, filter: "(&" + m.r.src.kind.groups + filter + "))"}, func(e *entry) error {
			found, owner = append(found, string(e.dn)), d
			return nil
		})
		if err != nil {
			return "", nil, d.failure(fmt.Errorf("%s: look for the group %q: %w", where, name, err))
		}
	}
	switch len(found) {
	case 0:
		return "", nil, &ReadError{Where: where, Problem: fmt.Sprintf("no group has the name %q", name), Advice: "it may have been renamed; write its DN"}
	case 1:
		return found[0], owner, nil
	}
	return "", nil, &ReadError{Where: where, Problem: fmt.Sprintf("%d groups have the name %q: %s", len(found), name, strings.Join(found, "; ")), Advice: "write the DN of the one that is meant"}
}

// missingRoot says that a group is not there, and which one is nearest.
func (m *memberships) missingRoot(ctx context.Context, where, dn string, d *domain) error {
	e := &ReadError{Where: where, Problem: fmt.Sprintf("the group %q is not there, is not a group, or may not be seen by the bind account", dn),
		Advice: "correct the DN; it changes when the group is renamed or moved"}
	if err := m.listGroups(ctx, d); err != nil {
		return e
	}
	names := make([]string, 0, len(m.groupsBy))
	for folded := range m.groupsBy {
		names = append(names, folded)
	}
	if near := nearest(foldDN(dn), names); near != "" {
		e.Advice = fmt.Sprintf("did you mean %q?", m.groupsBy[near])
	}
	return e
}

// managers finds the anchors of the managers. One that is not among the users
// that were read is looked up; one that is not found is unknown and not none,
// for the bind account may not see it.
func (r *reading) managers(ctx context.Context) error {
	if r.want.Manager == "" {
		return nil
	}
	known := map[string]directory.Anchor{}
	unknown := map[*domain][]string{}
	for i, dn := range r.users.manager {
		if dn == "" || r.inScope != nil && !r.inScope[i] {
			continue
		}
		if n, ok := r.userAt(dn); ok {
			r.users.users[i].Manager = r.users.users[n].Anchor
		} else if _, ok := known[dn]; !ok {
			known[dn] = ""
			if d := ownerOf(foldDN(dn), r.domains); d != nil {
				unknown[d] = append(unknown[d], dn)
			}
		}
	}
	if len(known) == 0 {
		return nil
	}
	for d, dns := range unknown {
		anchors, err := r.src.anchorsAt(ctx, d, dns)
		if err != nil {
			return d.failure(fmt.Errorf("look up managers: %w", err))
		}
		for _, dn := range dns {
			known[dn] = anchors[foldDN(dn)]
		}
	}
	for i, dn := range r.users.manager {
		a, looked := known[dn]
		switch u := &r.users.users[i]; {
		case u.Manager == "" && a != "":
			u.Manager = a
		case u.Manager == "" && looked:
			u.ManagerUnknown = true
		}
	}
	return nil
}

// lookupBatch is how many entries are looked up with one filter.
const lookupBatch = 50

// anchorsAt looks up the anchors of entries by DN; the result is by folded DN.
// Entries that do not exist are not in it.
func (s *Source) anchorsAt(ctx context.Context, d *domain, dns []string) (map[string]directory.Anchor, error) {
	sel := newSelection(nil, s.kind.anchors...)
	attributes := sel.indexes(s.kind.anchors)
	result := map[string]directory.Anchor{}
	keep := func(e *entry) error {
		// One without an anchor cannot be anyone's manager at the service.
		if a, _, err := anchorOf(e, attributes, sel.list); err == nil {
			result[foldDN(string(e.dn))] = a
		}
		return nil
	}
	if s.cfg.Type != AD {
		for _, dn := range dns {
			_, err := d.first.search(ctx, request{base: dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: sel.names, single: true}, keep)
			if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax) {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		return result, nil
	}
	for len(dns) > 0 {
		n := min(len(dns), lookupBatch)
		filter := "(|"
		for _, dn := range dns[:n] {
			filter += "(distinguishedName=" + ldap.EscapeFilter(dn) + ")"
		}
		dns = dns[n:]
		if _, err := d.first.search(ctx, request{base: d.base, scope: ldap.ScopeWholeSubtree, filter: filter + ")", names: sel.names}, keep); err != nil {
			return nil, err
		}
	}
	return result, nil
}
