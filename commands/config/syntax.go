package config

import (
	"bytes"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

var (
	yamlLine  = regexp.MustCompile(`^yaml: (line \d+: )?`)
	indentTab = regexp.MustCompile(`(?m)^ *\t`)
)

// syntaxProblem says in words where YAML itself is broken. The parser's own
// text is passed on only where it cannot hold a piece of the file.
func syntaxProblem(text []byte, err error) *Problem {
	if at := indentTab.FindIndex(text); at != nil {
		line := 1 + bytes.Count(text[:at[0]], []byte("\n"))
		return &Problem{Line: line, Text: "a tab indents this line", Hint: "YAML is indented with spaces"}
	}
	p := &Problem{Line: brokenLine(text, err)}
	said := complaint(err)
	switch {
	case strings.HasPrefix(said, "unknown anchor"):
		p.Text, p.Hint = "a value that begins with * is read as an alias", "put it in quotes"
	case strings.Contains(said, "mapping values are not allowed"):
		p.Text, p.Hint = "a colon stands where no key can be", "put a value that holds \": \" in quotes, and check the indentation"
	case strings.Contains(said, "cannot start any token"):
		p.Text, p.Hint = "a value begins with a character that YAML keeps for itself", "put it in quotes"
	case strings.Contains(said, "expected ',' or"):
		p.Text, p.Hint = "a { or [ is not closed, or a comma is missing", "put a value that holds , { } [ or ] in quotes"
	case strings.Contains(said, "unexpected end of stream"):
		p.Text, p.Hint = "a quote opens here and does not close", ""
	case strings.Contains(said, "did not find expected"), strings.Contains(said, "could not find expected"),
		strings.Contains(said, "block sequence entries are not allowed"):
		p.Text, p.Hint = "this line does not fit to those above it", "check the indentation and quotes"
	default:
		p.Text = "this is not YAML"
	}
	return p
}

func complaint(err error) string {
	return yamlLine.ReplaceAllString(err.Error(), "")
}

// brokenLine is the first line with which the text has the error. The parser's
// own number is often that of the block around it, and off by one. It is 0
// where the text is so long that the search would take long.
func brokenLine(text []byte, err error) int {
	budget := 8 << 20 // bytes to parse: the text up to each of its lines
	said := complaint(err)
	end := 0
	for n := 1; end < len(text) && budget > 0; n++ {
		begin := end
		if i := bytes.IndexByte(text[end:], '\n'); i >= 0 {
			end += i + 1
		} else {
			end = len(text)
		}
		line := bytes.TrimSpace(text[begin:end])
		if end < len(text) && (len(line) == 0 || line[0] == '#') {
			continue
		}
		budget -= end
		var tree yaml.Node
		if err := yaml.Unmarshal(text[:end], &tree); err != nil && complaint(err) == said {
			return n
		}
	}
	return 0
}
