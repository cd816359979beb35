package upload

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// same reports whether the values that the directory wants and those that
// the service has are equal as the service would judge it: order and
// repetition do not count, absent equals empty (RFC 7643 2.5).
func (t Trait) same(want, have []string) bool {
	want, have = t.effective(want), t.effective(have)
	if len(want) <= 1 && len(have) <= 1 {
		return len(want) == len(have) && (len(want) == 0 || t.equal(want[0], have[0]))
	}
	return slices.Equal(t.set(want), t.set(have))
}

// effective are the values that count: not blank nor what stands for none,
// and the first only where the path takes one.
func (t Trait) effective(values []string) []string {
	values = notBlank(values)
	if t.Default != "" && len(values) == 1 && strings.EqualFold(values[0], t.Default) {
		return nil
	}
	if t.Single && len(values) > 1 {
		values = values[:1]
	}
	return values
}

func (t Trait) equal(a, b string) bool {
	return a == b || t.fold(a) == t.fold(b)
}

func (t Trait) set(values []string) []string {
	folded := make([]string, len(values))
	for i, v := range values {
		folded[i] = t.fold(v)
	}
	slices.Sort(folded)
	return slices.Compact(folded)
}

// fold is the form in which two values are compared. What is written is
// always the value as it came.
func (t Trait) fold(v string) string {
	v = strings.TrimSpace(norm.NFC.String(v))
	if t.Normal != nil {
		v = t.Normal(v)
	}
	if t.Boolean || !t.CaseExact {
		v = strings.ToLower(v)
	}
	return v
}

// FoldsCase reports whether a change of letter case alone is nothing to write
// for: in names by which accounts and addresses are looked up (RFC 7643 4.1,
// RFC 5321 2.4), and in codes whose standards ignore it (RFC 5646 2.1.1,
// ISO 3166). In any other text it is a change that somebody made, whatever a
// schema says: caseExact false is the default of RFC 7643 2.2, and means that
// a service looks values up in any case, not that it keeps them in any.
func FoldsCase(k Kind, p Path) bool {
	if p.URN != "" {
		return false
	}
	switch p.Attr {
	case "userName":
		return k == User
	case "emails":
		return p.Sub == "value" || p.Sub == ""
	case "preferredLanguage", "locale":
		return true
	case "addresses":
		return p.Sub == "country"
	}
	return false
}

// foldName is the form in which userNames and displayNames are matched:
// RFC 7643 4.1.1 has userName not case-exact.
func foldName(name string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFC.String(WithoutStore(name))))
}

func sameName(a, b string) bool { return a == b || foldName(a) == foldName(b) }

// WithoutStore is a name of a user or a group without that of the user store
// which WSO2 Identity Server puts before it, given or not, when it is the first
// one. In another store it is another user or group.
func WithoutStore(name string) string { return strings.TrimPrefix(name, "PRIMARY/") }
