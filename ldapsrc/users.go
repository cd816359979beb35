package ldapsrc

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"adsync/ldapsrc/directory"
)

// A userReader turns entries into users.
type userReader struct {
	r     *reading
	kind  kind
	sel   *selection
	pack  packer
	scope userGlobs

	anchors, login                              []int
	sid, rid, critical, upn, mail, uid, manager int
	states                                      states
	canaries                                    map[string]bool
	managers                                    map[string]string
	primary                                     map[string]string
	list                                        userList
	skipped                                     map[string]int
	since                                       []directory.User   // who came since it was told last
	came                                        [][]directory.User // before, in the list at the end
}

type userGlobs struct{ include, exclude globList }

func newUserReader(r *reading) *userReader {
	k := r.src.kind
	own := slices.Concat(k.anchors, k.login, k.state, k.also)
	if r.want.Manager != "" {
		own = append(own, r.want.Manager)
	}
	sel := newSelection(r.want.UserAttributes, own...)
	u := &userReader{r: r, kind: k, sel: sel, pack: packer{sel: sel},
		scope:   userGlobs{newGlobs(r.src.cfg.Users.Include), newGlobs(r.src.cfg.Users.Exclude)},
		anchors: sel.indexes(k.anchors), login: sel.indexes(k.login),
		sid: sel.index("objectSid"), rid: sel.index("primaryGroupID"), critical: sel.index("isCriticalSystemObject"),
		upn: sel.index("userPrincipalName"), mail: sel.index("mail"), uid: sel.index("uid"), manager: sel.index(r.want.Manager),
		states: newStates(sel), canaries: map[string]bool{}, managers: map[string]string{}, primary: map[string]string{}, skipped: map[string]int{}}
	for _, name := range r.src.cfg.Expect.MustInclude {
		u.canaries[strings.ToLower(name)] = true
	}
	u.list = userList{names: map[string][]int32{}, logins: map[string]int32{}, present: make([]int, sel.wanted.Len()), anchors: map[string]int{}}
	return u
}

// readUsers reads the users of one domain.
func (r *reading) readUsers(ctx context.Context, d *domain, s searcher) error {
	u := newUserReader(r)
	scope := r.src.cfg.Users
	req := request{filter: joinFilter(u.kind.users, scope.Filter), names: u.sel.names}
	if err := r.searchBases(ctx, d, s, "users", scope.Base, req, u.entry); err != nil {
		return err
	}
	u.tell()
	u.list.users = slices.Concat(u.came...)
	r.count(u.skipped)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users.join(&u.list)
	return nil
}

// progressStep is after how many entries progress is told.
const progressStep = 500

func (u *userReader) entry(e *entry) error {
	name := parseExtendedName(e.dn)
	login := e.firstOf(u.login)
	if reason := u.leftOut(e, name.dn, login); reason != "" {
		u.skipped[reason]++
		u.r.leaveOut(reason, directory.Skipped{DN: string(name.dn), Login: string(login)})
		return nil
	}
	anchor, by, err := anchorOf(e, u.anchors, u.sel.list)
	if err != nil {
		return fmt.Errorf("user %q: %w", name.dn, err)
	}
	p := &u.pack
	p.reset()
	at := [4]span{p.add([]byte(anchor)), p.add(name.dn), p.addForm(login, asText), p.addForm(e.at(u.sid), asSID)}
	wanted := p.addWanted(e, name.dn)
	all := string(p.text)
	user := directory.User{
		Anchor: directory.Anchor(at[0].of(all)), DN: at[1].of(all),
		Login: at[2].of(all), SID: at[3].of(all),
		Inactive: u.states.inactive(e, u.r.now),
	}
	user.Active = user.Inactive == ""
	user.Attributes = u.sel.wanted.Packed(wanted.of(all))
	u.keep(e, user, by)
	return nil
}

func (u *userReader) keep(e *entry, user directory.User, anchoredBy string) {
	l := &u.list
	index := int32(len(l.primary))
	if u.since == nil {
		u.since = make([]directory.User, 0, progressStep)
		l.grow()
	}
	u.since = append(u.since, user)
	l.primary = append(l.primary, u.primaryGroup(e, user.SID))
	manager := ""
	if v := e.at(u.manager); len(v) > 0 {
		manager = sharedString(u.managers, v)
	}
	l.manager = append(l.manager, manager)
	l.anchors[anchoredBy]++
	for w, at := range u.sel.at {
		if at < 0 || len(e.get(at)) > 0 {
			l.present[w]++
		}
	}
	if u.states.control >= 0 && len(e.at(u.states.control)) == 0 {
		if l.unknown++; l.hidden == nil {
			l.hidden = []string{user.DN}
		}
	}
	if len(u.login) > 0 {
		for _, v := range e.get(u.login[0]) {
			if s := string(v); s != user.Login {
				l.logins[s] = index
			}
		}
	}
	if len(u.canaries) > 0 {
		for _, v := range u.names(e, e.firstOf(u.login)) {
			if name := strings.ToLower(string(v)); u.canaries[name] {
				l.names[name] = append(l.names[name], index)
			}
		}
	}
	if len(u.since) == progressStep {
		u.tell()
	}
}

// tell says how many users came since it did last, and shows them.
func (u *userReader) tell() {
	u.r.progress("users", len(u.since))
	u.r.show(u.since)
	u.came = append(u.came, u.since)
	u.since = nil
}

// names are what a user is known by to patterns and canaries.
func (u *userReader) names(e *entry, login []byte) [][]byte {
	names := [][]byte{login, e.at(u.upn), e.at(u.uid)}
	if u.mail >= 0 {
		names = append(names, e.get(u.mail)...)
	}
	return names
}

// leftOut says why an entry is not a user in scope, or returns "".
func (u *userReader) leftOut(e *entry, dn, login []byte) string {
	if conflicting(dn, login) {
		return skipConflict
	}
	if u.r.src.cfg.Type == AD && len(login) > 0 && login[len(login)-1] == '$' {
		return skipMachine
	}
	if !u.r.src.cfg.Users.BuiltIn && u.builtIn(e) {
		return skipBuiltIn
	}
	if len(u.scope.include) == 0 && len(u.scope.exclude) == 0 {
		return ""
	}
	names := u.names(e, login)
	if len(u.scope.include) > 0 && !u.scope.include.match(names...) {
		return skipIncluded
	}
	if u.scope.exclude.match(names...) {
		return skipExcluded
	}
	return ""
}

// builtIn reports whether an account was born with the domain: Administrator,
// Guest, krbtgt and what is marked critical (MS-ADTS 6.1.1.6).
func (u *userReader) builtIn(e *entry) bool {
	if isTrue(e.at(u.critical)) {
		return true
	}
	sid := e.at(u.sid)
	if len(sid) < 12 {
		return false
	}
	_, known := builtInRIDs[binary.LittleEndian.Uint32(sid[len(sid)-4:])]
	return known
}

// conflicting reports whether an entry lost a conflict between two domain
// controllers and waits for an administrator (MS-DRSR 4.1.10.6.9): it has CNF:
// and its GUID in its name, or $DUPLICATE- in its account name.
func conflicting(dn, login []byte) bool {
	rdn, _, _ := bytes.Cut(dn, []byte(","))
	return bytes.Contains(rdn, []byte(`\0ACNF:`)) || bytes.Contains(rdn, []byte(`\0aCNF:`)) || bytes.HasPrefix(login, []byte("$DUPLICATE-"))
}

// primaryGroup is the SID of the user's primary group: the domain of the user,
// and the RID in primaryGroupID (MS-ADTS 3.1.1.4.5.28).
func (u *userReader) primaryGroup(e *entry, sid string) string {
	rid := e.at(u.rid)
	if len(rid) == 0 || sid == "" {
		return ""
	}
	own, _, ok := splitSID(sid)
	if _, err := strconv.ParseUint(string(rid), 10, 32); err != nil || !ok {
		return ""
	}
	return sharedString(u.primary, []byte(own+"-"+string(rid)))
}

// anchorOf reads the immutable id of an entry from the first of the attributes
// that it has, and says from which. The indexes are places in the list of names.
func anchorOf(e *entry, indexes []int, list []string) (directory.Anchor, string, error) {
	for _, i := range indexes {
		attribute, v := list[i], e.first(i)
		if len(v) == 0 {
			continue
		}
		var a directory.Anchor
		var err error
		if len(v) == 16 && formOf(attribute) == asGUID {
			a, err = directory.AnchorFromGUID(v)
		} else {
			a, err = directory.ParseAnchor(string(v))
		}
		if err != nil {
			return "", "", &ReadError{Problem: "it has no usable anchor: " + attribute, Err: err, Advice: "name an attribute that holds a GUID under attributes.anchor"}
		}
		return a, attribute, nil
	}
	tried := make([]string, len(indexes))
	for n, i := range indexes {
		tried[n] = list[i]
	}
	return "", "", &ReadError{Problem: "it has no anchor, none of " + strings.Join(tried, ", "),
		Advice: "let the bind account read it, or name the attribute that every entry has under attributes.anchor"}
}
