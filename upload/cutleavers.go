package upload

import "adsync/ldapsrc/directory"

// A cutEntry is the entry whose mark begins as what a service has left of one.
type cutEntry struct {
	user   *directory.User
	source *Source
	stays  bool
}

// cutLeavers plans what becomes of users whose mark was cut off and whose entry
// is gone or disabled. Half a mark names our source and no other's entry, but
// it is half: they are switched off, and never deleted.
func (d *differ) cutLeavers() {
	if len(d.stumps[User]) == 0 || !d.Mark.named() || len(d.sources) != len(d.Mark.sources) || !d.deactivates(User) {
		return
	}
	entries := d.cutEntries()
	for i := range d.State.Users {
		r := &d.State.Users[i]
		if d.stumps[User][r.ExternalID] == nil || !r.Active || d.claimed[string(User)+r.ID] {
			continue
		}
		e, there := entries[r.ExternalID]
		c := Change{Verb: Deactivate, Kind: User, Name: r.Name, Before: r, Reason: "no longer in the directory or out of scope"}
		switch {
		case !there && d.Policy.UserGone != Keep:
			c.Source, c.Anchor = d.Mark.stumpOwner(r.ExternalID)
		case there && !e.stays && d.Policy.UserDisabled != Keep:
			c.Source, c.Anchor, c.DN, c.Reason = e.source.ID, e.user.Anchor, e.user.DN, reasonInactive(e.user)
		default:
			continue
		}
		c.Reason += "; the service has cut its externalId off"
		d.add(c)
	}
}

// cutEntries are the users of all sources by the beginnings of marks that the
// service has. Several who begin alike stay.
func (d *differ) cutEntries() map[string]cutEntry {
	lengths := map[int]bool{}
	for head := range d.stumps[User] {
		lengths[len(head)] = true
	}
	out := map[string]cutEntry{}
	for _, s := range d.complete {
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Users {
			u := &snapshot.Users[i]
			for _, mark := range d.Mark.all(s.ID, u.Anchor) {
				for n := range lengths {
					if n >= len(mark) || d.stumps[User][mark[:n]] == nil {
						continue
					}
					_, again := out[mark[:n]]
					out[mark[:n]] = cutEntry{user: u, source: s, stays: again || u.Active || d.quarantined[u.Anchor]}
				}
			}
		}
	}
	return out
}

// named reports whether a mark begins with what is ours alone: a source, or a
// text of the template.
func (m *Mark) named() bool { return m.before != "" || m.sourceFirst }

// stumpOwner is the source, and what is left of the anchor, of the beginning of
// a mark.
func (m *Mark) stumpOwner(externalID string) (source string, rest directory.Anchor) {
	for _, id := range m.ids {
		head := m.before
		if m.sourceFirst {
			head += id + m.between
		}
		if len(externalID) > len(head) && externalID[:len(head)] == head && directory.BeginsAnchor(externalID[len(head):]) {
			return id, directory.Anchor(externalID[len(head):])
		}
	}
	return "", ""
}
