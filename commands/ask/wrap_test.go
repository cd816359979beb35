package ask

import "testing"

func TestLongLinesBreakAtSpaces(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{"", ""},
		{"short", "short"},
		{"exactly ten", "exactly\nten"},
		{"ten  chars", "ten  chars"},
		{"  kept in line with the first", "  kept in\n  line\n  with the\n  first"},
		{"averyveryverylongword stays whole", "averyveryverylongword\nstays\nwhole"},
		{"größe größe", "größe\ngröße"},
		{"  # kept a comment", "  # kept a\n  # comment"},
		{"  url: ldaps://dc1", "  url:\n    ldaps://dc1"},
		{"  - CN=Ada Byron", "  - CN=Ada\n    Byron"},
		{"* 12) All users", "* 12) All\n      users"},
		{"of CN=a,OU=bcde,DC=f", "of\nCN=a,\nOU=bcde,\nDC=f"},
		{"東京支社 大阪", "東京支社\n大阪"},
		{"OU=a,OU=東京,DC=f", "OU=a,\nOU=東京,\nDC=f"},
		{"O=東,O=東京,C=x", "O=東,\nO=東京,C=x"},
	} {
		if got := wrap(row.line, 10); got != row.want {
			t.Errorf("%q: %q, want %q", row.line, got, row.want)
		}
	}
}

func TestLongLabelsAreCut(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"exactly 10", "exactly 10"}, {"eleven char", "eleven ..."}, {"größe und größer", "größe u..."}, {"東京支社東京支社", "東京支..."}, {"e\u0301e\u0301e\u0301", "e\u0301e\u0301e\u0301"},
	} {
		if got := cut(row.text, 10); got != row.want {
			t.Errorf("%q: %q, want %q", row.text, got, row.want)
		}
	}
}
