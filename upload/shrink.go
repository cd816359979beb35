package upload

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// shrinkage names a narrowed scope as the cause where it is one: most of
// those who are to go have not left the directory, only the bases and filters.
func (d *differ) shrinkage() {
	for _, s := range d.complete {
		for _, k := range kinds {
			if text := shrunk(s, k, d.plan.Changes); text != "" {
				d.plan.Causes = append(d.plan.Causes, text)
			}
		}
	}
}

// shrunk is the sentence for one kind of one source, "" when too few are to
// go, or most of them have left the directory.
func shrunk(s *Source, k Kind, changes []Change) string {
	going, there := 0, 0
	why := map[string]int{}
	for i := range changes {
		c := &changes[i]
		p, missing := s.Presence[c.Anchor]
		if c.Kind != k || c.Source != s.ID || !missing || c.Verb != Deactivate && c.Verb != Delete {
			continue
		}
		going++
		if p.Found {
			there++
			why[cmp.Or(p.Why, "for no known reason")]++
		}
	}
	if going < LimitFloor || there*2 <= going {
		return ""
	}
	return fmt.Sprintf("source %s: %d of the %d %ss that are to go are still in the directory, out of scope: %s; was the scope changed, or a unit moved?",
		s.ID, there, going, k, reasons(why))
}

// reasons lists reasons with their counts, the most frequent first.
func reasons(counts map[string]int) string {
	var list []string
	for why := range counts {
		list = append(list, why)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for i, why := range list {
		if len(list) > 1 {
			list[i] = fmt.Sprintf("%s (%d)", why, counts[why])
		}
	}
	return strings.Join(list, ", ")
}
