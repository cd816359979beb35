package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Interrupt is the keyed answer that stands for Ctrl-C.
const Interrupt = "\x03"

// Keyed answers from a map, for tests and for answers that flags have given.
// The answer to a key's second question stands under "key#2" if that is there,
// and so on. A question without an answer takes its default, or is an error.
// Several choices are separated by line ends.
type Keyed struct {
	answers map[string]string
	out     io.Writer
	asked   map[string]int
	used    map[string]bool
}

// NewKeyed answers from a map and says what is said to out, which may be
// io.Discard.
func NewKeyed(answers map[string]string, out io.Writer) *Keyed {
	return &Keyed{answers: answers, out: out, asked: map[string]int{}, used: map[string]bool{}}
}

// Unused lists the keys that no question has asked for, sorted.
func (k *Keyed) Unused() []string {
	var list []string
	for key := range k.answers {
		if !k.used[key] {
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}

// Say writes a line.
func (k *Keyed) Say(format string, args ...any) { _, _ = fmt.Fprintf(k.out, format+"\n", args...) }

// Text is the answer under the question's key.
func (k *Keyed) Text(ctx context.Context, q Question) (string, error) {
	answer, err := k.answer(ctx, q, q.Default)
	if err == nil {
		err = q.about(q.validate(answer))
	}
	return answer, err
}

// Secret is the answer under the question's key.
func (k *Keyed) Secret(ctx context.Context, q Question) (string, error) {
	answer, err := k.answer(ctx, q, "")
	if err == nil {
		err = q.about(secretly(q.validate(answer), answer))
	}
	if err != nil {
		return "", err
	}
	return answer, nil
}

// Confirm reads yes or no.
func (k *Keyed) Confirm(ctx context.Context, q Question) (bool, error) {
	answer, err := k.answer(ctx, q, q.Default)
	if err != nil {
		return false, err
	}
	value, known := yes(answer)
	if !known {
		return false, q.about(fmt.Errorf("%q is neither yes nor no", answer))
	}
	return value, nil
}

// Choose finds an option by its value or label.
func (k *Keyed) Choose(ctx context.Context, q Question, options []Option) (int, error) {
	if len(options) == 0 {
		return -1, q.about(errNoOptions)
	}
	answer, err := k.answer(ctx, q, q.Default)
	if err != nil {
		return -1, err
	}
	i := find(options, answer)
	if i < 0 {
		return -1, q.about(notOffered(answer, options))
	}
	return i, nil
}

// ChooseMany finds options by their values or labels, one a line; all and none
// too.
func (k *Keyed) ChooseMany(ctx context.Context, q Question, options []Option) ([]int, error) {
	var before []string
	for _, i := range marked(options) {
		before = append(before, options[i].Value)
	}
	standard := "none"
	if len(before) > 0 {
		standard = strings.Join(before, "\n")
	}
	answer, err := k.answer(ctx, q, standard)
	if err != nil {
		return nil, err
	}
	if answer == "all" || answer == "none" {
		return pickMany(options, answer)
	}
	chosen := []int{}
	for line := range strings.Lines(answer) {
		line = strings.TrimSpace(line)
		i := find(options, line)
		if i < 0 {
			return nil, q.about(notOffered(line, options))
		}
		chosen = append(chosen, i)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

func (k *Keyed) answer(ctx context.Context, q Question, standard string) (string, error) {
	if ctx.Err() != nil {
		return "", ErrInterrupted
	}
	k.asked[q.Key]++
	for _, key := range []string{fmt.Sprintf("%s#%d", q.Key, k.asked[q.Key]), q.Key} {
		answer, found := k.answers[key]
		if !found {
			continue
		}
		k.used[key] = true
		if answer == Interrupt {
			return "", ErrInterrupted
		}
		return answer, nil
	}
	if standard == "" {
		return "", q.about(errors.New("no answer"))
	}
	return standard, nil
}

func notOffered(answer string, options []Option) error {
	var values []string
	for i, o := range options {
		if i == listed {
			values = append(values, "...")
			break
		}
		values = append(values, o.Value)
	}
	return fmt.Errorf("%q is none of %s", answer, strings.Join(values, ", "))
}
