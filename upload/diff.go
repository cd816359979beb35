package upload

import (
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// Input is everything that a plan follows from.
type Input struct {
	Sources      []Source
	State        *State
	Capabilities Capabilities
	Mark         *Mark
	Policy       Policy
}

// A Source is one directory as it was read, and how it is mapped.
type Source struct {
	ID      string
	Reading directory.Reading
	Mapping *Mapping
	Groups  bool // groups are synchronised
	Devices bool // computers are synchronised
	// Presence says of owned anchors that the snapshot lacks whether their
	// entries exist; see Missing. It only makes reasons more exact.
	Presence map[directory.Anchor]directory.Presence
	// Blocked are the entries that the data checks hold back.
	Blocked map[directory.Anchor]Quarantine
	// Compared is what was made of the users while they were read; nil for
	// nothing. Diff uses it up.
	Compared *Comparison
}

// Diff compares what the complete sources hold with what the service holds
// and returns the plan that makes them agree. It decides and does nothing.
// What an incomplete source owns is not touched.
func Diff(in Input) *Plan {
	d := newDiffer(in)
	d.prepare()
	if in.Capabilities.WriteOnly {
		d.wholeRecords()
		d.sayIgnored()
		d.plan.sort()
		return d.plan
	}
	d.users()
	if in.Capabilities.Devices {
		d.devices()
	}
	if in.Capabilities.Groups {
		d.groups()
	}
	d.unmappedRequirements()
	d.holdUnproven()
	d.shrinkage()
	d.say()
	d.plan.sort()
	return d.plan
}

func newDiffer(in Input) *differ {
	return &differ{Input: in, plan: &Plan{}, traits: map[traitKey]Trait{}, paths: map[managedKey][]managed{}, managing: map[*Source]bool{}}
}

// sayIgnored warns of the kinds that the configuration asks for and the
// service does not take.
func (d *differ) sayIgnored() {
	asks := func(has func(*Source) bool) bool {
		return slices.ContainsFunc(d.Sources, func(s Source) bool { return has(&s) })
	}
	if !d.Capabilities.Groups && asks(func(s *Source) bool { return s.Groups }) {
		d.plan.Warnings = append(d.plan.Warnings, "the service takes no groups: groups.sync has no effect")
	}
	if !d.Capabilities.Devices && asks(func(s *Source) bool { return s.Devices }) {
		d.plan.Warnings = append(d.plan.Warnings, "the service takes no devices: computers.sync has no effect")
	}
}

// say warns of what the configuration asks for and the service cannot do.
func (d *differ) say() {
	d.sayIgnored()
	warn := func(text string) { d.plan.Warnings = append(d.plan.Warnings, text) }
	if d.Policy.UserGone == Remove && d.neverDeletes(User) || d.Policy.UserDisabled == Remove && d.neverDeletes(User) {
		warn("users of this service are not deleted but deactivated: its profile has no DELETE for them")
	}
	if d.Policy.GroupGone == Remove && d.neverDeletes(Group) {
		warn("groups of this service are not deleted: its profile has no DELETE for them")
	}
	if n := d.kept[User]; n > 0 {
		warn(fmt.Sprintf("the service cannot deactivate users: %d who are disabled or gone stay as they are; policy delete would remove them", n))
	}
	if n := d.kept[Device]; n > 0 {
		warn(fmt.Sprintf("the service cannot deactivate devices: %d that are disabled or gone stay as they are; policy.user_gone: delete would remove those that are gone", n))
	}
}

// Missing returns the anchors of owned resources, by source, that the
// complete snapshots do not hold: those whose entries left the directory or
// the scope.
func Missing(in Input) map[string][]directory.Anchor {
	d := &differ{Input: in}
	d.indexSources()
	d.index = d.State.indexed(d.Mark)
	missing := map[string][]directory.Anchor{}
	for _, k := range kinds {
		for _, o := range d.gone(k) {
			missing[o.source] = append(missing[o.source], o.anchor)
		}
	}
	return missing
}

// gone are the resources of a kind that complete sources manage and whose
// entries none of them has.
func (d *differ) gone(k Kind) []owned {
	var out []owned
	entries := make([]anchors, len(d.complete))
	for i, s := range d.complete {
		snapshot, _ := s.Reading.Snapshot()
		entries[i] = anchorsOf(snapshot, k)
	}
	for _, o := range d.owned[k] {
		there := false
		for i := range entries {
			there = entries[i].has(o.anchor) || there
		}
		if !there && d.manages(o.source, k) {
			out = append(out, o)
		}
	}
	return out
}

// differ holds the indexes of one Diff.
type differ struct {
	Input
	plan     *Plan
	traits   map[traitKey]Trait
	paths    map[managedKey][]managed
	managing map[*Source]bool // whether managers are written
	both     views
	kept     map[Kind]int // those that cannot be deactivated

	// the sources that were read completely: in the order of the configuration,
	// and by id
	complete []*Source
	sources  map[string]*Source

	*index // of the state

	quarantined map[directory.Anchor]bool // entries in doubt, and their resources
	nameless    map[directory.Anchor]bool // those of them in doubt for nothing but a new name, which is taken
	unsure      map[directory.Anchor]bool // users who are perhaps in more groups than it seems
	// users and groups of all complete sources that are, or will be, at the
	// service
	present presences
	// adopters are the entries that take a resource over, by its id
	adopters map[string]directory.Anchor
	claimed  map[string]bool // resources that are taken over, by kind and id
}

type traitKey struct {
	kind Kind
	path string
}

func (d *differ) indexSources() {
	d.complete, d.sources = nil, map[string]*Source{}
	for i := range d.Sources {
		s := &d.Sources[i]
		if _, ok := s.Reading.Snapshot(); ok {
			d.complete = append(d.complete, s)
			d.sources[s.ID] = s
		}
	}
}

// prepare indexes the sources and what the service holds, and counts what the
// complete sources own of it.
func (d *differ) prepare() {
	d.indexSources()
	entries := 0
	d.quarantined, d.nameless, d.unsure = map[directory.Anchor]bool{}, map[directory.Anchor]bool{}, map[directory.Anchor]bool{}
	for _, s := range d.sources {
		snapshot, _ := s.Reading.Snapshot()
		entries += len(snapshot.Users) + len(snapshot.Groups)
		// The snapshot missed them, and would take for outside who is not.
		for a, p := range s.Presence {
			if p.InScope {
				d.quarantined[a] = true
			}
		}
	}
	d.present = newPresences(entries)
	d.adopters = map[string]directory.Anchor{}
	d.claimed = map[string]bool{}
	d.index = d.State.indexed(d.Mark)
	sources := d.sources
	d.countOwned(func(source string) bool { return sources[source] != nil })
}

// countOwned counts what some sources own, for the limits.
func (d *differ) countOwned(some func(source string) bool) {
	d.plan.ownedBy = map[string]Owned{}
	for source, of := range d.counts {
		if some(source) {
			d.plan.ownedBy[source] = *of
			d.plan.Owned.add(of)
		}
	}
	users := d.owned[User] // the plan is not to hold all that it was made with
	d.plan.having = func(path string) (n int) {
		for _, o := range users {
			if r := o.resource; some(o.source) && (len(r.Get(path)) > 0 || path == PathManager && r.Manager != "") {
				n++
			}
		}
		return n
	}
}

// manages reports whether the source was read completely and synchronises
// resources of the kind.
func (d *differ) manages(source string, k Kind) bool {
	s := d.sources[source]
	switch {
	case s == nil:
		return false
	case k == Group:
		return s.Groups
	case k == Device:
		return s.Devices
	}
	return true
}

// holds reports whether any complete source has the entry: one that moved
// from one source to another is not gone.
func (d *differ) holds(k Kind, a directory.Anchor) bool {
	for _, s := range d.complete {
		if snapshot, _ := s.Reading.Snapshot(); holds(snapshot, k, a) {
			return true
		}
	}
	return false
}

// trait is how values of a path compare: as the service says, but a change of
// case that somebody made is never taken for none.
func (d *differ) trait(k Kind, path string) Trait {
	key := traitKey{k, path}
	t, ok := d.traits[key]
	if !ok {
		if d.Capabilities.Trait != nil {
			t = d.Capabilities.Trait(k, path)
		}
		if p, err := ParsePath(path); err == nil && !FoldsCase(k, p) {
			t.CaseExact = true
		}
		d.traits[key] = t
	}
	return t
}

func (d *differ) quarantine(q Quarantine) {
	d.quarantined[q.Anchor] = true
	d.plan.Quarantined = append(d.plan.Quarantined, q)
}

func (d *differ) add(c Change) {
	c.State = Planned
	d.plan.Changes = append(d.plan.Changes, c)
}

// holdUnproven withholds every removal of a kind whose list at the service
// is not proven: what was seen may not be what is there. An account that the
// directory itself says to be disabled is not removed for being missed
// anywhere, and at a service that lists nothing it would stay for good.
func (d *differ) holdUnproven() {
	for i := range d.plan.Changes {
		c := &d.plan.Changes[i]
		kind := c.Kind
		if kind != Group && c.Verb.Removes() && d.holds(kind, c.Anchor) {
			continue
		}
		if why, ok := d.State.Unproven[kind]; ok && c.Verb.Removes() {
			c.State, c.Why = Withheld, fmt.Sprintf("the service's list of %ss is not proven complete: %s", kind, why)
		}
	}
}
