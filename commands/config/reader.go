package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// reader fills the structs of a configuration from a YAML tree. It goes on
// after a problem, so that all are found at once, and remembers the line of
// each key for the checks that follow.
type reader struct {
	file     string
	problems Problems
	lines    map[string]int
}

// nodeReader is a type with a YAML form of its own.
type nodeReader interface {
	readNode(r *reader, n *yaml.Node, key string)
}

// defaulter is a type whose unwritten keys are not all zero.
type defaulter interface{ setDefaults() }

// report adds a problem at the line of a key, or of the nearest key above it.
func (r *reader) report(key, text, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: r.line(key), Key: key, Text: text, Hint: hint})
}

func (r *reader) reportf(key, format string, args ...any) {
	r.report(key, fmt.Sprintf(format, args...), "")
}

func (r *reader) line(key string) int {
	for key != "" {
		if line, ok := r.lines[key]; ok {
			return line
		}
		key = parent(key)
	}
	return 0
}

// failed reports whether a key, or one below it, has a problem already.
func (r *reader) failed(key string) bool {
	return slices.ContainsFunc(r.problems, func(p Problem) bool {
		rest, below := strings.CutPrefix(p.Key, key)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// given reports whether a key is written in the file.
func (r *reader) given(key string) bool {
	_, ok := r.lines[key]
	return ok
}

func parent(key string) string {
	if i := strings.LastIndexAny(key, ".["); i >= 0 {
		return key[:i]
	}
	return ""
}

// value reads a node into v, whose type says what is wanted.
func (r *reader) value(n *yaml.Node, v reflect.Value, key string) {
	if key != "" {
		r.lines[key] = n.Line
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.report(key, "anchors and aliases (& and *) are not read here", "write the value out, in quotes if it begins with one of these signs")
		return
	}
	if !knownTag(n) {
		r.report(key, "a value may not begin with ! unless it is in quotes", "")
		return
	}
	if custom, ok := v.Addr().Interface().(nodeReader); ok {
		custom.readNode(r, n, key)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		r.structure(n, v, key)
	case reflect.Pointer:
		r.pointer(n, v, key)
	case reflect.Slice:
		r.list(n, v, key)
	case reflect.Map:
		r.table(n, v, key)
	case reflect.String:
		// An empty text is as good as a key left out: the default stays.
		if text, ok := r.text(n, key); ok && text != "" {
			v.SetString(text)
		}
	case reflect.Int:
		r.number(n, v, key)
	case reflect.Bool:
		r.truth(n, v, key)
	}
}

func (r *reader) structure(n *yaml.Node, v reflect.Value, key string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.reportf(key, "wants keys below it, not %s", kindOf(n))
		return
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, ok := r.name(n.Content[i], key, seen)
		if !ok {
			continue
		}
		at := join(key, name)
		field := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if field < 0 {
			r.lines[at] = n.Content[i].Line
			r.report(at, "unknown key", suggestion(name, fields))
			continue
		}
		r.value(n.Content[i+1], v.Field(fields[field].index), at)
		r.lines[at] = n.Content[i].Line
	}
}

// name is the text of a mapping's key, if it is one and the first of its name.
func (r *reader) name(n *yaml.Node, key string, seen map[string]bool) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || !knownTag(n) || n.Tag == "!!merge" {
		r.problems = append(r.problems, Problem{File: r.file, Line: n.Line, Key: key, Text: "a key is a plain word here, without anchors, merges or tags"})
		return "", false
	}
	if seen[n.Value] {
		r.problems = append(r.problems, Problem{File: r.file, Line: n.Line, Key: join(key, n.Value), Text: "stands here a second time"})
		return "", false
	}
	seen[n.Value] = true
	return n.Value, true
}

func (r *reader) pointer(n *yaml.Node, v reflect.Value, key string) {
	if isNull(n) {
		return
	}
	made := reflect.New(v.Type().Elem())
	if d, ok := made.Interface().(defaulter); ok {
		d.setDefaults()
	}
	v.Set(made)
	r.value(n, made.Elem(), key)
}

func (r *reader) list(n *yaml.Node, v reflect.Value, key string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		r.reportf(key, "wants a list (each part begins with \"- \"), not %s", kindOf(n))
		return
	}
	for i, part := range n.Content {
		made := reflect.New(v.Type().Elem())
		if d, ok := made.Interface().(defaulter); ok {
			d.setDefaults()
		}
		r.value(part, made.Elem(), key+"["+strconv.Itoa(i)+"]")
		v.Set(reflect.Append(v, made.Elem()))
	}
}

func (r *reader) table(n *yaml.Node, v reflect.Value, key string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.reportf(key, "wants keys below it, not %s", kindOf(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, ok := r.name(n.Content[i], key, seen)
		if !ok {
			continue
		}
		at := join(key, name)
		made := reflect.New(v.Type().Elem())
		r.value(n.Content[i+1], made.Elem(), at)
		r.lines[at] = n.Content[i].Line
		v.SetMapIndex(reflect.ValueOf(name), made.Elem())
	}
}

// text is the value of a node that must be text.
func (r *reader) text(n *yaml.Node, key string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.reportf(key, "wants text, not %s", kindOf(n))
	case isNull(n):
		r.report(key, "has no value", "leave the key out or give it one")
	case n.Tag != "!!str":
		r.reportf(key, "wants text, not %s", kindOf(n))
		r.problems[len(r.problems)-1].Hint = "put it in quotes"
	case strings.ContainsFunc(n.Value, func(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f }):
		r.report(key, "holds a control character", "in double quotes a backslash is written twice")
	default:
		return n.Value, true
	}
	return "", false
}

func (r *reader) number(n *yaml.Node, v reflect.Value, key string) {
	number, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
		r.reportf(key, "wants a whole number, not %s", kindOf(n))
		return
	}
	v.SetInt(int64(number))
}

func (r *reader) truth(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.reportf(key, "wants true or false, not %s", kindOf(n))
		return
	}
	v.SetBool(strings.EqualFold(n.Value, "true"))
}

// field is one key of a struct.
type field struct {
	name   string
	index  int
	always bool // written to a new file even with its default
}

// fieldsOf lists the keys of a struct in the order of its fields.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields = append(fields, field{name: name, index: i, always: option == "always"})
		}
	}
	return fields
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join extends a key by a name, in quotes where the name is not one word.
func join(key, name string) string {
	if !plainKey.MatchString(name) {
		name = "'" + name + "'"
	}
	if key == "" {
		return name
	}
	return key + "." + name
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// knownTag reports whether a node has one of the tags that YAML itself gives.
func knownTag(n *yaml.Node) bool {
	switch n.Tag {
	case "", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp", "!!merge":
		return n.Style&yaml.TaggedStyle == 0
	}
	return false
}

// kindOf names what a node is, and never what it holds.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys below it"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	switch n.Tag {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}
