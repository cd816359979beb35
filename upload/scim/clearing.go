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
func (w *writer) nulls(doc *value, x *upload.Write) {
	if x.Manager != nil && *x.Manager == "" {
		doc.within(upload.SchemaEnterprise, objectValue).put("manager", value{})
	}
	for _, a := range x.Set {
		s, ok := w.facts.spot(w.kind, a.Path)
		if !ok || len(a.Values) > 0 {
			continue
		}
		at := doc
		if s.URN != "" {
			at = doc.within(s.URN, objectValue)
		}
		if s.Sub != "" && s.By == "" && !s.attribute.Multi {
			at.within(s.Attr, objectValue).put(s.Sub, value{})
		} else {
			at.member(s.Attr) // null if nothing is left of it
		}
	}
}
