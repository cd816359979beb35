package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// largest is far above any configuration a person writes.
const largest = 1 << 20

// Load reads and checks a configuration. Everything that is wrong with it is
// found at once: the error is then *Problems. Nothing but the file itself is
// looked at.
func Load(path string) (*File, error) {
	text, err := readAll(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	f, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	if warning := openToOthers(path); warning != "" {
		f.Warnings = append(f.Warnings, warning)
	}
	if t := f.Target; t != nil && t.TLS.InsecureSkipVerify {
		f.Warnings = append(f.Warnings, "target.tls.insecure_skip_verify: the service's certificate is not checked, anyone can pose as the service")
	}
	return f, nil
}

func readAll(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err == nil && len(text) > largest {
		err = fmt.Errorf("%s is larger than %d bytes", path, largest)
	}
	return text, err
}

func parse(path string, text []byte) (*File, error) {
	r := &reader{file: path, lines: map[string]int{}}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if p, ok := notText(text); ok {
		p.File = path
		return nil, Problems{p}.err()
	}
	tree, p := treeOf(unixLines(text))
	if p != nil {
		p.File = path
		return nil, Problems{*p}.err()
	}
	f := New()
	f.Path, f.Version, f.text, f.tree, f.lines = path, 0, text, tree, r.lines
	r.value(tree.Content[0], reflect.ValueOf(f).Elem(), "")
	f.check(r)
	if err := r.problems.err(); err != nil {
		return nil, err
	}
	return f, nil
}

// unixLines is the text with the line ends that comments are compared by.
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// notText finds encodings other than UTF-8, which editors on Windows write.
func notText(text []byte) (Problem, bool) {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return Problem{Text: "the file is empty", Hint: `"adsync init" writes one`, empty: true}, true
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}), bytes.HasPrefix(text, []byte{0xfe, 0xff}), bytes.IndexByte(text, 0) >= 0:
		return Problem{Text: "the file is UTF-16 or binary", Hint: "save it as UTF-8"}, true
	case utf8.Valid(text):
		return Problem{}, false
	}
	rest, line := text, 1
	for len(rest) > 0 {
		c, size := utf8.DecodeRune(rest)
		if c == utf8.RuneError && size == 1 {
			break
		}
		if c == '\n' {
			line++
		}
		rest = rest[size:]
	}
	return Problem{Line: line, Text: fmt.Sprintf("byte 0x%02X is not UTF-8", rest[0]), Hint: "save the file as UTF-8"}, true
}

// treeOf is the one YAML document in the text.
func treeOf(text []byte) (*yaml.Node, *Problem) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var tree, more yaml.Node
	if err := decoder.Decode(&tree); errors.Is(err, io.EOF) {
		return nil, &Problem{Text: "the file holds only comments", Hint: `"adsync init" writes one`, empty: true}
	} else if err != nil {
		return nil, syntaxProblem(text, err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, &Problem{Line: more.Line, Text: "a second document begins here (---)", Hint: "keep one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxProblem(text, err)
	}
	if root := tree.Content[0]; root.Kind != yaml.MappingNode {
		return nil, &Problem{Line: root.Line, Text: "this is not a configuration: it wants keys such as version: and sources:"}
	}
	return &tree, nil
}
