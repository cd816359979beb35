package ask

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"adsync/commands/ask/asktest"
)

// TestMain makes the test binary the program that is driven in a terminal.
func TestMain(m *testing.M) {
	if kind := os.Getenv("ASK_TEST_QUESTION"); kind != "" {
		program(kind)
		return
	}
	os.Exit(m.Run())
}

// program asks one question on its terminal. Its output goes to a file.
func program(kind string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	a := For(os.Stdin, os.Stderr, os.Getenv)
	q := Question{Key: "k", Label: "Where are the users", Help: "a few words of help", Validate: func(text string) error {
		if text == "bad" {
			return errors.New("that is bad")
		}
		return nil
	}}
	if name, long := strings.CutSuffix(kind, "-long"); long {
		kind, q.Label = name, q.Label+", and where are the others?"
	}
	if name, below := strings.CutSuffix(kind, "-below"); below {
		kind = name
		a.Say("%s", strings.Repeat("\n", 30)) // the question is the screen's last line
	}
	if name, plain := strings.CutSuffix(kind, "-without-help"); plain {
		kind, q.Help = name, ""
	}
	options := append([]Option{}, fruit...)
	if kind == "many" {
		for i := range 300 {
			options = append(options, Option{Value: fmt.Sprintf("g%03d", i), Label: fmt.Sprintf("CN=app-%03d,OU=A rather long name,OU=Groups,DC=example,DC=com", i)})
		}
		chosen, err := a.ChooseMany(ctx, q, options)
		fmt.Println(chosen, err)
		return
	}
	a.Say("Welcome.")
	fmt.Println(answer(ctx, a, kind, q))
}

// pane is a terminal, 40 columns wide, with the program in it.
type pane struct {
	*asktest.Terminal
	t   *testing.T
	out string
}

func startPane(t *testing.T, kind, term string) *pane {
	t.Helper()
	p := &pane{t: t, out: filepath.Join(t.TempDir(), "out")}
	p.Terminal = asktest.Start(t, 40, 20, fmt.Sprintf("GORACE=atexit_sleep_ms=0 TERM=%s NO_COLOR=1 ASK_TEST_QUESTION=%s %s >%s; echo ended; cat", term, kind, os.Args[0], p.out))
	return p
}

// screen waits for a text on the screen and returns the whole of it.
func (p *pane) screen(text string) string {
	p.t.Helper()
	return p.Wait(text, false, func(screen string) bool { return strings.Contains(screen, text) })
}

// ends waits for the program's end and compares screen and output.
func (p *pane) ends(screen, output string) {
	p.t.Helper()
	if got := p.screen("ended"); got != screen+"\nended" {
		p.t.Errorf("screen\n%s\nwant\n%s", got, screen+"\nended")
	}
	if got, _ := os.ReadFile(p.out); strings.TrimSpace(string(got)) != output {
		p.t.Errorf("output %q, want %q", got, output)
	}
}

func TestTextOnATerminal(t *testing.T) {
	p := startPane(t, "text", "xterm")
	p.screen("Where are the users:")
	p.Type("bad", "Enter")
	p.screen("that is bad")
	p.Type("OU=People,DC=example,DC=com", "Enter")
	p.ends("Welcome.\nX that is bad\n? Where are the users:\n  OU=People,DC=example,DC=com", "OU=People,DC=example,DC=com")
}

func TestASecretOnATerminalIsNotEchoed(t *testing.T) {
	for _, term := range []string{"xterm", "dumb"} {
		p := startPane(t, "secret", term)
		p.screen("Where are the users:")
		p.Type("s3cret", "Enter")
		if screen := p.screen("ended"); strings.Contains(screen, "s3cret") {
			t.Errorf("%s: the screen shows the secret:\n%s", term, screen)
		}
		if got, _ := os.ReadFile(p.out); string(got) != "s3cret\n" {
			t.Errorf("%s: output %q", term, got)
		}
	}
}

// Of 40 columns a question leaves 7, or without its help 17.
func TestAnAnswerMayEndInTheLastColumn(t *testing.T) {
	for _, where := range []string{"", "-below"} {
		for _, letters := range []int{6, 7, 8, 47, 87} {
			p := startPane(t, "text"+where, "xterm")
			p.screen("Where are the users:")
			p.Type(strings.Repeat("x", letters), "Enter")
			got := p.screen("ended")
			if !strings.Contains(got, "Welcome.\n? Where are the users:") || strings.Contains(got, "helps") || strings.Count(got, "x") != letters || !strings.HasSuffix(got, "x\nended") {
				t.Errorf("%d letters%s: screen\n%s", letters, where, got)
			}
			for kind, room := range map[string]int{"secret": 7, "secret-without-help": 17} {
				p := startPane(t, kind+where, "xterm")
				p.screen("Where are the users:")
				p.Type(strings.Repeat("x", room-7+letters), "Enter")
				if got := p.screen("ended"); !strings.Contains(got, "Welcome.\n? Where are the users:") || !strings.Contains(strings.ReplaceAll(got, "\n\n", "\n"), "*\nended") {
					t.Errorf("%s of %d letters%s: screen\n%s", kind, letters, where, got)
				}
			}
		}
	}
}

func TestConfirmOnATerminal(t *testing.T) {
	p := startPane(t, "confirm", "xterm")
	p.screen("(y/N)")
	p.Type("y", "Enter")
	p.ends("Welcome.\n? Where are the users Yes", "true")
}

func TestQuestionsWithoutHelpAreAskedToo(t *testing.T) {
	for _, row := range []struct{ kind, keys, output string }{
		{"text", "abc", "abc"}, {"secret", "abc", "abc"}, {"confirm", "y", "true"}, {"choose", "some", "1"}, {"many", "grou", "[2] <nil>"},
	} {
		p := startPane(t, row.kind+"-without-help", "xterm")
		p.screen("Where are the users")
		p.Type(row.keys)
		p.Type("Enter")
		p.screen("ended")
		if got, _ := os.ReadFile(p.out); strings.TrimSpace(string(got)) != row.output {
			t.Errorf("%s: %s", row.kind, got)
		}
	}
}

// The help that "?" shows breaks between words.
func TestHelpOnATerminal(t *testing.T) {
	for _, kind := range []string{"text", "confirm", "choose"} {
		p := startPane(t, kind, "xterm")
		p.screen("? helps")
		p.Type("?")
		if kind != "choose" {
			p.Type("Enter")
		}
		if got := p.screen("a few words"); !strings.Contains(got, "? a few words of help\n? Where are the users") {
			t.Errorf("%s: screen\n%s", kind, got)
		}
	}
}

func TestChooseOnATerminal(t *testing.T) {
	p := startPane(t, "choose", "xterm")
	got := p.screen("Members of groups")
	want := `Welcome.
? Where are the users
  [arrows move, typing finds, ? helps]
> All users
  Users of some OUs - a tree to...
  Members of groups`
	if got != want {
		t.Errorf("screen\n%s\nwant\n%s", got, want)
	}
	p.Type("Down", "Enter")
	p.ends("Welcome.\n? Where are the users Users of some OUs", "1")
}

func TestChooseManyFiltersAsOneTypes(t *testing.T) {
	p := startPane(t, "many", "xterm")
	p.screen("app-000")
	p.Type("app-27")
	p.screen("app-279")
	p.Type("Space", "Down", "Down", "Space", "Enter")
	p.screen("ended")
	if got, _ := os.ReadFile(p.out); string(got) != "[2 273 275] <nil>\n" {
		t.Errorf("output %q", got)
	}
}

func TestCtrlCOnATerminalInterrupts(t *testing.T) {
	for _, kind := range []string{"text", "secret", "confirm", "choose"} {
		for _, term := range []string{"xterm", "dumb"} {
			p := startPane(t, kind, term)
			p.screen("Where are the users")
			p.screen(map[bool]string{true: "Number:", false: "Where are the users"}[term == "dumb" && kind == "choose"])
			p.Type("C-c")
			p.screen("ended")
			if got, _ := os.ReadFile(p.out); string(got) != "error: interrupted\n" {
				t.Errorf("%s on %s: output %q", kind, term, got)
			}
			// The terminal echoes again.
			p.Type("still here")
			p.screen("still here")
		}
	}
}

// A question that is asked again looks as it did.
func TestAQuestionOfSeveralLinesIsAskedAgainAsItWas(t *testing.T) {
	p := startPane(t, "confirm-long", "dumb")
	p.screen("[y/n]:")
	p.Type("perhaps", "Enter")
	p.screen("answer yes or no")
	p.Type("y", "Enter")
	p.ends(`Welcome.
Where are the users, and where are the
others? [y/n]: perhaps
  answer yes or no
Where are the users, and where are the
others? [y/n]: y`, "true")
}

func TestADumbTerminalIsAskedInPlainLines(t *testing.T) {
	p := startPane(t, "choose", "dumb")
	p.screen("Number:")
	p.Type("7", "Enter")
	p.screen("is not a number")
	p.Type("2", "Enter")
	p.ends(`Welcome.
Where are the users
   1) All users
   2) Users of some OUs - a tree to
      choose from
*  3) Members of groups
Number: 7
  "7" is not a number from 1 to 3
Number: 2`, "1")
}
