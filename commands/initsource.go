package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	for key, to := range map[string]*string{"ca-file": &a.CAFile, "keytab": &a.Keytab, "cert-file": &a.CertFile, "key-file": &a.KeyFile} {
		if given, ok := w.ask.take(key); ok {
			*to = w.beside(given)
		}
	}
	if given, ok := w.ask.take("starttls"); ok {
		a.StartTLS = given == "yes"
	}
}

// How much signIn asks for.
type signInQuestions int

const (
	everything signInQuestions = iota
	onlyPassword
)

// signIn asks how to sign in and tries it at once, until it works.
func (w *wizard) signIn(ctx context.Context, a *sourceAnswers, much signInQuestions) (ldapsrc.Probe, error) {
	if a.ldif() {
		a.Method, a.User, a.Password = ldapsrc.Simple, "", secretAnswer{}
		probe, err := w.probe(ctx, a)
		return probe, w.sourceFailure(err)
	}
	for {
		if much == everything {
			if err := w.askMethod(ctx, a); err != nil {
				return ldapsrc.Probe{}, err
			}
		}
		if a.needsPassword() && (much == everything || a.Password.isZero()) {
			var err error
			a.Password, err = w.askSecret(ctx, ask.Question{Key: "password", Label: "Password of " + a.User,
				Help: "It is not shown, and stands neither in the configuration nor in any log."}, a.Password)
			if err != nil {
				return ldapsrc.Probe{}, err
			}
		}
		probe, err := w.probe(ctx, a)
		if err == nil {
			w.say("Signed in to %s as %s (%s).", probe.Server, probe.BoundAs, probe.Encryption)
			return probe, nil
		}
		if !w.person() || ctx.Err() != nil {
			return probe, w.sourceFailure(err)
		}
		if much, err = w.signInAgain(ctx, a, err); err != nil {
			return probe, err
		}
	}
}

// signInAgain explains why signing in did not work, and lets a person choose
// what to answer anew.
func (w *wizard) signInAgain(ctx context.Context, a *sourceAnswers, cause error) (signInQuestions, error) {
	w.explain(cause)
	var bind *ldapsrc.BindError
	options := []ask.Option{
		{Value: "password", Label: "Type the password again", Help: "too many wrong ones lock the account"},
		{Value: "account", Label: "Another account or way of signing in"},
		{Value: "address", Label: "Another server"},
		{Value: "again", Label: "Try the same again"},
	}
	if !a.needsPassword() {
		options = options[1:]
	}
	standard := options[0].Value
	switch {
	case !errors.As(cause, &bind):
		standard = "again"
	case strings.HasSuffix(bind.Key, "username"):
		standard = "account"
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "sign-in", Label: "What now?", Default: standard}, options)
	if err != nil {
		return everything, err
	}
	switch options[i].Value {
	case "again":
		return onlyPassword, nil
	case "password":
		a.Password = secretAnswer{}
		return onlyPassword, nil
	case "address":
		a.URL, a.Domain = "", ""
		return everything, w.reach(ctx, a)
	}
	a.Password = secretAnswer{}
	return everything, nil
}

// askMethod asks for the way of signing in and the name.
func (w *wizard) askMethod(ctx context.Context, a *sourceAnswers) error {
	options := []ask.Option{
		{Value: ldapsrc.Simple, Label: "Name and password"},
		{Value: ldapsrc.Kerberos, Label: "Kerberos", Help: "keytab, password or this account's ticket"},
	}
	if a.Type == string(ldapsrc.AD) {
		options = append(options, ask.Option{Value: ldapsrc.NTLM, Label: "NTLM"})
	} else {
		options = append(options, ask.Option{Value: ldapsrc.Anonymous, Label: "Not at all", Help: "the directory is open to all"})
	}
	options = append(options, ask.Option{Value: ldapsrc.External, Label: "Client certificate"})
	i, err := w.ask.Choose(ctx, ask.Question{Key: "bind-method", Label: "How to sign in", Default: a.Method,
		Help: "An ordinary account is enough. It only reads."}, options)
	if err != nil {
		return err
	}
	a.Method = options[i].Value
	switch a.Method {
	case ldapsrc.Anonymous:
		a.User = ""
		return nil
	case ldapsrc.External:
		return w.askCertificate(ctx, a)
	case ldapsrc.Kerberos:
		if err := w.askKeytab(ctx, a); err != nil {
			return err
		}
	}
	return w.askUser(ctx, a)
}

func (w *wizard) askUser(ctx context.Context, a *sourceAnswers) error {
	q := ask.Question{Key: "bind-user", Label: "Name to sign in with", Default: a.User, Validate: notEmpty,
		Help: "The full DN, for example uid=adsync,ou=services,dc=example,dc=com."}
	switch {
	case a.Method == ldapsrc.Kerberos && a.Keytab == "":
		q.Validate, q.Help = nil, "account@REALM; empty for the ticket of the account that runs adsync."
	case a.Method == ldapsrc.Kerberos:
		q.Help = "The principal of the keytab, account@REALM."
	case a.Type == string(ldapsrc.AD):
		q.Help = "For example svc-adsync@corp.example.com, or CORP\\svc-adsync, or the full DN."
		if a.suggested == "" {
			q.Validate = accountName
		}
	}
	user, err := w.ask.Text(ctx, q)
	if err != nil {
		return err
	}
	a.User = strings.TrimSpace(user)
	if a.Type == string(ldapsrc.AD) && a.User != "" && a.suggested != "" && accountName(a.User) != nil {
		a.User += "@" + a.suggested // the name alone is not enough for a bind (MS-ADTS 5.1.1.1.1)
	}
	return nil
}

func (w *wizard) askKeytab(ctx context.Context, a *sourceAnswers) error {
	if !w.person() || w.options.has("keytab") {
		return nil
	}
	path, err := w.ask.Text(ctx, ask.Question{Key: "keytab", Label: "Keytab file (empty for none)", Default: a.Keytab, Validate: optionalFile})
	if path != "" && path != a.Keytab {
		a.Keytab = w.beside(path)
	}
	return err
}

func (w *wizard) askCertificate(ctx context.Context, a *sourceAnswers) error {
	for _, q := range []struct {
		key, label string
		to         *string
	}{{"cert-file", "Our certificate (PEM file)", &a.CertFile}, {"key-file", "Its private key (PEM file)", &a.KeyFile}} {
		if *q.to != "" && !w.person() {
			continue
		}
		path, err := w.ask.Text(ctx, ask.Question{Key: q.key, Label: q.label, Default: *q.to, Validate: existingFile})
		if err != nil {
			return err
		}
		if path != *q.to {
			*q.to = w.beside(path)
		}
	}
	return nil
}

// name asks for the id of a new source.
func (w *wizard) name(ctx context.Context, a *sourceAnswers) error {
	var taken []string
	for _, s := range w.answers.Sources {
		taken = append(taken, s.ID)
	}
	q := ask.Question{Key: "source-id", Label: "A short name for this source", Default: a.ID,
		Help: "It marks what the source owns at the service, and so must never change.",
		Validate: func(id string) error {
			switch {
			case !validID(id):
				return errors.New("use 1 to 32 lower-case letters, digits and hyphens")
			case slices.Contains(taken, id):
				return fmt.Errorf("there is a source %s already", id)
			}
			return nil
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
