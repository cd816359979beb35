package upload

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// loss is a way in which a value may come to nothing: one that says the same
// of every value of its path. There was no value, and after the writing there
// is none; or there was another form of it, and after the writing that is still
// there.
type loss string

const (
	dropped loss = "dropped"
	folded  loss = "folded"  // another letter case
	escaped loss = "escaped" // with HTML entities
	spelt   loss = "spelt"   // other space and punctuation
)

// cutOffAt is the loss of what a text has behind so many characters.
func cutOffAt(n int) loss { return loss(fmt.Sprintf("cut off at %d", n)) }

// fewestKept is the least that is left of a text that is cut off.
const fewestKept = 4

// form is how what a service has may be another form of what is wanted; "" when
// it is something else. Whether it is, or the value has changed, only the
// writing can tell.
func (t Trait) form(want, have []string) loss {
	t.CaseExact = false
	switch {
	case t.same(want, have):
		return folded
	case t.same(each(want, html.UnescapeString), each(have, html.UnescapeString)):
		return escaped
	case t.same(each(want, letters), each(have, letters)):
		return spelt
	case len(want) != 1 || len(have) != 1:
	case strings.HasPrefix(want[0], have[0]):
		if n := utf8.RuneCountInString(have[0]); n >= fewestKept {
			return cutOffAt(n)
		}
	}
	return ""
}

func each(values []string, change func(string) string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = change(v)
	}
	return out
}

// letters are the letters and digits of a text, or all of it if it has none.
func letters(s string) string {
	only := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, html.UnescapeString(s))
	if only == "" {
		return s
	}
	return only
}

// became says what the service made of a value, and what to do about it.
func became(c *Change, s Attribute, have []string) string {
	who := fmt.Sprintf("(%s %s)", c.Kind, c.Name)
	if len(have) == 0 {
		return fmt.Sprintf("the service does not keep the %s that was written %s: leave %s out of the mapping", s.Path, who, s.Path)
	}
	if len(have) == 1 && len(s.Values) == 1 {
		if form, with := mapped(s.Values[0], have[0]); form != "" {
			return fmt.Sprintf("the service keeps %s %s %s: map it so, with {{%s .ATTRIBUTE}}", s.Path, form, who, with)
		}
	}
	if c.Before != nil && slices.Equal(have, c.Before.Get(s.Path)) {
		return fmt.Sprintf("the service answers with success and leaves %s as it was %s: if it cannot be changed there, leave it out of the mapping", s.Path, who)
	}
	return fmt.Sprintf("the service keeps another %s than was written %s: map %s to the form that the service keeps, or leave it out of the mapping", s.Path, who, s.Path)
}

// mapped is the form that a service has given a text, in words, and the
// template function that gives it the same form.
func mapped(text, have string) (form, with string) {
	for _, f := range []struct {
		form, with string
		of         func(string) string
	}{
		{"in lower case", "lower", strings.ToLower},
		{"in upper case", "upper", strings.ToUpper},
		{"with HTML entities", "html", template.HTMLEscapeString},
	} {
		if have == f.of(text) {
			return f.form, f.with
		}
	}
	if n := utf8.RuneCountInString(have); n >= fewestKept && strings.HasPrefix(text, have) {
		return fmt.Sprintf("cut off at %d characters", n), fmt.Sprintf(`printf "%%.%ds"`, n)
	}
	return "", ""
}
