package scim

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"adsync/upload"
)

// A document is a resource as JSON, to be sent or changed.
type document map[string]any

// member finds a member in any case (RFC 7643 2.1) and returns the name it
// has, or the given one.
func member(m map[string]any, name string) (string, any) {
	if v, ok := m[name]; ok {
		return name, v
	}
	for have, v := range m {
		if strings.EqualFold(have, name) {
			return have, v
		}
	}
	return name, nil
}

// A writer puts values into documents as one service wants them.
type writer struct {
	facts   *facts
	profile *Profile
	kind    upload.Kind
	before  *upload.Resource // what is changed; nil for a create
}

func (t *Target) writer(k upload.Kind) *writer {
	return &writer{facts: t.facts, profile: &t.profile, kind: k}
}

// set writes the values of a path into a document; none takes it away.
func (w *writer) set(doc document, s *spot, values []string) {
	p := s.Path
	at := map[string]any(doc)
	if p.URN != "" {
		name, v := member(at, p.URN)
		inner, ok := v.(map[string]any)
		if !ok {
			if len(values) == 0 {
				return
			}
			inner = map[string]any{}
		}
		at[name] = inner
		defer func() {
			if len(inner) == 0 {
				delete(doc, name)
			}
		}()
		at = inner
	}
	attribute, sub := s.attribute, s.sub
	name, old := member(at, p.Attr)
	var value any
	switch {
	case attribute.Multi || p.By != "":
		value = w.elements(s, old, values)
	case p.Sub != "":
		value = part(old, p.Sub, values, sub)
	case len(values) > 0:
		value = typed(values[0], sub)
	}
	if value == nil {
		delete(at, name)
		return
	}
	at[name] = value
}

// part writes one sub-attribute of a complex value.
func part(old any, name string, values []string, f fact) any {
	inner, ok := old.(map[string]any)
	if !ok {
		inner = map[string]any{}
	}
	name, _ = member(inner, name)
	if len(values) == 0 {
		delete(inner, name)
	} else {
		inner[name] = typed(values[0], f)
	}
	if len(inner) == 0 {
		return nil
	}
	return inner
}

// elements writes values into the elements of a multi-valued attribute.
func (w *writer) elements(s *spot, old any, values []string) any {
	list := listed(old)
	p, f := s.Path, s.sub
	switch {
	case p.By != "":
		list = w.selected(list, p, values, f)
	case p.Sub == "" && s.simple:
		list = nil
		for _, v := range values {
			list = append(list, typed(v, f))
		}
	default:
		list = replaced(list, subOf(p), values, f)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

func subOf(p upload.Path) string {
	if p.Sub == "" {
		return "value"
	}
	return p.Sub
}

// replaced keeps the elements whose value stays, with all that others keep
// in them, and makes new ones for new values.
func replaced(list []any, sub string, values []string, f fact) []any {
	var out []any
	for _, v := range values {
		var have any
		for _, e := range list {
			if m, ok := e.(map[string]any); ok {
				if _, x := member(m, sub); textOf(x) == v {
					have = m
				}
			}
		}
		if have == nil {
			have = map[string]any{sub: typed(v, f)}
		}
		out = append(out, have)
	}
	return out
}

// selected writes into the elements that a value filter selects.
func (w *writer) selected(list []any, p upload.Path, values []string, f fact) []any {
	var kept, chosen []any
	only, all := untyped(list, p.By)
	sub := subOf(p)
	if all && !hasElement(w.before, p) {
		only = -1
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return hasValue(list, sub, v) })
	}
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			kept = append(kept, e)
			continue
		}
		if _, by := member(m, p.By); strings.EqualFold(textOf(by), p.Is) || i == only {
			chosen = append(chosen, m)
			continue
		}
		kept = append(kept, e)
	}
	if len(values) == 0 {
		if sub == "value" {
			return kept
		}
		for _, e := range chosen {
			if rest := part(e, sub, nil, f); rest != nil && len(rest.(map[string]any)) > 1 {
				kept = append(kept, rest)
			}
		}
		return kept
	}
	for i, v := range values {
		if i < len(chosen) {
			kept = append(kept, part(chosen[i], sub, []string{v}, f))
			continue
		}
		kept = append(kept, w.element(p, v, f))
	}
	return kept
}

// hasValue reports whether an element has a value, whatever its type.
func hasValue(list []any, sub, value string) bool {
	return slices.ContainsFunc(list, func(e any) bool {
		m, _ := e.(map[string]any)
		_, v := member(m, sub)
		return textOf(v) == value
	})
}

// untyped reports whether no element of a list has a type, and which stands for
// any: the only one, or the primary one; -1 is none.
func untyped(list []any, by string) (only int, all bool) {
	only = -1
	for i, e := range list {
		m, ok := e.(map[string]any)
		if _, v := member(m, by); !ok || v != nil {
			return -1, false
		}
		if _, primary := member(m, "primary"); len(list) == 1 || strings.EqualFold(textOf(primary), "true") {
			only = i
		}
	}
	return only, true
}

// element is a new element of a type. The work address is the primary one,
// which several services ask for (RFC 7643 2.4: at most one is).
func (w *writer) element(p upload.Path, value string, f fact) map[string]any {
	m := map[string]any{subOf(p): typed(value, f)}
	if p.By != "" {
		m[p.By] = p.Is
		if strings.EqualFold(p.By, "primary") {
			m[p.By] = strings.EqualFold(p.Is, "true")
		}
	}
	return m
}

// typed is a value in the type that the schema gives it.
func typed(v string, f fact) any {
	switch f.Type {
	case "boolean":
		if b, err := strconv.ParseBool(strings.ToLower(v)); err == nil {
			return b
		}
	case "integer":
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	case "decimal":
		// JSON has no NaN and no infinities.
		if n, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
	}
	return v
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// markPrimary marks one address of a new user as the primary one: that of
// type work, or the only one.
func markPrimary(doc document) {
	name, v := member(doc, "emails")
	list, _ := v.([]any)
	if len(list) == 0 {
		return
	}
	best := 0
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return
		}
		if _, primary := member(m, "primary"); textOf(primary) == "true" {
			return
		}
		if _, kind := member(m, "type"); strings.EqualFold(textOf(kind), "work") {
			best = i
		}
	}
	if m, ok := list[best].(map[string]any); ok {
		m["primary"] = true
	}
	doc[name] = list
}

// schemas names the schemas that a document uses (RFC 7643 3), those it
// names already included.
func (w *writer) schemas(doc document) []string {
	out := []string{w.facts.schema[w.kind]}
	if out[0] == "" {
		out = nil
	}
	_, had := member(doc, "schemas")
	if list, ok := had.([]any); ok {
		for _, urn := range list {
			if s := textOf(urn); s != "" && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, s) }) {
				out = append(out, s)
			}
		}
	}
	var extra []string
	for name := range doc {
		if len(name) > 4 && strings.EqualFold(name[:4], "urn:") && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, name) }) {
			extra = append(extra, name)
		}
	}
	slices.Sort(extra)
	return append(out, extra...)
}

// apply writes all that a Write changes into a document.
func (w *writer) apply(doc document, x *upload.Write) {
	w.before = x.Before
	if x.ExternalID != "" {
		w.put(doc, "externalId", x.ExternalID)
	}
	for _, a := range x.Set {
		if s, ok := w.facts.spot(w.kind, a.Path); ok {
			w.set(doc, s, a.Values)
		}
	}
	if x.Active != nil && w.kind != upload.Group {
		w.put(doc, "active", *x.Active)
	}
	if x.Manager != nil {
		w.manager(doc, *x.Manager)
	}
}

func (w *writer) put(doc document, name string, value any) {
	name, _ = member(doc, name)
	doc[name] = value
}

func (w *writer) manager(doc document, id string) {
	urn, v := member(doc, upload.SchemaEnterprise)
	inner, ok := v.(map[string]any)
	if !ok {
		inner = map[string]any{}
	}
	name, _ := member(inner, "manager")
	if id == "" {
		delete(inner, name)
	} else {
		inner[name] = map[string]any{"value": id}
	}
	if len(inner) > 0 {
		doc[urn] = inner
	} else {
		delete(doc, urn)
	}
}
