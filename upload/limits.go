package upload

import (
	"fmt"
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
	UserRemovals        Limit // users deactivated or deleted, of the owned active users
	GroupRemovals       Limit // groups deleted, of the owned groups
	MemberRemovals      Limit // members taken out, of all memberships of owned groups
	GroupMemberRemovals Limit // members taken out of one group, of that group's
}

// DefaultLimits are the limits of a configuration that sets none.
func DefaultLimits() Limits {
	percent := func(v float64) Limit { return Limit{Percent: true, Value: v} }
	return Limits{UserRemovals: percent(10), GroupRemovals: percent(10), MemberRemovals: percent(20), GroupMemberRemovals: percent(50)}
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
// says which those are. What stays is everything that gives.
func (p *Plan) Limit(l Limits) []Blown {
	var users, groups, memberships int
	byGroup := map[int]int{}
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case c.State != Planned || !c.Verb.Removes():
		case c.Kind == User:
			users++
		case c.Verb == RemoveMembers:
			memberships += len(c.Members)
			byGroup[i] = len(c.Members)
		case c.Kind == Group:
			groups++
		}
	}
	var blown []Blown
	check := func(what, key string, limit Limit, planned, of int, holds func(*Change) bool) {
		if planned <= limit.Allows(of) {
			return
		}
		blown = append(blown, Blown{What: what, Key: key, Planned: planned, Allowed: limit.Allows(of), Of: of, Limit: limit})
		p.withhold("over "+key, holds)
	}
	check("user removals", "limits.user_removals", l.UserRemovals, users, p.Owned.ActiveUsers,
		func(c *Change) bool { return c.Kind == User && c.Verb.Removes() })
	check("group removals", "limits.group_removals", l.GroupRemovals, groups, p.Owned.Groups,
		func(c *Change) bool { return c.Kind == Group && c.Verb == Delete })
	check("member removals", "limits.member_removals", l.MemberRemovals, memberships, p.Owned.Memberships,
		func(c *Change) bool { return c.Verb == RemoveMembers })
	for i := range p.Changes {
		c := &p.Changes[i]
		if n := byGroup[i]; n > 0 && c.State == Planned {
			check(fmt.Sprintf("member removals from %q", c.Name), "limits.group_member_removals",
				l.GroupMemberRemovals, n, len(c.Before.Members), func(other *Change) bool { return other == c })
		}
	}
	p.keepMembersOfWithheld()
	return blown
}

func (p *Plan) withhold(why string, holds func(*Change) bool) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.State == Planned && holds(c) {
			c.State, c.Why, c.overLimit = Withheld, why, true
		}
	}
}

// keepMembersOfWithheld leaves users whose removal is withheld in their
// groups: nothing is taken from a user whose leaving is in doubt.
func (p *Plan) keepMembersOfWithheld() {
	held := map[string]bool{}
	for _, c := range p.Withheld() {
		if c.Kind == User {
			held[c.Before.ID] = true
		}
	}
	if len(held) == 0 {
		return
	}
	var split []Change
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Verb != RemoveMembers || c.State != Planned {
			continue
		}
		var keep, leave []Member
		for _, m := range c.Members {
			if held[m.ID] {
				keep = append(keep, m)
			} else {
				leave = append(leave, m)
			}
		}
		if len(keep) == 0 {
			continue
		}
		why := "the removal of these users is withheld"
		if len(leave) == 0 {
			c.State, c.Why, c.overLimit = Withheld, why, true
			continue
		}
		rest := *c
		rest.Members, rest.State, rest.Why, rest.overLimit = keep, Withheld, why, true
		c.Members = leave
		split = append(split, rest)
	}
	p.Changes = append(p.Changes, split...)
	p.sort()
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
