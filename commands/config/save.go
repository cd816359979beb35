package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"gopkg.in/yaml.v3"
)

// Save writes the configuration whole or not at all, readable by its owner
// alone, and keeps the file that was there as PATH.bak. A configuration that
// came from Load keeps the comments and the order of its file.
func (f *File) Save(path string) error {
	text := f.Render()
	if _, err := parse(path, text); err != nil {
		return err
	}
	if err := write(path, text); err != nil {
		return fmt.Errorf("save configuration: %w", err)
	}
	return nil
}

// write puts a file in place in one step.
func write(path string, text []byte) error {
	// A link is followed, so that the file it points to is replaced.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, text):
		return os.Chmod(path, 0o600)
	case err == nil:
		if err := replace(path+".bak", old); err != nil {
			return err
		}
	case !os.IsNotExist(err):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return replace(path, text)
}

func replace(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	if _, err := os.Stat(path); err == nil {
		if err := SameAccess(temp.Name(), path); err != nil {
			_ = temp.Close()
			return err
		}
	}
	_, err = temp.Write(text)
	if err == nil {
		err = temp.Sync()
	}
	if closed := temp.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := Rename(temp.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes a rename last over a power cut, where the system can.
func syncFolder(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync() // Windows cannot, and renames through its journal
		_ = dir.Close()
	}
}

// Render is the configuration as the text of its file. A new one has a short
// comment over each section. One that came from Load keeps its comments, order
// and empty lines, and is the very same text when nothing was changed.
func (f *File) Render() []byte {
	var tree *yaml.Node
	if f.tree == nil {
		root := encode(reflect.ValueOf(f).Elem(), reflect.ValueOf(defaultOf(reflect.TypeFor[File]())).Elem(), true)
		comment(root)
		tree = &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{root}, HeadComment: fileComment}
	} else {
		tree = clone(f.tree)
		merge(tree.Content[0], reflect.ValueOf(f).Elem(), reflect.ValueOf(defaultOf(reflect.TypeFor[File]())).Elem())
		if reflect.DeepEqual(tree, f.tree) {
			return f.text
		}
	}
	before := unixLines(f.text)
	edited := space(encodeTree(tree), before)
	if f.tree == nil {
		return edited
	}
	laid := layout(before, space(encodeTree(clone(f.tree)), before), edited)
	if !sameTree(laid, edited) {
		laid = edited // it is indented in a way of its own
	}
	if len(before) < len(f.text) {
		laid = bytes.ReplaceAll(laid, []byte("\n"), []byte("\r\n"))
	}
	return laid
}

func encodeTree(tree *yaml.Node) []byte {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	// A tree of plain nodes always encodes, and a buffer takes everything.
	_ = encoder.Encode(tree)
	_ = encoder.Close()
	return b.Bytes()
}

// sameTree reports whether two texts are one configuration with the same
// comments.
func sameTree(a, b []byte) bool {
	var x, y yaml.Node
	if yaml.Unmarshal(a, &x) != nil || yaml.Unmarshal(b, &y) != nil {
		return false
	}
	return bytes.Equal(encodeTree(&x), encodeTree(&y))
}

// nodeMaker is a type with a YAML form of its own.
type nodeMaker interface{ node() *yaml.Node }

// defaultOf is a pointer to a new value of a type, with its defaults.
func defaultOf(t reflect.Type) any {
	made := reflect.New(t).Interface()
	if d, ok := made.(defaulter); ok {
		d.setDefaults()
	}
	return made
}

// encode makes the node of a value. Of a struct it leaves out the keys that
// have their default, unless whole asks for the important ones of them.
func encode(v, standard reflect.Value, whole bool) *yaml.Node {
	if maker, ok := v.Interface().(nodeMaker); ok {
		return maker.node()
	}
	switch v.Kind() {
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, f := range fieldsOf(v.Type()) {
			held, usual := v.Field(f.index), standard.Field(f.index)
			if reflect.DeepEqual(held.Interface(), usual.Interface()) && !(whole && f.always) {
				continue
			}
			add(n, f.name, encode(held, usual, whole))
		}
		return n
	case reflect.Pointer:
		return encode(v.Elem(), reflect.ValueOf(defaultOf(v.Type().Elem())).Elem(), whole)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			n.Content = append(n.Content, encode(v.Index(i), reflect.ValueOf(defaultOf(v.Type().Elem())).Elem(), whole))
		}
		return n
	case reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, name := range sortedKeys(v) {
			add(n, name, encode(v.MapIndex(reflect.ValueOf(name)), reflect.Zero(v.Type().Elem()), whole))
		}
		return n
	case reflect.Int:
		return plainNode(strconv.FormatInt(v.Int(), 10), "!!int")
	case reflect.Bool:
		return plainNode(strconv.FormatBool(v.Bool()), "!!bool")
	}
	return textNode(v.String())
}

func add(n *yaml.Node, name string, value *yaml.Node) {
	n.Content = append(n.Content, textNode(name), value)
}
