package commands

import (
	"iter"

	"adsync/upload"
	"adsync/upload/scim"
)

// appendChange appends a change as JSON: a changeObject, without reflection. A
// first run writes a hundred thousand of them, for standard output and for the
// record.
func appendChange(out []byte, c *upload.Change) []byte {
	field := func(name, value string) {
		out = append(append(append(out, ',', '"'), name...), `":`...)
		out = scim.AppendText(out, value)
	}
	out = append(out, `{"type":"change"`...)
	field("verb", string(c.Verb))
	field("kind", string(c.Kind))
	field("name", c.Name)
	field("source", c.Source)
	field("anchor", string(c.Anchor))
	if c.DN != "" {
		field("dn", c.DN)
	}
	if c.Before != nil && c.Before.ID != "" {
		field("id", c.Before.ID)
	}
	out = appendAttributes(out, c.Attributes())
	out = appendMembers(out, c.Members)
	field("reason", c.Reason)
	field("state", string(c.State))
	if c.Why != "" {
		field("why", c.Why)
	}
	return append(out, '}')
}

func appendAttributes(out []byte, attributes iter.Seq[upload.AttributeChange]) []byte {
	const first = `,"attributes":[{"path":`
	open := first
	for a := range attributes {
		out = scim.AppendText(append(out, open...), a.Path)
		out = appendValues(append(out, `,"old":`...), a.Old)
		out = append(appendValues(append(out, `,"new":`...), a.New), '}')
		open = `,{"path":`
	}
	if open == first {
		return out
	}
	return append(out, ']')
}

// appendValues appends null, a text, or a list of texts.
func appendValues(out []byte, values []string) []byte {
	switch len(values) {
	case 0:
		return append(out, "null"...)
	case 1:
		return scim.AppendText(out, values[0])
	}
	for i, v := range values {
		out = scim.AppendText(append(out, "[,"[min(i, 1)]), v)
	}
	return append(out, ']')
}

func appendMembers(out []byte, members []upload.Member) []byte {
	open := `,"members":[{"name":`
	for _, m := range members {
		out = scim.AppendText(append(out, open...), m.Name)
		out = scim.AppendText(append(out, `,"anchor":`...), string(m.Anchor))
		out = append(out, '}')
		open = `,{"name":`
	}
	if len(members) == 0 {
		return out
	}
	return append(out, ']')
}
