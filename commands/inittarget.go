package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/proxy"
	"adsync/upload"
	"adsync/upload/scim"
)

// target asks about the service and tries it, until it lets us in.
func (w *wizard) target(ctx context.Context) error {
	a := w.answers.Target
	w.targetFlags(&a)
	if err := w.askService(ctx, &a); err != nil {
		return err
	}
	if a.folder() {
		a.Profile = ""
		w.answers.Target = a
		return nil
	}
	if err := w.askAuth(ctx, &a); err != nil {
		return err
	}
	if err := w.authenticate(ctx, &a); err != nil {
		return err
	}
	w.answers.Target = a
	return w.askProfile(ctx)
}

// targetFlags takes the answers that are not asked for.
func (w *wizard) targetFlags(a *targetAnswers) {
	w.proxyFlags(&a.wayOut)
	if given, ok := w.ask.take("target-ca-file"); ok {
		a.CAFile = w.beside(given)
	}
}

// askService asks for the service's address.
func (w *wizard) askService(ctx context.Context, a *targetAnswers) error {
	before := a.URL
	text, err := w.ask.Text(ctx, ask.Question{Key: "target-url", Label: "SCIM URL of the service", Default: a.URL, Validate: serviceURL,
		Help: "As the service's administration shows it, often ending in /scim/v2."})
	if err != nil {
		return err
	}
	a.URL = strings.TrimRight(strings.TrimSpace(text), "/")
	if a.URL != before {
		a.Profile = ""
	}
	if given, ok := w.ask.take("profile"); ok {
		p, err := scim.ProfileNamed(given)
		if err != nil {
			return badFlag("profile", err)
		}
		a.Profile = p.Name
	}
	return nil
}

// authenticate tries the answers until the service lets us in.
func (w *wizard) authenticate(ctx context.Context, a *targetAnswers) error {
	for {
		probe, err := w.probeTarget(ctx, a)
		if err == nil {
			w.greet(probe)
			return nil
		}
		if !w.person() || ctx.Err() != nil {
			f := failureOf(err)
			if f.Code == ExitUsage {
				return f
			}
			return &Failure{Code: ExitTarget, Err: fmt.Errorf("target: %w; nothing was written", err), Hint: cmp.Or(hintOf(err), f.Hint)}
		}
		w.explain(err)
		if err := w.targetAgain(ctx, a, err); err != nil {
			return err
		}
	}
}

// greet says what the service was found to be.
func (w *wizard) greet(p scim.Probe) {
	able := []string{}
	for _, f := range []struct {
		can  bool
		what string
	}{{p.Patch, "PATCH"}, {p.Bulk, "bulk"}, {p.Filter, "filters"}, {p.ETag, "ETags"}} {
		if f.can {
			able = append(able, f.what)
		}
	}
	text := "The service lets us in"
	if p.Users >= 0 {
		text += ": " + count(p.Users, "user")
	}
	if len(able) > 0 {
		text += "; it offers " + strings.Join(able, ", ")
	}
	w.say("%s.", text)
	if !p.TokenExpires.IsZero() {
		w.say("The token ends on %s.", p.TokenExpires.Format(time.DateOnly))
	}
	if p.Refused != "" {
		w.say("It answered with a refusal all the same: %s.", p.Refused)
	}
}

// targetAgain lets a person choose what to answer anew.
func (w *wizard) targetAgain(ctx context.Context, a *targetAnswers, cause error) error {
	found := ""
	if notThere(cause) {
		found = w.elsewhere(ctx, a)
	}
	options, standard := a.againOptions(cause, found)
	chosen, err := w.whatNow(ctx, ask.Question{Key: "service", Label: "What now?", Default: standard}, options)
	if err != nil {
		return err
	}
	switch chosen {
	case "found":
		a.URL = found
	case "secret":
		if s := a.secret(); a.Auth != authOAuth2Key {
			*s.answer = secretAnswer{}
		}
		return w.askCredentials(ctx, a)
	case "auth":
		return w.askAuth(ctx, a)
	case "url":
		return w.askService(ctx, a)
	case "proxy":
		return w.askProxy(ctx, &a.wayOut)
	case "ca-file":
		path, err := w.ask.Text(ctx, ask.Question{Key: "target-ca-file", Label: "PEM file of the authority", Validate: existingFile})
		if err != nil {
			return err
		}
		a.CAFile = w.beside(path)
	}
	return nil
}

// probeTarget reaches the service and shows it what was answered.
func (w *wizard) probeTarget(ctx context.Context, a *targetAnswers) (scim.Probe, error) {
	w.answers.Target.wayOut = a.wayOut
	if err := w.openProxy(w.env.Getenv); err != nil {
		return scim.Probe{}, err
	}
	trial := *w.before
	trial.Target = a.target(w.before.Target)
	secrets := config.Secrets{}
	if s := a.secret(); s != nil {
		v, err := s.answer.value(ctx, w.resolver())
		if err == nil && s.kind == "token" {
			v, err = v.Token()
			w.redactor.Add(v)
		}
		if err != nil {
			return scim.Probe{}, usage(fmt.Errorf("%s of the service: %w", s.kind, err), hintOf(err))
		}
		secrets["target.auth."+s.key] = v
	}
	for _, at := range trial.SecretKeys() {
		if _, known := secrets[at.Key]; !known && strings.HasPrefix(at.Key, "target.") {
			v, err := at.Secret.Resolve(ctx, w.resolver())
			if err != nil {
				return scim.Probe{}, err
			}
			secrets[at.Key] = v
		}
	}
	trust, err := trial.TargetTLS()
	if err != nil {
		return scim.Probe{}, err
	}
	c := trial.TargetConfig(secrets)
	c.UserAgent = "adsync/" + version()
	c.Overrides.Timeout = min(c.Overrides.Timeout, 2*patience)
	t, err := scim.New(c, scim.Env{Transport: w.proxy.Transport(trust), Log: w.log, Now: w.env.Now})
	if err != nil {
		return scim.Probe{}, usage(fmt.Errorf("target: %w", err), hintOf(err))
	}
	defer w.progress.waiting("trying " + a.URL)()
	return t.Probe(ctx)
}

// askProfile shows what the service was taken for.
func (w *wizard) askProfile(ctx context.Context) error {
	a := &w.answers.Target
	if a.Profile != "" && (!w.person() || w.options.has("profile")) {
		return nil
	}
	guess := cmp.Or(a.Profile, scim.GuessProfile(a.URL))
	var options []ask.Option
	for _, p := range scim.Profiles() {
		options = append(options, ask.Option{Value: p.Name, Label: p.Title, Help: p.Name})
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "profile", Label: "Which service is it?", Default: guess,
		Help: "What a service does differently from the standard. \"Any\" is right where yours is not listed."}, options)
	if err == nil {
		a.Profile = options[i].Value
	}
	return err
}

// againOptions are what can be answered anew after a refusal, and what will
// most probably help; found is where else a service is.
func (a *targetAnswers) againOptions(cause error, found string) (options []ask.Option, standard string) {
	options = []ask.Option{
		{Value: "secret", Label: a.again()}, {Value: "auth", Label: "Sign in in another way"},
		{Value: "url", Label: "Another URL"}, {Value: "again", Label: "Try again"}, {Value: "proxy", Label: "Go through a proxy"}}
	if a.secret() == nil {
		options = options[1:]
	}
	first := func(o ask.Option) ([]ask.Option, string) { return append([]ask.Option{o}, options...), o.Value }
	switch {
	case found != "":
		return first(ask.Option{Value: "found", Label: "Use " + found, Help: "there is a service"})
	case unknownAuthority(cause):
		return first(ask.Option{Value: "ca-file", Label: "Name the file of its authority", Help: "PEM"})
	}
	return options, likely(cause, options[0].Value)
}

// again is what to do about a secret that was refused.
func (a *targetAnswers) again() string {
	switch a.Auth {
	case authBasic:
		return "Type name and password again"
	case authOAuth2, authOAuth2Key:
		return "Other client credentials"
	}
	return "Paste the token again"
}

// likely is what will most probably help after a refusal: credentials where
// they were refused, a URL where there is no service at it.
func likely(cause error, credentials string) string {
	var refused *upload.Refusal
	var stopped *proxy.Error
	switch {
	case errors.As(cause, &stopped) && stopped.Kind == proxy.ProxyAuth:
		return "proxy"
	case errors.As(cause, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden):
		return credentials
	case notThere(cause):
		return "url"
	}
	return "again"
}

// notThere reports whether somebody answers at the URL, and it is no SCIM
// service.
func notThere(cause error) bool {
	var refused *upload.Refusal
	return errors.Is(cause, scim.ErrNotSCIM) || errors.As(cause, &refused) && refused.Status == http.StatusNotFound
}

// usualPaths is where below a service's address SCIM is most often.
var usualPaths = []string{"/scim/v2", "/scim", "/v2"}

// elsewhere looks for the service below a URL that it is not at, "" for
// nowhere.
func (w *wizard) elsewhere(ctx context.Context, a *targetAnswers) string {
	for _, path := range usualPaths {
		other := *a
		other.URL += path
		_, err := w.probeTarget(ctx, &other)
		var refused *upload.Refusal
		if err == nil || errors.As(err, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden) {
			return other.URL
		}
	}
	return ""
}
