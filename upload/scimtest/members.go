package scimtest

import (
	"encoding/json"
	"strings"
)

// memberValues reads a list of members as POST, PUT and PATCH carry it.
func memberValues(v any) ([]string, error) {
	var ids []string
	for _, e := range listOf(v) {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, badRequest("invalidValue", "a member must be an object")
		}
		id, ok := fold(m, "value").(string)
		if !ok || id == "" {
			return nil, badRequest("invalidValue", "a member must have a value")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// memberEdit collects changes to a group's members and makes them all at once or not at all. The lock is held
// from the first call to commit.
type memberEdit struct {
	server         *Server
	group          *resource
	cleared        bool
	present        map[string]bool // what the edit has decided; the rest is as it was
	order          []string
	repeats        []string
	added, removed int
}

func (e *memberEdit) has(id string) bool {
	if p, decided := e.present[id]; decided {
		return p
	}
	_, was := e.group.members[id]
	return was && !e.cleared
}

func (e *memberEdit) decide(id string, present bool) {
	if e.present == nil {
		e.present = map[string]bool{}
	}
	if _, decided := e.present[id]; !decided {
		e.order = append(e.order, id)
	}
	e.present[id] = present
}

// add makes the ids members; one that is a member already stays so.
func (e *memberEdit) add(ids []string) error {
	quirks := e.server.quirks()
	for _, id := range ids {
		e.added++
		m := e.server.data.byID[id]
		switch {
		case m == nil && quirks.SkipUnknown:
			continue
		case (m == nil || m.deleted) && !quirks.AcceptUnknown:
			return badRequest("invalidValue", "member %s does not exist", id)
		case m != nil && m.kind.name == "Group" && quirks.NoNesting:
			return badRequest("invalidValue", "a group cannot be a member")
		case m != nil && m.kind.name == "Group" && quirks.SkipGroups:
			continue
		}
		if e.has(id) {
			if quirks.DuplicateMembers {
				e.repeats = append(e.repeats, id)
			}
			continue
		}
		e.decide(id, true)
	}
	return nil
}

func (e *memberEdit) remove(ids ...string) {
	for _, id := range ids {
		e.removed++
		if e.has(id) {
			e.decide(id, false)
		}
	}
}

// clear removes everybody.
func (e *memberEdit) clear() {
	e.cleared, e.present, e.order, e.repeats = true, nil, nil, nil
}

// commit makes the changes; it says whether there were any.
func (e *memberEdit) commit() bool {
	changed := false
	data := e.server.data
	if e.cleared {
		for id := range e.group.members {
			if !e.present[id] {
				changed = data.unlink(e.group, id) || changed
			}
		}
	}
	for _, id := range e.order {
		if e.present[id] {
			changed = data.link(e.group, id, false) || changed
		} else {
			changed = data.unlink(e.group, id) || changed
		}
	}
	for _, id := range e.repeats {
		changed = data.link(e.group, id, true) || changed
	}
	return changed
}

// apply does one PATCH operation on members.
func (e *memberEdit) apply(op string, path patchPath, value any) error {
	quirks := e.server.quirks()
	if path.sub != "" {
		return badRequest("invalidPath", "members can be added and removed, not changed")
	}
	if path.filter != nil {
		if op != "remove" {
			return badRequest("invalidPath", "a filter on members is for remove only")
		}
		return e.removeMatching(path.filter)
	}
	ids, err := memberValues(value)
	if err != nil {
		return err
	}
	switch {
	case op == "add" && quirks.AddReplaces:
		e.clear()
		return e.add(ids)
	case op == "add" && quirks.AddsFirstOnly:
		return e.add(ids[:min(1, len(ids))])
	case op == "add":
		return e.add(ids)
	case op == "replace" && quirks.ReplaceMembers == ReplaceRefused:
		return badRequest("invalidValue", "replacing all members is not supported")
	case op == "replace":
		if quirks.ReplaceMembers == ReplaceReplaces {
			e.clear()
		}
		return e.add(ids)
	case value != nil && quirks.RemoveByValue == ByValueRemovesListed:
		e.remove(ids...)
		return nil
	}
	switch quirks.RemoveAllMembers {
	case RemoveRefused:
		return badRequest("invalidValue", "removing all members is not supported")
	case RemoveWorks:
		e.removed += len(e.group.members)
		e.clear()
	}
	return nil
}

// removeMatching removes the members a value filter selects.
func (e *memberEdit) removeMatching(filter filterNode) error {
	quirks := e.server.quirks()
	switch quirks.RemoveByPath {
	case RemoveIgnored:
		return nil
	case RemoveRefused:
		return badRequest("invalidPath", "a value filter is not supported here")
	case RemoveTakesAll:
		e.removed += len(e.group.members)
		e.clear()
		return nil
	case RemoveOneOnly:
		if _, single := filter.(filterCompare); !single {
			return nil
		}
	}
	if ids, ok := valuesNamed(filter); ok {
		e.remove(ids...)
		return nil
	}
	var list []map[string]any
	if err := json.Unmarshal(e.server.membersJSON(e.group), &list); err != nil {
		return badRequest("invalidPath", "the members cannot be filtered")
	}
	def := e.group.kind.definition(attrPath{attr: "members"})
	for _, m := range list {
		if id, ok := m["value"].(string); ok && matchesElement(filter, def, m) {
			e.remove(id)
		}
	}
	return nil
}

// valuesNamed lists the ids of a filter made only of value eq "..", joined by or: the common case, without a scan.
func valuesNamed(n filterNode) ([]string, bool) {
	switch n := n.(type) {
	case filterCompare:
		id, ok := n.value.(string)
		return []string{id}, ok && n.op == "eq" && strings.EqualFold(n.path.String(), "value")
	case filterOr:
		left, okLeft := valuesNamed(n.left)
		right, okRight := valuesNamed(n.right)
		return append(left, right...), okLeft && okRight
	}
	return nil, false
}

// checkLimits refuses a PATCH that changes more members than the service takes at once.
func (e *memberEdit) checkLimits(memberOps, allOps int) error {
	quirks := e.server.quirks()
	over := func(n, limit int) bool { return limit > 0 && n > limit }
	switch {
	case over(e.added, quirks.MaxAdds), over(e.removed, quirks.MaxRemoves), over(e.added+e.removed, quirks.MaxChanges):
		return badRequest("invalidValue", "too many member changes in one request")
	case quirks.OneMemberOperation && memberOps > 0 && allOps > 1:
		return badRequest("invalidValue", "a change of members must be the only operation")
	}
	return nil
}
