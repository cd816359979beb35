package scimtest

import "testing"

// FuzzFilter looks for filters that end the server, or that change when they are evaluated.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`userName eq "a"`, `not (a.b co "x") and c pr`, `emails[type eq "work" and value ew "\u00e9"] or active ne true`,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, `((a pr))`, `a[b[c pr]]`, `a eq 1e400`, `a gt -0.5`, `a eq null`,
	} {
		f.Add(seed)
	}
	s := &Server{}
	s.SetQuirks(Quirks{})
	types := resourceTypes(Options{})
	doc := map[string]any{"userName": "a", "active": true, "emails": []any{map[string]any{"type": "work", "value": "x"}, "odd"}, "a": 1.0}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := parseFilter(text)
		if err != nil {
			return
		}
		_ = node.shape()
		if s.matches(node, types[0], doc) == s.matches(filterNot{node}, types[0], doc) {
			t.Errorf("%q and its negation agree", text)
		}
		_, _ = parsePatchPath(types[0], text) // only must not end the test
	})
}
