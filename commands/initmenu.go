package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"adsync/commands/ask"
)

// A choice is one thing that can be changed in a configuration, and how.
type choice struct {
	ask.Option
	do func(context.Context) error
}

// errSchedule says that only the schedule is wanted.
var errSchedule = errors.New("schedule")

// menu lets a person change an existing configuration until it is done. It
// reports whether there is anything to write.
func (w *wizard) menu(ctx context.Context) (bool, error) {
	for visited := false; ; visited = true {
		changed := w.changed()
		if len(w.answers.Sources) == 0 {
			w.say("Without a source there is nothing to synchronise.")
			if err := w.source(ctx, -1); err != nil {
				return false, err
			}
			continue
		}
		choices := w.choices()
		choices = append(choices, choice{ask.Option{Value: "done", Label: doneLabel(changed)},
			func(context.Context) error { return nil }})
		options := make([]ask.Option, len(choices))
		for i, c := range choices {
			options[i] = c.Option
		}
		standard := options[0].Value
		if changed || visited {
			standard = "done"
		}
		i, err := w.ask.Choose(ctx, ask.Question{Key: "change", Label: "What shall be changed?", Default: standard}, options)
		if err != nil {
			return false, err
		}
		if options[i].Value == "done" {
			return changed, nil
		}
		if err := w.optional(ctx, choices[i].do); err != nil {
			return false, err
		}
	}
}

// errLeft says that a person gave up what is not needed.
var errLeft = errors.New("left as it was")

// optional does what can be left as it was, however far it got.
func (w *wizard) optional(ctx context.Context, do func(context.Context) error) error {
	before := w.answers
	w.spare = true
	err := do(ctx)
	w.spare = false
	if !errors.Is(err, errLeft) {
		return err
	}
	w.answers = before
	return w.openProxy(w.env.Getenv)
}

// whatNow asks what to do about answers that did not work.
func (w *wizard) whatNow(ctx context.Context, q ask.Question, options []ask.Option) (string, error) {
	if w.spare {
		options = append(options, ask.Option{Value: "leave", Label: "Do without", Help: "all else stays as it is"})
	}
	i, err := w.ask.Choose(ctx, q, options)
	if err != nil {
		return "", err
	}
	if options[i].Value == "leave" {
		return "", errLeft
	}
	return options[i].Value, nil
}

func doneLabel(changed bool) string {
	if changed {
		return "Nothing more: show the configuration"
	}
	return "Nothing: leave it as it is"
}

// changed reports whether the answers differ from what is there.
func (w *wizard) changed() bool {
	return len(w.answers.typed()) > 0 || string(w.answers.configure(w.before).Render()) != string(w.before.Render())
}

// choices are what can be changed.
func (w *wizard) choices() []choice {
	var list []choice
	for i, s := range w.answers.Sources {
		list = append(list, choice{ask.Option{Value: "source:" + s.ID, Label: "Source " + s.ID, Help: s.place()},
			func(ctx context.Context) error { return w.source(ctx, i) }})
	}
	list = append(list, choice{ask.Option{Value: "add", Label: "Add a source"},
		func(ctx context.Context) error { return w.source(ctx, -1) }})
	for i := range w.answers.Sources {
		s := &w.answers.Sources[i]
		if s.needsPassword() {
			list = append(list, choice{ask.Option{Value: "password:" + s.ID, Label: "Password of source " + s.ID, Help: s.User},
				func(ctx context.Context) error { return w.replacePassword(ctx, i) }})
		}
	}
	list = append(list, choice{ask.Option{Value: "target", Label: "Service", Help: w.answers.Target.URL}, w.target})
	if s := w.answers.Target.secret(); s != nil {
		list = append(list, choice{ask.Option{Value: s.kind, Label: serviceSecretLabels[s.kind]}, w.replaceServiceSecret})
	}
	for _, s := range w.answers.Sources {
		list = append(list, choice{ask.Option{Value: "remove:" + s.ID, Label: "Remove source " + s.ID},
			func(ctx context.Context) error { return w.confirmRemoval(ctx, s.ID) }})
	}
	return append(list, choice{ask.Option{Value: "schedule", Label: "Schedule"},
		func(context.Context) error { return errSchedule }})
}

// place is where the directory is, for people.
func (a *sourceAnswers) place() string {
	switch {
	case a.Domain != "":
		return "domain " + a.Domain
	case a.URL != "":
		return a.URL
	}
	return "several servers"
}

func (w *wizard) confirmRemoval(ctx context.Context, id string) error {
	yes, err := w.ask.Confirm(ctx, ask.Question{Key: "sure", Label: "Take source " + id + " out of the configuration?", Default: "no"})
	if err != nil || !yes {
		return err
	}
	return w.remove(id)
}

// remove takes a source out of the configuration. What it owns at the service
// is not touched.
func (w *wizard) remove(id string) error {
	i := slices.IndexFunc(w.answers.Sources, func(s sourceAnswers) bool { return s.ID == id })
	switch {
	case i < 0:
		return usage(fmt.Errorf("--remove-source: %q is not a configured source", id), "")
	case len(w.answers.Sources) == 1 && !w.person():
		return usage(fmt.Errorf("--remove-source: %q is the only source", id), "a configuration needs one")
	}
	w.answers.Sources = slices.Delete(w.answers.Sources, i, i+1)
	w.say("Source %s is taken out. What it owns at the service stays there as it is; \"adsync purge %s\" takes it away.", id, id)
	return nil
}

// replacePassword asks for a source's password and tries it.
func (w *wizard) replacePassword(ctx context.Context, i int) error {
	a := w.answers.Sources[i]
	a.Password = secretAnswer{}
	if _, err := w.signIn(ctx, &a, onlyPassword); err != nil {
		return err
	}
	w.answers.Sources[i] = a
	return nil
}

var serviceSecretLabels = map[string]string{
	"token": "Token of the service", "password": "Password at the service",
	"secret": "Client secret of the service", "key": "Private key for the service",
}

// replaceServiceSecret asks for what the service is shown, and tries it.
func (w *wizard) replaceServiceSecret(ctx context.Context) error {
	a := w.answers.Target
	if a.Auth != authOAuth2Key {
		*a.secret().answer = secretAnswer{}
	}
	if err := w.askServiceSecret(ctx, &a); err != nil {
		return err
	}
	if err := w.authenticate(ctx, &a); err != nil {
		return err
	}
	w.answers.Target = a
	return nil
}
