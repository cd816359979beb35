package ask

import (
	"strings"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
)

// Survey's own templates write a question, what may be done, and the answer
// on one line, which a narrow terminal breaks in the middle of words. These
// break between words, and put below what has no room beside.
const (
	helpTemplate = `
{{- if .ShowHelp }}{{- color .Config.Icons.Help.Format }}{{ .Config.Icons.Help.Text }} {{ fit .Help }}{{color "reset"}}{{"\n"}}{{end}}`
	questionTemplate = helpTemplate + `
{{- color .Config.Icons.Question.Format }}{{ .Config.Icons.Question.Text }} {{color "reset"}}
{{- color "default+hb"}}{{ fit .Message }}`
	chosenTemplate = `{{ typed .FilterMessage }}{{color "reset"}}
{{- if .ShowAnswer}}{{color "cyan"}}{{ beside .Message .Answer }}{{color "reset"}}{{"\n"}}`

	selectTemplate = `
{{- define "option"}}
    {{- if eq .SelectedIndex .CurrentIndex }}{{color .Config.Icons.SelectFocus.Format }}{{ .Config.Icons.SelectFocus.Text }} {{else}}{{color "default"}}  {{end}}
    {{- .CurrentOpt.Value}}{{ if ne ($.GetDescription .CurrentOpt) "" }} - {{color "cyan"}}{{ $.GetDescription .CurrentOpt }}{{end}}
    {{- color "reset"}}
{{end}}` + questionTemplate + chosenTemplate + `
{{- else}}
  {{- color "cyan"}}{{ if and .Help (not .ShowHelp) }}{{ beside (print .Message (typed .FilterMessage)) "[arrows move, typing finds, ? helps]" }}
  {{- else }}{{ beside (print .Message (typed .FilterMessage)) "[arrows move, typing finds]" }}{{end}}{{color "reset"}}
  {{- "\n"}}
  {{- range $ix, $option := .PageEntries}}
    {{- template "option" $.IterateOption $ix $option}}
  {{- end}}
{{- end}}`

	multiSelectTemplate = `
{{- define "option"}}
    {{- if eq .SelectedIndex .CurrentIndex }}{{color .Config.Icons.SelectFocus.Format }}{{ .Config.Icons.SelectFocus.Text }}{{color "reset"}}{{else}} {{end}}
    {{- if index .Checked .CurrentOpt.Index }}{{color .Config.Icons.MarkedOption.Format }} {{ .Config.Icons.MarkedOption.Text }} {{else}}{{color .Config.Icons.UnmarkedOption.Format }} {{ .Config.Icons.UnmarkedOption.Text }} {{end}}
    {{- color "reset"}}
    {{- " "}}{{- .CurrentOpt.Value}}{{ if ne ($.GetDescription .CurrentOpt) "" }} - {{color "cyan"}}{{ $.GetDescription .CurrentOpt }}{{color "reset"}}{{end}}
{{end}}` + questionTemplate + chosenTemplate + `
{{- else }}
  {{- color "cyan"}}{{ beside (print .Message (typed .FilterMessage)) "[space marks, Enter ends, typing finds]" }}{{color "reset"}}
  {{- "\n"}}
  {{- range $ix, $option := .PageEntries}}
    {{- template "option" $.IterateOption $ix $option}}
  {{- end}}
{{- end}}`

	inputTemplate = questionTemplate + `{{color "reset"}}
{{- if .ShowAnswer}}
  {{- color "cyan"}}{{ beside .Message .Answer }}{{color "reset"}}{{"\n"}}
{{- else }}
  {{- if and .Help (not .ShowHelp) }}{{color "cyan"}}{{ beside .Message "[? helps]" }}{{color "reset"}}{{end}}
  {{- if .Default}}{{color "white"}}{{ beside (print .Message (shown .Help .ShowHelp)) (print "(" .Default ")") }}{{color "reset"}}{{end}}
  {{- " "}}
{{- end}}`

	passwordTemplate = questionTemplate + `{{color "reset"}}
{{- if and .Help (not .ShowHelp)}}{{color "cyan"}}{{ beside .Message "[? helps]" }}{{color "reset"}}{{end}}{{" "}}`

	confirmTemplate = questionTemplate + `{{color "reset"}}
{{- if .Answer}}
  {{- color "cyan"}}{{ beside .Message .Answer }}{{color "reset"}}{{"\n"}}
{{- else }}
  {{- if and .Help (not .ShowHelp)}}{{color "cyan"}}{{ beside .Message "[? helps]" }}{{color "reset"}}{{end}}
  {{- color "white"}}{{ beside (print .Message (shown .Help .ShowHelp)) (choice .Default) }}{{color "reset"}}{{" "}}
{{- end}}`

	errorTemplate = `{{color .Icon.Format }}{{ .Icon.Text }} {{ fit .Error.Error }}{{color "reset"}}
`
)

// useTemplates makes survey write to a terminal of a width. Survey keeps
// templates and their functions for the whole process.
func useTemplates(width func() int) {
	for _, funcs := range []map[string]any{core.TemplateFuncsWithColor, core.TemplateFuncsNoColor} {
		funcs["fit"] = func(text string) string { return hang(text, width()) }
		funcs["beside"] = func(text, more string) string { return beside(text, more, width()) }
		funcs["shown"] = func(help string, already bool) string {
			if help == "" || already {
				return ""
			}
			return " [? helps]"
		}
		funcs["typed"] = typed
		funcs["choice"] = func(yes bool) string {
			if yes {
				return "(Y/n)"
			}
			return "(y/N)"
		}
	}
	survey.SelectQuestionTemplate, survey.MultiSelectQuestionTemplate = selectTemplate, multiSelectTemplate
	survey.InputQuestionTemplate, survey.PasswordQuestionTemplate = inputTemplate, passwordTemplate
	survey.ConfirmQuestionTemplate, survey.ErrorTemplate = confirmTemplate, errorTemplate
}

// typed is what was typed to find an option. What is too long for that is not
// shown: it may be a secret, pasted one question too early.
func typed(text string) string {
	if columns(text) > longestSearch {
		return " ..."
	}
	return text
}

const longestSearch = 24

// besideIcon is the width of the mark in front of a question.
const besideIcon = 2

// hang breaks a text that stands behind a question's mark.
func hang(text string, width int) string {
	return strings.TrimPrefix(wrap(strings.Repeat(" ", besideIcon)+text, width), strings.Repeat(" ", besideIcon))
}

// beside is what follows a text: behind a space where it fits the line, else
// on lines of its own.
func beside(text, more string, width int) string {
	hung := hang(text, width)
	last := hung[strings.LastIndexByte(hung, '\n')+1:]
	used := columns(last) + 1 + columns(more)
	if !strings.Contains(hung, "\n") {
		used += besideIcon
	}
	if used < width {
		return " " + more
	}
	return "\n  " + hang(more, width)
}
