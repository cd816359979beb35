package commands

import (
	"context"
	"net"
	"net/url"
	"strings"

	"adsync/commands/config"
)

// A secretAnswer is a secret that somebody typed, or the place where it
// already is.
type secretAnswer struct {
	Typed config.Value
	Place config.Secret
}

// isZero reports whether there is no answer.
func (s secretAnswer) isZero() bool { return s.Typed.IsZero() && s.Place.IsZero() }

// value is the secret itself.
func (s secretAnswer) value(ctx context.Context, r config.Resolver) (config.Value, error) {
	if !s.Typed.IsZero() {
		r.Redactor.Add(s.Typed)
		return s.Typed, nil
	}
	return s.Place.Resolve(ctx, r)
}

// sourceAnswers are the answers about one source.
type sourceAnswers struct {
	ID, Type    string
	URL, Domain string // one of them
	Forest      bool
	StartTLS    bool
	CAFile, Pin string

	Method, User      string
	Password          secretAnswer
	Keytab, CCache    string // Kerberos without a password
	Ticket            bool   // Kerberos with tickets that are there already
	Realm, KDC        string
	CertFile, KeyFile string

	UserBase   []string
	UserFilter string
	MemberOf   []string
	Groups     bool
	GroupBase  []string

	guessed   bool   // the URL was made of a name alone
	suggested string // what the id of a new source is made from
}

// answersOf are the answers that would lead to a source.
func answersOf(s *config.Source) sourceAnswers {
	a := sourceAnswers{
		ID: s.ID, Type: s.Type, URL: s.URL, Domain: s.Domain, Forest: s.Forest,
		StartTLS: s.TLS.StartTLS, CAFile: s.TLS.CAFile, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile,
		Method: s.Bind.Method, User: s.Bind.Username, Password: secretAnswer{Place: s.Bind.Password}, Keytab: s.Bind.Keytab,
		CCache: s.Bind.CCache, Realm: s.Bind.Realm, KDC: s.Bind.KDC,
		Ticket:   s.Bind.Method == "kerberos" && s.Bind.Password.IsZero() && s.Bind.Keytab == "",
		UserBase: s.Users.Base, UserFilter: s.Users.Filter, MemberOf: s.Users.MemberOf,
		Groups: s.Groups.Sync, GroupBase: s.Groups.Base,
	}
	if len(s.TLS.PinSHA256) > 0 {
		a.Pin = s.TLS.PinSHA256[0]
	}
	return a
}

// source is the configuration of a source: what was there, with the answers
// in their places.
func (a *sourceAnswers) source(before config.Source) config.Source {
	s := before
	s.ID, s.Type, s.Forest = a.ID, a.Type, a.Forest
	if s.URL != a.URL || s.Domain != a.Domain {
		s.URL, s.Domain = a.URL, a.Domain
		if a.URL != "" || a.Domain != "" {
			s.URLs = nil
		}
	}
	s.TLS.StartTLS, s.TLS.CAFile = a.StartTLS, a.CAFile
	if a.Pin == "" {
		s.TLS.PinSHA256 = nil
	} else if len(s.TLS.PinSHA256) == 0 || s.TLS.PinSHA256[0] != a.Pin {
		s.TLS.PinSHA256 = config.Strings{a.Pin}
	}
	s.TLS.CertFile, s.TLS.KeyFile = a.CertFile, a.KeyFile
	s.Bind = a.bind(s.Bind)
	s.Users.Base, s.Users.Filter, s.Users.MemberOf = a.UserBase, a.UserFilter, a.MemberOf
	s.Groups.Sync, s.Groups.Base = a.Groups, a.GroupBase
	return s
}

// bind is how to sign in: what was there, with the answers in their places.
// What belongs to another method goes.
func (a *sourceAnswers) bind(before config.Bind) config.Bind {
	b := config.Bind{Method: a.Method, Username: a.User}
	if a.needsPassword() {
		b.Password = a.Password.Place
	}
	if a.Method != "kerberos" {
		return b
	}
	b.Keytab, b.CCache, b.SPN = a.Keytab, a.CCache, before.SPN
	b.Realm, b.KDC = a.Realm, a.KDC
	if a.Realm == "" && a.KDC == "" {
		b.Krb5Conf = before.Krb5Conf // it would say both
	}
	return b
}

// needsPassword reports whether the way of signing in takes a password.
func (a *sourceAnswers) needsPassword() bool {
	switch {
	case a.ldif(), a.Method == "external", a.Method == "anonymous":
		return false
	case a.Method == "kerberos":
		return a.Keytab == "" && !a.Ticket
	}
	return true
}

// ldif reports whether the source is an LDIF file.
func (a *sourceAnswers) ldif() bool { return strings.HasPrefix(a.URL, "ldif:") }

// answers are all that was asked for, apart from the schedule.
type answers struct {
	Sources []sourceAnswers
	Target  targetAnswers
}

// configure is the configuration that the answers lead to, made of the one
// that was there. It changes nothing else in it.
func (a *answers) configure(before *config.File) *config.File {
	f := *before
	f.Sources = nil
	for i := range a.Sources {
		s := config.NewSource()
		if old := before.Source(a.Sources[i].ID); old != nil {
			s = *old
		}
		f.Sources = append(f.Sources, a.Sources[i].source(s))
	}
	f.Target = a.Target.target(before.Target)
	f.Proxy = a.Target.wayOut.setting(before.Proxy)
	return &f
}

// address is where a directory is, as far as its text says.
type address struct {
	url  string // a URL, complete
	name string // or a name that may be a server's or a domain's
}

// parseAddress reads what people write for a server: a URL, a name, a name
// and a port.
func parseAddress(text string) address {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "://") || strings.HasPrefix(text, "ldif:") {
		return address{url: strings.TrimRight(text, "/")}
	}
	if host, port, err := net.SplitHostPort(text); err == nil {
		switch port {
		case "389", "3268":
			return address{url: "ldap://" + net.JoinHostPort(host, port)}
		case "636", "3269":
			return address{url: "ldaps://" + net.JoinHostPort(host, port)}
		}
	}
	return address{name: strings.TrimSuffix(text, ".")}
}

// shortID makes a source's id of a name: the first label of a domain, or the
// host's name, in the letters that an id may have.
func shortID(name string, taken []string) string {
	if u, err := url.Parse(name); err == nil && u.Hostname() != "" {
		name = u.Hostname()
	}
	if net.ParseIP(name) != nil || name == "" {
		name = "directory"
	}
	first, _, _ := strings.Cut(name, ".")
	id := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return '-'
	}, strings.ToLower(first))
	if id = strings.Trim(id, "-"); id == "" {
		id = "directory"
	}
	return free(id[:min(len(id), 28)], taken)
}
