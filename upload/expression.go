package upload

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode/utf8"

	"adsync/ldapsrc/directory"
)

// An Expression says where a path's values come from: the first of its
// alternatives that has one. An alternative is the name of an attribute, all
// of whose values are taken, or a Go template, which makes one value:
//
//	mail
//	{{.givenName}} {{.sn}}
//	{{lower .sAMAccountName}}@example.com
//	{{index . "msDS-cloudExtensionAttribute1"}}
//
// In a template each attribute stands for its first value, "" when it has
// none; TemplateFunctions lists the functions besides Go's own.
type Expression struct {
	alternatives []alternative
}

type alternative struct {
	text       string
	attributes []string
	template   *template.Template // nil: the one attribute itself
}

// TemplateFunctions are the functions that a template may call besides the
// template language's own. The text comes last, for pipelines.
var TemplateFunctions = template.FuncMap{
	"lower":   strings.ToLower,
	"upper":   strings.ToUpper,
	"trim":    strings.TrimSpace,
	"replace": func(old, new, s string) string { return strings.ReplaceAll(s, old, new) },
	"before":  func(sep, s string) string { head, _, _ := strings.Cut(s, sep); return head },
	"after":   func(sep, s string) string { _, tail, _ := strings.Cut(s, sep); return tail },
	"default": func(fallback, s string) string {
		if strings.TrimSpace(s) == "" {
			return fallback
		}
		return s
	},
}

// ParseExpression compiles the alternatives of one path.
func ParseExpression(alternatives []string) (Expression, error) {
	var e Expression
	if len(alternatives) == 0 {
		return e, fmt.Errorf("no attribute is named")
	}
	for _, text := range alternatives {
		a, err := parseAlternative(text)
		if err != nil {
			return Expression{}, err
		}
		e.alternatives = append(e.alternatives, a)
	}
	return e, nil
}

func parseAlternative(text string) (alternative, error) {
	if !strings.Contains(text, "{{") {
		if !isAttributeName(text) {
			return alternative{}, fmt.Errorf("%q is neither an attribute name nor a {{template}}", text)
		}
		return alternative{text: text, attributes: []string{text}}, nil
	}
	t, err := template.New("").Funcs(TemplateFunctions).Parse(text)
	if err != nil {
		return alternative{}, fmt.Errorf("template %q: %w", text, err)
	}
	a := alternative{text: text, template: t, attributes: fieldsOf(t.Root)}
	if _, err := a.execute(&directory.View{}); err != nil {
		return alternative{}, fmt.Errorf("template %q: %w", text, err)
	}
	return a, nil
}

// isAttributeName accepts the attribute descriptions of RFC 4512 2.5.
func isAttributeName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || strings.ContainsRune("-;_.", r))) {
			return false
		}
	}
	return s != ""
}

// fieldsOf finds the attributes that a template reads: .name and
// index . "name".
func fieldsOf(n parse.Node) []string {
	var found []string
	var walk func(parse.Node)
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			if n != nil {
				for _, c := range n.Nodes {
					walk(c)
				}
			}
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.PipeNode:
			if n != nil {
				for _, c := range n.Cmds {
					walk(c)
				}
			}
		case *parse.CommandNode:
			for i, arg := range n.Args {
				if s, ok := arg.(*parse.StringNode); ok && i == 2 && n.Args[0].String() == "index" {
					found = append(found, s.Text)
				}
				walk(arg)
			}
		case *parse.FieldNode:
			found = append(found, n.Ident[0])
		case *parse.IfNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.WithNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.RangeNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		}
	}
	walk(n)
	slices.Sort(found)
	return slices.Compact(found)
}

// Attributes returns the names of the attributes that the expression reads.
func (e Expression) Attributes() []string {
	var names []string
	for _, a := range e.alternatives {
		names = append(names, a.attributes...)
	}
	return names
}

// Alternatives are the expression's attributes and templates as the
// configuration spells them, in the order in which they are tried.
func (e Expression) Alternatives() []string {
	texts := make([]string, len(e.alternatives))
	for i, a := range e.alternatives {
		texts[i] = a.text
	}
	return texts
}

// String is the expression as the configuration spells it.
func (e Expression) String() string {
	texts := e.Alternatives()
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// Values evaluates the expression. A value of nothing but white space counts
// as none; values are otherwise as the directory sent them. The list is valid
// as long as the view is of this entry.
func (e Expression) Values(from *directory.View) ([]string, error) {
	values, _, err := e.Trace(from)
	return values, err
}

// Trace is Values and the alternative that gave them, "" when none did.
func (e Expression) Trace(from *directory.View) (values []string, by string, err error) {
	for i := range e.alternatives {
		a := &e.alternatives[i]
		if a.template == nil {
			values = from.Get(a.text)
		} else if values, err = a.execute(from); err != nil {
			return nil, "", err
		}
		if values = notBlank(values); len(values) > 0 {
			return values, a.text, nil
		}
	}
	return nil, "", nil
}

func (a *alternative) execute(from *directory.View) ([]string, error) {
	data := make(map[string]string, len(a.attributes))
	for _, name := range a.attributes {
		data[name] = first(from.Get(name))
	}
	var b strings.Builder
	if err := a.template.Execute(&b, data); err != nil {
		return nil, err
	}
	return []string{strings.TrimSpace(b.String())}, nil
}

// notBlank drops values of white space only; it copies only when it must.
func notBlank(values []string) []string {
	if !slices.ContainsFunc(values, blank) {
		return values
	}
	return slices.DeleteFunc(slices.Clone(values), blank)
}

// blank looks at the first letter first: nearly all values begin with one.
func blank(s string) bool {
	if s != "" && s[0] > ' ' && s[0] < utf8.RuneSelf {
		return false
	}
	return strings.TrimSpace(s) == ""
}
