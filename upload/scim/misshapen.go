package scim

import (
	"bytes"
	"encoding/json"

	"adsync/upload"
)

// What some services answer in another form than RFC 7643 has it.

// tidy shows the enterprise extension where it belongs (RFC 7643 4.3) as well,
// so that what is changed there is written with what is not.
func (doc document) tidy() {
	urn, v := member(doc, upload.SchemaEnterprise)
	inner, ok := v.(map[string]any)
	if !ok {
		inner = map[string]any{}
	}
	_, old := member(doc, schemaEnterprise1)
	for _, at := range []any{map[string]any(doc), old} {
		from, _ := at.(map[string]any)
		for _, name := range []string{"employeeNumber", "costCenter", "organization", "division", "department", "manager"} {
			_, there := member(inner, name)
			if name, v := member(from, name); v != nil && there == nil {
				inner[name] = v
			}
		}
	}
	if len(inner) > 0 {
		doc[urn] = inner
	}
}

// single is the one resource of an answer that should be it and is a list.
func single(text []byte) []byte {
	var list []json.RawMessage
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '[' {
		_ = json.Unmarshal(text, &list) // what is no list stays as it is
	} else if bytes.Contains(text, []byte(`esources"`)) {
		var answer struct {
			ID        json.RawMessage
			Resources []json.RawMessage
		}
		if json.Unmarshal(text, &answer) == nil && answer.ID == nil {
			list = answer.Resources
		}
	}
	if len(list) != 1 {
		return text
	}
	return list[0]
}

// listed are the elements of a multi-valued attribute, of which one may be there
// by itself.
func listed(v any) []any {
	if one, ok := v.(map[string]any); ok {
		return []any{one}
	}
	list, _ := v.([]any)
	return list
}
