package upload

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"adsync/ldapsrc/directory"
)

// A Plan is the sorted list of changes that makes the service agree with the
// directory, and what is left out of it. It is data: it can be printed,
// counted, digested, stored and applied.
type Plan struct {
	Changes     []Change // in the order in which they are applied
	Quarantined []Quarantine
	Warnings    []string
	// Causes are what most likely lies behind many removals at once.
	Causes []string

	// Owned counts what the complete sources own at the service now; the
	// limits' percentages are of these.
	Owned Owned

	ownedBy map[string]Owned      // the same by source
	trial   *Change               // an adoption of a group whose mark is most likely not kept
	having  func(path string) int // owned users who have a value
}

// Owned counts resources of ours at the service.
type Owned struct {
	ActiveUsers, Groups, Memberships int
	Devices                          int // active ones
}

func (o *Owned) add(other *Owned) {
	o.ActiveUsers += other.ActiveUsers
	o.Groups += other.Groups
	o.Memberships += other.Memberships
	o.Devices += other.Devices
}

// A Quarantine is an entry that is left out because it cannot be right. Its
// resource at the service stays as it is.
type Quarantine struct {
	Source string
	Kind   Kind
	Name   string
	DN     string
	Anchor directory.Anchor
	Rule   string // "dup-login", "missing-login", ...
	Detail string
	Fix    string // "" when none is known
}

// phase is the place of a change in the order of application: free names
// first, give before taking, take members before accounts.
func (c *Change) phase() int {
	switch {
	case c.clearing:
		return 3
	case c.Kind == User && c.renames():
		return 0
	case c.Kind == User && (c.Verb == Update || c.Verb == Reactivate || c.Verb == Adopt || c.Verb == Release):
		return 1
	case c.Kind == User && c.Verb == Create:
		return 2
	case c.Kind == Device && !c.Verb.Removes():
		return 4
	case c.Kind == Group && c.renames():
		return 5
	case c.Kind == Group && (c.Verb == Update || c.Verb == Adopt || c.Verb == Release):
		return 6
	case c.Kind == Group && c.Verb == Create:
		return 7
	case c.Verb == AddMembers:
		return 8
	case c.Verb == RemoveMembers:
		return 9
	case c.Kind == Group && c.Verb == Delete:
		return 10
	case c.Verb == Deactivate:
		return 11
	}
	return 12
}

// renames reports whether the change writes the resource's unique name.
func (c *Change) renames() bool {
	return c.Before != nil && slices.ContainsFunc(c.set, func(a AttributeChange) bool {
		return a.Path == nameOf(c.Kind) && !sameName(first(a.Old), first(a.New))
	})
}

// lastUserPhase is the last phase before managers can be written.
const lastUserPhase = 3

func (p *Plan) sort() {
	slices.SortStableFunc(p.Changes, func(a, b Change) int {
		return cmp.Or(
			cmp.Compare(a.phase(), b.phase()),
			cmp.Compare(a.depth(), b.depth()),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Anchor, b.Anchor),
			cmp.Compare(a.Verb, b.Verb),
		)
	})
	slices.SortStableFunc(p.Quarantined, func(a, b Quarantine) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Anchor, b.Anchor))
	})
	slices.Sort(p.Warnings)
	p.Warnings = slices.Compact(p.Warnings)
}

// Withheld returns the changes that are held back.
func (p *Plan) Withheld() []*Change {
	var out []*Change
	for i := range p.Changes {
		if p.Changes[i].State == Withheld {
			out = append(out, &p.Changes[i])
		}
	}
	return out
}

// Has reports whether any change is in a state.
func (p *Plan) Has(state ChangeState) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return c.State == state })
}

// DoneAsPlanned reports, after Apply, whether every change was tried and none
// took over what it found in its place: the plan's images are what they were.
func (p *Plan) DoneAsPlanned() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.State == Planned || c.taken != nil })
}

// Digest is the plan's fingerprint, the same for the same plan on any host:
// 16 hexadecimal digits for all changes and, when some are withheld by a
// limit, a dot and 16 more for those. The first part is what an expected plan
// is compared by, the second what an approval is compared by.
func (p *Plan) Digest() string {
	all := make([]*Change, len(p.Changes))
	var held []*Change
	for i := range p.Changes {
		all[i] = &p.Changes[i]
		if p.Changes[i].limited() {
			held = append(held, all[i])
		}
	}
	if len(held) == 0 {
		return digest(all)
	}
	return digest(all) + "." + digest(held)
}

// limited reports whether a limit holds the change back, or held it back
// before it was approved.
func (c *Change) limited() bool { return c.overLimit }

func digest(changes []*Change) string {
	h := sha256.New()
	_ = InOrder(len(changes), func(text []byte, i int) []byte { return changes[i].canonical(text) }, func(text []byte) error {
		_, err := h.Write(text)
		return err // never
	})
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// canonical appends everything of the change that an approval is about. The
// service's ids are left out where the anchor says the same.
func (c *Change) canonical(b []byte) []byte {
	// With their lengths, so that no name can pass for two.
	list := func(fields ...string) {
		b = binary.AppendUvarint(b, uint64(len(fields)))
		for _, f := range fields {
			b = append(binary.AppendUvarint(b, uint64(len(f))), f...)
		}
	}
	list(string(c.Verb), string(c.Kind), c.Source, string(c.Anchor), c.Name)
	for a := range c.Attributes() {
		list("attribute", a.Path)
		list(a.Old...)
		list(a.New...)
	}
	for _, m := range c.Members {
		name := m.Name
		if m.Anchor != "" {
			name = "" // some services give another to those who are deactivated
		}
		list("member", string(m.Anchor), name)
	}
	return b
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
