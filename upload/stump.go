package upload

import (
	"fmt"
	"strings"

	"adsync/ldapsrc/directory"
)

// stumpLength is how much of an anchor must be left of it to be known.
const stumpLength = len("00000000-0000")

// stump reports whether an externalId is the beginning of a mark of ours: what
// a service leaves of one that is longer than it keeps.
func (m *Mark) stump(externalID string) bool {
	heads := []string{m.before}
	if m.sourceFirst {
		heads = heads[:0]
		for _, id := range m.ids {
			heads = append(heads, m.before+id+m.between)
		}
	}
	for _, head := range heads {
		rest, ok := strings.CutPrefix(externalID, head)
		if ok && len(rest) >= stumpLength && len(rest) < directory.AnchorLength && directory.BeginsAnchor(rest) {
			return true
		}
	}
	return false
}

// stumpOf is the resource whose externalId is the beginning of a mark that an
// entry has, or had in another source.
func (d *differ) stumpOf(k Kind, source string, a directory.Anchor) *Resource {
	if len(d.stumps[k]) == 0 {
		return nil
	}
	for _, mark := range d.Mark.all(source, a) {
		for n := len(mark) - 1; n >= stumpLength; n-- {
			if r := d.stumps[k][mark[:n]]; r != nil {
				return r
			}
		}
	}
	return nil
}

// cutOff says that an entry has a resource which the service does not show as
// ours, and which cannot be taken over by its name: a second one is not made.
func (d *differ) cutOff(k Kind, source string, a directory.Anchor, name string) string {
	r := d.stumpOf(k, source, a)
	if r == nil || d.Policy.Adopt && sameName(r.Name, name) {
		return ""
	}
	return fmt.Sprintf("%s %s at the service has the externalId %q, which is the beginning of that of this entry: the service cuts it off", k, r.ID, r.ExternalID)
}
