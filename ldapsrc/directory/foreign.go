package directory

import "slices"

// ResolveForeign names the foreign security principals of the groups of all
// complete readings: a SID that a user of another source has makes that user
// a member, a SID that a group has brings in that group's members. What no
// source knows stays in Foreign. Readings that are incomplete are passed by.
func ResolveForeign(readings []Reading) {
	users := map[string]Anchor{}
	groups := map[string]*Group{}
	var open []*Group
	for _, r := range readings {
		s, ok := r.Snapshot()
		if !ok {
			continue
		}
		for i := range s.Users {
			if sid := s.Users[i].SID; sid != "" {
				users[sid] = s.Users[i].Anchor
			}
		}
		for i := range s.Groups {
			g := &s.Groups[i]
			if g.SID != "" {
				groups[g.SID] = g
			}
			if len(g.Foreign) > 0 {
				open = append(open, g)
			}
		}
	}
	if len(open) == 0 {
		return
	}
	// Groups of two forests may hold each other: the members of each are
	// collected over everything reachable before any group is changed.
	found := make([][]Anchor, len(open))
	rest := make([][]string, len(open))
	for i, g := range open {
		found[i], rest[i] = reach(g, users, groups)
	}
	for i, g := range open {
		g.Members, g.Foreign = found[i], rest[i]
	}
}

// reach collects the members of a group over foreign groups, and the SIDs
// that nobody knows.
func reach(g *Group, users map[string]Anchor, groups map[string]*Group) (members []Anchor, unknown []string) {
	members = slices.Clone(g.Members)
	seen := map[string]bool{g.SID: true}
	queue := slices.Clone(g.Foreign)
	for len(queue) > 0 {
		sid := queue[0]
		queue = queue[1:]
		if seen[sid] {
			continue
		}
		seen[sid] = true
		if a, ok := users[sid]; ok {
			members = append(members, a)
		} else if other, ok := groups[sid]; ok {
			members = append(members, other.Members...)
			queue = append(queue, other.Foreign...)
		} else {
			unknown = append(unknown, sid)
		}
	}
	slices.Sort(members)
	slices.Sort(unknown)
	return slices.Compact(members), unknown
}
