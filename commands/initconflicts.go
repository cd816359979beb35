package commands

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"adsync/ldapsrc"
	"adsync/upload/scim"

	"github.com/go-ldap/ldap/v3"
)

// wrongFlags refuses, before anything is asked or tried, flags that cannot be
// right by themselves or do not go together. All of them are named at once.
func (w *wizard) wrongFlags() error {
	var wrong []string
	refuse := func(flag, reason string) {
		if len(w.ask.given[flag]) > 0 {
			wrong = append(wrong, "--"+flag+": "+reason)
		}
	}
	for _, a := range initAnswers {
		for _, value := range w.ask.given[a.name] {
			if check := flagChecks[a.name]; check != nil {
				if err := check(value); err != nil {
					refuse(a.name, err.Error())
				}
			}
		}
	}
	if len(wrong) == 0 { // what is misspelt goes with nothing
		w.sourceConflicts(refuse)
		w.targetConflicts(refuse)
	}
	switch len(wrong) {
	case 0:
		return nil
	case 1:
		return usage(errors.New(wrong[0]), `run "adsync init --help"`)
	}
	return usage(fmt.Errorf("these flags cannot be right; nothing was written\n  %s", strings.Join(wrong, "\n  ")), `run "adsync init --help"`)
}

// flagChecks refuse the value of a flag, as its question would.
var flagChecks = map[string]func(string) error{
	"source-id":   sourceID,
	"source-type": oneOf("ad", "ldap"),
	"source-url":  addressText,
	"domain": func(text string) error {
		if !hostName.MatchString(text) || strings.Contains(text, ":") {
			return errors.New("that is no DNS domain")
		}
		return nil
	},
	"pin-sha256": func(text string) error {
		if _, ok := ldapsrc.ParsePin(text); !ok {
			return errors.New("give 64 hexadecimal digits, or base64")
		}
		return nil
	},
	"ca-file": existingFile, "keytab": existingFile, "cert-file": existingFile, "key-file": existingFile, "target-ca-file": existingFile,
	"bind-method":   oneOf(ldapsrc.Simple, ldapsrc.Kerberos, ldapsrc.NTLM, ldapsrc.External, ldapsrc.Anonymous),
	"bind-user":     notEmpty,
	"password-file": secretFile, "token-file": secretFile, "target-password-file": secretFile, "client-secret-file": secretFile, "client-key-file": secretFile,
	"password-env": variable, "token-env": variable, "target-password-env": variable, "client-secret-env": variable, "client-key-env": variable,
	"user-base": distinguishedName, "group-base": distinguishedName,
	"member-of": func(text string) error {
		if !strings.Contains(text, "=") {
			return notEmpty(text) // a name
		}
		return distinguishedName(text)
	},
	"user-filter": func(text string) error {
		if _, err := ldap.CompileFilter(text); err != nil {
			return fmt.Errorf("%q is not an LDAP filter such as (mail=*)", text)
		}
		return nil
	},
	"target-url": serviceURL, "token-url": serviceURL,
	"target-auth": oneOf(authBearer, authBasic, authOAuth2, authOAuth2Key, authNone),
	"target-user": basicUser,
	"profile": func(text string) error {
		_, err := scim.ProfileNamed(text)
		return err
	},
	"proxy": proxyText, "proxy-password-file": secretFile, "proxy-password-env": variable,
}

func oneOf(values ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(values, strings.ToLower(text)) {
			return fmt.Errorf("%q is none of %s", text, strings.Join(values, ", "))
		}
		return nil
	}
}

// secretFile refuses a path that leads to no file; what systemd hands over is
// not there yet.
func secretFile(path string) error {
	if isCredential(path) {
		return nil
	}
	return existingFile(path)
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// variable does not repeat the text, which may be the secret itself.
func variable(text string) error {
	if !variableName.MatchString(text) {
		return errors.New("give the name of an environment variable, not its value")
	}
	return nil
}

func distinguishedName(text string) error {
	if dn, err := ldap.ParseDN(text); err != nil || len(dn.RDNs) == 0 {
		return fmt.Errorf("%q is not a distinguished name such as OU=People,DC=example,DC=com", text)
	}
	return nil
}

// signInKeys are the flags about a connection and a bind.
var signInKeys = append([]string{"forest", "starttls", "ca-file", "pin-sha256", "bind-method", "bind-user", "keytab", "ccache", "realm", "kdc",
	"cert-file", "key-file"}, passwordKeys...)

// sourceConflicts are flags about a source that do not go together.
func (w *wizard) sourceConflicts(refuse func(flag, reason string)) {
	a := sourceAnswers{Method: ldapsrc.Simple}
	if at := w.addressed(); at >= 0 {
		a = w.answers.Sources[at]
	}
	if w.options.Remove == "" && !w.options.has("source-id", "source-url", "domain") && len(w.answers.Sources) > 1 {
		refuseThese(refuse, []conflict{{sourceKeys, true, "of which source? --source-id " + strings.Join(w.before.SourceIDs(), " or ")}})
		return
	}
	if at := w.options.first("source-url"); at != "" || w.ask.holds("domain") {
		a.URL = parseAddress(at).url
	}
	a.Type = cmp.Or(w.options.first("source-type"), a.Type)
	refuseThese(refuse, []conflict{{[]string{"source-url"}, w.ask.holds("domain"), "does not go with --domain"},
		{signInKeys, a.ldif(), "has no meaning for an LDIF file"}})
	if a.ldif() {
		return
	}
	w.signInFlags(&a)
	w.refuseSeveral(refuse, passwordKeys)
	without := a.Method == ldapsrc.External || a.Method == ldapsrc.Anonymous
	refuseThese(refuse, []conflict{
		{[]string{"keytab", "ccache", "realm", "kdc"}, a.Method != ldapsrc.Kerberos, "is for --bind-method kerberos"},
		{passwordKeys, without, "--bind-method " + a.Method + " takes no password"},
		{[]string{"bind-user"}, without, "--bind-method " + a.Method + " takes no name"},
		{passwordKeys, w.ask.holds("keytab", "ccache"), "does not go with --keytab or --ccache"},
		{[]string{"ccache"}, w.ask.holds("keytab"), "does not go with --keytab"},
		{[]string{"kdc"}, a.Realm == "", "wants --realm"},
		{[]string{"cert-file"}, !w.ask.holds("key-file") && a.KeyFile == "" && a.Method != ldapsrc.External, "wants --key-file"},
		{[]string{"key-file"}, !w.ask.holds("cert-file") && a.CertFile == "" && a.Method != ldapsrc.External, "wants --cert-file"},
		{[]string{"starttls"}, w.options.first("starttls") == "yes" && strings.HasPrefix(a.URL, "ldaps:"), "is for ldap://, and ldaps:// is encrypted from the start"},
		{[]string{"forest"}, w.options.first("forest") == "yes" && a.Type == string(ldapsrc.LDAP), "is for --source-type ad"},
		{[]string{"bind-method"}, a.Type == string(ldapsrc.AD) && a.Method == ldapsrc.Anonymous, "Active Directory shows strangers nothing"},
		{[]string{"bind-method"}, a.Type == string(ldapsrc.LDAP) && a.Method == ldapsrc.NTLM, "ntlm is for --source-type ad"},
		{[]string{"group-base"}, w.options.first("groups") == "no", "does not go with --groups=false"},
		{[]string{"source-id"}, w.options.Remove != "" && w.options.first("source-id") == w.options.Remove, "is the source that --remove-source takes out"},
	})
}

// targetConflicts are flags about the service that do not go together.
func (w *wizard) targetConflicts(refuse func(flag, reason string)) {
	a := w.answers.Target
	w.refuseSeveral(refuse, proxyKeys[2:])
	refuseThese(refuse, []conflict{
		{proxyKeys[1:2], cmp.Or(w.options.first("proxy"), a.Proxy) == "", "wants --proxy"},
		{proxyKeys[2:], cmp.Or(w.options.first("proxy-user"), a.ProxyUser) == "", "wants --proxy-user"},
	})
	a.URL = cmp.Or(w.options.first("target-url"), a.URL)
	auth := append(slices.Clone(clientKeys), "target-auth")
	for _, keys := range authKeys {
		auth = append(auth, keys...)
	}
	if a.folder() {
		refuseThese(refuse, []conflict{{append(auth, "target-ca-file", "profile"), true, "has no meaning for a folder"}})
		return
	}
	if way := w.authOfFlags(a.Auth); way != "" {
		for _, other := range []string{authBearer, authBasic, authOAuth2, authOAuth2Key} {
			refuseThese(refuse, []conflict{{authKeys[other], way != other, "does not go with " + w.sayer(way)}})
		}
		refuseThese(refuse, []conflict{{clientKeys, way != authOAuth2 && way != authOAuth2Key, "does not go with " + w.sayer(way)}})
	}
	for _, keys := range [][]string{authKeys[authBearer], authKeys[authBasic][1:], authKeys[authOAuth2], authKeys[authOAuth2Key][:3]} {
		w.refuseSeveral(refuse, keys)
	}
	for _, key := range []string{"target-url", "token-url"} {
		u, err := url.Parse(w.options.first(key))
		open := err == nil && u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()
		refuseThese(refuse, []conflict{{[]string{key}, open, "would be told the secret unencrypted: use https://"}})
	}
}

// sayer is the flag that decided for a way of signing in at the service.
func (w *wizard) sayer(way string) string {
	if w.ask.holds("target-auth") {
		return "--target-auth " + way
	}
	for _, key := range append(slices.Clone(authKeys[way]), clientKeys...) {
		if w.ask.holds(key) {
			return "--" + key
		}
	}
	return "target.auth"
}

// A conflict is a reason why flags cannot be used, where it holds.
type conflict struct {
	flags  []string
	holds  bool
	reason string
}

func refuseThese(refuse func(flag, reason string), list []conflict) {
	for _, c := range list {
		for _, flag := range c.flags {
			if c.holds {
				refuse(flag, c.reason)
			}
		}
	}
}

// refuseSeveral refuses all but the first of the flags that name one secret.
func (w *wizard) refuseSeveral(refuse func(flag, reason string), flags []string) {
	first := ""
	for _, flag := range flags {
		switch {
		case !w.ask.holds(flag):
		case first == "":
			first = flag
		default:
			refuse(flag, "does not go with --"+first)
		}
	}
}
