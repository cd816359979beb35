package ask

import (
	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
)

// wrappedInput is survey's Input for answers longer than the terminal's line.
// Survey goes back to the row where the typing began and then once more over
// the rows of the answer, wiping out what stood above the question. So the
// answer is forgotten before the rows are counted.
type wrappedInput struct {
	*survey.Input
}

// Cleanup replaces the question by question and answer.
func (w wrappedInput) Cleanup(config *survey.PromptConfig, answer any) error {
	if err := w.forgetAnswer(config); err != nil {
		return err
	}
	return w.Input.Cleanup(config, answer)
}

// Error replaces the question by a reason.
func (w wrappedInput) Error(config *survey.PromptConfig, reason error) error {
	if err := w.forgetAnswer(config); err != nil {
		return err
	}
	return w.Input.Error(config, reason)
}

func (w wrappedInput) forgetAnswer(config *survey.PromptConfig) error {
	_, question, err := core.RunTemplate(survey.InputQuestionTemplate,
		survey.InputTemplateData{Input: *w.Input, Config: config})
	if err != nil {
		return err
	}
	stdio := w.Stdio()
	w.Renderer = survey.Renderer{}
	w.WithStdio(stdio)
	w.AppendRenderedText(question)
	return nil
}
