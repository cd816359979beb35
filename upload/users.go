package upload

import (
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// candidate is a user of a complete source on the way into the plan.
type candidate struct {
	user   *directory.User
	source *Source
	id     string // externalId
	name   string // userName
	folded string // the name as names are matched
	held   *Resource

	compared bool
	diff     *difference // between the two; nil for none
}

func (d *differ) users() {
	candidates := d.candidates()
	d.settleNames(d.userRenamings(candidates))
	for _, c := range candidates {
		d.place(c)
	}
	d.compare(candidates)
	d.plan.Changes = slices.Grow(d.plan.Changes, changing(candidates))
	for _, c := range candidates {
		switch {
		case !d.quarantined[c.user.Anchor]:
			d.user(c)
		case d.nameless[c.user.Anchor]:
			d.switchOff(c)
		}
	}
	d.leavers(User)
	d.cutLeavers()
}

// changing is about how many users will change.
func changing(all []*candidate) (n int) {
	for _, c := range all {
		if c.held == nil || c.diff != nil {
			n++
		}
	}
	return n
}

// candidates are all users of the complete sources with their names; those
// that cannot be right are quarantined.
func (d *differ) candidates() []*candidate {
	var out []*candidate
	for _, s := range d.complete {
		snapshot, _ := s.Reading.Snapshot()
		d.managed(s, User) // is known when several need it at once
		first := len(out)
		out = append(out, make([]*candidate, len(snapshot.Users))...)
		if !d.takeCompared(s, snapshot.Users, out[first:]) {
			spread(len(snapshot.Users), piece, func(from, to int) {
				d.introduce(s, snapshot.Users[from:to], out[first+from:first+to])
			})
		}
		s.Compared = nil
		for _, c := range out[first:] {
			u := c.user
			if q, ok := s.Blocked[u.Anchor]; ok {
				d.quarantine(q)
			}
			if u.ScopeInDoubt && u.Active {
				d.quarantineUser(c, "dup-login", fmt.Sprintf("a group of users.member_of names a member by the login %q, which several users have", u.SharedLogin))
			}
			if u.SharedLogin != "" {
				d.unsure[u.Anchor] = true
			}
			if other := d.elsewhere(s, u.Anchor); other != "" {
				d.quarantineUser(c, "dup-id", other+" has the same anchor")
			}
			if c.held == nil {
				var why string
				if c.held, why = d.moved(User, s, u.Anchor); why != "" && u.Active {
					d.quarantineUser(c, "dup-id", why)
				}
			}
			if c.name == "" {
				d.quarantineUser(c, "missing-login", "no login name: the source of userName is empty")
			}
		}
	}
	d.shareNoName(out)
	return out
}

// introduce makes candidates of users.
func (d *differ) introduce(s *Source, users []directory.User, out []*candidate) {
	var both views
	held := d.from(User, s.ID, users[0].Anchor)
	made := make([]candidate, len(users))
	for i := range users {
		made[i] = d.introduced(s, &users[i], held.of(users[i].Anchor), &both)
		out[i] = &made[i]
	}
}

// introduced is the candidate of a user, compared with the resource that bears
// the user's mark, if there is one.
func (d *differ) introduced(s *Source, u *directory.User, held *Resource, both *views) candidate {
	both.want.Read(u.Attributes)
	c := candidate{user: u, source: s, name: nameIn(s, User, &both.want), held: held}
	c.folded = foldName(c.name)
	if held == nil {
		c.id = d.Mark.ExternalID(s.ID, u.Anchor)
		return c
	}
	c.id = held.ExternalID
	c.compare(d.managed(s, User), both)
	return c
}

// elsewhere is another complete source that has the same user: one directory
// configured twice.
func (d *differ) elsewhere(but *Source, a directory.Anchor) string {
	for _, s := range d.complete {
		if s == but {
			continue
		}
		snapshot, _ := s.Reading.Snapshot()
		if _, dn, ok := find(snapshot, User, a); ok {
			return fmt.Sprintf("%s (source %s)", dn, s.ID)
		}
	}
	return ""
}

// shareNoName quarantines all users who would have the same userName. One
// who is off, and not at the service, wants no name.
func (d *differ) shareNoName(all []*candidate) {
	names := make(map[string]int, len(all))
	shared := map[string][]int{}
	for i, c := range all {
		if c.name == "" || (!c.user.Active && c.held == nil) {
			continue
		}
		first, again := names[c.folded]
		switch {
		case !again:
			names[c.folded] = i
		case len(shared[c.folded]) == 0:
			shared[c.folded] = []int{first, i}
		default:
			shared[c.folded] = append(shared[c.folded], i)
		}
	}
	for _, same := range shared {
		for _, i := range same {
			d.quarantineUser(all[i], "dup-login", fmt.Sprintf("userName %q is also that of %s", all[i].name, others(all, same, i)))
		}
	}
}

func others(all []*candidate, same []int, but int) string {
	text := ""
	for _, i := range same {
		if i == but {
			continue
		}
		if text != "" {
			text += " and "
		}
		text += fmt.Sprintf("%s (%s, source %s)", all[i].user.DN, all[i].user.Anchor, all[i].source.ID)
	}
	return text
}

func (d *differ) quarantineUser(c *candidate, rule, detail string) {
	if d.quarantined[c.user.Anchor] {
		return
	}
	name := c.name
	if name == "" {
		name = c.user.Login
	}
	d.quarantine(Quarantine{Source: c.source.ID, Kind: User, Name: name, DN: c.user.DN, Anchor: c.user.Anchor, Rule: rule, Detail: detail})
}

// nameFor evaluates the rule of the unique name alone.
func (d *differ) nameFor(s *Source, k Kind, a directory.Attributes) string {
	d.both.want.Read(a)
	return nameIn(s, k, &d.both.want)
}

func nameIn(s *Source, k Kind, view *directory.View) string {
	for _, r := range s.Mapping.Of(k) {
		if r.Path == nameOf(k) {
			values, err := r.From.Values(view)
			if err != nil {
				return ""
			}
			return first(values)
		}
	}
	return ""
}

// place finds the resource that a user has at the service, and says who will
// be there, so that members and managers can be named.
func (d *differ) place(c *candidate) {
	u := c.user
	if d.twice[User][c.id] {
		d.quarantineUser(c, "dup-id", d.sharers(User, c.id))
		return
	}
	if c.held == nil && !d.quarantined[u.Anchor] && u.Active {
		if why := d.cutOff(User, c.source.ID, u.Anchor, c.name); why != "" {
			d.quarantineUser(c, "cut-mark", why)
			return
		}
		var why string
		if c.held, why = d.claim(User, c.name, d.stumpOf(User, c.source.ID, u.Anchor)); why != "" {
			d.quarantineUser(c, "name-taken", why)
		}
	}
	if why, unseen := d.State.Unseen[u.Anchor]; unseen && c.held == nil && u.Active {
		d.quarantineUser(c, "unseen", "it may be at the service already, whose list is not proven complete: "+why)
	}
	if c.held != nil && c.held.ExternalID != c.id {
		d.adopters[c.held.ID] = u.Anchor
	}
	switch {
	case c.held != nil:
		d.present.put(presence{Member{Anchor: u.Anchor, ID: c.held.ID, Name: c.name}, c.held.place})
	case u.Active && !d.quarantined[u.Anchor]:
		d.present.put(presence{Member: Member{Anchor: u.Anchor, Name: c.name}})
	}
}

// userRenamings are the users whose resource has another name than they.
func (d *differ) userRenamings(all []*candidate) []renaming {
	var out []renaming
	if !d.renameable(User) {
		return nil
	}
	for _, c := range all {
		if c.held == nil || d.twice[User][c.id] || sameName(c.held.Name, c.name) || !d.written(c.user, c.held) {
			continue
		}
		out = append(out, renaming{User, c.name, c.held, c.user.Anchor, func(why string) { d.quarantineUser(c, "name-taken", why) }})
	}
	return out
}

// user plans what one user needs.
func (d *differ) user(c *candidate) {
	u, r := c.user, c.held
	if r == nil {
		if u.Active {
			d.createUser(c)
		}
		return
	}
	adopted := r.ExternalID != c.id && !d.Capabilities.Unmarked[User]
	frozen := d.Capabilities.FrozenInactive && !r.Active && !u.Active
	if d.deletes(u) {
		d.add(c.change(Delete, reasonInactive(u)))
		return
	}
	var set []AttributeChange
	var manager *managerChange
	if !frozen {
		if c.diff != nil {
			set = c.diff.set
			d.warn(c.diff.broken)
		}
		manager = d.managerOf(c, r)
	}
	if adopted || u.Active && !r.Active || len(set) > 0 || manager != nil {
		change := c.change(Update, differs)
		change.set, change.manager = set, manager
		switch {
		case adopted:
			change.Verb, change.Reason, change.inactive = Adopt, d.adoption(r), !u.Active
		case u.Active && !r.Active:
			change.Verb, change.Reason = Reactivate, "active in the directory"
		}
		d.add(change)
	}
	d.switchOff(c)
}

// change is one of the user's resource.
func (c *candidate) change(v Verb, reason string) Change {
	return Change{Verb: v, Reason: reason, Kind: User, Name: c.name, Source: c.source.ID, Anchor: c.user.Anchor, DN: c.user.DN, Before: c.held}
}

// adoption is the reason of an adoption. The mark of another tool is named, for
// it is lost.
func (d *differ) adoption(r *Resource) string {
	if source, _, ok := d.Mark.Owner(r.ExternalID); ok {
		return fmt.Sprintf("moved from source %s", source)
	}
	text := "same " + nameOf(r.Kind) + ", not owned by anyone"
	if r.ExternalID != "" {
		text = fmt.Sprintf("same %s; its externalId %q, not of adsync, is replaced", nameOf(r.Kind), r.ExternalID)
	}
	return text
}

// deletes reports whether a user is deleted for being disabled.
func (d *differ) deletes(u *directory.User) bool {
	return !u.Active && d.Policy.UserDisabled == Remove && !d.neverDeletes(User)
}

func reasonInactive(u *directory.User) string {
	if u.Inactive == "" {
		return "disabled in the directory"
	}
	return u.Inactive
}

func (d *differ) createUser(c *candidate) {
	change := c.change(Create, "new in scope")
	mapping, attributes := c.source.Mapping, c.user.Attributes
	change.create = func(in *room) []AttributeChange { return created(mapping, User, attributes, in) }
	change.manager = d.managerOf(c, nil)
	d.add(change)
}

// managerOf plans the manager. One that the directory names but that is not,
// and will not be, at the service cannot be written; what is there is taken
// away only if it is certainly somebody else of ours.
func (d *differ) managerOf(c *candidate, r *Resource) *managerChange {
	if !d.writesManagers(c.source) {
		return nil
	}
	have := ""
	if r != nil {
		have = r.Manager
	}
	want := d.present.of(c.user.Manager)
	if c.user.Manager != "" && want != nil {
		if want.ID != "" && want.ID == have {
			return nil
		}
		return &managerChange{anchor: want.Anchor, name: want.Name, old: d.nameOfID(have)}
	}
	switch {
	case have == "", c.user.Manager != "" && !d.removable(have):
		return nil
	case c.user.ManagerUnknown && !(d.removable(have) && d.left(have)):
		return nil
	}
	return &managerChange{old: d.nameOfID(have)}
}

// writesManagers reports whether a source's mapping has the manager and the
// service takes it after the create.
func (d *differ) writesManagers(s *Source) bool {
	writes, known := d.managing[s]
	if !known {
		t := d.trait(User, PathManager)
		writes = s.Mapping.manages(User, PathManager) && !t.ReadOnly && !t.Hidden && !t.WriteOnce
		d.managing[s] = writes
	}
	return writes
}

// nameOfID is the userName of an id, or the id where it is not known.
func (d *differ) nameOfID(id string) string {
	if r := d.byID(id); r != nil {
		return r.Name
	}
	return id
}

// left reports whether an id is of a user of ours whom no complete source has.
func (d *differ) left(id string) bool {
	r := d.byID(id)
	if r == nil {
		return false
	}
	_, a, ok := d.Mark.Owner(r.ExternalID)
	return ok && !d.holds(User, a)
}

// ours reports whether an id is of a user that a completely read source owns,
// or takes over in this run.
func (d *differ) ours(id string) bool {
	if _, adopted := d.adopters[id]; adopted {
		return true
	}
	r := d.byID(id)
	if r == nil {
		return false
	}
	source, _, ok := d.Mark.Owner(r.ExternalID)
	return ok && d.sources[source] != nil
}
