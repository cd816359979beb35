package scimtest

import (
	"reflect"
	"slices"
	"strings"
)

// conform brings what a client sent into the schema's form: names in canonical case, extensions under their URN,
// nothing that only the server may set, values of the right type. Members are kept apart by the caller.
func (s *Server) conform(t *resourceType, in map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range in {
		lower := strings.ToLower(name)
		switch {
		case lower == "schemas" || lower == "id" || lower == "meta" || lower == "password":
			continue
		case strings.HasPrefix(lower, "urn:"):
			if err := s.conformURN(t, out, name, v); err != nil {
				return nil, err
			}
		default:
			def := t.definition(attrPath{attr: name})
			if def == nil {
				if err := s.conformUnknown(out, name, v); err != nil {
					return nil, err
				}
				continue
			}
			if err := s.put(out, def, v); err != nil {
				return nil, err
			}
		}
	}
	delete(out, "members")
	return out, nil
}

// conformURN takes an extension's object, or one attribute written as URN:attribute.
func (s *Server) conformURN(t *resourceType, out map[string]any, name string, v any) error {
	p := attrPath{}
	ext := t.extension(name)
	if ext == nil {
		var err error
		if p, err = parseAttrPath(name); err != nil {
			return badRequest("invalidSyntax", "%v", err)
		}
		if strings.EqualFold(p.urn, t.schema.ID) {
			def := t.definition(p)
			if def == nil {
				return s.conformUnknown(out, name, v)
			}
			return s.put(out, def, v)
		}
		if ext = t.extension(p.urn); ext == nil {
			return s.conformUnknown(out, name, v)
		}
		v = map[string]any{p.attr: v}
	}
	if v == nil {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return badRequest("invalidValue", "%s must be an object", name)
	}
	inner, _ := out[ext.ID].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
	}
	for k, v := range m {
		def := ext.attribute(k)
		if def == nil {
			if err := s.conformUnknown(inner, k, v); err != nil {
				return err
			}
			continue
		}
		if err := s.put(inner, def, v); err != nil {
			return err
		}
	}
	if len(inner) > 0 {
		out[ext.ID] = inner
	}
	return nil
}

func (s *Server) conformUnknown(out map[string]any, name string, v any) error {
	switch s.quirks().UnknownAttributes {
	case UnknownRefused:
		return badRequest("invalidSyntax", "unknown attribute %q", name)
	case UnknownStored:
		if v != nil {
			out[name] = v
		}
	}
	return nil
}

// put stores a value of a known attribute; null, an empty list and an empty object are the same as absent.
func (s *Server) put(out map[string]any, def *Attribute, v any) error {
	v, err := s.conformValue(def, v)
	if err != nil {
		return err
	}
	if v == nil || def.Mutability == "readOnly" {
		return nil
	}
	out[def.Name] = v
	return nil
}

func (s *Server) conformValue(def *Attribute, v any) (any, error) {
	if v == nil || !def.MultiValued {
		return s.conformSingle(def, v)
	}
	list := listOf(v)
	out := make([]any, 0, len(list))
	primaries := 0
	for _, e := range list {
		one, err := s.conformSingle(def, e)
		if err != nil {
			return nil, err
		}
		if one == nil {
			continue
		}
		if m, ok := one.(map[string]any); ok && m["primary"] == true {
			primaries++
		}
		out = append(out, one)
	}
	if primaries > 1 {
		return nil, badRequest("invalidValue", "%s has more than one primary value", def.Name)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

func (s *Server) conformSingle(def *Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch def.Type {
	case "complex":
		return s.conformComplex(def, v)
	case "boolean":
		if text, ok := v.(string); ok && s.quirks().AcceptStringBool {
			if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
				return strings.EqualFold(text, "true"), nil
			}
		}
		if _, ok := v.(bool); !ok {
			return nil, badRequest("invalidValue", "%s must be a boolean", def.Name)
		}
	default:
		if _, ok := v.(string); !ok {
			return nil, badRequest("invalidValue", "%s must be a string", def.Name)
		}
	}
	return v, nil
}

func (s *Server) conformComplex(def *Attribute, v any) (any, error) {
	m, ok := v.(map[string]any)
	if text, isText := v.(string); isText && def.Name == "manager" {
		m, ok = map[string]any{"value": text}, true
	}
	if !ok {
		return nil, badRequest("invalidValue", "%s must be an object", def.Name)
	}
	out := map[string]any{}
	for k, v := range m {
		sub := def.sub(k)
		if sub == nil {
			if err := s.conformUnknown(out, k, v); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.put(out, sub, v); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// sameValue compares two values of a multi-valued attribute as PATCH add does: a present one is not added again.
func sameValue(a, b any) bool { return reflect.DeepEqual(a, b) }

// addValues appends the values that are not there yet; a new primary ends the old one (RFC 7644, section 3.5.2).
func addValues(have, more []any) []any {
	for _, v := range more {
		if slices.ContainsFunc(have, func(h any) bool { return sameValue(h, v) }) {
			continue
		}
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			demote(have)
		}
		have = append(have, v)
	}
	return have
}

// demote takes the primary mark off all values.
func demote(values []any) {
	for _, h := range values {
		if m, ok := h.(map[string]any); ok && m["primary"] == true {
			m["primary"] = false
		}
	}
}
