package commands

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/ldapsrc"
	"adsync/proxy"

	"github.com/urfave/cli/v2"
)

// proxyOptions are the flags of proxy: each answers one question.
type proxyOptions struct {
	globalOptions
	URL          string
	Username     string
	PasswordFile string
	PasswordEnv  string
	Auth         string
	CAFile       string
	NoProxy      []string
	LDAP         bool
	None         bool
	System       bool
	Yes          bool
	Schedule     scheduleOptions // how the sync runs; zero for what this machine has
	Asker        ask.Asker       // instead of standard input, for tests
}

func proxyCommand(env Env) *cli.Command {
	return &cli.Command{
		Name:  "proxy",
		Usage: "how to leave the network: asked, tried on the way to the service, and saved (also: adsync -p)",
		Description: `   Without flags it asks. With --none, --system or --url it asks nothing. Nothing is saved unless
   the service can be reached the way that was given.

EXAMPLE:
   adsync proxy
   adsync proxy --url http://proxy.example.com:3128 --username svc-adsync --password-file proxy.password
   adsync proxy --none`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "url", Usage: "`URL` of the proxy: http://, https:// or socks5://"},
			&cli.StringFlag{Name: "username", Usage: "`NAME` to sign in at the proxy with"},
			&cli.StringFlag{Name: "password-file", Usage: "the password is in `FILE`"},
			&cli.StringFlag{Name: "password-env", Usage: "the password is in the environment variable `NAME`"},
			&cli.StringFlag{Name: "auth", Usage: "`WAY` of signing in at an HTTP proxy: basic (the default), ntlm or negotiate"},
			&cli.StringFlag{Name: "ca-file", Usage: "PEM `FILE` of the authority of an https proxy, or of one that opens TLS"},
			&cli.StringSliceFlag{Name: "no-proxy", Usage: "`HOST`, .domain or network that is reached directly (repeatable)"},
			&cli.BoolFlag{Name: "ldap", DisableDefaultText: true, Usage: "carry LDAP through the proxy too"},
			&cli.BoolFlag{Name: "none", DisableDefaultText: true, Usage: "no proxy"},
			&cli.BoolFlag{Name: "system", DisableDefaultText: true, Usage: "what the environment, or Windows, says at each run"},
			&cli.BoolFlag{Name: "yes", DisableDefaultText: true, Usage: "ask nothing"},
		},
		Action: flagsOnly(env, func(c *cli.Context, g globalOptions) error {
			return runProxy(c.Context, env, proxyOptions{
				globalOptions: g, URL: c.String("url"), Username: c.String("username"),
				PasswordFile: c.String("password-file"), PasswordEnv: c.String("password-env"),
				Auth: c.String("auth"), CAFile: c.String("ca-file"), NoProxy: c.StringSlice("no-proxy"), LDAP: c.Bool("ldap"),
				None: c.Bool("none"), System: c.Bool("system"), Yes: c.Bool("yes"),
			})
		}),
	}
}

// check refuses flags that make no sense together.
func (o *proxyOptions) check() error {
	ways := 0
	for _, given := range []bool{o.None, o.System, o.URL != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return usage(errors.New("--none, --system and --url exclude each other"), "")
	case strings.Contains(o.URL, "@"):
		return usage(errors.New("--url: leave name and password out of the URL"), "give them as --username and --password-file or --password-env")
	case o.PasswordFile != "" && o.PasswordEnv != "":
		return usage(errors.New("--password-file and --password-env exclude each other"), "")
	case (o.PasswordFile != "" || o.PasswordEnv != "") && o.Username == "":
		return usage(errors.New("--password-file and --password-env go with --username"), "")
	case o.None && (o.Username != "" || o.Auth != "" || o.CAFile != "" || len(o.NoProxy) > 0 || o.LDAP):
		return usage(errors.New("--none goes alone"), "")
	}
	return nil
}

// given reports whether the flags say which way to go.
func (o *proxyOptions) given() bool { return o.None || o.System || o.URL != "" }

// proxyAnswer is the proxy as it is to be saved, with the password that was
// typed, if one was.
type proxyAnswer struct {
	setting config.Proxy
	none    bool
	typed   config.Value
}

// runProxy asks, tries the way to the service, and saves. Wherever it ends
// before, the configuration is as it was.
func runProxy(ctx context.Context, env Env, o proxyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	file, err := load(env, o.globalOptions)
	if err != nil {
		return err
	}
	w := &proxyWizard{env: env, options: o, file: file, ask: o.Asker, progress: withProgress(env, o.globalOptions).progress}
	if w.ask == nil && !o.Yes && !o.given() {
		w.ask = answerer(env, o.globalOptions)
	}
	if w.ask == nil && !o.given() {
		return usage(errors.New("which way to go is missing; nothing was written: --none, --system or --url URL"),
			`run "adsync proxy" on a terminal, or give one of the flags`)
	}
	err = w.run(ctx)
	if errors.Is(err, ask.ErrInterrupted) || (err != nil && ctx.Err() != nil) {
		return &Failure{Code: ExitInterrupted, Err: errors.New("interrupted; nothing was written")}
	}
	return withFlags(err, []string{"url", "username", "password-file", "password-env", "auth", "ca-file", "no-proxy", "ldap"})
}

// answerer is whoever is at the other end of standard input, nil for nobody.
func answerer(env Env, g globalOptions) ask.Asker {
	to, ok := env.Stderr.(*os.File)
	if !ok || env.Stdin == nil || g.JSON {
		return nil
	}
	if info, err := env.Stdin.Stat(); !ask.Possible(env.Stdin) && (err != nil || info.Mode()&os.ModeCharDevice != 0) {
		return nil // closed, or the null device
	}
	return ask.For(env.Stdin, to, func(name string) string {
		if name == "NO_COLOR" && g.NoColor {
			return "1"
		}
		return env.Getenv(name)
	})
}

type proxyWizard struct {
	env      Env
	options  proxyOptions
	file     *config.File
	progress *progress
	ask      ask.Asker    // nil: nobody is asked
	last     *proxyAnswer // that was tried, and
	cause    *proxy.Error // what stood in the way; either may be nil
}

func (w *proxyWizard) run(ctx context.Context) error {
	for {
		answer, err := w.answer(ctx)
		if err != nil {
			return err
		}
		err = w.try(ctx, answer)
		if err == nil {
			return w.save(ctx, answer)
		}
		f := failureOf(err)
		if w.ask == nil || ctx.Err() != nil {
			return &Failure{Code: f.Code, Err: fmt.Errorf("%w; nothing was written", f.Err), Hint: f.Hint}
		}
		w.last, w.cause = &answer, nil
		errors.As(err, &w.cause)
		explain(w.ask, err)
		again, err := w.ask.Confirm(ctx, ask.Question{Key: "again", Label: "Try another setting?", Default: "yes", Help: "No leaves everything as it was."})
		if err != nil {
			return err
		}
		if !again {
			return &Failure{Code: f.Code, Err: errors.New("nothing was written"), Hint: ""}
		}
	}
}

// setting makes the proxy package's setting of an answer.
func (w *proxyWizard) setting(ctx context.Context, a proxyAnswer) (proxy.Setting, error) {
	if a.none {
		return proxy.Setting{}, nil
	}
	trial := *w.file
	trial.Proxy = &a.setting
	secrets := config.Secrets{}
	switch {
	case !a.typed.IsZero():
		secrets["proxy.password"] = a.typed
	case !a.setting.Password.IsZero():
		v, err := a.setting.Password.Resolve(ctx, config.Resolver{Dir: filepath.Dir(w.file.Path), Getenv: w.env.Getenv})
		if err != nil {
			return proxy.Setting{}, usage(fmt.Errorf("proxy.password: %w", err), "docs/security.md says where secrets can be kept")
		}
		secrets["proxy.password"] = v
	}
	s, err := trial.ProxySetting(secrets)
	if err != nil {
		return s, usage(err, hintOf(err))
	}
	return s, nil
}

// try goes the way to the service, and says of each step how it went.
func (w *proxyWizard) try(ctx context.Context, a proxyAnswer) error {
	setting, err := w.setting(ctx, a)
	if err != nil {
		return err
	}
	p, err := proxy.New(setting)
	if err != nil {
		return usage(fmt.Errorf("proxy: %w", err), hintOf(err))
	}
	targets, err := w.targets(setting)
	if err != nil {
		return err
	}
	w.remarks(setting)
	for _, t := range targets {
		target := t.url
		w.say("Trying the way to %s (%s):", target, p.Route(target))
		end := w.progress.waiting("trying it")
		report, err := p.Check(ctx, target, t.trust)
		end()
		for _, s := range report.Steps {
			state := "ok"
			if s.Err != nil {
				state = "failed"
			}
			w.say("  %-6s %s (%s)", state, s.Name, s.Took.Round(1e6))
		}
		if issuer := report.Intercepted(); issuer != "" && (err != nil || t.trust.RootCAs == nil) {
			w.say("  The certificate is not from an authority that this machine trusts; it was issued by %s.", issuer)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return &Failure{Code: ExitTarget, Err: fmt.Errorf("the way to %s: %w", target, err), Hint: hintOf(err)}
		}
		w.say("  %-6s it answers %s%s", "ok", report.Status, remark(report.Status))
	}
	return nil
}

// remark says what an answer means that looks worse than it is.
func remark(status string) string {
	if strings.HasPrefix(status, "401") {
		return ", as it should without a token"
	}
	return ""
}

// destination is an address to be reached, and how it must prove who it is.
type destination struct {
	url   *url.URL
	trust *tls.Config
}

// targets are what has to be reached: the service and, where the proxy
// carries LDAP too, the directories that are configured by address.
func (w *proxyWizard) targets(s proxy.Setting) ([]destination, error) {
	var out []destination
	add := func(trust *tls.Config, texts ...string) {
		for _, text := range texts {
			if u, err := url.Parse(text); err == nil && u.Host != "" {
				out = append(out, destination{u, trust})
			}
		}
	}
	if t := w.file.Target; t != nil && !t.File() {
		trust, err := w.file.TargetTLS()
		if err != nil {
			return nil, usage(fmt.Errorf("%s: %w", w.file.Path, err), hintOf(err))
		}
		add(trust, t.URL)
	}
	if s.LDAP {
		for i, source := range w.file.Sources {
			trust, err := w.file.SourceTLS(i)
			if err != nil {
				return nil, usage(fmt.Errorf("%s: %w", w.file.Path, err), hintOf(err))
			}
			add(trust, append(source.URLs, source.URL)...)
		}
	}
	return out, nil
}

// remarks say what the proxy does not carry, or what is not tried.
func (w *proxyWizard) remarks(s proxy.Setting) {
	for i := range w.file.Sources {
		source := &w.file.Sources[i]
		if s.LDAP && source.Bind.Method == ldapsrc.Kerberos {
			w.say("Source %s: Kerberos tickets come straight from the domain's KDC, not through the proxy.", source.ID)
		}
		if s.LDAP && source.Domain != "" {
			w.say("Source %s: its servers are looked up in this machine's DNS; the way to them is tried by \"adsync status\".", source.ID)
		}
	}
}

func (w *proxyWizard) say(format string, args ...any) {
	switch {
	case w.ask != nil:
		w.ask.Say(format, args...)
	case !w.options.Quiet:
		fmt.Fprintf(w.env.Stderr, format+"\n", args...)
	}
}

// save writes the configuration, and stores the password that was typed, both
// or neither.
func (w *proxyWizard) save(ctx context.Context, a proxyAnswer) error {
	f := *w.file
	f.Path, _ = filepath.Abs(f.Path)
	plan, planless := newSchedule(ctx, w.env, w.options.Schedule, f.Path)
	var typed []typedSecret
	if !a.typed.IsZero() {
		if planless != nil {
			return planless
		}
		typed = []typedSecret{{owner: "proxy", kind: "password", value: a.typed, place: &a.setting.Password}}
		if err := plan.askAccount(ctx, w.ask); err != nil {
			return err
		}
		plan.place(&f, typed)
		w.say("%s", plan.whereTo(&f, typed[0]))
	}
	if w.ask != nil {
		ok, err := w.ask.Confirm(ctx, ask.Question{Key: "save", Label: "Save it in " + w.file.Path + "?", Default: "yes"})
		if err != nil {
			return err
		}
		if !ok {
			w.say("Nothing was written.")
			return nil
		}
	}
	f.Proxy = &a.setting
	if a.none {
		f.Proxy = nil
	}
	if len(typed) > 0 {
		if _, err := plan.save(&f, typed); err != nil {
			return err
		}
	} else if err := f.Save(f.Path); err != nil {
		return usage(err, "nothing was written")
	}
	if w.options.JSON {
		writeJSON(w.env.Stdout, noticeObject{"notice", "saved " + w.file.Path})
	} else {
		fmt.Fprintf(w.env.Stdout, "saved %s\n", w.file.Path)
	}
	if planless == nil && plan.installed(ctx) && plan.stale(&f) {
		r := run{options: w.options.globalOptions}
		w.say(staleSchedule, r.configFlag())
	}
	return nil
}

func (w *proxyWizard) beside(path string) string { return beside(w.file.Path, path) }
