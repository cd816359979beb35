package ask

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestKeyedAnswers(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    string
		q       Question
		answers string // key=answer
		want    string
	}{
		{"text", "text", Question{Key: "k"}, "k=dc1", "dc1"},
		{"text by default", "text", Question{Key: "k", Default: "dc2"}, "", "dc2"},
		{"nothing at all", "text", Question{Key: "k"}, "", "error: k: no answer"},
		{"refused text", "text", Question{Key: "k", Validate: notEmpty}, "k=", "error: k: must not be empty"},
		{"a secret", "secret", Question{Key: "k"}, "k=s3cret", "s3cret"},
		{"a secret has no default", "secret", Question{Key: "k", Default: "x"}, "", "error: k: no answer"},
		{"a refused secret is not shown", "secret", Question{Key: "k", Validate: func(s string) error { return fmt.Errorf("bad %s", s) }}, "k=s3cret", "error: k: bad ..."},
		{"yes", "confirm", Question{Key: "k"}, "k=yes", "true"},
		{"no by default", "confirm", Question{Key: "k", Default: "no"}, "", "false"},
		{"perhaps", "confirm", Question{Key: "k"}, "k=perhaps", `error: k: "perhaps" is neither yes nor no`},
		{"a choice by value", "choose", Question{Key: "k"}, "k=ou", "1"},
		{"a choice by label", "choose", Question{Key: "k"}, "k=members of groups", "2"},
		{"a choice that is not offered", "choose", Question{Key: "k"}, "k=1", `error: k: "1" is none of all, ou, groups`},
		{"choices, one a line", "many", Question{Key: "k"}, "k=groups\nall users", "[0 2]"},
		{"no choices", "many", Question{Key: "k"}, "k=none", "[]"},
		{"the marked ones", "many", Question{Key: "k"}, "", "[2]"},
		{"ctrl-c", "text", Question{Key: "k"}, "k=" + Interrupt, "error: interrupted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := map[string]string{}
			if key, value, found := strings.Cut(tt.answers, "="); found {
				answers[key] = value
			}
			if got := answer(context.Background(), NewKeyed(answers, &bytes.Buffer{}), tt.kind, tt.q); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAKeyAskedAgainHasAnAnswerOfItsOwn(t *testing.T) {
	var said bytes.Buffer
	k := NewKeyed(map[string]string{"more": "no", "more#1": "yes", "typo": "x"}, &said)
	var got []string
	for range 3 {
		got = append(got, answer(context.Background(), k, "confirm", Question{Key: "more"}))
	}
	k.Say("%d sources", 2)
	if got := fmt.Sprint(got, k.Unused(), " ", said.String()); got != "[true false false] [typo] 2 sources\n" {
		t.Error(got)
	}
}

func TestKeyedAnswersEndWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, kind := range []string{"text", "secret", "confirm", "choose", "many"} {
		if got := answer(ctx, NewKeyed(map[string]string{"k": "yes"}, &bytes.Buffer{}), kind, Question{Key: "k"}); got != "error: interrupted" {
			t.Errorf("%s: %s", kind, got)
		}
	}
}
