package ldapsrc

import (
	"context"
	"fmt"
	"maps"
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
	f := Found{Kind: KindOther, Anchor: j.anchor, DN: j.dn, Login: j.login, Active: j.inactive == "", Inactive: j.inactive}
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
	set := directory.NewNames(d.possibleNames(ctx, dn)...)
	values := map[string][]string{}
	req := request{base: dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", names: set, single: true,
		ask: append([]string{"*"}, operationalNames...)}
	list := set.List()
	_, err := searchWhole(ctx, d.first, req, func(e *entry) error {
		for i, name := range list {
			for _, v := range e.get(i) {
				values[name] = append(values[name], string(appendForm(nil, v, formOf(name))))
			}
		}
		return nil
	})
	return directory.AttributesOf(values), err
}

// operationalNames are operational attributes that people ask for: "*" does not
// bring them (RFC 4511 4.5.1.8).
var operationalNames = []string{"entryUUID", "nsUniqueId", "ipaUniqueID", "memberOf", "pwdAccountLockedTime", "nsAccountLock"}

// possibleNames lists the attributes that an entry may have: those of the
// schema, or the usual ones where the server publishes none.
func (d *domain) possibleNames(ctx context.Context, dn string) []string {
	if st, ok := d.first.(*store); ok {
		names := st.attributeNames(foldDN(dn))
		slices.Sort(names)
		return names
	}
	names := slices.Clone(operationalNames)
	known, err := d.attributeNames(ctx)
	if err != nil || len(known) == 0 {
		names = append(names, d.src.basicNames()...)
	} else {
		names = slices.AppendSeq(names, maps.Values(known))
	}
	slices.Sort(names)
	return names
}

// basicNames are the attributes that are known without a schema.
func (s *Source) basicNames() []string {
	k := s.kind
	return slices.Concat(k.anchors, k.login, k.group, k.state, k.also, []string{"objectClass", "sn", "givenName", "displayName", "title",
		"department", "departmentNumber", "company", "telephoneNumber", "mobile", "employeeID", "employeeNumber", k.manager, "memberOf", "description"})
}
