package scim

import (
	"maps"
	"slices"
	"strings"

	"adsync/upload"
)

// schemaAttribute is an attribute of a Schema resource (RFC 7643 7).
type schemaAttribute struct {
	Name          string
	Type          string
	MultiValued   truth
	Required      truth
	CaseExact     truth
	Mutability    string
	Returned      string
	Uniqueness    string
	SubAttributes []schemaAttribute

	CanonicalValues []string
	ReferenceTypes  []string
}

// readSchemas keeps what the schemas say, by path.
func (f *facts) readSchemas(body []byte) {
	var schemas []struct {
		ID         string
		Attributes []schemaAttribute
	}
	if len(body) == 0 || documents(body, &schemas) != nil {
		return
	}
	f.attributes = map[upload.Kind]map[string]fact{upload.User: {}, upload.Group: {}, upload.Device: {}}
	for _, s := range schemas {
		for kind, into := range f.attributes {
			prefix := strings.ToLower(s.ID) + ":"
			if strings.EqualFold(s.ID, f.schema[kind]) {
				prefix = ""
			}
			for _, a := range s.Attributes {
				into[prefix+strings.ToLower(a.Name)] = a.fact()
				for _, sub := range a.SubAttributes {
					if kind == upload.Group && prefix == "" && strings.EqualFold(a.Name, "members") && sub.namesGroups() {
						f.nested = true
					}
					into[prefix+strings.ToLower(a.Name+"."+sub.Name)] = sub.fact()
				}
			}
		}
	}
}

// namesGroups reports whether members.type or members.$ref may be a Group
// (RFC 7643 4.2).
func (a *schemaAttribute) namesGroups() bool {
	isGroup := func(s string) bool { return strings.EqualFold(s, "Group") }
	return strings.EqualFold(a.Name, "type") && slices.ContainsFunc(a.CanonicalValues, isGroup) ||
		strings.EqualFold(a.Name, "$ref") && slices.ContainsFunc(a.ReferenceTypes, isGroup)
}

func (a *schemaAttribute) fact() fact {
	return fact{
		Type: strings.ToLower(a.Type), Multi: bool(a.MultiValued), CaseExact: bool(a.CaseExact), Required: bool(a.Required),
		Mutability: strings.ToLower(a.Mutability), Returned: strings.ToLower(a.Returned), Uniqueness: strings.ToLower(a.Uniqueness),
	}
}

// multiValued are the attributes of RFC 7643 that have elements, for
// services without schemas.
var multiValued = map[string]bool{
	"emails": true, "phonenumbers": true, "ims": true, "photos": true, "addresses": true, "groups": true,
	"entitlements": true, "roles": true, "x509certificates": true, "members": true,
}

// about is what is known of the attribute of a path and of its
// sub-attribute; ok is false when no schema says anything.
func (f *facts) about(k upload.Kind, p upload.Path) (attribute, sub fact, ok bool) {
	name := strings.ToLower(p.Attr)
	if p.URN != "" {
		name = strings.ToLower(p.URN) + ":" + name
	}
	attribute, ok = f.attributes[k][name]
	if !ok {
		attribute = fact{Type: "string", Multi: p.URN == "" && multiValued[name]}
		if attribute.Multi || p.Sub != "" {
			attribute.Type = "complex"
		}
		switch name {
		case "active":
			attribute.Type = "boolean"
		case "externalid", "id":
			attribute.CaseExact = true
		}
		if p.By != "" {
			attribute.Multi = true
		}
	}
	sub = fact{Type: "string"}
	switch {
	case p.Sub == "" && attribute.Type != "complex":
		sub = attribute
	default:
		subName := strings.ToLower(p.Sub)
		if subName == "" {
			subName = "value"
		}
		if s, known := f.attributes[k][name+"."+subName]; known {
			sub = s
		} else if subName == "primary" {
			sub.Type = "boolean"
		}
	}
	return attribute, sub, ok
}

// A spot is a path with what is known of it.
type spot struct {
	upload.Path
	attribute, sub fact
	simple         bool // the attribute has plain values
}

type spotKey struct {
	kind upload.Kind
	path string
}

// spot reads a mapped path, once for all resources. ok is false for what is
// not a path, which the check of the configuration has refused.
func (f *facts) spot(k upload.Kind, path string) (s *spot, ok bool) {
	known := f.spots.Load()
	if known != nil {
		if s, ok := (*known)[spotKey{k, path}]; ok {
			return s, true
		}
	}
	p, err := upload.ParsePath(path)
	if err != nil {
		return nil, false
	}
	s = &spot{Path: p}
	attribute, sub, described := f.about(k, p)
	s.attribute, s.sub, s.simple = attribute, sub, described && attribute.Type != "complex"
	more := map[spotKey]*spot{{k, path}: s}
	if known != nil {
		maps.Copy(more, *known)
	}
	f.spots.CompareAndSwap(known, &more) // who comes too late reads it again
	return s, true
}
