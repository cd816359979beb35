package ask

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

var fruit = []Option{
	{Value: "all", Label: "All users"},
	{Value: "ou", Label: "Users of some OUs", Help: "a tree to choose from"},
	{Value: "groups", Label: "Members of groups", Marked: true},
}

func notEmpty(text string) error {
	if text == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// answer asks one question and prints what came of it.
func answer(ctx context.Context, a Asker, kind string, q Question) string {
	var value any
	var err error
	switch kind {
	case "text":
		value, err = a.Text(ctx, q)
	case "secret":
		value, err = a.Secret(ctx, q)
	case "confirm":
		value, err = a.Confirm(ctx, q)
	case "choose":
		value, err = a.Choose(ctx, q, fruit)
	case "many":
		value, err = a.ChooseMany(ctx, q, fruit)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprintf("%v", value)
}

const menu = `Scope
   1) All users
   2) Users of some OUs - a tree to choose from
*  3) Members of groups
`

func TestAnswersInPlainLines(t *testing.T) {
	for _, tt := range []struct {
		name     string
		kind     string
		q        Question
		terminal bool
		in       string
		want     string
		screen   string
	}{
		{"a line is the answer", "text", Question{Label: "Server"}, false, "dc1.example.com\n", "dc1.example.com", "Server: \n"},
		{"a last line needs no end", "text", Question{Label: "Server"}, false, "dc1.example.com", "dc1.example.com", "Server: \n"},
		{"a Windows line end is none of it", "text", Question{Label: "Server"}, false, "dc1\r\n", "dc1", "Server: \n"},
		{"an empty line takes the default", "text", Question{Label: "Server", Default: "dc1"}, false, "\n", "dc1", "Server [dc1]: \n"},
		{"no more lines is an error", "text", Question{Key: "source-url", Label: "Server"}, false, "", "error: source-url: no answer, the input has ended: unexpected EOF", "Server: \n"},
		{"a refused answer on a pipe is an error", "text", Question{Key: "source-url", Label: "Server", Validate: notEmpty}, false, "\n", "error: source-url: must not be empty", "Server: \n"},
		{"a refused answer on a terminal is asked again", "text", Question{Label: "Server", Validate: notEmpty}, true, "\ndc1\n", "dc1", "Server:   must not be empty\nServer: "},
		{"a question mark shows help", "text", Question{Label: "Server", Help: "a domain controller", Suggest: func(string) []string { return []string{"dc1", "dc2"} }}, true, "?\ndc1\n", "dc1",
			"Server:   a domain controller\n  for example dc1\n  for example dc2\nServer: "},
		{"a question mark without help is an answer", "text", Question{Label: "Server"}, true, "?\n", "?", "Server: "},
		{"a secret is not shown", "secret", Question{Label: "Password", Default: "unused"}, false, "s3cret\n", "s3cret", "Password: \n"},
		{"a refused secret is not in the error", "secret", Question{Key: "password-file", Label: "Password", Validate: func(s string) error { return fmt.Errorf("%q is too short", s) }}, false, "s3cret\n",
			`error: password-file: "..." is too short`, "Password: \n"},
		{"yes", "confirm", Question{Label: "Write it?"}, false, "YES\n", "true", "Write it? [y/n]: \n"},
		{"no by default", "confirm", Question{Label: "Write it?", Default: "no"}, false, "\n", "false", "Write it? [y/N]: \n"},
		{"yes by default", "confirm", Question{Label: "Write it?", Default: "yes"}, false, "\n", "true", "Write it? [Y/n]: \n"},
		{"neither yes nor no", "confirm", Question{Key: "yes", Label: "Write it?"}, false, "perhaps\n", "error: yes: answer yes or no", "Write it? [y/n]: \n"},
		{"a number chooses", "choose", Question{Label: "Scope"}, false, "2\n", "1", menu + "Number: \n"},
		{"a value chooses", "choose", Question{Label: "Scope"}, false, "groups\n", "2", menu + "Number: \n"},
		{"a label chooses", "choose", Question{Label: "Scope"}, false, "all USERS\n", "0", menu + "Number: \n"},
		{"the default option", "choose", Question{Label: "Scope", Default: "ou"}, false, "\n", "1", menu + "Number [2]: \n"},
		{"a number that is not offered", "choose", Question{Key: "scope", Label: "Scope"}, false, "4\n", `error: scope: "4" is not a number from 1 to 3`, menu + "Number: \n"},
		{"a search on a terminal", "choose", Question{Label: "Scope"}, true, "/tree some\n2\n", "1", menu + "Number:    2) Users of some OUs - a tree to choose from\nNumber: "},
		{"a search without result", "choose", Question{Label: "Scope"}, true, "/x\n1\n", "0", menu + "Number:      none contains \"x\"\nNumber: "},
		{"several numbers and a range", "many", Question{Label: "Scope"}, false, "3, 1-2\n", "[0 1 2]", menu + "Numbers such as 1,3-5, all or none [3]: \n"},
		{"the marked ones", "many", Question{Label: "Scope"}, false, "\n", "[2]", menu + "Numbers such as 1,3-5, all or none [3]: \n"},
		{"none", "many", Question{Label: "Scope"}, false, "none\n", "[]", menu + "Numbers such as 1,3-5, all or none [3]: \n"},
		{"a number out of range", "many", Question{Key: "groups", Label: "Scope"}, false, "1-9\n", `error: groups: "9" is not a number from 1 to 3`, menu + "Numbers such as 1,3-5, all or none [3]: \n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var screen bytes.Buffer
			a := &lines{in: strings.NewReader(tt.in), out: &screen, terminal: tt.terminal}
			if got := answer(context.Background(), a, tt.kind, tt.q); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if got := screen.String(); got != tt.screen {
				t.Errorf("screen\n%q\nwant\n%q", got, tt.screen)
			}
		})
	}
}

func TestALongListIsShownInParts(t *testing.T) {
	var options []Option
	for i := range 30 {
		options = append(options, Option{Value: fmt.Sprintf("CN=app-%02d,DC=example,DC=com", i)})
	}
	var screen bytes.Buffer
	a := &lines{in: strings.NewReader("/app-27\n28\n"), out: &screen, terminal: true}
	chosen, err := a.ChooseMany(context.Background(), Question{Label: "Groups"}, options)
	if err != nil || fmt.Sprint(chosen) != "[27]" {
		t.Errorf("%v, %v", chosen, err)
	}
	if n := strings.Count(screen.String(), "\n"); n != 1+20+1+1 || !strings.Contains(screen.String(), "and 10 more: /words") {
		t.Errorf("%d lines:\n%s", n, screen.String())
	}
}

func TestOnlyTheAnswersOwnLineIsRead(t *testing.T) {
	in := strings.NewReader("one\ntwo\nrest")
	a := &lines{in: in, out: io.Discard}
	for _, want := range []string{"one", "two"} {
		if got, err := a.Text(context.Background(), Question{}); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if rest, _ := io.ReadAll(in); string(rest) != "rest" {
		t.Errorf("left is %q", rest)
	}
}

func TestControlCharactersOfADirectoryAreNotShown(t *testing.T) {
	var screen bytes.Buffer
	a := &lines{in: strings.NewReader("1\n"), out: &screen}
	if _, err := a.Choose(context.Background(), Question{Label: "Group"}, []Option{{Value: "x", Label: "\x1b[2Jevil"}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(screen.String(), "\x1b") {
		t.Errorf("%q", screen.String())
	}
}

func TestAnEndedContextInterruptsAWaitingRead(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	for _, kind := range []string{"text", "secret", "confirm", "choose", "many"} {
		ctx, cancel := context.WithCancel(context.Background())
		asked := make(chan struct{})
		out := writerFunc(func(p []byte) (int, error) {
			if strings.HasSuffix(string(p), ": ") {
				close(asked)
			}
			return len(p), nil
		})
		go func() {
			<-asked
			cancel()
		}()
		if got := answer(ctx, &lines{in: r, out: out}, kind, Question{Key: "x", Label: "X"}); got != "error: interrupted" {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestAPipeIsAskedInPlainLines(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if Possible(r) {
		t.Error("nobody sits at a pipe")
	}
	a := For(r, w, func(string) string { return "xterm" })
	if l, ok := a.(*lines); !ok || l.terminal || l.readSecret != nil {
		t.Errorf("%#v", a)
	}
}

func TestWithoutOptionsNothingIsAsked(t *testing.T) {
	for _, a := range []Asker{&lines{in: strings.NewReader(""), out: io.Discard}, NewKeyed(nil, io.Discard), &prompts{in: os.Stdin, out: os.Stderr}} {
		if _, err := a.Choose(context.Background(), Question{Key: "scope"}, nil); err == nil || err.Error() != "scope: nothing to choose from" {
			t.Errorf("%T: %v", a, err)
		}
		if chosen, err := a.ChooseMany(context.Background(), Question{Key: "groups"}, nil); len(chosen) != 0 || err != nil {
			t.Errorf("%T: %v, %v", a, chosen, err)
		}
	}
}
