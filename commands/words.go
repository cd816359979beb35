package commands

import (
	"runtime"
	"strings"
)

// shellWord quotes a word of a command that a person pastes into a shell of
// this machine.
func shellWord(word string) string {
	if runtime.GOOS == "windows" {
		return windowsWord(word)
	}
	return posixWord(word)
}

// posixWord quotes a word where sh would not take it as it is.
func posixWord(word string) string {
	if plainWord(word, "-_./@:=") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// windowsWord quotes a word so that cmd.exe and PowerShell both take it: to
// cmd.exe a single quotation mark is a letter.
func windowsWord(word string) string {
	if plainWord(word, `-_./\:=`) {
		return word
	}
	return `"` + strings.ReplaceAll(word, `"`, `\"`) + `"`
}

// plainWord reports whether a word consists of ASCII letters, digits and the
// given characters.
func plainWord(word, others string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r))
	})
}
