package scimtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// render appends a resource as JSON. The lock is held.
func (s *Server) render(buf []byte, r *resource, p projection) []byte {
	q := s.quirks()
	inList := p.inList
	if q.NoProjection {
		p = projection{}
	}
	if inList && r.kind.name == "User" {
		p = p.without(q.Alone)
	}
	from := len(buf)
	buf = append(buf, `{"schemas":[`...)
	for i, urn := range r.urns {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = strconv.AppendQuote(buf, urn)
	}
	buf = append(buf, `],"id":`...)
	buf = appendJSON(buf, s.publicID(r))
	raw := r.raw
	if !r.active && q.InactiveUsers == InactiveAltered {
		raw = hashed(r)
	}
	if all, subs, except := p.choice("meta"); all || subs != nil {
		buf = appendField(buf, "meta", s.renderMeta(r), subs, except)
	}
	if plain := !p.only && len(p.except) == 0; plain && len(raw) > 2 {
		buf = append(append(buf, ','), raw[1:len(raw)-1]...)
	} else {
		buf = appendChosen(buf, raw, p)
	}
	buf = s.renderMembers(buf, r, p)
	buf = s.renderGroups(buf, r, p)
	buf = append(buf, '}')
	if q.SingleAsObject || q.Enterprise != EnterpriseExtension {
		buf = append(buf[:from:from], s.reshaped(buf[from:])...)
	}
	if q.StringBool {
		text := strings.NewReplacer(`"active":true`, `"active":"True"`, `"active":false`, `"active":"False"`).Replace(string(buf))
		buf = []byte(text)
	}
	return buf
}

// enterprise1 is the extension's URN in SCIM 1.1.
const enterprise1 = "urn:scim:schemas:extension:enterprise:1.0"

// reshaped is a resource in a shape that no schema has.
func (s *Server) reshaped(text []byte) []byte {
	var doc map[string]any
	if json.Unmarshal(text, &doc) != nil {
		return text
	}
	quirks := s.quirks()
	for name, v := range doc {
		if list := listOf(v); len(list) == 1 && quirks.SingleAsObject && name != "schemas" {
			doc[name] = list[0]
		}
	}
	if inner, ok := doc[EnterpriseSchema].(map[string]any); ok && quirks.Enterprise != EnterpriseExtension {
		delete(doc, EnterpriseSchema)
		if quirks.Enterprise == EnterpriseOld {
			doc[enterprise1] = inner
		} else {
			maps.Copy(doc, inner)
		}
	}
	return quoted(doc)
}

// publicID is the id clients see.
func (s *Server) publicID(r *resource) string {
	if s.quirks().ExternalIDInPath && r.kind.name == "User" && r.keys.externalID != "" {
		return r.keys.externalID
	}
	return r.id
}

func (s *Server) renderMeta(r *resource) []byte {
	b := append([]byte(`{"resourceType":"`), r.kind.name...)
	b = append(b, `","created":"`...)
	b = r.created.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","lastModified":"`...)
	b = r.modified.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","location":`...)
	b = appendJSON(b, s.location(r))
	if !s.quirks().NoETags {
		b = append(append(append(b, `,"version":"W/\"`...), strconv.FormatInt(r.version, 10)...), `\""`...)
	}
	return append(b, '}')
}

// location is a resource's address as the service writes it.
func (s *Server) location(r *resource) string {
	if s.quirks().Location == LocationRelative {
		return strings.TrimPrefix(r.kind.endpoint, "/") + "/" + s.publicID(r)
	}
	return s.URL() + r.kind.endpoint + "/" + s.publicID(r)
}

func (r *resource) etag() string { return `W/"` + strconv.FormatInt(r.version, 10) + `"` }

func (s *Server) renderMembers(buf []byte, r *resource, p projection) []byte {
	if len(r.members) == 0 {
		return buf
	}
	all, subs, except := p.choice("members")
	show := s.quirks().Members
	if (!all && subs == nil) || show == ShownNever || (show == ShownOnRequest && !p.only) || (show == ShownAlone && p.inList) {
		return buf
	}
	if subs != nil && p.emptied {
		return append(buf, `,"members":[{}]`...)
	}
	from := len(buf)
	buf = append(buf, `,"members":`...)
	if buf = s.appendMembers(buf, r, kept(subs, except)); bytes.HasSuffix(buf, []byte("[]")) && (subs != nil || except != nil) {
		return buf[:from]
	}
	return buf
}

// membersJSON is a group's members with all that is known of each.
func (s *Server) membersJSON(r *resource) []byte { return s.appendMembers(nil, r, kept(nil, nil)) }

// appendMembers writes a group's members, and of each the sub-attributes that are kept.
func (s *Server) appendMembers(b []byte, r *resource, keep func(string) bool) []byte {
	value, ref, kind, display := keep("value"), keep("$ref"), keep("type"), keep("display")
	b = append(b, '[')
	shown := 0
	for _, id := range r.memberIDs() {
		if shown++; s.quirks().MembersCap > 0 && shown > s.quirks().MembersCap {
			break
		}
		m := s.data.byID[id]
		if m != nil && m.kind.name == "Group" && s.quirks().HideGroups {
			continue
		}
		byRef := m != nil && s.quirks().MembersByRef
		for range r.members[id].count {
			before := len(b)
			b = append(separated(b), '{')
			element := len(b)
			if value && !byRef {
				b = appendJSON(append(b, `"value":`...), id)
			}
			if ref && m != nil {
				b = append(append(append(separated(b), `"$ref":"`...), s.URL()...), m.kind.endpoint...)
				b = append(append(append(b, '/'), m.id...), '"')
			}
			if kind && m != nil && !byRef {
				b = append(append(append(separated(b), `"type":"`...), m.kind.name...), '"')
			}
			if display && m != nil && !byRef && m.keys.displayName != "" {
				b = appendJSON(append(separated(b), `"display":`...), m.keys.displayName)
			}
			if len(b) == element {
				b = b[:before]
				continue
			}
			b = append(b, '}')
		}
	}
	return append(b, ']')
}

// renderGroups writes a user's groups, the back reference of membership (RFC 7643, section 4.1.2).
func (s *Server) renderGroups(buf []byte, r *resource, p projection) []byte {
	groups := s.data.groups[r.id]
	if len(groups) == 0 || r.kind.name != "User" || s.quirks().NoUserGroups {
		return buf
	}
	all, subs, except := p.choice("groups")
	if !all && subs == nil {
		return buf
	}
	return appendField(buf, "groups", s.groupsJSON(r), subs, except)
}

func (s *Server) groupsJSON(r *resource) []byte {
	groups := slices.Clone(s.data.groups[r.id])
	slices.SortFunc(groups, func(a, b *resource) int { return int(a.seq - b.seq) })
	b := []byte{'['}
	for i, g := range groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(append(b, `{"value":`...), g.id)
		b = appendJSON(append(b, `,"$ref":`...), s.URL()+g.kind.endpoint+"/"+g.id)
		b = appendJSON(append(b, `,"display":`...), g.keys.displayName)
		b = append(b, `,"type":"direct"}`...)
	}
	return append(b, ']')
}

// quoted encodes a value that cannot fail to encode: strings and what was decoded from JSON.
func quoted(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}

// appendJSON appends a text as json.Marshal writes it.
func appendJSON(buf []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(buf, quoted(text)...)
		}
	}
	return append(append(append(buf, '"'), text...), '"')
}
