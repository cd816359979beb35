package commands

import (
	"context"
	"fmt"
	"slices"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// source asks about one source, the one at an index or a new one, and puts
// the answers in place when they are complete and tried.
func (w *wizard) source(ctx context.Context, at int) error {
	a := sourceAnswers{Method: ldapsrc.Simple}
	if at >= 0 {
		a = w.answers.Sources[at]
	}
	w.fromFlags(&a)
	if err := w.reach(ctx, &a); err != nil {
		return err
	}
	probe, err := w.signIn(ctx, &a, everything)
	if err != nil {
		return err
	}
	if err := w.chooseDomains(ctx, &a, probe); err != nil {
		return err
	}
	if at < 0 {
		if err := w.name(ctx, &a); err != nil {
			return err
		}
	}
	if err := w.scope(ctx, &a); err != nil {
		return err
	}
	if at < 0 {
		w.answers.Sources = append(w.answers.Sources, a)
	} else {
		w.answers.Sources[at] = a
	}
	return nil
}

// fromFlags takes the answers that are not asked for.
func (w *wizard) fromFlags(a *sourceAnswers) {
	for key, to := range map[string]*string{"source-id": &a.ID, "source-type": &a.Type, "pin-sha256": &a.Pin, "user-filter": &a.UserFilter} {
		if given, ok := w.ask.take(key); ok {
			*to = given
		}
	}
	for key, to := range map[string]*string{"ca-file": &a.CAFile, "cert-file": &a.CertFile, "key-file": &a.KeyFile} {
		if given, ok := w.ask.take(key); ok {
			*to = w.beside(given)
		}
	}
	if given, ok := w.ask.take("starttls"); ok {
		a.StartTLS = given == "yes"
	}
	w.signInFlags(a)
	w.ask.list("realm")
	w.ask.list("kdc")
}

// How much signIn asks for.
type signInQuestions int

const (
	everything signInQuestions = iota
	onlyPassword
)

// name asks for the id of a new source.
func (w *wizard) name(ctx context.Context, a *sourceAnswers) error {
	var taken []string
	for _, s := range w.answers.Sources {
		taken = append(taken, s.ID)
	}
	q := ask.Question{Key: "source-id", Label: "A short name for this source", Default: a.ID,
		Help: "It marks what the source owns at the service, and so must never change.",
		Validate: func(id string) error {
			if slices.Contains(taken, id) {
				return fmt.Errorf("there is a source %s already", id)
			}
			return sourceID(id)
		}}
	if a.ID != "" {
		return badID(q.Validate(a.ID))
	}
	from := a.Domain
	if a.suggested != "" {
		from = a.suggested
	} else if from == "" {
		from = a.URL
	}
	q.Default = shortID(from, taken)
	var err error
	a.ID, err = w.ask.Text(ctx, q)
	return err
}

func badID(err error) error {
	if err == nil {
		return nil
	}
	return badFlag("source-id", err)
}
