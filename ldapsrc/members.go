package ldapsrc

import (
	"context"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/directory"
)

// A target is what a member turned out to be.
type target struct {
	what targetKind
	n    int32 // of the user or group
}

type targetKind uint8

const (
	isUnknown targetKind = iota // not looked at, or not found
	isUser
	isGroup
	isOutside // neither: a computer, a contact, an account out of scope
	isShared  // a login that several users have
	isForeign
)

// memberships is the join of groups and members under way.
type memberships struct {
	r       *reading
	targets []target // by number in the member table

	userByLogin map[string]int32
	sharers     map[string][]int32 // of ambiguous logins
	rowByGUID   map[[16]byte]int32
	rowByDN     map[string]int32 // folded
	rowBySID    map[string]int32
	indexed     int // how many rows are in these maps

	roots     []int32             // rows named in member_of
	catalogue map[*domain]bool    // domains whose groups are all known by name
	groupsAt  map[[16]byte]string // DN of the groups known by name
	groupsBy  map[string]string   // the same by folded DN
}

// membership finds out who is in which group, and which users are in scope by
// member_of.
func (r *reading) membership(ctx context.Context) error {
	if !r.groupsNeeded() {
		return nil
	}
	m := &memberships{r: r, catalogue: map[*domain]bool{}, groupsAt: map[[16]byte]string{}, groupsBy: map[string]string{},
		rowByGUID: map[[16]byte]int32{}, rowByDN: map[string]int32{}, rowBySID: map[string]int32{}}
	if err := m.indexRows(); err != nil {
		return err
	}
	if err := m.findRoots(ctx); err != nil {
		return err
	}
	for {
		unknown := m.resolve()
		if len(unknown) == 0 {
			break
		}
		if err := m.fetchNested(ctx, unknown); err != nil {
			return err
		}
	}
	m.apply()
	return nil
}

// indexLogins is put off until a group names a member by login.
func (m *memberships) indexLogins() {
	if m.userByLogin != nil {
		return
	}
	m.userByLogin, m.sharers = map[string]int32{}, map[string][]int32{}
	for i := range m.r.users.users {
		m.addLogin(m.r.users.users[i].Login, int32(i))
	}
	for login, i := range m.r.users.logins {
		m.addLogin(login, i)
	}
}

// ambiguous marks a login that several users have.
const ambiguous = -1

func (m *memberships) addLogin(login string, user int32) {
	if other, ok := m.userByLogin[login]; ok && other != user {
		if other != ambiguous {
			m.sharers[login] = append(m.sharers[login], other)
		}
		m.sharers[login] = append(m.sharers[login], user)
		m.userByLogin[login] = ambiguous
		return
	}
	m.userByLogin[login] = user
}

// indexRows takes up the groups that were read since the last time. Two with
// one anchor are an error.
func (m *memberships) indexRows() error {
	for i := m.indexed; i < len(m.r.rows); i++ {
		row := m.r.rows[i]
		guid, _ := guidOf(string(row.Anchor))
		if other, ok := m.rowByGUID[guid]; ok {
			return sameAnchor(row.Anchor, m.r.rows[other].DN, row.DN)
		}
		m.rowByGUID[guid] = int32(i)
		m.rowByDN[foldDN(row.DN)] = int32(i)
		if row.SID != "" {
			m.rowBySID[row.SID] = int32(i)
		}
	}
	m.indexed = len(m.r.rows)
	return nil
}

func sameAnchor(a directory.Anchor, one, other string) error {
	if one == other {
		return &ReadError{Problem: fmt.Sprintf("%q came twice", one), Advice: "the directory changed while it was read; run again"}
	}
	return &ReadError{Problem: fmt.Sprintf("%q and %q have the same anchor %s", one, other, a),
		Advice: "an entry was moved while it was read, or the anchor attribute is not unique"}
}

// resolve finds out what the members are. It returns those that are neither a
// user nor a group that was read, and might be a group.
func (m *memberships) resolve() []int32 {
	var unknown []int32
	table := m.r.members.list
	for len(m.targets) < len(table) {
		m.targets = append(m.targets, target{})
	}
	for i := range table {
		if m.targets[i].what != isUnknown {
			continue
		}
		if m.targets[i] = m.find(&table[i]); m.targets[i].what == isUnknown {
			unknown = append(unknown, int32(i))
		}
	}
	return unknown
}

func (m *memberships) find(member *member) target {
	switch member.kind {
	case memberSID:
		return target{what: isForeign}
	case memberLogin:
		m.indexLogins()
		if i, ok := m.userByLogin[member.text]; ok && i != ambiguous {
			return target{isUser, i}
		} else if ok {
			m.r.warn("several users have the login %q: none of them is taken for the member that groups name so", member.text)
			for _, i := range m.sharers[member.text] {
				m.r.users.users[i].SharedLogin = member.text
			}
			return target{what: isShared}
		}
		return target{what: isOutside}
	case memberGUID:
		if i, ok := m.r.byGUID[member.guid]; ok {
			return target{isUser, i}
		}
		if i, ok := m.rowByGUID[member.guid]; ok {
			return target{isGroup, i}
		}
	case memberDN:
		if i, ok := m.r.userAt(member.text); ok {
			return target{isUser, i}
		}
		if i, ok := m.rowByDN[foldDN(member.text)]; ok {
			return target{isGroup, i}
		}
	}
	return target{}
}

// indexUsers makes users found by DN and by anchor. Two with one anchor are an
// error.
func (r *reading) indexUsers() error {
	users := r.users.users
	r.byDN, r.byGUID = make(map[string]int32, len(users)), make(map[[16]byte]int32, len(users))
	for i := range users {
		u := &users[i]
		guid, _ := guidOf(string(u.Anchor))
		if other, ok := r.byGUID[guid]; ok {
			return sameAnchor(u.Anchor, users[other].DN, u.DN)
		}
		r.byGUID[guid], r.byDN[u.DN] = int32(i), int32(i)
	}
	return nil
}

// userAt finds a user by DN: by the text as it came, which nearly always is
// the spelling of the entry, and only then in the form that all spellings have
// in common.
func (r *reading) userAt(dn string) (int32, bool) {
	if i, ok := r.byDN[dn]; ok {
		return i, true
	}
	if r.byFold == nil {
		r.byFold = make(map[string]int32, len(r.byDN))
		for known, i := range r.byDN {
			r.byFold[foldDN(known)] = i
		}
	}
	i, ok := r.byFold[foldDN(dn)]
	return i, ok
}

// fetchNested reads the groups among unknown members: those that are outside
// the scope, but in a group that is in it. All others are outside.
func (m *memberships) fetchNested(ctx context.Context, unknown []int32) error {
	for _, d := range m.r.domains {
		if err := m.listGroups(ctx, d); err != nil {
			return err
		}
	}
	for _, i := range unknown {
		member := &m.r.members.list[i]
		dn, ok := m.groupsAt[member.guid], false
		if member.kind == memberGUID {
			ok = dn != ""
		} else {
			dn, ok = m.groupsBy[foldDN(member.text)]
		}
		if !ok {
			m.targets[i] = target{what: isOutside}
			continue
		}
		d := ownerOf(foldDN(dn), m.r.domains)
		if _, err := m.fetch(ctx, d, dn); err != nil {
			return d.failure(fmt.Errorf("read the nested group %q: %w", dn, err))
		}
		if m.targets[i] = m.find(member); m.targets[i].what == isUnknown {
			m.targets[i] = target{what: isOutside} // it has gone meanwhile
		}
	}
	return nil
}

// listGroups learns the names of all groups of a domain: one cheap search,
// instead of asking about every member that is no user in scope.
func (m *memberships) listGroups(ctx context.Context, d *domain) error {
	if m.catalogue[d] {
		return nil
	}
	m.catalogue[d] = true
	k := m.r.src.kind
	sel := newSelection(nil, k.anchors...)
	attributes := sel.indexes(k.anchors)
	_, err := d.first.search(ctx, request{base: d.base, scope: ldap.ScopeWholeSubtree, filter: k.groups, names: sel.names, ask: d.asked(sel.list)}, func(e *entry) error {
		dn := string(e.dn)
		anchor, _, err := anchorOf(e, attributes, sel.list)
		if err != nil {
			return fmt.Errorf("group %q: %w", dn, err)
		}
		guid, _ := guidOf(string(anchor))
		m.groupsAt[guid] = dn
		m.groupsBy[foldDN(dn)] = dn
		return nil
	})
	return d.failure(err)
}

// fetch reads one group that is not in scope. It returns false when there is
// no such group.
func (m *memberships) fetch(ctx context.Context, d *domain, dn string) (bool, error) {
	g := newGroupReader(m.r)
	req := request{base: dn, scope: ldap.ScopeBaseObject, filter: m.r.src.kind.groups, names: g.sel.names, controls: d.extendedDN(), single: true}
	if _, err := searchWhole(ctx, d.first, req, g.entry); err != nil {
		if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
			return false, nil
		}
		return false, err
	}
	for _, row := range g.rows {
		guid, _ := guidOf(string(row.Anchor))
		if _, known := m.rowByGUID[guid]; !known {
			m.r.rows = append(m.r.rows, row)
		}
	}
	return len(g.rows) > 0, m.indexRows()
}
