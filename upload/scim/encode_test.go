package scim

import "testing"

func TestTextIsEncodedAsTheStandardLibraryWould(t *testing.T) {
	for _, row := range []struct{ name, text string }{
		{"plain text", "Ada Lovelace"},
		{"nothing", ""},
		{"text with what JSON, HTML and JavaScript escape", "a\"b\\c<d>&e\u2028\x01\x7f\n"},
		{"text in other scripts, and broken", "Zoë 😀 \xff"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, want := string(AppendText(nil, row.text)), encoded(t, row.text); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}
