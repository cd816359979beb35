package commands

import (
	"cmp"
	"strings"
)

// missingAnswer is an answer that is needed, and the flags that give it.
type missingAnswer struct{ flags, what string }

// missing lists the answers that neither flags nor the file give.
func (w *wizard) missing() []missingAnswer {
	var list []missingAnswer
	add := func(needed bool, flags, what string) {
		if needed {
			list = append(list, missingAnswer{flags, what})
		}
	}
	o := &w.options
	if !w.exists || o.has(sourceKeys...) {
		a := sourceAnswers{Method: "simple"}
		if at := w.addressed(); at >= 0 {
			a = w.answers.Sources[at]
		}
		several := a.ID != "" && len(w.beforeURLs(a.ID)) > 0
		add(a.URL == "" && a.Domain == "" && !several && !o.has("source-url", "domain"), "--domain or --source-url", "where the directory is")
		a.URL = parseAddress(cmp.Or(o.first("source-url"), a.URL)).url
		w.signInFlags(&a)
		named := !a.ldif() && (a.needsPassword() || a.Keytab != "")
		add(named && a.User == "", "--bind-user", "the name to sign in with")
		add(a.needsPassword() && a.Password.isZero() && !o.has(passwordKeys...), "--password-file, -env or -command", "where its password is")
		add(a.Method == "external" && cmp.Or(o.first("cert-file"), a.CertFile) == "", "--cert-file", "our certificate")
		add(a.Method == "external" && cmp.Or(o.first("key-file"), a.KeyFile) == "", "--key-file", "its private key")
	}
	if !w.exists || w.before.Target == nil || o.has(targetKeys...) {
		a := w.answers.Target
		url := cmp.Or(o.first("target-url"), a.URL)
		add(url == "", "--target-url", "the SCIM URL of the service")
		if strings.HasPrefix(url, "file:") {
			return list
		}
		a.Auth = cmp.Or(w.authOfFlags(a.Auth), a.Auth)
		switch a.Auth {
		case authBearer:
			add(a.Token.isZero() && !o.has(authKeys[authBearer]...), "--token-file, -env or -command", "where the service's token is")
		case authBasic:
			add(cmp.Or(o.first("target-user"), a.User) == "", "--target-user", "the user name at the service")
			add(a.Password.isZero() && !o.has(authKeys[authBasic][1:]...), "--target-password-file, -env or -command", "where its password is")
		case authOAuth2, authOAuth2Key:
			add(cmp.Or(o.first("token-url"), a.TokenURL) == "", "--token-url", "the URL that gives out tokens")
			add(cmp.Or(o.first("client-id"), a.ClientID) == "", "--client-id", "the client's id")
			add(a.Auth == authOAuth2 && a.ClientSecret.isZero() && !o.has(authKeys[authOAuth2]...), "--client-secret-file, -env or -command", "where the client's secret is")
			add(a.Auth == authOAuth2Key && a.ClientKey.isZero() && !o.has(authKeys[authOAuth2Key][:3]...), "--client-key-file, -env or -command", "where the client's private key is")
		}
	}
	return list
}
