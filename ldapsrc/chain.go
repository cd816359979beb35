package ldapsrc

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A Membership is one group that an entry is in.
type Membership struct {
	DN      string
	Through string // DN of the member group that brings it in; empty when direct
	Primary bool   // by primaryGroupID, which no member attribute shows
	Named   bool   // named in users.member_of
	primary string // SID of its primary group; set only of the entry itself
}

// groupsOf climbs from an entry to the groups that it is in, level by level.
func (s *Source) groupsOf(ctx context.Context, all []*domain, j *judgement) ([]Membership, error) {
	var result []Membership
	seen := map[string]bool{foldDN(j.dn): true}
	level := []Membership{{DN: j.dn, primary: j.primary}}
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
	primary, noSID := parseSID(child.primary)
	if noSID == nil {
		filter += "(objectSid=" + escapeBytes(primary) + ")"
	}
	var found []Membership
	err := s.searchDomain(ctx, d, "(&"+s.kind.groups+filter+"))", directory.NewNames("objectSid"), func(e *entry) error {
		m := Membership{DN: string(e.dn), Named: s.named(string(e.dn)), Primary: noSID == nil && bytes.Equal(e.first(0), primary)}
		if !direct {
			m.Through = child.DN
		}
		found = append(found, m)
		return nil
	})
	return found, err
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
