package upload

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// LimitFloor is the number of removals that a percentage always allows, so
// that small directories are not blocked. A limit given as a number is taken
// as it is.
const LimitFloor = 5

// A Limit is how many removals of a kind one run may make: a number, or a
// percentage of what is there. The zero Limit allows none.
type Limit struct {
	Percent bool
	Value   float64
	Off     bool
}

// ParseLimit reads "10%", "25" or "off".
func ParseLimit(text string) (Limit, error) {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "off") {
		return Limit{Off: true}, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	if percent {
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(v >= 0 && v <= 100) {
			return Limit{}, fmt.Errorf("%q is not a percentage from 0%% to 100%%", text)
		}
		return Limit{Percent: true, Value: v}, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return Limit{}, fmt.Errorf("%q is neither a number, a percentage, nor off", text)
	}
	return Limit{Value: float64(n)}, nil
}

// Allows returns how many removals the limit allows of so many resources.
func (l Limit) Allows(of int) int {
	switch {
	case l.Off:
		return int(^uint(0) >> 1)
	case l.Percent:
		return max(LimitFloor, int(l.Value*float64(of)/100))
	}
	return int(l.Value)
}

func (l Limit) String() string {
	switch {
	case l.Off:
		return "off"
	case l.Percent:
		return strconv.FormatFloat(l.Value, 'f', -1, 64) + "%"
	}
	return strconv.Itoa(int(l.Value))
}

// Limits are the fuse: how much one run may take away.
type Limits struct {
	UserRemovals        Limit // users deactivated or deleted, of the owned active users; devices likewise
	GroupRemovals       Limit // groups deleted, of the owned groups
	MemberRemovals      Limit // members taken out, of all memberships of owned groups
	GroupMemberRemovals Limit // members taken out of one group, of that group's
	AttributeRemovals   Limit // users who lose their value of one path, of those who have one
}

// DefaultLimits are the limits of a configuration that sets none.
func DefaultLimits() Limits {
	percent := func(v float64) Limit { return Limit{Percent: true, Value: v} }
	return Limits{UserRemovals: percent(10), GroupRemovals: percent(10), MemberRemovals: percent(20), GroupMemberRemovals: percent(50), AttributeRemovals: percent(50)}
}

// A Blown is one limit that the plan goes over.
type Blown struct {
	What    string // "user removals", "member removals", ...
	Key     string // the configuration key
	Planned int
	Allowed int
	Of      int
	Limit   Limit
}

func (b Blown) String() string {
	return fmt.Sprintf("%d %s are over %s: %s of %d allows %d", b.Planned, b.What, b.Key, b.Limit, b.Of, b.Allowed)
}

// Limit holds back the removals of every kind that goes over its limit, and
// says which those are. What stays is everything that gives. Each source is
// held to the limits by itself too: what befalls a small one must not hide
// behind a large one.
func (p *Plan) Limit(l Limits) []Blown {
	f := &fuse{plan: p, limits: l}
	f.check("", p.Owned)
	if len(p.ownedBy) > 1 {
		for _, source := range slices.Sorted(maps.Keys(p.ownedBy)) {
			f.check(source, p.ownedBy[source])
		}
	}
	f.checkGroups()
	p.keepTiesOfWithheld()
	f.checkAttributes()
	p.sort()
	return f.blown
}

// A fuse is one look at a plan with the limits in hand.
type fuse struct {
	plan   *Plan
	limits Limits
	blown  []Blown
}

// check holds the removals of one source to the limits, or those of all.
func (f *fuse) check(source string, owned Owned) {
	of := " of source " + source
	if source == "" {
		of = ""
	}
	gone := func(k Kind) func(*Change) bool {
		return func(c *Change) bool {
			return c.Kind == k && (c.Verb == Deactivate || c.Verb == Delete) && (source == "" || c.Source == source)
		}
	}
	// Those who are off already must not keep others in: where DELETE only
	// deactivates they become more and more.
	off := func(c *Change) bool { return gone(User)(c) && c.alreadyOff() }
	on := func(c *Change) bool { return gone(User)(c) && !c.alreadyOff() }
	one := func(*Change) int { return 1 }
	f.hold("user removals"+of, "limits.user_removals", f.limits.UserRemovals, owned.ActiveUsers, on, one)
	f.hold("deletions of inactive users"+of, "limits.user_removals", f.limits.UserRemovals, owned.ActiveUsers, off, one)
	f.hold("device removals"+of, "limits.user_removals", f.limits.UserRemovals, owned.Devices, gone(Device), one)
	f.hold("group removals"+of, "limits.group_removals", f.limits.GroupRemovals, owned.Groups, gone(Group), one)
	f.hold("member removals"+of, "limits.member_removals", f.limits.MemberRemovals, owned.Memberships,
		func(c *Change) bool { return c.Verb == RemoveMembers && (source == "" || c.Source == source) },
		func(c *Change) int { return len(c.Members) })
}

// hold withholds the planned changes that are meant if together they weigh
// more than the limit allows. What is withheld already counts too: it is as
// much a sign that something is wrong.
func (f *fuse) hold(what, key string, limit Limit, of int, meant func(*Change) bool, weight func(*Change) int) {
	planned := 0
	for i := range f.plan.Changes {
		if c := &f.plan.Changes[i]; (c.State == Planned || c.overLimit) && meant(c) {
			planned += weight(c)
		}
	}
	if planned <= limit.Allows(of) || !f.plan.withhold("over "+key, meant) {
		return
	}
	f.blown = append(f.blown, Blown{What: what, Key: key, Planned: planned, Allowed: limit.Allows(of), Of: of, Limit: limit})
}

// checkGroups holds each group's members to the limit of one group.
func (f *fuse) checkGroups() {
	for i := range f.plan.Changes {
		if c := &f.plan.Changes[i]; c.Verb == RemoveMembers && c.State == Planned {
			f.hold(fmt.Sprintf("member removals from %q", c.Name), "limits.group_member_removals", f.limits.GroupMemberRemovals, len(c.Before.Members),
				func(other *Change) bool { return other == c }, func(c *Change) int { return len(c.Members) })
		}
	}
}

// withhold reports whether there was anything to withhold.
func (p *Plan) withhold(why string, holds func(*Change) bool) bool {
	any := false
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.State == Planned && holds(c) {
			c.State, c.Why, c.overLimit = Withheld, why, true
			any = true
		}
	}
	return any
}

// keepTiesOfWithheld leaves users whose removal is withheld in their groups,
// and as the managers of others: nothing is taken from a user whose leaving is
// in doubt.
func (p *Plan) keepTiesOfWithheld() {
	held := map[string]*Change{}
	for _, c := range p.Withheld() {
		if c.Kind == User {
			held[c.Before.ID] = c
		}
	}
	if len(held) == 0 {
		return
	}
	var split []Change
	for i := range p.Changes {
		c := &p.Changes[i]
		if user := held[c.managerBefore()]; user != nil && c.State == Planned && c.clearsManager() {
			rest := c.splitClearing(PathManager)
			rest.Why, rest.overLimit = "the removal of the manager is withheld", user.overLimit
			split = append(split, rest)
		}
		if c.Verb != RemoveMembers || c.State != Planned {
			continue
		}
		var keep, leave []Member
		limited := false
		for _, m := range c.Members {
			if user := held[m.ID]; user != nil {
				keep, limited = append(keep, m), limited || user.overLimit
			} else {
				leave = append(leave, m)
			}
		}
		if len(keep) == 0 {
			continue
		}
		why := "the removal of these users is withheld"
		if len(leave) == 0 {
			c.State, c.Why, c.overLimit = Withheld, why, limited
			continue
		}
		rest := *c
		rest.Members, rest.State, rest.Why, rest.overLimit = keep, Withheld, why, limited
		c.Members = leave
		split = append(split, rest)
	}
	p.dropHollow()
	p.Changes = append(p.Changes, split...)
}

// Approve permits the withheld removals when the digest is theirs. It
// returns false, and permits nothing, when the list is another one.
func (p *Plan) Approve(digest string) bool {
	whole, held, limited := strings.Cut(p.Digest(), ".")
	_, approved, full := strings.Cut(digest, ".")
	if !full {
		approved = digest
	}
	if !limited || approved == "" || (approved != held && digest != whole) {
		return false
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.State == Withheld && c.overLimit {
			c.State, c.Why = Planned, ""
		}
	}
	return true
}

// Expected reports whether the digest is that of this whole plan.
func (p *Plan) Expected(digest string) bool {
	mine, _, _ := strings.Cut(p.Digest(), ".")
	theirs, _, _ := strings.Cut(digest, ".")
	return mine == theirs
}
