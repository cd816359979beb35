package commands

import "testing"

func TestWordsAreQuotedForTheirShell(t *testing.T) {
	for _, row := range []struct{ word, posix, windows string }{
		{"corp", "corp", "corp"},
		{"", "''", `""`},
		{"/etc/adsync/adsync.yaml", "/etc/adsync/adsync.yaml", "/etc/adsync/adsync.yaml"},
		{`C:\ProgramData\adsync\adsync.yaml`, `'C:\ProgramData\adsync\adsync.yaml'`, `C:\ProgramData\adsync\adsync.yaml`},
		{`C:\Größe 日本\it's.yaml`, `'C:\Größe 日本\it'\''s.yaml'`, `"C:\Größe 日本\it's.yaml"`},
		{"@people", "@people", `"@people"`}, // PowerShell splats it
		{"a;b*", "'a;b*'", `"a;b*"`},
	} {
		if got := posixWord(row.word); got != row.posix {
			t.Errorf("sh: %s, want %s", got, row.posix)
		}
		if got := windowsWord(row.word); got != row.windows {
			t.Errorf("Windows: %s, want %s", got, row.windows)
		}
	}
}
