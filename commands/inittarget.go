package commands

import (
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
	if strings.HasPrefix(a.URL, "file:") {
		a.Auth, a.Profile = "none", ""
		w.answers.Target = a
		return nil
	}
	if err := w.authenticate(ctx, &a); err != nil {
		return err
	}
	w.answers.Target = a
	return w.askProfile(ctx)
}

// targetFlags takes the answers that are not asked for.
func (w *wizard) targetFlags(a *targetAnswers) {
	for key, to := range map[string]*string{"token-url": &a.TokenURL, "client-id": &a.ClientID, "proxy": &a.Proxy} {
		if given, ok := w.ask.take(key); ok {
			*to = given
		}
	}
	if given, ok := w.ask.take("target-ca-file"); ok {
		a.CAFile = w.beside(given)
	}
	if list := w.ask.list("client-scope"); len(list) > 0 {
		a.Scopes = list
	}
	if w.options.has("token-url", "client-id", "client-secret-file", "client-secret-env") {
		a.Auth = "oauth2"
	} else if w.options.has("token-file", "token-env") {
		a.Auth = "bearer"
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
		if strings.HasPrefix(before, "file:") {
			a.Auth = "bearer"
		}
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

// authenticate asks for what the service is to be shown, and tries it.
func (w *wizard) authenticate(ctx context.Context, a *targetAnswers) error {
	if err := w.askAuth(ctx, a); err != nil {
		return err
	}
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
			return &Failure{Code: ExitTarget, Err: fmt.Errorf("target: %w; nothing was written", err), Hint: hintOf(err)}
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
		text += ": " + thousands(p.Users) + " users"
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

// askAuth asks for the token, or for what gets one.
func (w *wizard) askAuth(ctx context.Context, a *targetAnswers) error {
	if a.Auth == "other" && !w.options.has("token-file", "token-env") {
		return nil // as it stands in the file
	}
	if w.person() && !w.exists && a.Auth == "bearer" && strings.HasPrefix(scim.GuessProfile(a.URL), "entra") {
		a.Auth = "oauth2"
	}
	var err error
	if a.Auth == "bearer" {
		a.Token, err = w.askSecret(ctx, ask.Question{Key: "token", Label: "Its token (paste it)",
			Help: "It is not shown, and stands neither in the configuration nor in any log."}, a.Token)
		return err
	}
	for _, q := range []struct {
		key, label string
		to         *string
		check      func(string) error
	}{
		{"token-url", "URL that gives out tokens", &a.TokenURL, serviceURL},
		{"client-id", "Client id", &a.ClientID, notEmpty},
	} {
		if !w.person() {
			continue
		}
		if *q.to, err = w.ask.Text(ctx, ask.Question{Key: q.key, Label: q.label, Default: *q.to, Validate: q.check}); err != nil {
			return err
		}
	}
	a.ClientSecret, err = w.askSecret(ctx, ask.Question{Key: "client-secret", Label: "Client secret (paste it)"}, a.ClientSecret)
	return err
}

// targetAgain lets a person choose what to answer anew.
func (w *wizard) targetAgain(ctx context.Context, a *targetAnswers, cause error) error {
	var options []ask.Option
	if a.Auth == "bearer" {
		options = append(options, ask.Option{Value: "token", Label: "Paste the token again"},
			ask.Option{Value: "oauth2", Label: "Use OAuth 2.0 client credentials"})
	} else if a.Auth == "oauth2" {
		options = append(options, ask.Option{Value: "oauth2", Label: "Other client credentials"},
			ask.Option{Value: "token", Label: "Use a token"})
	}
	options = append(options, ask.Option{Value: "url", Label: "Another URL"}, ask.Option{Value: "again", Label: "Try again"},
		ask.Option{Value: "proxy", Label: "Go through a proxy"})
	if certificateOf(cause) != nil {
		options = append(options, ask.Option{Value: "ca-file", Label: "Name the file of the certificate's authority", Help: "PEM"})
	}
	standard := "again"
	var refused *upload.Refusal
	if errors.As(cause, &refused) && (refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden) {
		standard = options[0].Value
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "service", Label: "What now?", Default: standard}, options)
	if err != nil {
		return err
	}
	switch options[i].Value {
	case "token":
		a.Auth, a.Token = "bearer", secretAnswer{}
		return w.askAuth(ctx, a)
	case "oauth2":
		a.Auth, a.ClientSecret = "oauth2", secretAnswer{}
		return w.askAuth(ctx, a)
	case "url":
		return w.askService(ctx, a)
	case "proxy":
		return w.askProxy(ctx, a)
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
	w.answers.Target.Proxy = a.Proxy
	if err := w.openProxy(w.env.Getenv); err != nil {
		return scim.Probe{}, err
	}
	trial := *w.before
	trial.Target = a.target(w.before.Target)
	secrets := config.Secrets{}
	for key, s := range map[string]secretAnswer{"target.auth.bearer": a.Token, "target.auth.oauth2.client_secret": a.ClientSecret} {
		v, err := s.value(ctx, w.resolver())
		if err != nil && strings.HasPrefix(key, "target.auth."+a.Auth) {
			return scim.Probe{}, err
		}
		secrets[key] = v
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
	return t.Probe(ctx)
}

// askProfile shows what the service was taken for.
func (w *wizard) askProfile(ctx context.Context) error {
	a := &w.answers.Target
	if a.Profile != "" && (!w.person() || w.options.has("profile")) {
		return nil
	}
	guess := either(a.Profile, scim.GuessProfile(a.URL))
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

// askProxy asks for the way out of the network, as far as an address goes;
// "adsync proxy" asks for the rest.
func (w *wizard) askProxy(ctx context.Context, a *targetAnswers) error {
	q := ask.Question{Key: "proxy", Label: "URL of the proxy (empty for none)", Default: a.Proxy,
		Help: "http://proxy.example.com:3128, socks5://..., or system for what this machine is set to. For a proxy that wants a password, run \"adsync proxy\" afterwards."}
	if found := proxy.System(); q.Default == "" && len(found) > 0 && found[0].Setting.URL != "" {
		q.Default = found[0].Setting.URL
	}
	text, err := w.ask.Text(ctx, q)
	if err == nil {
		a.Proxy = strings.TrimSpace(text)
	}
	return err
}
