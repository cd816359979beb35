package scim

import (
	"slices"

	"adsync/upload"
)

// takesAway reports whether a Write empties something.
func takesAway(x *upload.Write) bool {
	return x.Manager != nil && *x.Manager == "" || slices.ContainsFunc(x.Set, func(a upload.Attribute) bool { return len(a.Values) == 0 })
}

// nulls names what a Write empties with null, which clears it where what is
// merely left out of a PUT stays as it was (RFC 7644 3.5.1).
func (w *writer) nulls(doc document, x *upload.Write) {
	if x.Manager != nil && *x.Manager == "" {
		within(doc, upload.SchemaEnterprise)["manager"] = nil
	}
	for _, a := range x.Set {
		s, ok := w.facts.spot(w.kind, a.Path)
		if !ok || len(a.Values) > 0 {
			continue
		}
		at := map[string]any(doc)
		if s.URN != "" {
			at = within(doc, s.URN)
		}
		name, rest := member(at, s.Attr)
		switch {
		case s.Sub != "" && s.By == "" && !s.attribute.Multi:
			within(at, name)[s.Sub] = nil
		case rest == nil:
			at[name] = nil
		}
	}
}

// within is the object that a member of m is, made where it is not there.
func within(m map[string]any, name string) map[string]any {
	name, v := member(m, name)
	inner, ok := v.(map[string]any)
	if !ok {
		inner = map[string]any{}
		m[name] = inner
	}
	return inner
}
