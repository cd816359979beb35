package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// Why an entry that exists is not in the snapshot, beside the reasons of
// directory.Skip.
const (
	whyBase     = "not below any of users.base"
	whyFilter   = "does not match users.filter"
	whyNotUser  = "is no user account any more"
	whyGroup    = "not below any of groups.base"
	whyGroupNot = "does not match groups.filter"
	whyRecent   = "came into scope after the directory was read"
)

// Locate looks for entries by their anchors, outside the bases and filters: a
// user who left the scope is told apart from one who left the directory. Each
// anchor has a Presence in the result. An error means that nothing can be said
// of any of them.
func (s *Source) Locate(ctx context.Context, anchors []directory.Anchor) (map[directory.Anchor]directory.Presence, error) {
	result := make(map[directory.Anchor]directory.Presence, len(anchors))
	if len(anchors) == 0 {
		return result, nil
	}
	domains, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(domains)
	for _, a := range anchors {
		result[a] = directory.Presence{}
	}
	for _, d := range domains {
		if err := d.connect(ctx); err != nil {
			return nil, d.failure(err)
		}
		for rest := anchors; len(rest) > 0; {
			n := min(len(rest), lookupBatch)
			found, err := s.judge(ctx, d, domains, s.anchorFilter(rest[:n]))
			if err != nil {
				return nil, d.failure(fmt.Errorf("look up entries by anchor: %w", err))
			}
			for _, j := range found {
				result[j.anchor] = directory.Presence{Found: true, DN: j.dn, Active: j.inactive == "", Why: j.reason(), InScope: j.reason() == whyRecent}
			}
			rest = rest[n:]
		}
	}
	return result, nil
}

// anchorFilter matches the entries with any of the anchors.
func (s *Source) anchorFilter(anchors []directory.Anchor) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, a := range anchors {
		guid := a.GUID()
		for _, attribute := range s.kind.anchors {
			value := string(a)
			switch {
			case formOf(attribute) == asGUID && guid != nil:
				value = escapeBytes(guid)
			case strings.EqualFold(attribute, "nsUniqueId") && len(a) == 36:
				bare := strings.ReplaceAll(value, "-", "")
				value = bare[:8] + "-" + bare[8:16] + "-" + bare[16:24] + "-" + bare[24:]
			default:
				value = ldap.EscapeFilter(value)
			}
			fmt.Fprintf(&b, "(%s=%s)", attribute, value)
		}
	}
	b.WriteString(")")
	return b.String()
}

// escapeBytes writes every byte as \xx (RFC 4515 3).
func escapeBytes(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		fmt.Fprintf(&text, `\%02x`, c)
	}
	return text.String()
}

// A judgement is what an entry is and whether it is in scope, membership left
// aside.
type judgement struct {
	anchor           directory.Anchor
	dn, login        string
	primary          string // SID of the primary group
	inactive         string
	isUser, isGroup  bool
	isComputer       bool
	inBase, inFilter bool   // of users, or of groups for a group
	left             string // why it is left out though base and filter fit
	leftGroup        string // the same for a group
	memberOf         bool   // users.member_of is set
}

// why says why the entry is out of scope, "" when base, filter and patterns
// let it in.
func (j *judgement) why() string {
	switch {
	case j.isGroup && !j.inBase:
		return whyGroup
	case j.isGroup && !j.inFilter:
		return whyGroupNot
	case !j.isGroup && !j.isUser:
		return whyNotUser
	case !j.inBase:
		return whyBase
	case !j.inFilter:
		return whyFilter
	}
	return j.left
}

// reason is why for an entry that is known not to have been read.
func (j *judgement) reason() string {
	if why := j.why(); why != "" {
		return why
	}
	if j.memberOf && j.isUser {
		return skipMemberOf
	}
	return whyRecent
}

// judge finds the entries of a domain that match a filter, and asks the server
// which of them match the filters of the scope.
func (s *Source) judge(ctx context.Context, d *domain, all []*domain, which string) ([]*judgement, error) {
	r := &reading{src: s, domains: all, now: s.now(all)}
	u := newUserReader(r)
	var list []*judgement
	byDN := map[string]*judgement{}
	err := s.searchDomain(ctx, d, which, u.sel.names, func(e *entry) error {
		if j := u.judgement(e); j != nil {
			list = append(list, j)
			byDN[j.dn] = j
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	marks := []struct {
		filter string
		mark   func(*judgement)
	}{
		{s.kind.users, func(j *judgement) { j.isUser = true }},
		{s.kind.groups, func(j *judgement) { j.isGroup = true }},
		{s.kind.computers, func(j *judgement) { j.isComputer = true }},
		{joinFilter(s.kind.users, s.cfg.Users.Filter), func(j *judgement) { j.inFilter = j.inFilter || !j.isGroup }},
		{joinFilter(s.kind.groups, s.cfg.Groups.Filter), func(j *judgement) { j.inFilter = true }},
	}
	for _, m := range marks {
		err := s.searchDomain(ctx, d, "(&"+m.filter+which+")", nil, func(e *entry) error {
			if j := byDN[string(e.dn)]; j != nil {
				m.mark(j)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, j := range list {
		j.inBase = below(j.dn, s.cfg.Users.Base)
		if j.isGroup {
			j.inBase, j.left = below(j.dn, s.cfg.Groups.Base), j.leftGroup
		}
	}
	return list, nil
}

// judgement is what an entry says of itself, nil of one without an anchor,
// which is none of ours.
func (u *userReader) judgement(e *entry) *judgement {
	anchor, _, err := anchorOf(e, u.anchors, u.sel.list)
	if err != nil {
		return nil
	}
	scope := u.r.src.cfg.Users
	login := e.firstOf(u.login)
	sid, err := sidText(e.at(u.sid))
	if err != nil {
		sid = ""
	}
	j := &judgement{anchor: anchor, dn: string(e.dn), login: string(login), primary: u.primaryGroup(e, sid),
		inactive: u.states.inactive(e, u.r.now), left: u.leftOut(e, e.dn, login), memberOf: len(scope.MemberOf) > 0}
	switch {
	case conflicting(e.dn, login):
		j.leftGroup = skipConflict
	case isTrue(e.at(u.critical)) && !scope.BuiltIn:
		j.leftGroup = skipBuiltInGroup
	}
	return j
}

// searchDomain searches all of a domain, in scope or not.
func (s *Source) searchDomain(ctx context.Context, d *domain, filter string, names *directory.Names, each func(*entry) error) error {
	for _, base := range s.lookupBases(d) {
		if _, err := searchWhole(ctx, d.first, request{base: base, scope: ldap.ScopeWholeSubtree, filter: filter, names: names}, each); err != nil {
			return err
		}
	}
	return nil
}

// lookupBases are where an entry of a domain can be: anywhere in it.
func (s *Source) lookupBases(d *domain) []string {
	if d.base != "" {
		return []string{d.base}
	}
	return outermost(slices.Concat(s.cfg.Users.Base, s.cfg.Groups.Base))
}

// below reports whether a DN is below one of the bases; no base is everywhere.
func below(dn string, bases []string) bool {
	if len(bases) == 0 {
		return true
	}
	folded := foldDN(dn)
	for _, base := range bases {
		if isBelow(folded, foldDN(base)) {
			return true
		}
	}
	return false
}
