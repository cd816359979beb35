package commands_test

import (
	"strings"
	"testing"

	"adsync/commands"
	"adsync/ldapsrc/ldaptest"
)

// Two units of one directory are two sources, and ada goes from one to the
// other while the other cannot be read.
func TestSomebodyMovesToASourceThatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := memoryHouse(t, ldaptest.ActiveDirectory, true)
	south, north := h.unit("south"), h.unit("north")
	ada := h.hire(south, "ada", "Ada", "Lovelace", nil)
	h.hire(south, "bob", "Bob", "Bitdiddle", nil)
	h.hire(north, "cay", "Cay", "Horstmann", nil)
	part := func(base, id string) string {
		unit := *h
		unit.base = base
		return strings.Replace(unit.source(id), "groups: {sync: true", "groups: {sync: false", 1)
	}
	s := memoryService(t)
	p := install(t, s)
	p.configure(t, s, part(south, "south"), part(north, "north"))
	p.succeeds(t, "sync")

	h.Move(ada, north)
	p.configure(t, s, part(south, "south"), part("OU=no such unit,"+h.base, "north"))
	e := p.run(t, "sync")
	held := "withheld: deactivate user ada@example.org (out of scope: not below any of users.base): the entry may be in source north by now, which was not read completely\n"
	if e.code != commands.ExitSource || !strings.Contains(e.stdout, held) {
		t.Errorf("exit code %d, standard output:\n%s%s\nwant in it:\n%s", e.code, e.stdout, e.stderr, held)
	}
	if got := s.holds(t, "south:"); !strings.Contains(got, "user ada, Ada Lovelace, active") {
		t.Errorf("source south has\n%s", got)
	}

	p.configure(t, s, part(south, "south"), part(north, "north"))
	if got, want := p.succeeds(t, "sync"), "adopt user ada@example.org (moved from source south)\n"; !strings.HasPrefix(got, want) {
		t.Errorf("the run tells\n%s\nwant first:\n%s", got, want)
	}
	if got := s.holds(t, "north:"); !strings.Contains(got, "user ada, Ada Lovelace, active") {
		t.Errorf("source north has\n%s", got)
	}
}
