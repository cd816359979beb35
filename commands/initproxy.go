package commands

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/proxy"
)

// wayOut are the answers about the proxy, as far as reaching the service goes;
// "adsync proxy" asks for the rest.
type wayOut struct {
	Proxy         string // its URL, system, or empty for none
	ProxyUser     string
	ProxyPassword secretAnswer
}

// proxyKeys are the flags about the proxy; those of its password come last.
var proxyKeys = []string{"proxy", "proxy-user", "proxy-password-file", "proxy-password-env", "proxy-password-command"}

// setting is the proxy of the configuration: what was there, with the answers
// in their places.
func (o *wayOut) setting(before *config.Proxy) *config.Proxy {
	if o.Proxy == "" {
		return nil
	}
	p := config.Proxy{}
	if before != nil {
		p = *before
	}
	p.URL, p.Username, p.Password = o.Proxy, o.ProxyUser, o.ProxyPassword.Place
	return &p
}

// proxyFlags takes the answers that flags give.
func (w *wizard) proxyFlags(o *wayOut) {
	if given, ok := w.ask.take("proxy"); ok {
		o.Proxy = given
		if given == "none" {
			*o = wayOut{}
		}
	}
	if given, ok := w.ask.take("proxy-user"); ok {
		o.ProxyUser = given
	}
	if place, ok := w.secretFlag("proxy-password"); ok {
		o.ProxyPassword = secretAnswer{Place: place}
	}
}

// askProxy asks for the proxy and who signs in there. What the machine is set
// to is suggested.
func (w *wizard) askProxy(ctx context.Context, o *wayOut) error {
	q := ask.Question{Key: "proxy", Label: "URL of the proxy, or none", Default: o.Proxy, Validate: proxyText,
		Help: "http://proxy.example.com:3128, socks5://..., or system for what this machine is set to. For exceptions, NTLM or Kerberos run \"adsync proxy\" afterwards."}
	suggested := proxy.Setting{}
	if found := proxy.System(); q.Default == "" && len(found) > 0 && found[0].Setting.URL != "" {
		suggested = found[0].Setting
		q.Default = suggested.URL
	}
	text, err := w.ask.Text(ctx, q)
	if err != nil {
		return err
	}
	if o.Proxy = strings.TrimSpace(text); o.Proxy == "none" {
		o.Proxy = ""
	}
	if o.Proxy == "" || o.Proxy == "system" {
		o.ProxyUser, o.ProxyPassword = "", secretAnswer{}
		return nil
	}
	user := ask.Question{Key: "proxy-user", Label: "User name at the proxy, or none", Default: cmp.Or(o.ProxyUser, "none")}
	if o.Proxy == suggested.URL {
		user.Default = cmp.Or(suggested.Username, user.Default)
	}
	if text, err = w.ask.Text(ctx, user); err != nil {
		return err
	}
	if o.ProxyUser = strings.TrimSpace(text); o.ProxyUser == "none" || o.ProxyUser == "" {
		o.ProxyUser, o.ProxyPassword = "", secretAnswer{}
		return nil
	}
	o.ProxyPassword, err = w.askSecret(ctx, ask.Question{Key: "proxy-password", Label: "Password of " + o.ProxyUser + " at the proxy"}, o.ProxyPassword)
	return err
}

// proxyText refuses what can be no proxy, and a password in its URL.
func proxyText(text string) error {
	if text = strings.TrimSpace(text); text == "none" || text == "" {
		return nil
	}
	if strings.Contains(text, "@") {
		return errors.New("leave name and password out of the URL; they are asked for")
	}
	_, err := proxy.New(proxy.Setting{URL: text, Getenv: func(string) string { return "" }})
	return err
}
