package directory

import (
	"cmp"
	"slices"
)

// A Snapshot is everything that one source holds in its scope. It exists only
// for a source that was read completely: see Reading.
type Snapshot struct {
	Users     []User     // sorted by anchor
	Groups    []Group    // sorted by anchor
	Computers []Computer // sorted by anchor
	Skipped   []Skip     // sorted by reason
	Warnings  []string   // what an administrator should know, one sentence each
	// Referrals are where the directory says that it goes on (RFC 4511 4.5.3),
	// as URIs, which is not followed. What holds no people, such as the DNS
	// zones of a domain, is not among them.
	Referrals []string
}

// A Reading is the outcome of reading one source: a complete snapshot, or the
// reason why there is none. An incomplete reading holds no entries at all, so
// that nothing can mistake a part for the whole.
type Reading struct {
	Source   string
	snapshot *Snapshot
	err      error
}

// Complete is the reading of a source that was read to the end. It sorts the
// snapshot's lists.
func Complete(source string, s *Snapshot) Reading {
	slices.SortFunc(s.Users, func(a, b User) int { return cmp.Compare(a.Anchor, b.Anchor) })
	slices.SortFunc(s.Groups, func(a, b Group) int { return cmp.Compare(a.Anchor, b.Anchor) })
	slices.SortFunc(s.Computers, func(a, b Computer) int { return cmp.Compare(a.Anchor, b.Anchor) })
	slices.SortFunc(s.Skipped, func(a, b Skip) int { return cmp.Compare(a.Reason, b.Reason) })
	return Reading{Source: source, snapshot: s}
}

// Incomplete is the reading of a source that could not be read to the end.
// The error says where and why; it must not be nil.
func Incomplete(source string, err error) Reading {
	return Reading{Source: source, err: err}
}

// Snapshot returns what was read and true, or nil and false when the reading
// is incomplete.
func (r Reading) Snapshot() (*Snapshot, bool) {
	return r.snapshot, r.snapshot != nil
}

// Err says why the reading is incomplete; nil when it is complete.
func (r Reading) Err() error { return r.err }
