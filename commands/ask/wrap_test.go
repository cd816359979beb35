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
	} {
		if got := wrap(row.line, 10); got != row.want {
			t.Errorf("%q: %q, want %q", row.line, got, row.want)
		}
	}
}
