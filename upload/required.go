package upload

import (
	"fmt"
	"slices"
	"strings"
)

// unmappedRequirements says once for each source that makes users which
// attributes the service wants of a new user and no mapping gives.
func (d *differ) unmappedRequirements() {
	for i := range d.Sources {
		s := &d.Sources[i]
		creates := slices.ContainsFunc(d.plan.Changes, func(c Change) bool { return c.Verb == Create && c.Kind == User && c.Source == s.ID })
		if !creates || s.Mapping == nil {
			continue
		}
		var missing []string
		for _, path := range d.Capabilities.Required[User] {
			if path != "active" && !s.Mapping.gives(path) {
				missing = append(missing, path)
			}
		}
		if len(missing) > 0 {
			d.plan.Warnings = append(d.plan.Warnings, fmt.Sprintf("the service wants %s of every user, and the mapping of source %s gives none: creates are likely to be refused",
				strings.Join(missing, ", "), s.ID))
		}
	}
}

// gives reports whether a path of users, or a part of it, is mapped.
func (m *Mapping) gives(path string) bool {
	return slices.ContainsFunc(m.User, func(r Rule) bool {
		rest, ok := strings.CutPrefix(strings.ToLower(r.Path), strings.ToLower(path))
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}
