package scimtest

import (
	"slices"
	"strings"
)

// projection is what a request wants to see (RFC 7644, section 3.9). The zero value is the default.
type projection struct {
	only    bool // attributes= was given
	wanted  []attrPath
	except  []attrPath
	inList  bool // one of several resources
	emptied bool // of parts nothing is shown but that they are there
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

// withParts takes parts of attributes, but not those of extensions, as a service takes them. The second result says
// whether any was asked for.
func (p projection) withParts(kind SubKind) (projection, bool) {
	isPart := func(w attrPath) bool { return w.sub != "" && !strings.Contains(w.attr, ":") }
	parts := slices.ContainsFunc(p.wanted, isPart)
	switch kind {
	case SubMissing:
		p.wanted = slices.DeleteFunc(slices.Clone(p.wanted), isPart)
	case SubEmpty:
		p.emptied = parts
	}
	return p, parts
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
	from := len(buf)
	buf = append(append(append(buf, ',', '"'), name...), '"', ':')
	if subs == nil && except == nil {
		return append(buf, value...)
	}
	shown := len(buf)
	if buf = appendNarrow(buf, value, kept(subs, except)); len(buf) == shown {
		return buf[:from]
	}
	return buf
}

// kept says which sub-attributes are shown: some, all but some, or all.
func kept(subs, except []string) func(string) bool {
	return func(sub string) bool {
		sub = strings.ToLower(sub)
		return (subs == nil || slices.Contains(subs, sub)) && !slices.Contains(except, sub)
	}
}

// appendNarrow writes only some sub-attributes of a complex value, of each element if there are several, and
// nothing if none is left.
func appendNarrow(buf, value []byte, keep func(string) bool) []byte {
	from := len(buf)
	switch value[0] {
	case '{':
		buf = append(buf, '{')
		eachField(value, func(name string, inner []byte) {
			if keep(name) {
				buf = append(append(append(separated(buf), '"'), name...), '"', ':')
				buf = append(buf, inner...)
			}
		})
		buf = append(buf, '}')
	case '[':
		buf = append(buf, '[')
		for i := 1; i < len(value) && value[i] != ']'; i++ { // past the comma, or what ends the array
			end := valueEnd(value, i)
			before := len(buf)
			buf = separated(buf)
			element := len(buf)
			if buf = appendNarrow(buf, value[i:end], keep); len(buf) == element {
				buf = buf[:before]
			}
			i = end
		}
		buf = append(buf, ']')
	default:
		return append(buf, value...)
	}
	if len(buf) == from+2 { // {} or []
		return buf[:from]
	}
	return buf
}

// separated puts a comma before the next value of an object or array that has one already.
func separated(buf []byte) []byte {
	if last := buf[len(buf)-1]; last == '{' || last == '[' {
		return buf
	}
	return append(buf, ',')
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
