package commands

import "strings"

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
		a.URL = parseAddress(either(o.first("source-url"), a.URL)).url
		a.Method = either(o.first("bind-method"), a.Method)
		a.User, a.Keytab = either(o.first("bind-user"), a.User), either(o.first("keytab"), a.Keytab)
		named := a.Method == "simple" || a.Method == "ntlm" || a.Keytab != ""
		add(named && !a.ldif() && a.User == "", "--bind-user", "the name to sign in with")
		add(a.needsPassword() && a.Password.isZero() && !o.has("password-file", "password-env", "password-command"),
			"--password-file, -env or -command", "where its password is")
		add(a.Method == "external" && either(o.first("cert-file"), a.CertFile) == "", "--cert-file", "our certificate")
		add(a.Method == "external" && either(o.first("key-file"), a.KeyFile) == "", "--key-file", "its private key")
	}
	if !w.exists || w.before.Target == nil || o.has(targetKeys...) {
		a := w.answers.Target
		url := either(o.first("target-url"), a.URL)
		add(url == "", "--target-url", "the SCIM URL of the service")
		switch {
		case o.has("token-url", "client-id", "client-secret-file", "client-secret-env"), a.Auth == "oauth2" && !o.has("token-file", "token-env"):
			add(either(o.first("token-url"), a.TokenURL) == "", "--token-url", "the URL that gives out tokens")
			add(either(o.first("client-id"), a.ClientID) == "", "--client-id", "the client's id")
			add(a.ClientSecret.isZero() && !o.has("client-secret-file", "client-secret-env"), "--client-secret-file or -env", "where the client's secret is")
		case strings.HasPrefix(url, "file:"):
		default:
			add(a.Auth == "bearer" && a.Token.isZero() && !o.has("token-file", "token-env"), "--token-file or --token-env", "where the service's token is")
		}
	}
	return list
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
