package commands

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/ldapsrc"
)

// reach asks where the directory is until something answers there, and finds
// out what it is.
func (w *wizard) reach(ctx context.Context, a *sourceAnswers) error {
	known := a.URL != "" || a.Domain != "" || len(w.beforeURLs(a.ID)) > 0
	if w.person() || w.options.has("source-url", "domain") || !known {
		if err := w.askAddress(ctx, a, known); err != nil {
			return err
		}
	}
	return w.arrive(ctx, a)
}

// arrive tries the address until something answers there that can be
// believed.
func (w *wizard) arrive(ctx context.Context, a *sourceAnswers) error {
	if a.ldif() {
		return w.askType(ctx, a)
	}
	for {
		kind, err := w.detect(ctx, a)
		if err == nil && w.person() && a.plain() {
			a.StartTLS, err = w.ask.Confirm(ctx, ask.Question{Key: "starttls", Label: "Encrypt the connection with StartTLS?", Default: "yes",
				Help: "Without encryption the password would be seen by everybody on the way, and so is not sent."})
			if err != nil {
				return err
			}
			if a.StartTLS {
				continue
			}
		}
		if err == nil {
			if kind != "" {
				w.say("%s is there: %s.", a.place(), kind)
			}
			return w.askType(ctx, a)
		}
		if !w.person() || ctx.Err() != nil {
			return w.sourceFailure(err)
		}
		w.explain(err)
		if err := w.reachAgain(ctx, a, err); err != nil {
			return err
		}
	}
}

func (w *wizard) beforeURLs(id string) []string {
	if s := w.before.Source(id); s != nil {
		return s.URLs
	}
	return nil
}

// askAddress asks for a server or a domain.
func (w *wizard) askAddress(ctx context.Context, a *sourceAnswers, known bool) error {
	if given, ok := w.ask.take("domain"); ok {
		a.Domain, a.URL = strings.TrimSuffix(strings.TrimSpace(given), "."), ""
		return nil
	}
	q := ask.Question{Key: "source-url", Label: "Directory server or domain", Default: a.URL,
		Help:     "A domain such as corp.example.com, a server such as dc1.corp.example.com, ldaps://HOST:PORT, or ldif:FILE.",
		Validate: addressText}
	switch {
	case a.Domain != "":
		q.Default = a.Domain
	case a.URL == "" && known:
		// Several servers, which only the file can list.
		q.Default = strings.Join(w.beforeURLs(a.ID), ",")
		q.Validate = nil
	case a.URL == "" && w.person() && !w.options.has("source-url"):
		q.Default = w.suggestDomain(ctx)
	}
	text, err := w.ask.Text(ctx, q)
	if err != nil || text == q.Default && known {
		return err
	}
	a.URL, a.Domain, a.guessed = "", "", false
	at := parseAddress(text)
	switch {
	case strings.HasPrefix(at.url, "ldif:"):
		a.URL = "ldif:" + w.beside(strings.TrimPrefix(at.url, "ldif:"))
	case at.url != "":
		a.URL = at.url
	case w.isDomain(ctx, at.name):
		a.Domain = at.name
	default:
		a.URL, a.guessed = "ldaps://"+at.name, true
	}
	return nil
}

// addressText refuses what can be no address.
func addressText(text string) error {
	at := parseAddress(text)
	if at.url == "" && !hostName.MatchString(at.name) {
		return errors.New("give a domain, a server's name or a URL such as ldaps://dc1.corp.example.com")
	}
	if at.url == "" || strings.HasPrefix(at.url, "ldif:") {
		return nil
	}
	u, err := url.Parse(at.url)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("that names no server")
	case u.Scheme != "ldap" && u.Scheme != "ldaps":
		return errors.New("it begins with ldaps:// or ldap://")
	case u.Path != "":
		return errors.New("only server and port; what is below comes later")
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_:]([A-Za-z0-9_:.-]*[A-Za-z0-9_])?$`)

// detect connects without signing in, and reads what the server says it is.
// A server that tells strangers nothing is there all the same.
func (w *wizard) detect(ctx context.Context, a *sourceAnswers) (string, error) {
	defer w.progress.waiting("trying " + a.place())()
	var kind string
	err := w.knock(ctx, a, &kind)
	if err == nil || ctx.Err() != nil {
		return kind, err
	}
	if !a.guessed || certificateOf(err) != nil {
		return "", err
	}
	// Only the name was given: StartTLS on the plain port is as good.
	other := *a
	other.URL, other.StartTLS = "ldap"+strings.TrimPrefix(a.URL, "ldaps"), true
	second := w.knock(ctx, &other, &kind)
	if second != nil && certificateOf(second) == nil {
		return "", err
	}
	*a = other
	return kind, second
}

func (w *wizard) knock(ctx context.Context, a *sourceAnswers, kind *string) error {
	trial := *a
	trial.Method, trial.User, trial.Password, trial.Forest = ldapsrc.Anonymous, "", secretAnswer{}, false
	trial.UserBase, trial.GroupBase, trial.MemberOf = nil, nil, nil
	for _, t := range []ldapsrc.Type{ldapsrc.LDAP, ldapsrc.AD} {
		if a.Domain == "" && t == ldapsrc.AD {
			break
		}
		trial.Type = string(t)
		s, err := w.open(&trial, config.Value{})
		if err != nil {
			return err
		}
		probe, err := s.Probe(ctx)
		var bind *ldapsrc.BindError
		var read *ldapsrc.ReadError
		switch {
		case err == nil:
			*kind = probe.Kind
			if len(probe.Domains) > 0 {
				a.suggested = dnsName(probe.Domains[0].Base)
			}
			if a.Type == "" && strings.Contains(probe.Kind, "Active Directory") {
				a.Type = string(ldapsrc.AD)
			} else if a.Type == "" && probe.Kind != "" {
				a.Type = string(ldapsrc.LDAP)
			}
			return nil
		case errors.As(err, &bind), errors.As(err, &read):
			return nil // it is there
		case t == ldapsrc.AD || a.Domain == "":
			return err
		}
	}
	return nil
}

// askType asks what the directory is, where the server did not say.
func (w *wizard) askType(ctx context.Context, a *sourceAnswers) error {
	if a.Type == string(ldapsrc.AD) || a.Type == string(ldapsrc.LDAP) {
		return nil
	}
	options := []ask.Option{{Value: "ad", Label: "Active Directory"}, {Value: "ldap", Label: "Another LDAP server"}}
	w.ask.given["source-type"] = nil
	if a.Type != "" {
		w.ask.given["source-type"] = []string{a.Type}
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "source-type", Label: "What kind of directory is it?", Default: "ad"}, options)
	if err == nil {
		a.Type = options[i].Value
	}
	return err
}

// plain reports whether the connection shows a password to the network.
func (a *sourceAnswers) plain() bool {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "ldap" || a.StartTLS || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// unencrypted reports whether StartTLS could be asked for.
func (a *sourceAnswers) unencrypted() bool { return strings.HasPrefix(a.URL, "ldap://") && !a.StartTLS }

// certificateOf is the certificate check that an error comes from.
func certificateOf(err error) *tls.CertificateVerificationError {
	var refused *tls.CertificateVerificationError
	if errors.As(err, &refused) {
		return refused
	}
	return nil
}

// unknownAuthority reports whether a certificate is as it should be, but for
// who signed it.
func unknownAuthority(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) }

// reachAgain lets a person choose what to do about a server that cannot be
// reached or believed.
func (w *wizard) reachAgain(ctx context.Context, a *sourceAnswers, cause error) error {
	options := []ask.Option{{Value: "address", Label: "Another server or domain"}, {Value: "again", Label: "Try again"}}
	authority := ask.Option{Value: "ca-file", Label: "Name the file of its authority", Help: "PEM; survives the server's renewals"}
	if setting := (*ldapsrc.ConfigError)(nil); errors.As(cause, &setting) && strings.HasSuffix(setting.Key, "].tls.ca_file") {
		options = append([]ask.Option{authority}, options...)
	}
	refused := certificateOf(cause)
	if refused != nil && len(refused.UnverifiedCertificates) > 0 {
		trust := ask.Option{Value: "trust", Label: "Trust this very certificate", Help: "until it is renewed"}
		if unknownAuthority(cause) {
			options = append([]ask.Option{authority, trust}, options...)
		} else {
			options = append(options, trust)
		}
	}
	if a.unencrypted() {
		options = append(options, ask.Option{Value: "starttls", Label: "Encrypt with StartTLS"})
	}
	chosen, err := w.whatNow(ctx, ask.Question{Key: "reach", Label: "What now?", Default: options[0].Value}, options)
	if err != nil {
		return err
	}
	switch chosen {
	case "address":
		before := a.place()
		a.Type = ""
		if err := w.askAddress(ctx, a, true); err != nil {
			return err
		}
		if a.place() != before {
			a.CAFile, a.Pin, a.StartTLS = "", "", false
		}
		return nil
	case "ca-file":
		path, err := w.ask.Text(ctx, ask.Question{Key: "ca-file", Label: "PEM file of the authority", Validate: w.existing(a.CAFile)})
		if err != nil {
			return err
		}
		a.CAFile, a.Pin = w.beside(path), ""
	case "trust":
		a.CAFile, a.Pin = "", fmt.Sprintf("%x", sha256.Sum256(refused.UnverifiedCertificates[0].Raw))
	case "starttls":
		a.StartTLS = true
	}
	return nil
}
