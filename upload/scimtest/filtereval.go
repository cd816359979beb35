package scimtest

import (
	"strings"
	"time"
)

// matches evaluates a filter against a resource's attributes.
func (s *Server) matches(n filterNode, t *resourceType, doc map[string]any) bool {
	switch n := n.(type) {
	case filterAnd:
		return s.matches(n.left, t, doc) && s.matches(n.right, t, doc)
	case filterOr:
		return s.matches(n.left, t, doc) || s.matches(n.right, t, doc)
	case filterNot:
		return !s.matches(n.inner, t, doc)
	case filterValuePath:
		def := t.definition(n.path)
		for _, v := range listOf(fold(container(t, doc, n.path), n.path.attr)) {
			if m, ok := v.(map[string]any); ok && matchesElement(n.inner, def, m) && (n.after == nil || matchesElement(*n.after, def, m)) {
				return true
			}
		}
		return false
	case filterCompare:
		def := t.definition(n.path)
		if def != nil && s.quirks().CaseSensitiveText {
			exact := *def
			exact.CaseExact = true
			def = &exact
		}
		return compareAny(n, def, valuesAt(t, doc, n.path))
	}
	return false
}

// matchesElement evaluates the filter inside a value path against one element of a multi-valued attribute.
func matchesElement(n filterNode, def *Attribute, element map[string]any) bool {
	switch n := n.(type) {
	case filterAnd:
		return matchesElement(n.left, def, element) && matchesElement(n.right, def, element)
	case filterOr:
		return matchesElement(n.left, def, element) || matchesElement(n.right, def, element)
	case filterNot:
		return !matchesElement(n.inner, def, element)
	case filterCompare:
		var values []any
		if v := fold(element, n.path.attr); v != nil {
			values = []any{v}
		}
		return compareAny(n, def.sub(n.path.attr), values)
	}
	return false
}

// container is the map that holds a path's attribute: the resource itself or one of its extensions.
func container(t *resourceType, doc map[string]any, p attrPath) map[string]any {
	if p.urn == "" || strings.EqualFold(p.urn, t.schema.ID) {
		return doc
	}
	m, _ := fold(doc, p.urn).(map[string]any)
	return m
}

// valuesAt lists the simple values a path points at; a complex multi-valued attribute without a sub-attribute
// stands for its "value" (RFC 7644, section 3.4.2.2).
func valuesAt(t *resourceType, doc map[string]any, p attrPath) []any {
	var out []any
	for _, v := range listOf(fold(container(t, doc, p), p.attr)) {
		m, isComplex := v.(map[string]any)
		switch {
		case isComplex && p.sub != "":
			v = fold(m, p.sub)
		case isComplex:
			if v = fold(m, "value"); v == nil && len(m) > 0 {
				v = m
			}
		case p.sub != "" && p.sub != "value":
			v = nil
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

// fold looks a key up without regard to case, trying the exact one first.
func fold(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func compareAny(c filterCompare, def *Attribute, values []any) bool {
	switch {
	case c.op == "pr":
		return len(values) > 0
	case c.op == "ne":
		return !compareAny(filterCompare{c.path, "eq", c.value}, def, values)
	case c.value == nil:
		return c.op == "eq" && len(values) == 0
	}
	for _, v := range values {
		if compareOne(c, def, v) {
			return true
		}
	}
	return false
}

func compareOne(c filterCompare, def *Attribute, v any) bool {
	switch want := c.value.(type) {
	case bool:
		got, ok := v.(bool)
		return ok && c.op == "eq" && got == want
	case float64:
		got, ok := v.(float64)
		return ok && ordered(c.op, compareNumbers(got, want))
	case string:
		got, ok := v.(string)
		if !ok {
			return false
		}
		if def != nil && def.Type == "dateTime" {
			a, errA := time.Parse(time.RFC3339, got)
			b, errB := time.Parse(time.RFC3339, want)
			if errA == nil && errB == nil {
				return ordered(c.op, a.Compare(b))
			}
		}
		return compareStrings(c.op, def, got, want)
	}
	return false
}

func compareStrings(op string, def *Attribute, got, want string) bool {
	if def == nil || !def.CaseExact {
		got, want = strings.ToLower(got), strings.ToLower(want)
	}
	switch op {
	case "co":
		return strings.Contains(got, want)
	case "sw":
		return strings.HasPrefix(got, want)
	case "ew":
		return strings.HasSuffix(got, want)
	}
	return ordered(op, strings.Compare(got, want))
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ordered(op string, cmp int) bool {
	switch op {
	case "eq":
		return cmp == 0
	case "gt":
		return cmp > 0
	case "ge":
		return cmp >= 0
	case "lt":
		return cmp < 0
	case "le":
		return cmp <= 0
	}
	return false
}
