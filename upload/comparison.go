package upload

import "adsync/ldapsrc/directory"

// A Comparison compares the users of one source with what the service holds
// while the source is still read, so that Diff need not.
type Comparison struct {
	differ *differ
	source *Source
	both   views
	next   int32 // the place of the resource that is asked for next, perhaps
	made   [][]compared
	n      int // how many they are
}

// compared is a candidate of a user who is known by Number and anchor.
type compared struct {
	candidate
	number int32
	anchor directory.Anchor
}

// Compare begins a Comparison; in is what Diff will be given, without readings.
func Compare(in Input, source int) *Comparison {
	c := &Comparison{differ: newDiffer(in), source: &in.Sources[source]}
	c.differ.index = in.State.indexed(in.Mark)
	return c
}

// Users compares some users, in any order. It keeps nothing of them.
func (c *Comparison) Users(users []directory.User) {
	made := make([]compared, len(users))
	for i := range users {
		u := &users[i]
		made[i] = compared{c.differ.introduced(c.source, u, c.bearer(u.Anchor), &c.both), u.Number, u.Anchor}
		made[i].user = nil
	}
	c.made = append(c.made, made)
	c.n += len(made)
}

// bearer is the resource that bears the mark of a user, nil for none: mostly the
// one that is listed after the last one, for users are mostly listed on both
// sides as they were made.
func (c *Comparison) bearer(a directory.Anchor) *Resource {
	x := c.differ.index
	if int(c.next) < len(x.placed) {
		r := x.placed[c.next]
		if source, b, ok := x.mark.Owner(r.ExternalID); ok && b == a && source == c.source.ID && r.Kind == User && !x.twice[User][r.ExternalID] {
			c.next++
			return r
		}
	}
	r := x.bearer(User, c.source.ID, a)
	if r != nil {
		c.next = r.place + 1
	}
	return r
}

// takeCompared takes over what a Comparison made of the users of a source. It
// returns false if it did not see just these, or if other resources are known
// since.
func (d *differ) takeCompared(s *Source, users []directory.User, out []*candidate) bool {
	c := s.Compared
	if c == nil || c.differ.index != d.index || c.n != len(users) {
		return false
	}
	places := directory.Places(users)
	for _, piece := range c.made {
		for i := range piece {
			made := &piece[i]
			if int(made.number) >= len(places) {
				return false
			}
			place := places[made.number]
			made.user, made.source = &users[place], s
			if made.user.Anchor != made.anchor || out[place] != nil {
				return false
			}
			out[place] = &made.candidate
		}
	}
	return true
}
