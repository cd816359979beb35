package scimtest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// attrPath names an attribute: an optional schema URN, the attribute, an optional sub-attribute.
type attrPath struct{ urn, attr, sub string }

func (p attrPath) String() string {
	s := p.attr
	if p.urn != "" {
		s = p.urn + ":" + s
	}
	if p.sub != "" {
		s += "." + p.sub
	}
	return s
}

// The nodes of a parsed filter (RFC 7644, section 3.4.2.2).
type (
	filterAnd     struct{ left, right filterNode }
	filterOr      struct{ left, right filterNode }
	filterNot     struct{ inner filterNode }
	filterCompare struct {
		path  attrPath
		op    string // lower case; pr has no value
		value any
	}
	filterValuePath struct {
		path  attrPath
		inner filterNode
		after *filterCompare // of emails[type eq "work"].value eq "x", an extension of some services
	}
	filterNode interface{ shape() string }
)

// shape writes a filter without its values, in canonical case, for the quirk that allows a list of filters only.
func (f filterAnd) shape() string     { return f.left.shape() + " and " + f.right.shape() }
func (f filterOr) shape() string      { return f.left.shape() + " or " + f.right.shape() }
func (f filterNot) shape() string     { return "not (" + f.inner.shape() + ")" }
func (f filterCompare) shape() string { return f.path.String() + " " + f.op }

func (f filterValuePath) shape() string {
	text := f.path.String() + "[" + f.inner.shape() + "]"
	if f.after != nil {
		text += "." + f.after.shape()
	}
	return text
}

// maxFilterDepth bounds recursion; no client nests this deep.
const maxFilterDepth = 200

type filterParser struct {
	text  string
	pos   int
	depth int
	// extended allows a comparison behind a value path.
	extended bool
}

// parseFilter reads a whole filter expression of RFC 7644.
func parseFilter(text string) (filterNode, error) { return (&filterParser{text: text}).whole() }

func (p *filterParser) whole() (filterNode, error) {
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.text) {
		return nil, p.errorf("unexpected %q", p.text[p.pos:])
	}
	return n, nil
}

func (p *filterParser) errorf(format string, args ...any) error {
	return fmt.Errorf("filter, character %d: %s", p.pos+1, fmt.Sprintf(format, args...))
}

func (p *filterParser) space() {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
}

// word reads up to a space, a bracket or a parenthesis.
func (p *filterParser) word() string {
	p.space()
	start := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(" ()[]\"", rune(p.text[p.pos])) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// keyword consumes the given word if it is next.
func (p *filterParser) keyword(w string) bool {
	save := p.pos
	if strings.EqualFold(p.word(), w) {
		return true
	}
	p.pos = save
	return false
}

func (p *filterParser) symbol(c byte) bool {
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *filterParser) or() (filterNode, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, p.errorf("nested too deep")
	}
	defer func() { p.depth-- }()
	left, err := p.and()
	for err == nil && p.keyword("or") {
		var right filterNode
		if right, err = p.and(); err == nil {
			left = filterOr{left, right}
		}
	}
	return left, err
}

func (p *filterParser) and() (filterNode, error) {
	left, err := p.term()
	for err == nil && p.keyword("and") {
		var right filterNode
		if right, err = p.term(); err == nil {
			left = filterAnd{left, right}
		}
	}
	return left, err
}

func (p *filterParser) term() (filterNode, error) {
	save := p.pos
	if p.keyword("not") && p.symbol('(') {
		n, err := p.closed(')')
		return filterNot{n}, err
	}
	p.pos = save
	if p.symbol('(') {
		return p.closed(')')
	}
	path, err := parseAttrPath(p.word())
	if err != nil {
		return nil, p.errorf("%v", err)
	}
	if p.symbol('[') {
		return p.valuePath(path)
	}
	return p.comparison(path)
}

func (p *filterParser) valuePath(path attrPath) (filterNode, error) {
	n, err := p.closed(']')
	if err != nil || !p.extended || p.pos == len(p.text) || p.text[p.pos] != '.' {
		return filterValuePath{path: path, inner: n}, err
	}
	p.pos++
	sub, err := parseAttrPath(p.word())
	if err != nil {
		return nil, p.errorf("%v", err)
	}
	after, err := p.comparison(sub)
	if err != nil {
		return nil, err
	}
	compare, _ := after.(filterCompare)
	return filterValuePath{path, n, &compare}, nil
}

func (p *filterParser) closed(end byte) (filterNode, error) {
	n, err := p.or()
	if err == nil && !p.symbol(end) {
		err = p.errorf("%q is missing", string(end))
	}
	return n, err
}

func (p *filterParser) comparison(path attrPath) (filterNode, error) {
	op := strings.ToLower(p.word())
	switch op {
	case "pr":
		return filterCompare{path: path, op: op}, nil
	case "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le":
	default:
		return nil, p.errorf("%q is no operator", op)
	}
	p.space()
	dec := json.NewDecoder(strings.NewReader(p.text[p.pos:]))
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, p.errorf("no value after %s %s", path, op)
	}
	switch v.(type) {
	case map[string]any, []any:
		return nil, p.errorf("a value must be a string, a number, true, false or null")
	}
	p.pos += int(dec.InputOffset())
	return filterCompare{path, op, v}, nil
}

// parseAttrPath reads [URN ":"] attribute ["." sub-attribute]. The last colon ends the URN, whose version number
// has a dot of its own.
func parseAttrPath(s string) (attrPath, error) {
	var p attrPath
	rest := s
	if len(s) > 4 && strings.EqualFold(s[:4], "urn:") {
		i := strings.LastIndexByte(s, ':')
		p.urn, rest = s[:i], s[i+1:]
	}
	p.attr, p.sub, _ = strings.Cut(rest, ".")
	for _, name := range []string{p.attr, p.sub} {
		for i, c := range name {
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '$' || c == '_'
			if !letter && (i == 0 || (c != '-' && (c < '0' || c > '9'))) {
				return p, fmt.Errorf("%q is no attribute name", s)
			}
		}
	}
	if p.attr == "" || strings.HasSuffix(rest, ".") {
		return p, fmt.Errorf("%q is no attribute name", s)
	}
	return p, nil
}
