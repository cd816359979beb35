package upload

import "adsync/ldapsrc/directory"

// devices plans the computers. They have no members and no manager, and are
// told apart by their mark alone.
func (d *differ) devices() {
	for _, s := range d.complete {
		if !s.Devices {
			continue
		}
		snapshot, _ := s.Reading.Snapshot()
		for i := range snapshot.Computers {
			d.device(s, &snapshot.Computers[i])
		}
	}
	d.leavers(Device)
}

func (d *differ) device(s *Source, c *directory.Computer) {
	name := d.nameFor(s, Device, c.Attributes)
	id := d.Mark.ExternalID(s.ID, c.Anchor)
	r := d.bearer(Device, s.ID, c.Anchor)
	leftOut := func(rule, detail string) {
		d.quarantine(Quarantine{Source: s.ID, Kind: Device, Name: c.Login, DN: c.DN, Anchor: c.Anchor, Rule: rule, Detail: detail})
	}
	switch {
	case name == "":
		leftOut("missing-display", "computer has no name: the source of displayName is empty")
		return
	case d.twice[Device][id]:
		leftOut("dup-id", d.sharers(Device, id))
		return
	}
	if cut := d.cutOff(Device, s.ID, c.Anchor, ""); r == nil && cut != "" {
		leftOut("cut-mark", cut)
		return
	}
	change := Change{Kind: Device, Name: name, Source: s.ID, Anchor: c.Anchor, DN: c.DN, Before: r}
	if r == nil {
		if c.Active {
			mapping, attributes := s.Mapping, c.Attributes
			change.Verb, change.Reason = Create, "new in scope"
			change.create = func(in *room) []AttributeChange { return created(mapping, Device, attributes, in) }
			d.add(change)
		}
		return
	}
	change.set = d.changed(s, Device, c.Attributes, r)
	if c.Active && !r.Active {
		change.Verb, change.Reason = Reactivate, "active in the directory"
		d.add(change)
	} else if len(change.set) > 0 {
		change.Verb, change.Reason = Update, differs
		d.add(change)
	}
	switch off := !c.Active && r.Active && d.Policy.UserDisabled != Keep; {
	case off && !d.deactivates(Device):
		d.keep(Device)
	case off:
		change.Verb, change.set, change.Reason = Deactivate, nil, c.Inactive
		d.add(change)
	}
}
