package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/ldapsrc"
	"adsync/proxy"
)

// wizard is one set-up under way: what was there, what was answered so far,
// and whom to ask.
type wizard struct {
	env     Env
	options initOptions
	ask     *answering
	path    string       // of the configuration
	before  *config.File // as it is now; new and empty where there is none
	exists  bool
	answers answers
	// The machine's own, but for tests.
	dns      ldapsrc.Resolver
	suffixes func() []string // the machine's own DNS domains

	redactor *config.Redactor
	progress *progress
	log      *slog.Logger
	proxy    *proxy.Proxy
	plan     schedule // how it will run
	spare    bool     // what is asked about can be done without
	written  bool
}

func newWizard(ctx context.Context, env Env, o initOptions) (*wizard, error) {
	here := config.Here(o.Config)
	here.Getenv = env.Getenv
	path, err := filepath.Abs(config.DefaultPath(here))
	if err != nil {
		return nil, err
	}
	w := &wizard{
		env: env, options: o, path: path, before: config.New(), suffixes: machineDomains(env),
		ask: &answering{given: maps.Clone(o.Given), next: person(env, o), out: env.Stderr},
	}
	if o.Quiet {
		w.ask.out = io.Discard
	}
	if w.ask.given == nil {
		w.ask.given = map[string][]string{}
	}
	w.before.Path = path
	w.options.CountWithin = cmp.Or(o.CountWithin, countWithin)
	shown := withProgress(env, o.globalOptions)
	w.progress = shown.progress
	w.redactor = new(config.Redactor)
	w.log = slog.New(slog.DiscardHandler)
	if o.Verbose {
		w.log = slog.New(slog.NewTextHandler(w.redactor.Writer(shown.Stderr), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	file, err := config.Load(path)
	switch {
	case err == nil:
		w.before, w.exists = file, true
	case !isNotExist(err) && !errors.Is(err, config.ErrEmpty):
		return nil, usage(err, "mend the file, or name another with --config")
	}
	for i := range w.before.Sources {
		w.answers.Sources = append(w.answers.Sources, answersOf(&w.before.Sources[i]))
	}
	w.answers.Target = answersOfTarget(w.before.Target, w.before.Proxy)
	w.plan, err = newSchedule(ctx, env, o.scheduleOptions, path)
	if err != nil {
		return nil, err
	}
	return w, w.openProxy(env.Getenv)
}

// person reports whether someone is there to answer.
func (w *wizard) person() bool { return w.ask.next != nil }

func (w *wizard) say(format string, args ...any) { w.ask.Say(format, args...) }

// openProxy makes the way out of the network from the answers.
func (w *wizard) openProxy(getenv func(string) string) error {
	f := w.answers.configure(w.before)
	secrets := config.Secrets{}
	if f.Proxy != nil {
		v, err := w.answers.Target.ProxyPassword.value(context.Background(), w.resolver())
		if err != nil {
			return usage(fmt.Errorf("proxy.password: %w", err), `"adsync proxy" edits it`)
		}
		secrets["proxy.password"] = v
	}
	setting, err := f.ProxySetting(secrets)
	if err != nil {
		return usage(err, hintOf(err))
	}
	setting.Getenv = getenv
	if w.proxy, err = proxy.New(setting); err != nil {
		return usage(fmt.Errorf("proxy: %w", err), hintOf(err))
	}
	return nil
}

// run asks what there is to ask, shows the configuration, and writes it.
func (w *wizard) run(ctx context.Context) error {
	if err := w.wrongFlags(); err != nil {
		return err
	}
	if !w.person() {
		if missing := w.missing(); len(missing) > 0 {
			return w.unanswered(nil)
		}
	} else {
		w.say("adsync %s, set-up of %s", version(), w.path)
		w.say("Each answer is tried at once. Nothing is written until the end; Ctrl-C leaves everything as it is.")
	}
	if id := w.options.Remove; id != "" {
		if err := w.remove(id); err != nil {
			return err
		}
	}
	switch {
	case w.exists && w.person() && len(w.options.Given) == 0 && w.options.Remove == "":
		changed, err := w.menu(ctx)
		if errors.Is(err, errSchedule) && !w.changed() {
			return w.scheduleAlone(ctx)
		}
		if err != nil && !errors.Is(err, errSchedule) {
			return err
		}
		if err == nil && !changed {
			w.say("Nothing was changed.")
			return nil
		}
	default:
		if err := w.first(ctx); err != nil {
			return err
		}
	}
	return w.finish(ctx)
}

// first asks what a new configuration needs, or what flags want changed in
// an existing one.
func (w *wizard) first(ctx context.Context) error {
	if !w.exists || w.options.has(sourceKeys...) {
		err := w.source(ctx, w.addressed())
		for {
			if err != nil {
				return err
			}
			if !w.person() || w.exists {
				break
			}
			var more bool
			more, err = w.ask.Confirm(ctx, ask.Question{Key: "another", Label: "Read another directory too?", Default: "no"})
			if err != nil {
				return err
			}
			if !more {
				break
			}
			err = w.optional(ctx, func(ctx context.Context) error { return w.source(ctx, -1) })
		}
	}
	if !w.exists || w.before.Target == nil || w.options.has(targetKeys...) {
		return w.target(ctx)
	}
	return nil
}

// sourceKeys and targetKeys are the flags about sources and about the target.
var (
	sourceKeys = []string{"source-id", "source-type", "source-url", "domain", "forest", "starttls", "ca-file", "pin-sha256", "bind-method",
		"bind-user", "password-file", "password-env", "password-command", "keytab", "ccache", "realm", "kdc", "cert-file", "key-file", "user-base", "user-filter",
		"member-of", "groups", "group-base"}
	targetKeys = slices.Concat([]string{"target-url", "target-auth", "target-ca-file", "profile"}, proxyKeys, clientKeys,
		authKeys[authBearer], authKeys[authBasic], authKeys[authOAuth2], authKeys[authOAuth2Key])
)

// addressed is the place of the source that the flags are about, -1 for a
// new one: the one they name, the one with their address, or the only one.
func (w *wizard) addressed() int {
	id, url, domain := w.options.first("source-id"), w.options.first("source-url"), w.options.first("domain")
	for i, s := range w.answers.Sources {
		switch {
		case id != "" && s.ID == id,
			id == "" && domain != "" && strings.EqualFold(s.Domain, domain),
			id == "" && url != "" && strings.EqualFold(s.URL, parseAddress(url).url),
			id == "" && url == "" && domain == "" && len(w.answers.Sources) == 1:
			return i
		}
	}
	return -1
}
