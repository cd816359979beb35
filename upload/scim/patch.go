package scim

import (
	"strings"

	"adsync/upload"
)

// schemaPatch is the message of RFC 7644 3.5.2.
const schemaPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// An operation is one of a PATCH.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

func patchBody(operations []operation) ([]byte, error) { return appendPatch(nil, operations) }

func appendPatch(out []byte, operations []operation) ([]byte, error) {
	out, err := appendJSON(append(out, `{"schemas":["`+schemaPatch+`"],"Operations":`...), operations)
	return append(out, '}'), err
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
		out = append(out, operation{"replace", "externalId", x.ExternalID})
	}
	fresh := map[string]map[string]any{} // new elements, by attribute and type
	for _, a := range x.Set {
		s, ok := w.facts.spot(w.kind, a.Path)
		if !ok {
			continue
		}
		p, attribute, sub := s.Path, s.attribute, s.sub
		switch {
		case p.By != "":
			out = w.byType(out, fresh, x, p, a.Values, sub)
		case len(a.Values) == 0:
			out = append(out, operation{Op: "remove", Path: a.Path})
		case attribute.Multi:
			whole := p
			whole.Sub = ""
			out = append(out, operation{"replace", whole.String(), w.elements(s, nil, a.Values)})
		default:
			out = append(out, operation{"replace", a.Path, typed(a.Values[0], sub)})
		}
	}
	if x.Active != nil && w.kind != upload.Group {
		out = append(out, operation{"replace", "active", *x.Active})
	}
	if x.Manager != nil {
		out = append(out, managerOperation(*x.Manager, form))
	}
	return out
}

// byType writes an element of a type: into the one that is there, or as a
// new one, which several sub-attributes share.
func (w *writer) byType(out []operation, fresh map[string]map[string]any, x *upload.Write, p upload.Path, values []string, f fact) []operation {
	there := hasElement(x.Before, p)
	element := p
	element.Sub = ""
	switch {
	case len(values) == 0 && subOf(p) == "value":
		return append(out, operation{Op: "remove", Path: element.String()})
	case len(values) == 0:
		return append(out, operation{Op: "remove", Path: p.String()})
	case there:
		return append(out, operation{"replace", p.String(), typed(values[0], f)})
	}
	if m := fresh[element.String()]; m != nil {
		m[subOf(p)] = typed(values[0], f)
		return out
	}
	attribute := element
	attribute.By, attribute.Is = "", ""
	m := w.element(p, values[0], f)
	fresh[element.String()] = m
	return append(out, operation{"add", attribute.String(), []any{m}})
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
		return operation{Op: "remove", Path: upload.PathManager}
	case form == managerValue:
		return operation{"replace", upload.PathManager + ".value", id}
	case form == managerString:
		return operation{"replace", upload.PathManager, id}
	}
	return operation{"replace", upload.PathManager, map[string]any{"value": id}}
}

// pathless is the PATCH of a Write as one operation without a path, made of
// the changed document: an attribute with elements is sent whole, for that
// is what this form replaces. What is taken away needs its path, but for null.
func (w *writer) pathless(doc document, x *upload.Write, d Dialect) []operation {
	value := map[string]any{}
	var removes []operation
	take := func(p upload.Path, gone bool) {
		if gone && d != PatchNulls {
			removes = append(removes, operation{Op: "remove", Path: p.String()})
			return
		}
		if p.URN == "" {
			name, v := member(doc, p.Attr)
			value[name] = v
			return
		}
		urn, v := member(doc, p.URN)
		inner, _ := v.(map[string]any)
		name, v := member(inner, p.Attr)
		into, ok := value[urn].(map[string]any)
		if !ok {
			into = map[string]any{}
			value[urn] = into
		}
		into[name] = v
	}
	for _, a := range x.Set {
		if p, err := upload.ParsePath(a.Path); err == nil {
			if p.By != "" && subOf(p) == "value" {
				p.Sub = ""
			}
			take(p, len(a.Values) == 0)
		}
	}
	if x.ExternalID != "" {
		value["externalId"] = x.ExternalID
	}
	if x.Active != nil && w.kind != upload.Group {
		value["active"] = *x.Active
	}
	if x.Manager != nil {
		if p, err := upload.ParsePath(upload.PathManager); err == nil {
			take(p, *x.Manager == "")
		}
	}
	out := removes
	if len(value) > 0 {
		out = append([]operation{{Op: "replace", Value: value}}, removes...)
	}
	return out
}
