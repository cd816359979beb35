package scim

import (
	"bytes"
	"encoding/json"

	"adsync/upload"
)

// What some services answer in another form than RFC 7643 has it.

// tidy shows the enterprise extension where it belongs (RFC 7643 4.3) as well,
// so that what is changed there is written with what is not.
func tidy(doc *value) {
	inner := value{kind: objectValue}
	if had := doc.find(upload.SchemaEnterprise); had != nil && had.kind == objectValue {
		inner = *had
	}
	for _, from := range []*value{doc, doc.find(schemaEnterprise1)} {
		for _, name := range []string{"employeeNumber", "costCenter", "organization", "division", "department", "manager"} {
			if v := from.find(name); !v.absent() && inner.find(name).absent() {
				inner.put(v.name, *v)
			}
		}
	}
	if len(inner.list) > 0 {
		doc.put(upload.SchemaEnterprise, inner)
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
