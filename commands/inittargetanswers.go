package commands

import (
	"strings"

	"adsync/commands/config"
)

// targetAnswers are the answers about the service.
type targetAnswers struct {
	URL, Profile string
	CAFile       string
	wayOut

	Auth               string // one of the auth constants
	Token              secretAnswer
	User               string
	Password           secretAnswer
	TokenURL, ClientID string
	Scopes             []string
	Audience           string
	ClientSecret       secretAnswer
	ClientKey          secretAnswer
	KeyID              string
}

// answersOfTarget are the answers that would lead to a target.
func answersOfTarget(t *config.Target, p *config.Proxy) targetAnswers {
	a := targetAnswers{Auth: authBearer}
	if p != nil {
		a.wayOut = wayOut{Proxy: p.URL, ProxyUser: p.Username, ProxyPassword: secretAnswer{Place: p.Password}}
	}
	if t == nil {
		return a
	}
	a.URL, a.Profile, a.CAFile = t.URL, t.Profile, t.TLS.CAFile
	a.readAuth(t.Auth)
	return a
}

// target is the configuration of the service: what was there, with the
// answers in their places.
func (a *targetAnswers) target(before *config.Target) *config.Target {
	t := config.NewTarget()
	if before != nil {
		*t = *before
	}
	t.URL, t.Profile, t.TLS.CAFile = a.URL, a.Profile, a.CAFile
	t.Auth = a.auth()
	if a.folder() {
		t.Auth, t.TLS = config.Auth{}, config.TLS{}
	}
	return t
}

// folder reports whether the target is a folder and not a service.
func (a *targetAnswers) folder() bool { return strings.HasPrefix(a.URL, "file:") }
