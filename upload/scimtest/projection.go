package scimtest

import (
	"encoding/json"
	"slices"
	"strings"
)

// projection is what a request wants to see (RFC 7644, section 3.9). The zero value is the default.
type projection struct {
	only   bool // attributes= was given
	wanted []attrPath
	except []attrPath
	inList bool // one of several resources
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

// without leaves top-level attributes out, asked for or not.
func (p projection) without(names []string) projection {
	for _, name := range names {
		p.wanted = slices.DeleteFunc(slices.Clone(p.wanted), func(w attrPath) bool { return strings.EqualFold(w.attr, name) })
		p.except = append(slices.Clone(p.except), attrPath{attr: name})
	}
	return p
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
