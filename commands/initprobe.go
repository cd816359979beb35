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
	"adsync/ldapsrc"
	"adsync/proxy"
	"adsync/upload"
)

// patience is how long the wizard waits for an answer of a server.
const patience = 10 * time.Second

// open makes the source that the answers lead to.
func (w *wizard) open(a *sourceAnswers, password config.Value) (*ldapsrc.Source, error) {
	trial := *w.before
	s := config.NewSource()
	if old := w.before.Source(a.ID); old != nil && a.ID != "" {
		s = *old
	}
	trial.Sources = []config.Source{a.source(s)}
	if trial.Sources[0].ID == "" {
		trial.Sources[0].ID = shortID(cmp.Or(a.Domain, a.URL), nil) // for errors
	}
	c := trial.SourceConfig(0, config.Secrets{"sources[0].bind.password": password})
	c.Timeout = min(c.Timeout, patience)
	return ldapsrc.New(c, ldapsrc.Env{Dialer: w.proxy.Dialer(), Resolver: w.dns, Log: w.log, Now: w.env.Now,
		Progress: func(what string, n int) { w.progress.at(what, n, 0) }})
}

// probe signs in and looks around.
func (w *wizard) probe(ctx context.Context, a *sourceAnswers) (ldapsrc.Probe, error) {
	password, err := a.Password.value(ctx, w.resolver())
	if err != nil {
		return ldapsrc.Probe{}, err
	}
	trial := *a
	trial.Forest = a.Type == string(ldapsrc.AD) && !a.ldif()
	s, err := w.open(&trial, password)
	if err != nil {
		return ldapsrc.Probe{}, err
	}
	defer w.progress.waiting("signing in at " + a.place())()
	return s.Probe(ctx)
}

// chooseDomains shows the domains of a forest and asks whether all are read.
func (w *wizard) chooseDomains(ctx context.Context, a *sourceAnswers, probe ldapsrc.Probe) error {
	if a.Type != string(ldapsrc.AD) {
		return nil
	}
	if len(probe.Domains) > 0 {
		a.suggested = probe.Domains[0].Name
	}
	if len(probe.Domains) < 2 {
		if given, ok := w.ask.take("forest"); ok {
			a.Forest = given == "yes"
		}
		return nil
	}
	w.say("The forest has %d domains:", len(probe.Domains))
	standard := "yes"
	for _, d := range probe.Domains {
		if d.Err != nil {
			standard = "no" // read all, the source would be incomplete each time
			problem, _ := inWords(d.Err)
			w.say("  %s: not reached: %s", d.Name, problem)
			continue
		}
		w.say("  %s (%s)", d.Name, d.Server)
	}
	if w.exists && w.before.Source(a.ID) != nil && !a.Forest || !w.person() {
		standard = "no"
	}
	var err error
	a.Forest, err = w.ask.Confirm(ctx, ask.Question{Key: "forest", Label: "Read all of them?", Default: standard})
	return err
}

// sourceFailure is an error of a source where nobody can be asked.
func (w *wizard) sourceFailure(err error) error {
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		return err
	}
	code := ExitSource
	if setting := (*ldapsrc.ConfigError)(nil); errors.As(err, &setting) {
		code = ExitUsage
	}
	return &Failure{Code: code, Err: fmt.Errorf("%w; nothing was written", err), Hint: hintOf(err)}
}

// explain says in words what went wrong and what to do.
func (w *wizard) explain(err error) {
	var way *proxy.Error
	if unknownAuthority(err) && !(errors.As(err, &way) && way.Proxy != "") {
		problem, _ := inWords(err)
		w.say("That did not work: %s.", problem)
		return // what can be done is asked next
	}
	explain(w.ask, err)
}

func explain(asker ask.Asker, err error) {
	problem, advice := inWords(err)
	asker.Say("That did not work: %s.", strings.TrimSuffix(problem, ".")) // Windows ends its sentences
	if advice != "" {
		asker.Say("  Advice: %s.", advice)
	}
}

// keysInWords are the keys that a hint may name, for those who have not seen
// the file yet.
var keysInWords = strings.NewReplacer("target.url", "the URL", "proxy.url", "the proxy's URL",
	"set proxy.auth: ", "choose ", "set proxy.username and proxy.password", "give the user name and the password", "proxy.username and proxy.password", "the user name and the password",
	"proxy.auth", "the way of signing in", "proxy.username", "the user name", "proxy.password", "the password", "add it to proxy.no_proxy", "let it be reached directly",
	"name it as proxy.ca_file", "name its file", "target's oauth2", "service",
	"target.tls.ca_file", "the authority's file", "tls.ca_file", "the authority's file", "cert_file and key_file", "certificate and key",
	"client_id", "the client's id", "bind.realm", "the realm", "bind.kdc", "its KDC", "tls.starttls", "StartTLS", "bind.method ", "")

// inWords is an error without the key of a configuration that does not exist
// yet, and what to do about it.
func inWords(err error) (problem, advice string) {
	var connect *ldapsrc.ConnectError
	var bind *ldapsrc.BindError
	var setting *ldapsrc.ConfigError
	var read *ldapsrc.ReadError
	var failed *Failure
	var refused *upload.Refusal
	advice = keysInWords.Replace(hintOf(err))
	if errors.As(err, &failed) && failed.Hint != "" {
		advice = keysInWords.Replace(failed.Hint)
	}
	switch {
	case errors.As(err, &connect):
		return connect.Server + ": " + connect.Problem, advice
	case errors.As(err, &bind):
		return fmt.Sprintf("%s does not let %q in: %s", bind.Server, bind.As, bind.Problem), advice
	case errors.As(err, &read) && strings.HasPrefix(read.Where, "sources["):
		return strings.TrimPrefix(read.Error(), read.Where+": "), advice
	case errors.As(err, &setting) && setting.Err == nil:
		return setting.Problem, advice
	case errors.As(err, &setting):
		return strings.TrimPrefix(setting.Error(), setting.Key+": "), advice
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized:
		return "the service refuses the sign-in: " + refused.Error(), advice
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return "there is no SCIM service at that URL: " + refused.Error(), "take the SCIM base URL that the service shows"
	}
	return err.Error(), advice
}
