package scimtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// projection is what a request wants to see (RFC 7644, section 3.9). The zero value is the default.
type projection struct {
	only   bool // attributes= was given
	wanted []attrPath
	except []attrPath
}

// parseProjection reads the comma-separated attribute lists.
func parseProjection(t *resourceType, attributes, excluded string) projection {
	return projection{only: attributes != "", wanted: projectionPaths(t, attributes), except: projectionPaths(t, excluded)}
}

func projectionPaths(t *resourceType, list string) []attrPath {
	var out []attrPath
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if e := t.extension(name); e != nil {
			out = append(out, attrPath{attr: e.ID})
			continue
		}
		p, err := parseAttrPath(name)
		if err != nil {
			continue
		}
		if strings.EqualFold(p.urn, t.schema.ID) {
			p.urn = ""
		}
		if p.urn != "" {
			p.attr, p.sub, p.urn = p.urn, p.attr, ""
		}
		out = append(out, p)
	}
	return out
}

// choice says how much of a top-level attribute is shown: all of it, nothing, or some of its sub-attributes.
func (p projection) choice(name string) (all bool, subs []string, exclude []string) {
	if p.only {
		for _, w := range p.wanted {
			if strings.EqualFold(w.attr, name) {
				if w.sub == "" {
					return true, nil, nil
				}
				subs = append(subs, strings.ToLower(w.sub))
			}
		}
		return false, subs, nil
	}
	for _, e := range p.except {
		if strings.EqualFold(e.attr, name) {
			if e.sub == "" {
				return false, nil, nil
			}
			exclude = append(exclude, strings.ToLower(e.sub))
		}
	}
	return true, nil, exclude
}

// render appends a resource as JSON. The lock is held.
func (s *Server) render(buf []byte, r *resource, p projection) []byte {
	q := s.quirks()
	if q.NoProjection {
		p = projection{}
	}
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
	if q.StringBool {
		text := strings.NewReplacer(`"active":true`, `"active":"True"`, `"active":false`, `"active":"False"`).Replace(string(buf))
		buf = []byte(text)
	}
	return buf
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
	if (!all && subs == nil) || show == ShownNever || (show == ShownOnRequest && !p.only) {
		return buf
	}
	return appendField(buf, "members", s.membersJSON(r), subs, except)
}

// membersJSON writes a group's members with what is known of each.
func (s *Server) membersJSON(r *resource) []byte {
	b := []byte{'['}
	for _, id := range r.memberIDs() {
		for range r.members[id].count {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(b, `{"value":`...), quoted(id)...)
			if m := s.data.byID[id]; m != nil {
				b = append(append(b, `,"$ref":`...), quoted(s.URL()+m.kind.endpoint+"/"+m.id)...)
				b = append(append(append(b, `,"type":"`...), m.kind.name...), '"')
				if m.keys.displayName != "" {
					b = append(append(b, `,"display":`...), quoted(m.keys.displayName)...)
				}
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
		b = append(append(b, `{"value":`...), quoted(g.id)...)
		b = append(append(b, `,"$ref":`...), quoted(s.URL()+g.kind.endpoint+"/"+g.id)...)
		b = append(append(b, `,"display":`...), quoted(g.keys.displayName)...)
		b = append(b, `,"type":"direct"}`...)
	}
	return append(b, ']')
}

// appendChosen copies the top-level attributes a projection lets through.
func appendChosen(buf, raw []byte, p projection) []byte {
	eachField(raw, func(name string, value []byte) {
		if all, subs, except := p.choice(name); all || subs != nil {
			buf = appendField(buf, name, value, subs, except)
		}
	})
	return buf
}

// appendField writes ,"name":value with the value cut down to, or without, some sub-attributes.
func appendField(buf []byte, name string, value []byte, subs, except []string) []byte {
	if subs != nil || except != nil {
		var v any
		if json.Unmarshal(value, &v) != nil {
			return buf
		}
		keep := func(sub string) bool { return !slices.Contains(except, strings.ToLower(sub)) }
		if subs != nil {
			keep = func(sub string) bool { return slices.Contains(subs, strings.ToLower(sub)) }
		}
		if v = narrow(v, keep); v == nil {
			return buf
		}
		value = quoted(v)
	}
	buf = append(buf, ',')
	buf = append(append(append(buf, '"'), name...), '"', ':')
	return append(buf, value...)
}

// narrow leaves only some sub-attributes of a complex value, of each element if there are several.
func narrow(v any, keep func(string) bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			if !keep(k) {
				delete(v, k)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		var out []any
		for _, e := range v {
			if e = narrow(e, keep); e != nil {
				out = append(out, e)
			}
		}
		if out == nil {
			return nil
		}
		return out
	}
	return v
}

// eachField walks the members of a compact JSON object that this package has encoded itself.
func eachField(raw []byte, visit func(name string, value []byte)) {
	i := 1
	for i < len(raw) && raw[i] == '"' {
		end := stringEnd(raw, i)
		name := string(raw[i+1 : end-1])
		start := end + 1
		i = valueEnd(raw, start)
		visit(name, raw[start:i])
		i++ // the comma or the closing brace
	}
}

// stringEnd returns the position after the string that starts at i.
func stringEnd(raw []byte, i int) int {
	for i++; i < len(raw) && raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd returns the position after the value that starts at i.
func valueEnd(raw []byte, i int) int {
	depth := 0
	for i < len(raw) {
		switch raw[i] {
		case '"':
			i = stringEnd(raw, i)
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return i
}

// quoted encodes a value that cannot fail to encode: strings and what was decoded from JSON.
func quoted(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("null")
	}
	return b
}

func appendJSON(buf []byte, v any) []byte { return append(buf, quoted(v)...) }
