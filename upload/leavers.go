package upload

import (
	"fmt"

	"adsync/ldapsrc/directory"
)

// leavers plans what becomes of owned resources whose entries the complete
// snapshots do not hold.
func (d *differ) leavers(k Kind) {
	for _, o := range d.gone(k) {
		source, a, r := o.source, o.anchor, o.resource
		if d.twice[k][r.ExternalID] {
			continue
		}
		if d.quarantined[a] {
			d.plan.Warnings = append(d.plan.Warnings, fmt.Sprintf("%s %s came into scope of source %s while the directory was read, and stays as it is in this run", k, printable(r.Name), source))
			continue
		}
		verb, ok := d.leaving(k, r)
		if !ok {
			continue
		}
		reason, dn := d.whereabouts(d.sources[source], a)
		d.add(Change{Verb: verb, Kind: k, Name: r.Name, Source: source, Anchor: a, DN: dn, Before: r, Reason: reason})
		if why := d.perhapsMoved(source, a); why != "" {
			c := &d.plan.Changes[len(d.plan.Changes)-1]
			c.State, c.Why = Withheld, why
		}
	}
}

// leaving is what the policy says of a resource whose entry is gone; false
// when nothing is to be done, or has been done already.
func (d *differ) leaving(k Kind, r *Resource) (Verb, bool) {
	action := d.Policy.UserGone
	if k == Group {
		action = d.Policy.GroupGone
	}
	if action == Remove && d.neverDeletes(k) {
		action = Off
	}
	switch {
	case action == Remove:
		return Delete, true
	case action == Off && r.Active && !d.deactivates(k):
		d.keep(k)
	case action == Off && r.Active:
		return Deactivate, true
	}
	return "", false
}

// switchOff plans that a user who is disabled is off at the service.
func (d *differ) switchOff(c *candidate) {
	switch {
	case c.user.Active || !c.held.Active || d.Policy.UserDisabled == Keep:
	case !d.deactivates(User):
		d.keep(User)
	default:
		d.add(c.change(Deactivate, reasonInactive(c.user)))
	}
}

// deactivates reports whether resources of a kind can be switched off.
func (d *differ) deactivates(k Kind) bool {
	switch k {
	case User:
		return d.Capabilities.Deactivates
	case Device:
		return !d.Capabilities.StaticDevices
	}
	return false
}

// keep counts a resource that should be off and cannot be.
func (d *differ) keep(k Kind) {
	if d.kept == nil {
		d.kept = map[Kind]int{}
	}
	d.kept[k]++
}

// neverDeletes reports whether the service, or its profile, has no DELETE for
// a kind; its users are deactivated then, and its groups kept.
func (d *differ) neverDeletes(k Kind) bool {
	may, said := d.Capabilities.Delete[k]
	return said && !may
}

// whereabouts says why an entry is not in the snapshot.
func (d *differ) whereabouts(s *Source, a directory.Anchor) (reason, dn string) {
	p, looked := s.Presence[a]
	switch {
	case !looked:
		return "no longer in the directory or out of scope", ""
	case !p.Found:
		return "no longer in the directory", ""
	case p.Why == "":
		return "out of scope", p.DN
	}
	return "out of scope: " + p.Why, p.DN
}
