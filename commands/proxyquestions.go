package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/proxy"
)

// answer is the setting that the flags give, or that a person does.
func (w *proxyWizard) answer(ctx context.Context) (proxyAnswer, error) {
	o := w.options
	switch {
	case o.None:
		return proxyAnswer{none: true}, nil
	case o.given():
		s := config.Proxy{URL: o.URL, Username: o.Username, NoProxy: o.NoProxy, LDAP: o.LDAP, Auth: o.Auth}
		if o.CAFile != "" {
			s.CAFile = w.beside(o.CAFile)
		}
		if o.System {
			s.URL = "system"
		}
		switch {
		case o.PasswordFile != "":
			s.Password = config.Secret{File: w.beside(o.PasswordFile)}
		case o.PasswordEnv != "":
			s.Password = config.Secret{Env: o.PasswordEnv}
		}
		return proxyAnswer{setting: s}, nil
	}
	return w.question(ctx)
}

// The ways to choose from, besides those that were found.
const (
	wayNone   = "none"
	waySystem = "system"
	wayOther  = "other"
)

// question asks which way to go. What the environment or Windows say is
// suggested, and what the configuration has is the default.
func (w *proxyWizard) question(ctx context.Context) (proxyAnswer, error) {
	found := proxy.System()
	options := []ask.Option{{Value: wayNone, Label: "No proxy: straight to the service"}}
	for _, f := range found {
		if f.Script == "" {
			options = append(options, ask.Option{Value: f.Setting.URL, Label: f.Setting.URL, Help: "from " + f.From})
		} else {
			w.ask.Say("The system names a configuration script, %s, which is not run: ask for the proxy that it gives.", f.Script)
		}
	}
	options = append(options,
		ask.Option{Value: waySystem, Label: "What the system says, at each run", Help: "environment variables, Windows settings"},
		ask.Option{Value: wayOther, Label: "Another proxy"})
	q := ask.Question{Key: "proxy", Label: "How does this machine reach the service?", Default: wayNone}
	a := w.present()
	now := &a.setting
	switch {
	case now.URL == "system":
		q.Default = waySystem
	case now.URL != "":
		q.Default = wayOther
	}
	n, err := w.ask.Choose(ctx, q, options)
	if err != nil {
		return proxyAnswer{}, err
	}
	switch options[n].Value {
	case wayNone:
		return proxyAnswer{none: true}, nil
	case waySystem:
		now.URL = "system"
	case wayOther:
		if now.URL == "system" {
			now.URL = ""
		}
		if now.URL, err = w.ask.Text(ctx, ask.Question{Key: "url", Label: "The proxy's URL", Default: now.URL,
			Help: "http://proxy.example.com:3128, https:// or socks5://", Validate: proxyURL}); err != nil {
			return proxyAnswer{}, err
		}
		now.URL = strings.TrimSpace(now.URL)
	default:
		now.URL = options[n].Value
		for _, f := range found {
			if f.Setting.URL == now.URL {
				now.Username, now.NoProxy = f.Setting.Username, f.Setting.NoProxy
			}
		}
	}
	return w.details(ctx, a)
}

// present is the setting that was tried last, else the one of the
// configuration.
func (w *proxyWizard) present() proxyAnswer {
	switch {
	case w.last != nil && !w.last.none:
		return *w.last
	case w.file.Proxy != nil:
		return proxyAnswer{setting: *w.file.Proxy}
	}
	return proxyAnswer{}
}

// details asks for the rest: who signs in, what goes directly, and LDAP.
func (w *proxyWizard) details(ctx context.Context, a proxyAnswer) (proxyAnswer, error) {
	s := &a.setting
	err := w.askAuth(ctx, s)
	if err != nil {
		return a, err
	}
	if s.URL != "system" {
		label := "User name at the proxy, or none"
		switch s.Auth {
		case proxy.AuthNTLM:
			label = `User name at the proxy (DOMAIN\user)`
		case proxy.AuthNegotiate:
			label = "User name at the proxy, or none for the account that runs adsync"
		}
		s.Username, err = w.ask.Text(ctx, ask.Question{Key: "username", Label: label, Default: cmp.Or(s.Username, "none")})
		if err != nil {
			return a, err
		}
		if s.Username = strings.TrimSpace(s.Username); s.Username == "none" {
			s.Username = ""
		}
	}
	if err := w.askPassword(ctx, &a); err != nil {
		return a, err
	}
	if err := w.askAuthority(ctx, s); err != nil {
		return a, err
	}
	list, err := w.ask.Text(ctx, ask.Question{Key: "no-proxy", Label: "What is reached directly, or none",
		Default: cmp.Or(strings.Join(s.NoProxy, ", "), "none"), Help: "Hosts, .domains or networks, several with commas: .example.com, 10.0.0.0/8"})
	if err != nil {
		return a, err
	}
	if s.NoProxy = nil; strings.TrimSpace(list) == "none" {
		list = ""
	}
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		s.NoProxy = append(s.NoProxy, part)
	}
	if !strings.HasPrefix(s.URL, "socks5") && !s.LDAP {
		return a, nil // an HTTP proxy rarely lets LDAP through; --ldap has it tried
	}
	on := "no"
	if s.LDAP {
		on = "yes"
	}
	s.LDAP, err = w.ask.Confirm(ctx, ask.Question{Key: "ldap", Label: "Reach the directory through it too?", Default: on})
	return a, err
}

// askPassword asks for the password of whoever signs in. One that is there
// already is kept on an empty line.
func (w *proxyWizard) askPassword(ctx context.Context, a *proxyAnswer) error {
	if a.setting.Username == "" {
		a.setting.Password, a.typed = config.Secret{}, config.Value{}
		return nil
	}
	none := a.typed.IsZero() && a.setting.Password.IsZero() || w.cause != nil && w.cause.SignedIn // and was refused
	q := ask.Question{Key: "password", Label: "Password of " + a.setting.Username + " at the proxy", Validate: func(text string) error {
		if none {
			return notEmpty(text)
		}
		return nil
	}}
	if !none {
		q.Label += " (Enter keeps the present one)"
	}
	text, err := w.ask.Secret(ctx, q)
	if err == nil && text != "" {
		a.typed = config.NewValue(text)
	}
	return err
}

// askAuthority asks who signs the certificates that the proxy shows, where
// nobody that this machine trusts does.
func (w *proxyWizard) askAuthority(ctx context.Context, s *config.Proxy) error {
	if w.cause == nil || w.cause.Proxy == "" || !unknownAuthority(w.cause) {
		return nil
	}
	path, err := w.ask.Text(ctx, ask.Question{Key: "ca-file", Label: "File of the authority to trust behind the proxy, or none", Default: cmp.Or(s.CAFile, "none"),
		Help: "PEM, from whoever runs the proxy. Name it only if the issuer above is your organisation's.",
		Validate: func(path string) error {
			if path == "none" || path == s.CAFile {
				return nil
			}
			return existingFile(path)
		}})
	switch {
	case err != nil:
	case path == "none":
		s.CAFile = ""
	case path != s.CAFile:
		s.CAFile = w.beside(path)
	}
	return err
}

// askAuth asks how to sign in where the proxy has said that a name and a
// password alone will not do.
func (w *proxyWizard) askAuth(ctx context.Context, s *config.Proxy) error {
	var schemes []string
	if w.cause != nil && w.cause.Kind == proxy.ProxyAuth {
		schemes = w.cause.Schemes
	}
	offers := func(scheme string) bool {
		return slices.ContainsFunc(schemes, func(offered string) bool { return strings.EqualFold(offered, scheme) })
	}
	if len(schemes) == 0 || offers("Basic") || s.URL == "system" {
		return nil
	}
	var options []ask.Option
	for _, o := range []ask.Option{
		{Value: proxy.AuthNTLM, Label: "NTLM", Help: `DOMAIN\user and password`},
		{Value: proxy.AuthNegotiate, Label: "Negotiate", Help: "Kerberos, or as Windows is signed in"},
	} {
		if offers(o.Label) {
			options = append(options, o)
		}
	}
	if len(options) == 0 {
		return nil
	}
	n, err := w.ask.Choose(ctx, ask.Question{Key: "auth", Label: "How to sign in at the proxy", Default: options[0].Value}, options)
	if err == nil {
		s.Auth = options[n].Value
	}
	return err
}

// proxyURL refuses what can be no proxy.
func proxyURL(text string) error {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil || u.Host == "":
		return errors.New("give the whole URL, such as http://proxy.example.com:3128")
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" && u.Scheme != "socks5h":
		return fmt.Errorf("%q is not a kind of proxy: http, https or socks5", u.Scheme)
	case u.User != nil:
		return errors.New("leave name and password out of the URL; they are asked for")
	}
	return nil
}
