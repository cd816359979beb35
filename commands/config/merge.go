package config

import (
	"reflect"
	"slices"

	"gopkg.in/yaml.v3"
)

// merge brings the changed keys of a struct into the mapping it was read
// from. What is unchanged keeps its node, and so its comments and its style.
func merge(n *yaml.Node, v, standard reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		held, usual := v.Field(f.index), standard.Field(f.index)
		at := find(n, f.name)
		switch {
		case at < 0 && reflect.DeepEqual(held.Interface(), usual.Interface()):
		case at < 0:
			add(n, f.name, encode(held, usual, false))
		case same(n.Content[at+1], held, usual):
		case absent(held):
			n.Content = slices.Delete(n.Content, at, at+2)
		default:
			n.Content[at+1] = changed(n.Content[at+1], held, usual)
			if held.Kind() == reflect.Struct && len(n.Content[at+1].Content) == 0 && n.Content[at+1].Kind == yaml.MappingNode {
				n.Content = slices.Delete(n.Content, at, at+2) // all that was in it is gone
			}
		}
	}
}

// changed is the node of a value in place of the one that was read.
func changed(n *yaml.Node, v, standard reflect.Value) *yaml.Node {
	_, own := v.Interface().(nodeMaker)
	switch {
	case v.Kind() == reflect.Pointer && n.Kind == yaml.MappingNode && v.Elem().Kind() == reflect.Struct:
		merge(n, v.Elem(), reflect.ValueOf(defaultOf(v.Type().Elem())).Elem())
		return n
	case !own && v.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		merge(n, v, standard)
		return n
	case v.Type() == reflect.TypeFor[[]Source]() && n.Kind == yaml.SequenceNode:
		mergeSources(n, v.Interface().([]Source))
		return n
	case !own && v.Kind() == reflect.Map && n.Kind == yaml.MappingNode:
		mergeTable(n, v)
		return n
	}
	made := encode(v, standard, false)
	made.HeadComment, made.LineComment, made.FootComment = n.HeadComment, n.LineComment, n.FootComment
	if made.Kind == n.Kind {
		made.Style |= n.Style & yaml.FlowStyle
	}
	return made
}

// mergeSources keeps the nodes of the sources that stay, which are known by
// their id.
func mergeSources(n *yaml.Node, sources []Source) {
	old := n.Content
	n.Content = nil
	n.Style &^= yaml.FlowStyle
	for _, s := range sources {
		v, standard := reflect.ValueOf(s), reflect.ValueOf(NewSource())
		i := slices.IndexFunc(old, func(part *yaml.Node) bool {
			at := find(part, "id")
			return at >= 0 && part.Content[at+1].Value == s.ID
		})
		if i < 0 {
			n.Content = append(n.Content, encode(v, standard, true))
			continue
		}
		merge(old[i], v, standard)
		n.Content = append(n.Content, old[i])
	}
}

func mergeTable(n *yaml.Node, v reflect.Value) {
	for i := 0; i+1 < len(n.Content); {
		if !v.MapIndex(reflect.ValueOf(n.Content[i].Value)).IsValid() {
			n.Content = slices.Delete(n.Content, i, i+2)
			continue
		}
		i += 2
	}
	for _, name := range sortedKeys(v) {
		held := v.MapIndex(reflect.ValueOf(name))
		standard := reflect.Zero(v.Type().Elem())
		if at := find(n, name); at < 0 {
			add(n, name, encode(held, standard, false))
		} else if !same(n.Content[at+1], held, standard) {
			n.Content[at+1] = changed(n.Content[at+1], held, standard)
		}
	}
}

// same reports whether a node reads as the value.
func same(n *yaml.Node, v, standard reflect.Value) bool {
	read := reflect.New(v.Type())
	if v.Kind() == reflect.Struct {
		read.Elem().Set(standard) // what is not written has its default
	}
	r := &reader{lines: map[string]int{}}
	r.value(n, read.Elem(), "")
	return len(r.problems) == 0 && reflect.DeepEqual(read.Elem().Interface(), v.Interface())
}

// absent reports whether a value is written by leaving its key out.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool, reflect.Int:
		return false
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// find is the place of a key in a mapping, -1 when it is not there.
func find(n *yaml.Node, name string) int {
	if n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return i
		}
	}
	return -1
}

func sortedKeys(v reflect.Value) []string {
	var names []string
	for _, key := range v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return names
}

func clone(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Content = slices.Clone(n.Content)
	for i, part := range n.Content {
		c.Content[i] = clone(part)
	}
	return &c
}
