package commands

import (
	"cmp"
	"context"
	"strings"

	"adsync/commands/ask"
	"adsync/ldapsrc"
)

// passwordKeys are the flags that say where the password of a source is.
var passwordKeys = []string{"password-file", "password-env", "password-command"}

// signInFlags brings the flags about signing in, as far as they are still to
// be used, into the answers.
func (w *wizard) signInFlags(a *sourceAnswers) {
	given := func(key, before string) string {
		if list := w.ask.given[key]; len(list) > 0 {
			return list[0]
		}
		return before
	}
	before := a.Method
	a.Method = strings.ToLower(given("bind-method", a.Method))
	a.User = given("bind-user", a.User)
	a.Realm, a.KDC = given("realm", a.Realm), given("kdc", a.KDC)
	keytab, ccache := given("keytab", ""), given("ccache", "")
	switch {
	case a.Method != ldapsrc.Kerberos:
	case keytab != "":
		a.Keytab, a.CCache, a.Ticket = w.beside(keytab), "", false
	case ccache != "":
		a.Keytab, a.CCache, a.Ticket = "", w.besideCache(ccache), true
	case w.ask.holds(passwordKeys...):
		a.Keytab, a.CCache, a.Ticket = "", "", false
	case before != a.Method:
		a.Ticket = a.User == ""
	}
}

// besideCache is a ticket cache's path as the configuration has it. One that
// is no file has its kind before a colon: KEYRING:, KCM:.
func (w *wizard) besideCache(name string) string {
	kind, path, named := strings.Cut(name, ":")
	switch {
	case named && kind == "FILE":
		return w.beside(path)
	case named && len(kind) > 1:
		return name
	}
	return w.beside(name)
}

// askKerberos asks what proves the account: a keytab, a password, or a ticket
// that is there already.
func (w *wizard) askKerberos(ctx context.Context, a *sourceAnswers) error {
	flags := append([]string{"keytab", "ccache"}, passwordKeys...)
	if said := w.ask.holds(flags...); said || !w.person() {
		w.ask.list("keytab")
		w.ask.list("ccache")
		return nil
	}
	windows := w.plan.system == "windows"
	options := []ask.Option{
		{Value: "keytab", Label: "A keytab file"},
		{Value: "password", Label: "A password"},
		{Value: "ticket", Label: "A ticket that is there already", Help: "of kinit, or KRB5CCNAME"},
	}
	standard := "keytab"
	if windows {
		standard = "ticket"
		options[2] = ask.Option{Value: "ticket", Label: "The Windows account that runs it", Help: "such as a gMSA"}
	}
	switch {
	case a.Keytab != "":
		standard = "keytab"
	case a.Ticket:
		standard = "ticket"
	case !a.Password.isZero():
		standard = "password"
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "kerberos", Label: "What proves the account?", Default: standard}, options)
	if err != nil {
		return err
	}
	switch options[i].Value {
	case "keytab":
		a.CCache, a.Ticket = "", false
		return w.askKeytab(ctx, a)
	case "password":
		a.Keytab, a.CCache, a.Ticket = "", "", false
		return nil
	}
	if !a.Ticket {
		a.User = ""
	}
	a.Keytab, a.Ticket = "", true
	if windows {
		w.say("It is tried with your own account now. The account that runs adsync must be able to sign in too.")
		return nil
	}
	return w.askCache(ctx, a)
}

func (w *wizard) askKeytab(ctx context.Context, a *sourceAnswers) error {
	path, err := w.ask.Text(ctx, ask.Question{Key: "keytab", Label: "Keytab file", Default: a.Keytab, Validate: w.existing(a.Keytab),
		Help: "ktpass on Windows makes one, or: samba-tool domain exportkeytab."})
	if err == nil && path != a.Keytab {
		a.Keytab = w.beside(path)
	}
	return err
}

func (w *wizard) askCache(ctx context.Context, a *sourceAnswers) error {
	q := ask.Question{Key: "ccache", Label: "Ticket cache file (- for the account's own)", Default: cmp.Or(a.CCache, "-"),
		Help: "kinit -c FILE makes one. Somebody must renew it; a keytab lasts longer."}
	path, err := w.ask.Text(ctx, q)
	switch {
	case err != nil:
		return err
	case path == "-":
		a.CCache = ""
	case path != a.CCache:
		a.CCache = w.besideCache(path)
	}
	return nil
}

// askRealm asks for what DNS or krb5.conf do not say.
func (w *wizard) askRealm(ctx context.Context, a *sourceAnswers) error {
	standard := a.Realm
	if _, suffix, ok := strings.Cut(a.User, "@"); ok && standard == "" {
		standard = strings.ToUpper(suffix)
	}
	realm, err := w.ask.Text(ctx, ask.Question{Key: "realm", Label: "Realm", Default: standard, Validate: notEmpty,
		Help: "The domain's DNS name in capitals, CORP.EXAMPLE.COM."})
	if err != nil {
		return err
	}
	a.Realm = strings.TrimSpace(realm)
	kdc, err := w.ask.Text(ctx, ask.Question{Key: "kdc", Label: "Its KDC (- to look in DNS)", Default: cmp.Or(a.KDC, "-"),
		Help: "A domain controller, dc1.corp.example.com."})
	if err != nil {
		return err
	}
	if a.KDC = strings.TrimSpace(kdc); a.KDC == "-" {
		a.KDC = ""
	}
	return nil
}
