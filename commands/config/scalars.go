package config

import (
	"fmt"
	"strings"
	"time"

	"adsync/upload"

	"gopkg.in/yaml.v3"
)

// Strings is one text or a list of texts, none of them empty.
type Strings []string

func (s *Strings) readNode(r *reader, n *yaml.Node, key string) {
	parts := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		parts = n.Content
	} else if n.Kind == yaml.MappingNode {
		r.report(key, "wants text or a list of texts, not keys below it", "")
		return
	}
	for i, part := range parts {
		at := key
		if n.Kind == yaml.SequenceNode {
			at = fmt.Sprintf("%s[%d]", key, i)
			r.lines[at] = part.Line
		}
		if !knownTag(part) || part.Kind == yaml.AliasNode || part.Anchor != "" {
			r.report(at, "wants text", "put a value that begins with &, * or ! in quotes")
			continue
		}
		text, ok := r.text(part, at)
		if ok && strings.TrimSpace(text) == "" {
			r.report(at, "is empty", "")
		} else if ok {
			*s = append(*s, text)
		}
	}
}

func (s Strings) node() *yaml.Node {
	if len(s) == 1 {
		return textNode(s[0])
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, text := range s {
		n.Content = append(n.Content, textNode(text))
	}
	return n
}

// Duration is a span of time, written with its unit: 500ms, 30s, 2m.
type Duration time.Duration

// String is the duration as it is written in a configuration.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (d *Duration) readNode(r *reader, n *yaml.Node, key string) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!int" {
		r.reportf(key, "%s has no unit", n.Value)
		r.problems[len(r.problems)-1].Hint = "write 500ms, 30s or 2m"
		return
	}
	text, ok := r.text(n, key)
	if !ok {
		return
	}
	span, err := time.ParseDuration(text)
	switch {
	case err != nil:
		r.reportf(key, "%q is not a duration", text)
		r.problems[len(r.problems)-1].Hint = "write 500ms, 30s or 2m"
	case span <= 0:
		r.reportf(key, "%q is not more than nothing", text)
	default:
		*d = Duration(span)
	}
}

func (d Duration) node() *yaml.Node { return plainNode(d.String(), "!!str") }

// A Limit is how much may be removed in one run, written 10%, 10 or off.
type Limit struct{ upload.Limit }

func (l *Limit) readNode(r *reader, n *yaml.Node, key string) {
	switch {
	case n.Kind != yaml.ScalarNode || isNull(n):
		r.reportf(key, "wants a limit (10%%, 10 or off), not %s", kindOf(n))
		return
	// YAML 1.1 readers take a bare off for false; both are understood.
	case n.Tag == "!!bool" && strings.EqualFold(n.Value, "false"):
		*l = Limit{upload.Limit{Off: true}}
		return
	}
	limit, err := upload.ParseLimit(n.Value)
	if err != nil {
		r.report(key, err.Error(), "")
		return
	}
	*l = Limit{limit}
}

func (l Limit) node() *yaml.Node {
	tag := "!!str"
	if !l.Off && !l.Percent {
		tag = "!!int"
	}
	return plainNode(l.String(), tag)
}
