package ldapsrc

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"adsync/ldapsrc/directory"
)

// computerNames are read of every computer, whatever the mapping wants.
var computerNames = []string{"dNSHostName", "operatingSystem", "operatingSystemVersion", "description"}

// A computerReader turns entries into computers.
type computerReader struct {
	r       *reading
	sel     *selection
	pack    packer
	anchors []int
	login   []int
	sid     int
	logons  []int
	states  states
	list    []directory.Computer
	skipped map[string]int
}

// readComputers reads the computers of one domain. Domain controllers are
// computers too.
func (r *reading) readComputers(ctx context.Context, d *domain, s searcher) error {
	k, cfg := r.src.kind, &r.src.cfg
	own := slices.Concat(k.anchors, []string{"sAMAccountName", "cn"}, k.state)
	if cfg.Type == AD {
		own = append(own, "objectSid", "lastLogonTimestamp", "lastLogon")
	}
	wanted := append(slices.Clone(r.want.ComputerAttributes), computerNames...)
	sel := newSelection(wanted, own...)
	c := &computerReader{r: r, sel: sel, pack: packer{sel: sel}, anchors: sel.indexes(k.anchors), login: sel.indexes([]string{"sAMAccountName", "cn"}),
		sid: sel.index("objectSid"), logons: sel.indexes([]string{"lastLogonTimestamp", "lastLogon"}), states: newStates(sel), skipped: map[string]int{}}
	req := request{filter: joinFilter(k.computers, cfg.Computers.Filter), names: sel.names}
	if err := r.searchBases(ctx, d, s, "computers", cfg.Computers.Base, req, c.entry); err != nil {
		return err
	}
	r.progress("computers", len(c.list))
	r.count(c.skipped)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.computers = append(r.computers, c.list...)
	return nil
}

func (c *computerReader) entry(e *entry) error {
	name := parseExtendedName(e.dn)
	login := e.firstOf(c.login)
	if conflicting(name.dn, login) {
		c.skipped[skipConflict]++
		return nil
	}
	anchor, _, err := anchorOf(e, c.anchors, c.sel.list)
	if err != nil {
		return fmt.Errorf("computer %q: %w", name.dn, err)
	}
	p := &c.pack
	p.reset()
	sid := p.addForm(e.at(c.sid), asSID)
	wanted := p.addWanted(e, name.dn)
	all := string(p.text)
	computer := directory.Computer{Anchor: anchor, DN: string(name.dn), Login: strings.TrimSuffix(string(login), "$"),
		SID: sid.of(all), Inactive: c.states.inactive(e, c.r.now), Path: ouPath(string(name.dn))}
	computer.Active = computer.Inactive == ""
	// lastLogonTimestamp is replicated and up to 14 days old, lastLogon is
	// this domain controller's own (MS-ADA1 2.352): the later one counts.
	for _, i := range c.logons {
		if t, ok, err := fileTime(string(e.first(i))); err == nil && ok && t.After(computer.LastLogon) {
			computer.LastLogon = t
		}
	}
	computer.LastLogon = computer.LastLogon.Truncate(time.Second)
	computer.Attributes = c.sel.wanted.Packed(wanted.of(all))
	c.list = append(c.list, computer)
	return nil
}

// ouPath is where an entry stands, outermost first: OU=Laptops,OU=Berlin,... is
// Berlin/Laptops. Containers count like OUs, domain components do not.
func ouPath(dn string) string {
	var parts []string
	_, rest := splitRDN(dn)
	for rest != "" {
		var rdn string
		value := rdnValue(rest)
		rdn, rest = splitRDN(rest)
		if typ, _, _ := strings.Cut(rdn, "="); foldType(strings.TrimSpace(typ)) != "dc" {
			parts = append(parts, value)
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}
