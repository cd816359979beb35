package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// The kinds of a Found.
const (
	KindUser     = "user"
	KindGroup    = "group"
	KindComputer = "computer"
	KindOther    = "other" // a contact, an OU, ...
)

// A Found is an entry that somebody asked about.
type Found struct {
	Kind     string
	Anchor   directory.Anchor
	DN       string
	Login    string
	SID      string
	Active   bool
	Inactive string // why Active is false
	InScope  bool
	Why      string // why InScope is false

	// Attributes are all that the bind account may read of the entry.
	Attributes directory.Attributes
	// Groups are the groups that the entry is in, direct ones first.
	Groups []Membership
	// Chain leads from the group that has the entry to the one named in
	// users.member_of; empty when no such chain is needed or there is none.
	Chain []Membership
}

// A Membership is one group that an entry is in.
type Membership struct {
	DN      string
	Anchor  directory.Anchor
	Through string // DN of the member group that brings it in; empty when direct
	Primary bool   // by primaryGroupID, which no member attribute shows
	Named   bool   // named in users.member_of
	sid     string
}

// lookupNames are the attributes that an entry is looked up by.
var lookupNames = map[Type][]string{
	AD:   {"userPrincipalName", "mail", "sAMAccountName", "cn", "displayName"},
	LDAP: {"uid", "mail", "cn", "displayName"},
}

// Lookup finds the entries that people mean by a name: a login,
// userPrincipalName, mail address, common or display name, a DN or an anchor.
// It looks in the whole directory, in scope or not.
func (s *Source) Lookup(ctx context.Context, name string) ([]Found, error) {
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	var result []Found
	for _, d := range domains {
		if err := d.connect(ctx); err != nil {
			return nil, d.failure(err)
		}
	}
	for _, d := range domains {
		which, err := s.lookupFilter(ctx, d, domains, name)
		if err != nil {
			return nil, d.failure(err)
		}
		if which == "" {
			continue
		}
		list, err := s.judge(ctx, d, domains, which)
		if err != nil {
			return nil, d.failure(fmt.Errorf("look up %q: %w", name, err))
		}
		for _, j := range list {
			f, err := s.describe(ctx, d, domains, j)
			if err != nil {
				return nil, d.failure(fmt.Errorf("look up %q: %w", j.dn, err))
			}
			result = append(result, f)
		}
	}
	slices.SortFunc(result, func(a, b Found) int { return strings.Compare(a.DN, b.DN) })
	return result, nil
}

// lookupFilter is the filter that a name stands for in a domain, "" when the
// domain cannot have it.
func (s *Source) lookupFilter(ctx context.Context, d *domain, all []*domain, name string) (string, error) {
	if a, err := directory.ParseAnchor(name); err == nil {
		return s.anchorFilter([]directory.Anchor{a}), nil
	}
	if strings.Contains(name, "=") && checkDN(name) == nil {
		if ownerOf(foldDN(name), all) != d {
			return "", nil
		}
		anchors, err := s.anchorsAt(ctx, d, []string{name})
		a, ok := anchors[foldDN(name)]
		if err != nil || !ok {
			return "", err
		}
		return s.anchorFilter([]directory.Anchor{a}), nil
	}
	attributes := slices.Concat(lookupNames[s.cfg.Type], s.kind.login, s.kind.group)
	filter := "(|"
	for _, attribute := range directory.NewNames(attributes...).List() {
		filter += "(" + attribute + "=" + ldap.EscapeFilter(name) + ")"
	}
	if s.cfg.Type == AD {
		filter += "(sAMAccountName=" + ldap.EscapeFilter(name) + "$)" // a computer by its name
	}
	return filter + ")", nil
}

// describe reads all of an entry and its groups.
func (s *Source) describe(ctx context.Context, d *domain, all []*domain, j *judgement) (Found, error) {
	f := Found{Kind: KindOther, Anchor: j.anchor, DN: j.dn, Login: j.login, SID: j.sid, Active: j.inactive == "", Inactive: j.inactive}
	switch {
	case j.isComputer:
		f.Kind = KindComputer
	case j.isUser:
		f.Kind = KindUser
	case j.isGroup:
		f.Kind = KindGroup
	}
	var err error
	if f.Attributes, err = d.everything(ctx, j.dn); err != nil {
		return f, err
	}
	if f.Groups, err = s.groupsOf(ctx, all, j); err != nil {
		return f, err
	}
	f.Why = j.why()
	if f.Why == "" && f.Kind == KindUser && j.memberOf {
		if f.Chain = chain(f.Groups); len(f.Chain) == 0 {
			f.Why = skipMemberOf
		}
	}
	switch {
	case f.Kind == KindComputer && !s.cfg.Computers.Sync:
		f.Why = "computers.sync is off"
	case f.Kind == KindComputer:
		f.Why = ""
	case f.Kind == KindGroup && f.Why == "" && !s.cfg.Groups.Sync:
		f.Why = "groups.sync is off"
	}
	f.InScope = f.Why == ""
	return f, nil
}

// everything reads all attributes of one entry.
func (d *domain) everything(ctx context.Context, dn string) (directory.Attributes, error) {
	var names []string
	if st, ok := d.first.(*store); ok {
		names = st.attributeNames(foldDN(dn))
	} else {
		known, err := d.attributeNames(ctx)
		if err != nil {
			known = nil
		}
		for _, name := range known {
			names = append(names, name)
		}
		names = append(names, "entryUUID", "nsUniqueId", "ipaUniqueID", "memberOf", "pwdAccountLockedTime", "nsAccountLock")
		if len(known) == 0 {
			names = append(names, d.src.basicNames()...)
		}
	}
	slices.Sort(names)
	set := directory.NewNames(names...)
	values := map[string][]string{}
	req := request{base: dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: set, single: true,
		ask: []string{"*", "entryUUID", "nsUniqueId", "ipaUniqueID", "memberOf", "pwdAccountLockedTime", "nsAccountLock"}}
	list := set.List()
	_, err := searchWhole(ctx, d.first, req, func(e *entry) error {
		for i, name := range list {
			p := packer{}
			for _, v := range e.get(i) {
				p.addForm(v, formOf(name))
			}
			all := string(p.text)
			for _, piece := range p.pieces {
				values[name] = append(values[name], piece.string(all))
			}
		}
		return nil
	})
	return directory.AttributesOf(values), err
}

// basicNames are the attributes that are known without a schema.
func (s *Source) basicNames() []string {
	k := s.kind
	return slices.Concat(k.anchors, k.login, k.group, k.state, k.also, []string{"objectClass", "sn", "givenName", "displayName", "title",
		"department", "departmentNumber", "company", "telephoneNumber", "mobile", "employeeID", "employeeNumber", k.manager, "memberOf", "description"})
}

// groupsOf climbs from an entry to the groups that it is in, level by level.
func (s *Source) groupsOf(ctx context.Context, all []*domain, j *judgement) ([]Membership, error) {
	var result []Membership
	seen := map[string]bool{foldDN(j.dn): true}
	level := []Membership{{DN: j.dn, sid: j.primary}}
	for first := true; len(level) > 0; first = false {
		var next []Membership
		for _, d := range all {
			for _, child := range level {
				found, err := s.parents(ctx, d, child, j.login, first)
				if err != nil {
					return nil, d.failure(err)
				}
				for _, p := range found {
					if folded := foldDN(p.DN); !seen[folded] {
						seen[folded] = true
						next = append(next, p)
					}
				}
			}
		}
		slices.SortFunc(next, func(a, b Membership) int { return strings.Compare(a.DN, b.DN) })
		result = append(result, next...)
		level = next
	}
	return result, nil
}

// parents finds the groups of one domain that have an entry as a member.
func (s *Source) parents(ctx context.Context, d *domain, child Membership, login string, direct bool) ([]Membership, error) {
	filter := "(|"
	for _, attribute := range s.kind.members {
		value := child.DN
		if strings.EqualFold(attribute, "memberUid") {
			if !direct || login == "" {
				continue
			}
			value = login
		}
		filter += "(" + attribute + "=" + ldap.EscapeFilter(value) + ")"
	}
	sids := directory.NewNames(append(append([]string{}, s.kind.anchors...), "objectSid")...)
	primary := ""
	if direct && child.sid != "" {
		if b, err := parseSID(child.sid); err == nil {
			primary = child.sid
			filter += "(objectSid=" + escapeBytes(b) + ")"
		}
	}
	list := sids.List()
	indexes := make([]int, len(list)-1)
	for i := range indexes {
		indexes[i] = i
	}
	var found []Membership
	for _, base := range s.lookupBases(d) {
		req := request{base: base, scope: ldap.ScopeWholeSubtree, filter: "(&" + s.kind.groups + filter + "))", names: sids}
		_, err := searchWhole(ctx, d.first, req, func(e *entry) error {
			m := Membership{DN: string(e.dn), Named: s.named(string(e.dn))}
			if a, _, err := anchorOf(e, indexes, list); err == nil {
				m.Anchor = a
			}
			if sid, err := sidText(e.first(len(list) - 1)); err == nil && sid == primary && primary != "" {
				m.Primary = true
			}
			if !direct {
				m.Through = child.DN
			}
			found = append(found, m)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// named reports whether users.member_of names a group, by DN or by name.
func (s *Source) named(dn string) bool {
	folded := foldDN(dn)
	return slices.ContainsFunc(s.cfg.Users.MemberOf, func(name string) bool {
		return foldDN(name) == folded || !strings.Contains(name, "=") && strings.EqualFold(rdnValue(dn), name)
	})
}

// chain is the way from the entry to the first group that is named.
func chain(groups []Membership) []Membership {
	at := slices.IndexFunc(groups, func(m Membership) bool { return m.Named })
	var way []Membership
	for at >= 0 {
		way = append(way, groups[at])
		through := groups[at].Through
		if through == "" {
			break
		}
		at = slices.IndexFunc(groups, func(m Membership) bool { return m.DN == through })
	}
	slices.Reverse(way)
	return way
}
