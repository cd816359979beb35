package upload

import (
	"fmt"
	"slices"

	"adsync/ldapsrc/directory"
)

// moved finds the resource of an entry that has gone from one source to
// another: its anchor is the same, its mark still names the source that it was
// in. why is not empty when that source owns one and cannot give it up, being
// unread or having the entry too; a second resource must not be made then.
func (d *differ) moved(k Kind, to *Source, a directory.Anchor) (r *Resource, why string) {
	for _, from := range d.Mark.ids {
		if from == to.ID {
			continue
		}
		old := d.bearer(k, from, a)
		if old == nil {
			continue
		}
		named := fmt.Sprintf("%s %s at the service has the anchor of this entry and belongs to source %s", k, printable(old.Name), from)
		switch {
		case d.twice[k][old.ExternalID]:
			return nil, d.sharers(k, old.ExternalID)
		case d.sources[from] == nil:
			return nil, named + ", which was not read completely"
		case !d.manages(from, k):
			return nil, fmt.Sprintf("%s, which does not synchronise %ss", named, k)
		}
		if snapshot, _ := d.sources[from].Reading.Snapshot(); holds(snapshot, k, a) {
			return nil, named + ", which has the entry too"
		}
		return old, ""
	}
	return nil, ""
}

// home is the source that has the entry of a resource: the one that its mark
// names, or the one that the entry has moved to. It is nil when the former was
// not read completely, or nobody has the entry.
func (d *differ) home(source string, k Kind, a directory.Anchor) *Source {
	if d.sources[source] == nil {
		return nil
	}
	all := append([]*Source{d.sources[source]}, d.complete...)
	i := slices.IndexFunc(all, func(s *Source) bool {
		snapshot, _ := s.Reading.Snapshot()
		return holds(snapshot, k, a)
	})
	if i < 0 {
		return nil
	}
	return all[i]
}

// perhapsMoved says why an entry that no complete source has is not gone for
// certain: it is still in its directory, in use, and a part of it that was to
// be read was not. It is "" for one that the directory no longer has, or has
// disabled.
func (d *differ) perhapsMoved(source string, a directory.Anchor) string {
	i := slices.IndexFunc(d.Sources, func(s Source) bool { return d.sources[s.ID] == nil })
	if i < 0 || d.sources[source] == nil {
		return ""
	}
	if p, looked := d.sources[source].Presence[a]; looked && !(p.Found && p.Active) {
		return ""
	}
	return fmt.Sprintf("the entry may be in source %s by now, which was not read completely", d.Sources[i].ID)
}
