package ask

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	"github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"
)

// prompts asks with survey, on a terminal that can move its cursor. Survey asks
// the terminal where the cursor is and would wait for ever on one that does not
// answer, so it is used nowhere else.
type prompts struct {
	in, out *os.File
}

func newPrompts(in, out *os.File, colour bool) *prompts {
	core.DisableColor = !colour // for the whole process, as the templates
	p := &prompts{in: in, out: out}
	useTemplates(func() int {
		width, _ := p.size()
		return width
	})
	return p
}

func (p *prompts) Say(format string, args ...any) {
	width, _ := p.size()
	for line := range strings.Lines(fmt.Sprintf(format, args...) + "\n") {
		_, _ = fmt.Fprintln(p.out, wrap(strings.TrimSuffix(line, "\n"), width))
	}
}

func (p *prompts) Text(ctx context.Context, q Question) (string, error) {
	input := &survey.Input{Message: q.Label + ":", Help: q.Help, Default: q.Default}
	if q.Suggest != nil {
		input.Suggest = q.Suggest
	}
	p.clear()
	var answer string
	err := p.ask(ctx, q, wrappedInput{input}, &answer, survey.WithValidator(func(answer any) error {
		text, _ := answer.(string)
		return q.validate(text)
	}))
	return answer, err
}

func (p *prompts) Secret(ctx context.Context, q Question) (string, error) {
	var answer string
	err := p.ask(ctx, q, &survey.Password{Message: q.Label + ":", Help: q.Help}, &answer,
		survey.WithValidator(func(answer any) error {
			text, _ := answer.(string)
			return secretly(q.validate(text), text)
		}))
	if err != nil {
		return "", err
	}
	return answer, nil
}

func (p *prompts) Confirm(ctx context.Context, q Question) (bool, error) {
	standard, _ := yes(q.Default)
	var answer bool
	err := p.ask(ctx, q, &survey.Confirm{Message: q.Label, Help: q.Help, Default: standard}, &answer)
	return answer, err
}

func (p *prompts) Choose(ctx context.Context, q Question, options []Option) (int, error) {
	if len(options) == 0 {
		return -1, q.about(errNoOptions)
	}
	choice := &survey.Select{Message: q.Label, Help: q.Help, Options: p.labels(options), Description: p.help(options)}
	if i := find(options, q.Default); q.Default != "" && i >= 0 {
		choice.Default = i
	}
	answer := -1
	err := p.ask(ctx, q, choice, &answer, search(options), survey.WithPageSize(p.page()))
	return answer, err
}

func (p *prompts) ChooseMany(ctx context.Context, q Question, options []Option) ([]int, error) {
	if len(options) == 0 {
		return []int{}, nil
	}
	choice := &survey.MultiSelect{Message: q.Label, Help: q.Help, Options: p.labels(options),
		Description: p.help(options), Default: marked(options)}
	answer := []int{}
	// The words stay while several of the found are marked.
	err := p.ask(ctx, q, choice, &answer, search(options), survey.WithPageSize(p.page()), survey.WithKeepFilter(true))
	return answer, err
}

// search finds options by words as they are typed.
func search(options []Option) survey.AskOpt {
	return survey.WithFilter(func(words, _ string, i int) bool {
		return i < len(options) && options[i].contains(words)
	})
}

// ask runs one prompt. When ctx ends first, the terminal is put back as it was
// and the prompt's read is left behind.
func (p *prompts) ask(ctx context.Context, q Question, prompt survey.Prompt, answer any, opts ...survey.AskOpt) error {
	if ctx.Err() != nil {
		return ErrInterrupted
	}
	state, err := term.GetState(int(p.in.Fd()))
	if err != nil {
		return q.about(fmt.Errorf("terminal: %w", err))
	}
	opts = append(opts, survey.WithStdio(p.in, p.echo(), p.out))
	_, err = wait(ctx, func() (struct{}, error) {
		return struct{}{}, survey.AskOne(prompt, answer, opts...)
	})
	switch {
	case errors.Is(err, ErrInterrupted):
		_ = term.Restore(int(p.in.Fd()), state)
		_, _ = fmt.Fprint(p.out, "\x1b[?25h\n") // survey hides the cursor in lists
		return err
	case errors.Is(err, terminal.InterruptErr):
		return ErrInterrupted
	}
	return q.about(err)
}

// echo is where survey writes to. The console of Windows goes to the next line
// by itself.
func (p *prompts) echo() terminal.FileWriter {
	if runtime.GOOS == "windows" {
		return p.out
	}
	return &echo{File: p.out, width: func() int {
		width, _ := p.size()
		return width
	}}
}

// rowsBelow is how many rows an answer may go on for below its question.
const rowsBelow = 4

// clear makes sure of these rows: when the screen scrolls while one types,
// survey loses the row that it began on.
func (p *prompts) clear() {
	_, _ = fmt.Fprint(p.out, strings.Repeat("\n", rowsBelow))
	_ = (&terminal.Cursor{In: p.in, Out: p.out}).Up(rowsBelow)
}

// room is what one line of a list has beside the marks in front of it.
func (p *prompts) room() int {
	width, _ := p.size()
	return width - 8
}

// labels are the options' texts, each cut to one line of the terminal.
func (p *prompts) labels(options []Option) []string {
	room := p.room()
	list := make([]string, len(options))
	for i, o := range options {
		list[i] = cut(o.label(), room)
	}
	return list
}

// help is what stands behind a label where there is room for it.
func (p *prompts) help(options []Option) func(string, int) string {
	room := p.room()
	return func(label string, i int) string {
		const between, tooShort = 3, 8
		left := room - columns(label) - between
		if left < tooShort {
			return ""
		}
		return cut(plain(options[i].Help), left)
	}
}

// page is how many options fit below the question and its instructions.
func (p *prompts) page() int {
	_, height := p.size()
	return min(max(height-6, 3), 15)
}

func (p *prompts) size() (width, height int) {
	return sizeOf(p.out)
}

// sizeOf is how large a terminal is; one that does not know is taken for 80
// by 24.
func sizeOf(out *os.File) (width, height int) {
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil || width < 20 || height < 5 {
		return 80, 24
	}
	return width, height
}
