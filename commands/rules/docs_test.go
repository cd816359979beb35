package rules

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in docs/check.md")

const (
	manual = "../../docs/check.md"
	begin  = "<!-- rules -->\n"
	end    = "<!-- end of rules -->\n"
)

// The manual's table is the program's.
func TestTheManualListsTheRules(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	got, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the rules", manual)
	}
	var b strings.Builder
	b.WriteString("| rule | severity | looks at | fires when | suggestion | IdFix |\n|---|---|---|---|---|---|\n")
	for _, r := range Table() {
		fix := r.Fix
		if r.SafeFix() {
			fix += " (safe)"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.ID, r.Severities(), r.On, r.Fires, fix, r.Word)
	}
	want := strings.ReplaceAll(b.String(), "  |", " |")
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(manual, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/check.md lists other rules; run go test ./commands/rules -update and read the difference. Want:\n%s", want)
}
