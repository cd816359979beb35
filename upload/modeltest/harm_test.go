package modeltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"adsync/ldapsrc/directory"
	"adsync/upload/scimtest"
)

// A photograph is all that the service holds, by id.
type photograph struct {
	users, groups map[string]map[string]any
}

func (w *world) photograph() photograph {
	p := photograph{map[string]map[string]any{}, map[string]map[string]any{}}
	for _, u := range w.server.Users() {
		p.users[textOf(u["id"])] = u
	}
	for _, g := range w.server.Groups() {
		p.groups[textOf(g["id"])] = g
	}
	return p
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// harmless checks what holds after any run at all.
func (w *world) harmless(before photograph, broken string) error {
	after := w.photograph()
	errs := []error{w.markedOnce("group", before.groups, after.groups), w.markedOnce("user", before.users, after.users)}
	for id, u := range before.users {
		if _, intruded := w.intruded.LoadAndDelete(id); !intruded {
			errs = append(errs, w.unharmed(u, after.users[id], after, broken))
		}
	}
	for id, g := range before.groups {
		errs = append(errs, w.unharmedGroup(g, after.groups[id], before, after, broken))
	}
	return errors.Join(errs...)
}

// markedOnce checks that a run makes no second resource of anybody. One
// that the service hides, from lists and from look-ups, nobody can know of:
// whoever is renamed meanwhile is new to all that can be seen.
func (w *world) markedOnce(kind string, before, after map[string]map[string]any) error {
	seen := map[directory.Anchor]string{}
	anchor := func(r map[string]any) directory.Anchor {
		id := textOf(r["externalId"])
		_, a, _ := mark.Owner(id)
		if w.cut(id) {
			_, rest, _ := strings.Cut(id, ":")
			a = directory.Anchor(rest)
		}
		return a
	}
	for id, r := range after {
		a := anchor(r)
		if a == "" || w.hides(r) {
			continue
		}
		if other := seen[a]; other != "" && !(anchor(before[id]) == a && anchor(before[other]) == a) {
			return fmt.Errorf("%ss %s and %s are both marked as %s", kind, other, id, a)
		}
		seen[a] = id
	}
	return nil
}

// hides reports whether the service hides a resource.
func (w *world) hides(r map[string]any) bool {
	return w.quirks.InactiveUsers == scimtest.InactiveHidden && r["userName"] != nil && r["active"] == false
}

// unharmed checks one resource that was there before the run.
func (w *world) unharmed(was, is map[string]any, after photograph, broken string) error {
	name := fmt.Sprint(was["userName"], was["displayName"])
	source, anchor, ours := mark.Owner(textOf(was["externalId"]))
	p := w.person(anchor)
	switch {
	case is == nil && !ours:
		return fmt.Errorf("%s is not ours and is gone", name)
	case ours && p != nil && p.active && p.source == broken && was["active"] != false && (is == nil || is["active"] == false):
		return fmt.Errorf("%s is in a source that could not be read, and is off", name)
	case is == nil && source == broken:
		return fmt.Errorf("%s is gone, though its source could not be read", name)
	case is == nil:
		return nil
	}
	adopted := !ours && w.takenOver(textOf(was["externalId"]), textOf(is["externalId"]))
	if adopted {
		linked := w.quirks.PostLinks && w.hides(was) // a create of a name that nobody can see
		if _, foreign := mark.Foreign(textOf(was["externalId"])); foreign || !w.policy.Adopt && !linked {
			return fmt.Errorf("%s was taken over against the policy", name)
		}
	}
	if !ours && !adopted || ours && source == broken {
		if a, b := plain(was), plain(is); a != b && !w.lockedOut(was, is, broken) {
			return fmt.Errorf("%s is not ours to change in this run:\nwas %s\nis  %s", name, a, b)
		}
	}
	if w.quirks.PostTakesOver || w.quirks.PostLinks {
		return nil // a create of a taken name is an update there
	}
	for _, path := range []string{"nickName"} {
		if was[path] != is[path] {
			return fmt.Errorf("%s of %s was %v, is %v, and is not managed", path, name, was[path], is[path])
		}
	}
	if a, b := ofType(was["emails"], "home"), ofType(is["emails"], "home"); !slices.Equal(a, b) {
		return fmt.Errorf("the home address of %s was %v, is %v, and is not managed", name, a, b)
	}
	return nil
}

func (w *world) unharmedGroup(was, is map[string]any, before, after photograph, broken string) error {
	members := func(g map[string]any) []string {
		var out []string
		for _, id := range membersOf(g) {
			if after.users[id] != nil { // a deleted user is a member of nothing
				out = append(out, id)
			}
		}
		return out
	}
	if is != nil {
		had, has := members(was), members(is)
		source, _, ours := mark.Owner(textOf(was["externalId"]))
		adopted := !ours && w.takenOver(textOf(was["externalId"]), textOf(is["externalId"]))
		if !slices.Equal(had, has) && (!ours && !adopted || ours && source == broken) {
			return fmt.Errorf("group %v had members %v and has %v, not ours to change in this run", was["displayName"], had, has)
		}
		for _, id := range had {
			owner, anchor, member := mark.Owner(textOf(before.users[id]["externalId"]))
			p := w.person(anchor)
			unread := member && (owner == broken || p != nil && p.active && p.source == broken)
			if (!member && !isOurs(textOf(after.users[id]["externalId"])) || unread) && !slices.Contains(has, id) {
				return fmt.Errorf("member %v of group %v is not ours to take out", before.users[id]["userName"], was["displayName"])
			}
		}
	}
	strip := func(g map[string]any) map[string]any {
		if g == nil {
			return nil
		}
		out := map[string]any{}
		for name, v := range g {
			if name != "members" {
				out[name] = v
			}
		}
		return out
	}
	return w.unharmed(strip(was), strip(is), after, broken)
}

func membersOf(g map[string]any) []string {
	list, _ := g["members"].([]any)
	var out []string
	for _, m := range list {
		if m, ok := m.(map[string]any); ok {
			id := textOf(m["value"])
			if id == "" { // shown by reference alone
				id = path.Base(textOf(m["$ref"]))
			}
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ofType are the values of a multi-valued attribute that have a type.
func ofType(v any, kind string) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && (kind == "" || m["type"] == kind) {
			out = append(out, textOf(m["value"]))
		}
	}
	slices.Sort(out)
	return out
}

func plain(doc map[string]any) string {
	out := map[string]any{}
	for name, v := range doc {
		if name != "meta" {
			out[name] = v
		}
	}
	b, _ := json.Marshal(out)
	return string(b)
}
