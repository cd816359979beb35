package upload

import (
	"cmp"
	"slices"

	"adsync/ldapsrc/directory"
)

// A Holding counts what one source owns at the service.
type Holding struct {
	Source      string
	Configured  bool
	Users       int
	ActiveUsers int
	Groups      int
	Devices     int
}

// Holdings counts the resources of every source whose mark the service shows,
// and of every configured source, sorted by id. A source that is not
// configured was taken out here, or is that of somebody else's adsync.
func Holdings(state *State, mark *Mark) []Holding {
	of := map[string]*Holding{}
	for id := range mark.sources {
		of[id] = &Holding{Source: id, Configured: true}
	}
	for _, k := range []Kind{User, Group, Device} {
		resources := state.Of(k)
		for i := range resources {
			source, _, ok := mark.parse(resources[i].ExternalID)
			if !ok {
				continue
			}
			if of[source] == nil {
				of[source] = &Holding{Source: source}
			}
			of[source].add(&resources[i])
		}
	}
	out := make([]Holding, 0, len(of))
	for _, h := range of {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b Holding) int { return cmp.Compare(a.Source, b.Source) })
	return out
}

func (h *Holding) add(r *Resource) {
	switch r.Kind {
	case Group:
		h.Groups++
	case Device:
		h.Devices++
	default:
		h.Users++
		if r.Active {
			h.ActiveUsers++
		}
	}
}

// Purge plans the removal of everything that a source owns, configured or
// not. Of the policy it takes UserGone and GroupGone; what the directory holds
// does not matter. All of it is withheld: only Approve, with the digest of
// exactly this list, lets it happen.
func Purge(in Input, source string) *Plan {
	d := &differ{Input: in, plan: &Plan{}}
	for _, k := range []Kind{User, Group, Device} {
		resources := in.State.Of(k)
		for i := range resources {
			r := &resources[i]
			owner, anchor, ok := in.Mark.parse(r.ExternalID)
			if !ok || owner != source {
				continue
			}
			if verb, ok := d.leaving(k, r); ok {
				d.plan.Changes = append(d.plan.Changes, purged(r, verb, source, anchor))
			}
		}
	}
	d.say()
	d.plan.sort()
	return d.plan
}

func purged(r *Resource, verb Verb, source string, a directory.Anchor) Change {
	return Change{
		Verb: verb, Kind: r.Kind, Name: r.Name, Source: source, Anchor: a, Before: r, Reason: "purge of source " + source,
		State: Withheld, Why: "wants approval", overLimit: true,
	}
}
