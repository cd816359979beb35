package scim

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestDocumentsAreEncodedAsTheStandardLibraryWould(t *testing.T) {
	for _, row := range []struct {
		name  string
		value any
	}{
		{"plain text", "Ada Lovelace"},
		{"text with what JSON, HTML and JavaScript escape", "a\"b\\c<d>&e\u2028\x01\x7f\n"},
		{"text in other scripts, and broken", "Zoë 😀 \xff"},
		{"nothing", nil},
		{"an object in the order of its names", document{"b": true, "a": int64(-7), "c": 1.5, "d": json.Number("12")}},
		{"lists and objects within each other", document{"emails": []any{map[string]any{"value": "a@example.org", "primary": false}}, "schemas": []string{"urn:x", "urn:y"}, "none": []any{}}},
		{"operations", []operation{{"add", "members", references([]string{"1", "2"})}, {Op: "remove", Path: "title"}, {"replace", "", map[string]any{"active": true}}, {"replace", "x", ""}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			if err := e.Encode(row.value); err != nil {
				t.Fatal(err)
			}
			got, err := appendJSON(nil, row.value)
			if err != nil || string(got)+"\n" != want.String() {
				t.Errorf("got %s, %v\nwant %s", got, err, want.String())
			}
		})
	}
}
