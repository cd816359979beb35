package scim

import (
	"strings"

	"adsync/upload"
)

// schemaPatch is the message of RFC 7644 3.5.2.
const schemaPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// An operation is one of a PATCH. Without a path, or a value, it has none.
type operation struct {
	op, path string
	value    value
}

func appendPatch(out []byte, operations []operation) []byte {
	out = append(out, `{"schemas":["`+schemaPatch+`"],"Operations":[`...)
	for i, o := range operations {
		if i > 0 {
			out = append(out, ',')
		}
		out = AppendText(append(out, `{"op":`...), o.op)
		if o.path != "" {
			out = AppendText(append(out, `,"path":`...), o.path)
		}
		if !o.value.absent() {
			out = o.value.append(append(out, `,"value":`...))
		}
		out = append(out, '}')
	}
	return append(out, "]}"...)
}

// managerForm is how a manager is written in a PATCH; the next one is tried
// when a form is refused or changes nothing.
type managerForm int32

const (
	managerObject managerForm = iota // {"value": id}
	managerValue                     // URN:manager.value
	managerString                    // a bare id, as Entra used to send
	managerForms
)

// operations are the PATCH of a Write, one operation with a path for each
// attribute.
func (w *writer) operations(x *upload.Write, form managerForm) []operation {
	var out []operation
	if x.ExternalID != "" {
		out = append(out, operation{"replace", "externalId", textOf(x.ExternalID)})
	}
	fresh := map[string]int{} // operations that make an element, by attribute and type
	for _, a := range x.Set {
		s, ok := w.facts.spot(w.kind, a.Path)
		if !ok {
			continue
		}
		switch {
		case s.By != "":
			out = w.byType(out, fresh, x, s, a.Values)
		case len(a.Values) == 0:
			out = append(out, operation{op: "remove", path: a.Path})
		case s.attribute.Multi:
			whole, list := s.Path, value{kind: listValue}
			whole.Sub = ""
			w.elements(&list, s, a.Values)
			out = append(out, operation{"replace", whole.String(), list})
		default:
			out = append(out, operation{"replace", a.Path, typed(a.Values[0], s.sub)})
		}
	}
	if x.Active != nil && w.kind != upload.Group {
		out = append(out, operation{"replace", "active", truthOf(*x.Active)})
	}
	if x.Manager != nil {
		out = append(out, managerOperation(*x.Manager, form))
	}
	return out
}

// byType writes an element of a type: into the one that is there, or as a
// new one, which several sub-attributes share.
func (w *writer) byType(out []operation, fresh map[string]int, x *upload.Write, s *spot, values []string) []operation {
	whole := s.Path
	whole.Sub = ""
	selected := whole.String()
	switch {
	case len(values) == 0 && subOf(s.Path) == "value":
		return append(out, operation{op: "remove", path: selected})
	case len(values) == 0:
		return append(out, operation{op: "remove", path: s.String()})
	case hasElement(x.Before, s.Path):
		return append(out, operation{"replace", s.String(), typed(values[0], s.sub)})
	}
	if at, ok := fresh[selected]; ok {
		out[at].value.list[0].set(subOf(s.Path), values, s.sub)
		return out
	}
	fresh[selected] = len(out)
	whole.By, whole.Is = "", ""
	return append(out, operation{"add", whole.String(), value{kind: listValue, list: []value{w.element(s, values[0])}}})
}

// hasElement reports whether the resource has an element that the path's
// filter selects, as far as the mapped paths show.
func hasElement(r *upload.Resource, p upload.Path) bool {
	if r == nil {
		return false
	}
	for path := range r.Attributes.Present() {
		have, err := upload.ParsePath(path)
		if err == nil && have.URN == p.URN && have.Attr == p.Attr && have.By == p.By && strings.EqualFold(have.Is, p.Is) {
			return true
		}
	}
	return false
}

func managerOperation(id string, form managerForm) operation {
	switch {
	case id == "":
		return operation{op: "remove", path: upload.PathManager}
	case form == managerValue:
		return operation{"replace", upload.PathManager + ".value", textOf(id)}
	case form == managerString:
		return operation{"replace", upload.PathManager, textOf(id)}
	}
	return operation{"replace", upload.PathManager, reference(id)}
}

// pathless is the PATCH of a Write as one operation without a path, made of
// the changed document: an attribute with elements is sent whole, for that
// is what this form replaces. What is taken away needs its path, but for null.
func (w *writer) pathless(doc *value, x *upload.Write, d Dialect) []operation {
	changed := value{kind: objectValue}
	var removes []operation
	take := func(path string, gone bool) {
		s, ok := w.facts.spot(w.kind, path)
		if !ok {
			return
		}
		if p := s.Path; gone && d != PatchNulls {
			if p.By != "" && subOf(p) == "value" {
				p.Sub = ""
			}
			removes = append(removes, operation{op: "remove", path: p.String()})
			return
		}
		from, into := doc, &changed
		if s.URN != "" {
			from = doc.within(s.URN, objectValue)
			into = changed.within(from.name, objectValue)
		}
		m := from.member(s.Attr)
		into.put(m.name, *m)
	}
	for _, a := range x.Set {
		take(a.Path, len(a.Values) == 0)
	}
	if x.ExternalID != "" {
		changed.put("externalId", textOf(x.ExternalID))
	}
	if x.Active != nil && w.kind != upload.Group {
		changed.put("active", truthOf(*x.Active))
	}
	if x.Manager != nil {
		take(upload.PathManager, *x.Manager == "")
	}
	if len(changed.list) == 0 {
		return removes
	}
	return append([]operation{{op: "replace", value: changed}}, removes...)
}
