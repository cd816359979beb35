package scimtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// matching lists what a filter finds, oldest first. The result may be the table itself: it is only read.
func (s *Server) matching(t *resourceType, filter string) ([]*resource, error) {
	quirks := s.quirks()
	if filter == "" && quirks.ListsNothing {
		return nil, nil
	}
	if filter == "" || quirks.IgnoreFilters {
		rows := s.data.tables[t].rows
		if quirks.InactiveUsers == InactiveHidden {
			rows = slices.DeleteFunc(slices.Clone(rows), func(r *resource) bool { return !s.listed(r) })
		}
		return rows, nil
	}
	if quirks.MaxFilterLength > 0 && len(filter) > quirks.MaxFilterLength {
		return nil, badRequest("invalidFilter", "the filter is longer than %d characters", quirks.MaxFilterLength)
	}
	node, err := (&filterParser{text: filter, extended: quirks.ValuePathCompare}).whole()
	if err == nil && !s.filterAllowed(t, node) {
		err = badRequest("", "the filter %q is not supported", node.shape())
	}
	if err != nil {
		if quirks.SilentFilters {
			return nil, nil
		}
		return nil, badRequest("invalidFilter", "%s", err.Error())
	}
	rows, exact, found := s.candidates(t, node)
	exact = exact && !quirks.CaseSensitiveText
	if !found {
		rows = s.data.tables[t].rows
	}
	var out []*resource
	for _, r := range rows {
		if s.listed(r) && (exact && found || s.matches(node, t, s.view(r))) {
			out = append(out, r)
		}
	}
	return out, nil
}

// filterAllowed checks a filter against the service's list.
func (s *Server) filterAllowed(t *resourceType, n filterNode) bool {
	quirks := s.quirks()
	allowed := quirks.UserFilters
	if t.name == "Group" {
		allowed = quirks.GroupFilters
	}
	if allowed == nil {
		return true
	}
	if listed(allowed, n.shape()) {
		return true
	}
	if and, ok := n.(filterAnd); ok {
		swapped := filterAnd{and.right, and.left}
		return listed(allowed, swapped.shape()) ||
			quirks.FilterConjunctions && s.filterAllowed(t, and.left) && s.filterAllowed(t, and.right)
	}
	return false
}

func listed(allowed []string, shape string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, shape) })
}

// listed says whether a resource is to be seen in lists.
func (s *Server) listed(r *resource) bool {
	return !r.deleted && (r.active || r.kind.name != "User" || s.quirks().InactiveUsers != InactiveHidden)
}

// candidates uses the indexes. exact means that every candidate matches; found is false if only a scan helps.
func (s *Server) candidates(t *resourceType, n filterNode) (rows []*resource, exact, found bool) {
	switch n := n.(type) {
	case filterAnd:
		if rows, _, found = s.candidates(t, n.left); found {
			return rows, false, true
		}
		rows, _, found = s.candidates(t, n.right)
		return rows, false, found
	case filterOr:
		left, exactLeft, ok := s.candidates(t, n.left)
		if !ok {
			return nil, false, false
		}
		right, exactRight, ok := s.candidates(t, n.right)
		if !ok {
			return nil, false, false
		}
		return inOrder(slices.Concat(left, right)), exactLeft && exactRight, true
	case filterCompare:
		return s.indexed(t, n)
	}
	return nil, false, false
}

// indexed answers one comparison from an index.
func (s *Server) indexed(t *resourceType, c filterCompare) (rows []*resource, exact, found bool) {
	value, ok := c.value.(string)
	if !ok || c.op != "eq" || (c.path.urn != "" && !strings.EqualFold(c.path.urn, t.schema.ID)) {
		return nil, false, false
	}
	data, table := s.data, s.data.tables[t]
	switch strings.ToLower(strings.TrimSuffix(strings.ToLower(c.path.attr+"."+c.path.sub), ".")) {
	case "id":
		if r, err := s.find(t, value, http.MethodPatch); err == nil {
			rows = []*resource{r}
		}
	case "username":
		rows = slices.Clone(table.userName[strings.ToLower(value)])
	case "displayname":
		rows = slices.Clone(table.display[strings.ToLower(value)])
	case "externalid":
		rows = slices.Clone(table.externalID[value])
	case "members", "members.value":
		rows = slices.Clone(data.groups[value])
	case "groups", "groups.value":
		if g := data.byID[value]; g != nil && t.name == "User" {
			for id := range g.members {
				if r := data.byID[id]; r != nil && r.kind == t {
					rows = append(rows, r)
				}
			}
		}
	default:
		return nil, false, false
	}
	return inOrder(rows), true, true
}

// inOrder sorts by age and drops repetitions.
func inOrder(rows []*resource) []*resource {
	slices.SortFunc(rows, func(a, b *resource) int { return int(a.seq - b.seq) })
	return slices.Compact(rows)
}

// view is a resource with everything a filter can ask for.
func (s *Server) view(r *resource) map[string]any {
	doc := r.attributes()
	if !r.active && s.quirks().InactiveUsers == InactiveAltered {
		_ = json.Unmarshal(hashed(r), &doc) // encoded by hashed itself
	}
	doc["id"] = s.publicID(r)
	urns := []any{}
	for _, u := range r.urns {
		urns = append(urns, u)
	}
	doc["schemas"] = urns
	doc["meta"] = map[string]any{
		"resourceType": r.kind.name, "created": r.created.UTC().Format(time.RFC3339Nano), "lastModified": r.modified.UTC().Format(time.RFC3339Nano),
		"location": s.location(r), "version": r.etag(),
	}
	var list []any
	if len(r.members) > 0 && json.Unmarshal(s.membersJSON(r), &list) == nil {
		doc["members"] = list
	}
	if len(s.data.groups[r.id]) > 0 && json.Unmarshal(s.groupsJSON(r), &list) == nil {
		doc["groups"] = list
	}
	return doc
}

// hashed is what GitHub shows of a suspended user: the login is a hash and the addresses are gone.
func hashed(r *resource) []byte {
	doc := r.attributes()
	sum := sha256.Sum256([]byte(r.id))
	doc["userName"] = hex.EncodeToString(sum[:8])
	doc["emails"] = []any{map[string]any{"value": hex.EncodeToString(sum[:8]) + "@example.test", "type": "work", "primary": true}}
	return quoted(doc)
}
