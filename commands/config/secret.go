package config

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Secret says where a secret is kept; the secret itself never stands in the
// configuration. At most one of the fields is set.
type Secret struct {
	Env     string   // an environment variable
	File    string   // a file, or credential:NAME for one that systemd hands over
	Command []string // a program and its arguments; the secret is what it prints
	Keyring string   // an entry of the operating system's keyring
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool {
	return s.Env == "" && s.File == "" && len(s.Command) == 0 && s.Keyring == ""
}

// String says where the secret is, as the configuration writes it.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "{env: " + s.Env + "}"
	case s.File != "":
		return "{file: " + s.File + "}"
	case len(s.Command) > 0:
		// Arguments are left out: some programs are given a key in them.
		return "{command: [" + s.Command[0] + ", ...]}"
	case s.Keyring != "":
		return "{keyring: " + s.Keyring + "}"
	}
	return "{}"
}

const secretForms = "{env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}"

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readNode reports problems without repeating any value: whoever wrote it in
// the wrong form may have written the secret itself.
func (s *Secret) readNode(r *reader, n *yaml.Node, key string) {
	if n.Kind != yaml.MappingNode {
		if !isNull(n) {
			r.report(key, "a secret does not stand in this file", "write "+secretForms)
		}
		return
	}
	forms := 0
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, ok := r.name(n.Content[i], key, seen)
		if !ok {
			continue
		}
		forms++
		value, at := n.Content[i+1], join(key, name)
		r.lines[at] = n.Content[i].Line
		switch name {
		case "env":
			if s.Env = r.place(value, at); s.Env != "" && !variableName.MatchString(s.Env) {
				r.report(at, "wants the name of an environment variable (letters, digits and _), not its value", "")
			}
		case "file":
			s.File = r.place(value, at)
		case "keyring":
			s.Keyring = r.place(value, at)
		case "command":
			s.Command = r.command(value, at)
		default:
			r.problems = append(r.problems, Problem{File: r.file, Line: n.Content[i].Line, Key: key,
				Text: "unknown kind of secret", Hint: "write " + secretForms})
		}
	}
	if forms > 1 {
		r.report(key, "names several places for one secret", "keep one of them")
	}
}

func (r *reader) place(n *yaml.Node, key string) string {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || !knownTag(n) || strings.TrimSpace(n.Value) == "" {
		r.report(key, "wants a name or path, as text", "")
		return ""
	}
	text, _ := r.text(n, key)
	return text
}

func (r *reader) command(n *yaml.Node, key string) []string {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.report(key, "wants a list: the program and its arguments, each by itself", "no shell reads it")
		return nil
	}
	var words []string
	for i, part := range n.Content {
		if part.Kind != yaml.ScalarNode || isNull(part) || !knownTag(part) || i == 0 && part.Value == "" {
			r.reportf(fmt.Sprintf("%s[%d]", key, i), "wants text")
			continue
		}
		words = append(words, part.Value)
	}
	return words
}

func (s Secret) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
	add := func(name string, value *yaml.Node) {
		n.Content = append(n.Content, plainNode(name, "!!str"), value)
	}
	switch {
	case s.Env != "":
		add("env", textNode(s.Env))
	case s.File != "":
		add("file", textNode(s.File))
	case len(s.Command) > 0:
		words := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		for _, word := range s.Command {
			words.Content = append(words.Content, textNode(word))
		}
		add("command", words)
	case s.Keyring != "":
		add("keyring", textNode(s.Keyring))
	}
	return n
}
