package commands

import (
	"context"
	"errors"
	"slices"
	"strings"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// signIn asks how to sign in and tries it at once, until it works.
func (w *wizard) signIn(ctx context.Context, a *sourceAnswers, much signInQuestions) (ldapsrc.Probe, error) {
	if a.ldif() {
		a.Method, a.User, a.Password = ldapsrc.Simple, "", secretAnswer{}
		probe, err := w.probe(ctx, a)
		if err == nil || !w.person() || ctx.Err() != nil {
			return probe, w.sourceFailure(err)
		}
		w.explain(err)
		if err := w.reachAgain(ctx, a, err); err != nil {
			return probe, err
		}
		if err := w.arrive(ctx, a); err != nil {
			return probe, err
		}
		return w.signIn(ctx, a, much)
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
			w.say("Signed in to %s as %s (%s).", probe.Server, probe.BoundAs, encryption(probe.Encryption))
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

func encryption(kind string) string {
	if kind == "none" {
		return "not encrypted"
	}
	return kind
}

// signInAgain explains why signing in did not work, and lets a person choose
// what to answer anew.
func (w *wizard) signInAgain(ctx context.Context, a *sourceAnswers, cause error) (signInQuestions, error) {
	w.explain(cause)
	if typed := a.Password.Typed.Reveal(); typed != strings.TrimSpace(typed) {
		w.say("The password begins or ends with a space.")
	}
	options := a.againOptions()
	chosen, err := w.whatNow(ctx, ask.Question{Key: "sign-in", Label: "What now?", Default: likelyAnswer(cause, options)}, options)
	if err != nil {
		return everything, err
	}
	switch chosen {
	case "again":
		return onlyPassword, nil
	case "password":
		a.Password = secretAnswer{}
		return onlyPassword, nil
	case "address":
		a.URL, a.Domain = "", ""
		return everything, w.reach(ctx, a)
	case "starttls":
		a.StartTLS = true
		return onlyPassword, w.arrive(ctx, a)
	case "kdc":
		return onlyPassword, w.askRealm(ctx, a)
	}
	a.Password = secretAnswer{}
	return everything, nil
}

// againOptions are what can be answered anew after a refused bind.
func (a *sourceAnswers) againOptions() []ask.Option {
	var options []ask.Option
	if a.needsPassword() {
		options = append(options, ask.Option{Value: "password", Label: "Type the password again", Help: "too many wrong ones lock the account"})
	}
	if a.Method == ldapsrc.Kerberos {
		options = append(options, ask.Option{Value: "kdc", Label: "Name the realm and its KDC"})
	}
	if a.unencrypted() {
		options = append(options, ask.Option{Value: "starttls", Label: "Encrypt with StartTLS"})
	}
	return append(options, ask.Option{Value: "account", Label: "Another account or way of signing in"},
		ask.Option{Value: "address", Label: "Another server"}, ask.Option{Value: "again", Label: "Try the same again"})
}

// likelyAnswer is what is most probably wrong: what the refusal is about.
func likelyAnswer(cause error, options []ask.Option) string {
	var bind *ldapsrc.BindError
	var setting *ldapsrc.ConfigError
	key := ""
	if errors.As(cause, &bind) {
		key = bind.Key
	} else if errors.As(cause, &setting) {
		key = setting.Key
	}
	_, part, _ := strings.Cut(key, "]")
	answer := map[string]string{
		"": "again", ".bind.password": "password", ".bind.realm": "kdc", ".bind.kdc": "kdc", ".url": "starttls",
	}[part]
	for _, value := range []string{answer, "account"} {
		if slices.ContainsFunc(options, func(o ask.Option) bool { return o.Value == value }) {
			return value
		}
	}
	return "again"
}

// askMethod asks for the way of signing in and the name.
func (w *wizard) askMethod(ctx context.Context, a *sourceAnswers) error {
	options := []ask.Option{
		{Value: ldapsrc.Simple, Label: "Name and password"},
		{Value: ldapsrc.Kerberos, Label: "Kerberos", Help: "keytab, password or ticket"},
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
	before := a.Method
	a.Method = options[i].Value
	if before == ldapsrc.External && a.Method != before {
		a.CertFile, a.KeyFile = "", ""
	}
	switch a.Method {
	case ldapsrc.Anonymous:
		a.User = ""
		return nil
	case ldapsrc.External:
		if before != a.Method {
			a.User = ""
		}
		return w.askCertificate(ctx, a)
	case ldapsrc.Kerberos:
		if err := w.askKerberos(ctx, a); err != nil || a.Ticket {
			return err
		}
	}
	return w.askUser(ctx, a)
}

func (w *wizard) askUser(ctx context.Context, a *sourceAnswers) error {
	q := ask.Question{Key: "bind-user", Label: "Name to sign in with", Default: a.User, Validate: notEmpty,
		Help: "The full DN, for example uid=adsync,ou=services,dc=example,dc=com."}
	switch {
	case a.Method == ldapsrc.Kerberos && a.Keytab != "":
		q.Help = "The account that the keytab is for, svc-adsync@CORP.EXAMPLE.COM."
	case a.Method == ldapsrc.Kerberos:
		q.Help = "The account and its realm, svc-adsync@CORP.EXAMPLE.COM."
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
	if a.Type == string(ldapsrc.AD) && a.suggested != "" && accountName(a.User) != nil {
		a.User += "@" + a.suggested // the name alone is not enough for a bind (MS-ADTS 5.1.1.1.1)
	}
	return nil
}

func (w *wizard) askCertificate(ctx context.Context, a *sourceAnswers) error {
	for _, q := range []struct {
		key, label string
		to         *string
	}{{"cert-file", "Our certificate (PEM file)", &a.CertFile}, {"key-file", "Its private key (PEM file)", &a.KeyFile}} {
		if *q.to != "" && (!w.person() || w.options.has(q.key)) {
			continue
		}
		path, err := w.ask.Text(ctx, ask.Question{Key: q.key, Label: q.label, Default: *q.to, Validate: w.existing(*q.to)})
		if err != nil {
			return err
		}
		if path != *q.to {
			*q.to = w.beside(path)
		}
	}
	return nil
}
