package upload

import "adsync/ldapsrc/directory"

// wholeRecord is a user as a service takes it of which nothing can be read:
// with everything that is managed, set or empty.
type wholeRecord struct {
	active  bool
	depth   int     // managers above the user; managers are sent first
	manager *string // the manager's externalId, "" for none; nil where it is not known
	values  func() []Attribute
}

// depth orders whole records so that a manager is there before those who
// name them.
func (c *Change) depth() int {
	if c.whole == nil {
		return 0
	}
	return c.whole.depth
}

// wholeRecords plans to send every user. Nothing can be compared, so nothing
// is known of those who left: only accounts that are still in the directory,
// and disabled, are sent as inactive.
func (d *differ) wholeRecords() {
	candidates := d.candidates()
	for _, c := range candidates {
		d.place(c)
	}
	users := make([]directory.Anchor, len(candidates))
	manager := make(map[directory.Anchor]directory.Anchor, len(candidates))
	for i, c := range candidates {
		users[i], manager[c.user.Anchor] = c.user.Anchor, c.user.Manager
	}
	chain := managersAbove(users, manager)
	for _, c := range candidates {
		if d.quarantined[c.user.Anchor] || !c.user.Active && d.Policy.UserDisabled == Keep {
			continue
		}
		mapping, attributes := c.source.Mapping, c.user.Attributes
		record := &wholeRecord{active: c.user.Active, depth: chain[c.user.Anchor]}
		change := Change{
			Verb: Update, Kind: User, Name: c.name, Source: c.source.ID, Anchor: c.user.Anchor, DN: c.user.DN,
			Reason: "sent whole: what the service holds cannot be read", whole: record,
			create: func(in *room) []AttributeChange { return created(mapping, User, attributes, in) },
		}
		if !c.user.Active {
			change.Reason = "sent whole, as inactive: " + reasonInactive(c.user)
		}
		if mapping.manages(User, PathManager) {
			record.manager = d.wholeManager(c.user)
			if m := d.present.of(c.user.Manager); m != nil {
				change.manager = &managerChange{anchor: m.Anchor, name: m.Name}
			}
		}
		record.values = func() []Attribute {
			values, err := mapping.Evaluate(User, attributes)
			if err != nil {
				return nil
			}
			return values
		}
		d.add(change)
	}
	d.plan.Warnings = append(d.plan.Warnings,
		"nothing can be read of this service: every user is sent, and who left the directory or the scope stays as they are there")
}

// wholeManager is the externalId of a user's manager. One who is left out
// himself, or disabled, is named all the same, for he stays as he is; of one
// who is not in the scope nothing is said.
func (d *differ) wholeManager(u *directory.User) *string {
	id := ""
	switch {
	case u.ManagerUnknown:
		return nil
	case u.Manager == "":
		return &id
	}
	for _, s := range d.complete {
		if snapshot, _ := s.Reading.Snapshot(); holds(snapshot, User, u.Manager) {
			id = d.Mark.ExternalID(s.ID, u.Manager)
			return &id
		}
	}
	return nil
}

// wholeWrite is the request of a whole record.
func (a *applier) wholeWrite(c *Change) Write {
	active := c.whole.active
	return Write{
		Op: OpCreate, Kind: User, ExternalID: a.Mark.ExternalID(c.Source, c.Anchor),
		Set: c.whole.values(), Active: &active, Manager: c.whole.manager,
	}
}
