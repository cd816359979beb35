package ldapsrc

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"adsync/ldapsrc/directory"
)

// A groupRow is a group as it was read, its members not yet known by name.
type groupRow struct {
	directory.Group
	members []int32 // into the member table
	inScope bool    // it is one of the groups to be sent
}

// A memberKind says how a value of a group names a member.
type memberKind uint8

const (
	memberDN    memberKind = iota
	memberGUID             // by the extended DN control
	memberLogin            // memberUid
	memberSID              // a foreign security principal
)

// A member is one distinct value that names a member of some group.
type member struct {
	kind memberKind
	next int32 // who came after it the last time: groups have them in like order
	guid [16]byte
	text string // DN, login or SID
}

// A memberTable holds each distinct member once, however many groups have it.
type memberTable struct {
	mu     sync.Mutex
	byGUID map[[16]byte]int32
	byText map[memberKind]map[string]int32
	list   []member
	last   int32 // who came last
}

func newMemberTable() *memberTable {
	return &memberTable{byGUID: map[[16]byte]int32{}, byText: map[memberKind]map[string]int32{memberDN: {}, memberLogin: {}, memberSID: {}}}
}

// add returns the number of a member. The attribute tells logins from DNs.
func (t *memberTable) add(value []byte, isLogin bool) int32 {
	if isLogin {
		return t.text(memberLogin, value)
	}
	name := parseExtendedName(value)
	if sid := foreignSID(name.dn); sid != nil {
		return t.text(memberSID, sid)
	}
	if !name.has {
		return t.text(memberDN, trimUID(name.dn))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.guess(); m != nil && m.kind == memberGUID && m.guid == name.guid {
		return t.came(t.list[t.last].next)
	}
	i, known := t.byGUID[name.guid]
	if !known {
		i = t.put(member{kind: memberGUID, guid: name.guid})
		t.byGUID[name.guid] = i
	}
	return t.came(i)
}

func (t *memberTable) text(kind memberKind, b []byte) int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m := t.guess(); m != nil && m.kind == kind && m.text == string(b) {
		return t.came(t.list[t.last].next)
	}
	i, known := t.byText[kind][string(b)]
	if !known {
		text := string(b)
		i = t.put(member{kind: kind, text: text})
		t.byText[kind][text] = i
	}
	return t.came(i)
}

// guess is who may come next, nil for nobody.
func (t *memberTable) guess() *member {
	if len(t.list) == 0 {
		return nil
	}
	return &t.list[t.list[t.last].next]
}

// came notes who came.
func (t *memberTable) came(i int32) int32 {
	t.list[t.last].next = i
	t.last = i
	return i
}

// put doubles the room at once, as userList.grow does.
func (t *memberTable) put(m member) int32 {
	if len(t.list) == cap(t.list) {
		t.list = slices.Grow(t.list, max(len(t.list), progressStep))
	}
	t.list = append(t.list, m)
	return int32(len(t.list) - 1)
}

// foreignSID returns the SID in the name of a foreign security principal
// (MS-ADTS 6.1.1.4.10): CN=S-1-5-21-...,CN=ForeignSecurityPrincipals,DC=...
func foreignSID(dn []byte) []byte {
	const prefix = "CN=S-1-"
	if len(dn) < len(prefix) || !strings.EqualFold(string(dn[:len(prefix)]), prefix) {
		return nil
	}
	name, parent, ok := bytes.Cut(dn, []byte{','})
	if !ok || !strings.HasPrefix(strings.ToLower(string(parent)), "cn=foreignsecurityprincipals,") {
		return nil
	}
	return name[len("CN="):]
}

// trimUID takes the optional UID off a Name And Optional UID (RFC 4517
// 3.3.21): "cn=x,dc=example,dc=com#'0101'B".
func trimUID(dn []byte) []byte {
	if bytes.HasSuffix(dn, []byte("'B")) {
		if i := bytes.LastIndex(dn, []byte("#'")); i >= 0 && len(bytes.Trim(dn[i+2:len(dn)-2], "01")) == 0 {
			return dn[:i]
		}
	}
	return dn
}

// A groupReader turns entries into group rows.
type groupReader struct {
	r    *reading
	sel  *selection
	pack packer

	anchors, login, members []int
	logins                  []bool // which of members hold logins
	sid, critical, url      int
	inScope                 bool
	rows                    []*groupRow
	skipped                 map[string]int
	progressed              int
}

func newGroupReader(r *reading) *groupReader {
	k := r.src.kind
	own := slices.Concat(k.anchors, k.group, k.members)
	if r.src.cfg.Type == AD {
		own = append(own, "objectSid", "isCriticalSystemObject")
	} else {
		own = append(own, "memberURL")
	}
	sel := newSelection(r.want.GroupAttributes, own...)
	g := &groupReader{r: r, sel: sel, pack: packer{sel: sel}, anchors: sel.indexes(k.anchors), login: sel.indexes(k.group),
		members: sel.indexes(k.members), sid: sel.index("objectSid"), critical: sel.index("isCriticalSystemObject"), url: sel.index("memberURL"), skipped: map[string]int{}}
	for _, i := range g.members {
		g.logins = append(g.logins, strings.EqualFold(sel.list[i], "memberUid"))
	}
	return g
}

// readGroups reads the groups in scope of one domain, with their members.
func (r *reading) readGroups(ctx context.Context, d *domain, s searcher) error {
	g := newGroupReader(r)
	g.inScope = true
	scope := r.src.cfg.Groups
	req := request{filter: joinFilter(r.src.kind.groups, scope.Filter), names: g.sel.names, controls: d.extendedDN()}
	if err := r.searchBases(ctx, d, s, "groups", scope.Base, req, g.entry); err != nil {
		return err
	}
	r.progress("groups", len(g.rows)-g.progressed)
	r.count(g.skipped)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, g.rows...)
	return nil
}

func (g *groupReader) entry(e *entry) error {
	name := parseExtendedName(e.dn)
	login := e.firstOf(g.login)
	inScope := g.inScope
	if conflicting(name.dn, login) {
		g.skipped[skipConflict]++
		g.r.leaveOut(skipConflict, directory.Skipped{Group: true, DN: string(name.dn), Login: string(login)})
		return nil
	}
	if inScope && isTrue(e.at(g.critical)) && !g.r.src.cfg.Users.BuiltIn {
		// It may still be a member of another group, or named in member_of.
		g.skipped[skipBuiltInGroup]++
		g.r.leaveOut(skipBuiltInGroup, directory.Skipped{Group: true, DN: string(name.dn), Login: string(login)})
		inScope = false
	}
	anchor, _, err := anchorOf(e, g.anchors, g.sel.list)
	if err != nil {
		return fmt.Errorf("group %q: %w", name.dn, err)
	}
	p := &g.pack
	p.reset()
	at := [4]span{p.add([]byte(anchor)), p.add(name.dn), p.addForm(login, asText), p.addForm(e.at(g.sid), asSID)}
	wanted := p.addWanted(e, name.dn)
	all := string(p.text)
	row := &groupRow{inScope: inScope, Group: directory.Group{
		Anchor: directory.Anchor(at[0].of(all)), DN: at[1].of(all),
		Login: at[2].of(all), SID: at[3].of(all),
		Attributes: g.sel.wanted.Packed(wanted.of(all)),
	}}
	for m, i := range g.members {
		values := e.get(i)
		if row.members == nil && len(values) > 0 {
			row.members = make([]int32, 0, len(values))
		}
		for _, v := range values {
			row.members = append(row.members, g.r.members.add(v, g.logins[m]))
		}
	}
	if len(row.members) == 0 && len(e.at(g.url)) > 0 {
		return &ReadError{Where: g.r.src.cfg.key("groups"), Problem: fmt.Sprintf("group %q is dynamic (memberURL), and the server does not say who its members are", name.dn),
			Advice: "let the server expand it (OpenLDAP: overlay dynlist), or leave it out with groups.filter: (!(objectClass=groupOfURLs))"}
	}
	g.rows = append(g.rows, row)
	if len(g.rows)-g.progressed == progressStep {
		g.r.progress("groups", progressStep)
		g.progressed = len(g.rows)
	}
	return nil
}
