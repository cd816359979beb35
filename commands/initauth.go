package commands

import (
	"context"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/upload/scim"
)

// Ways of signing in at the service, by the flag --target-auth.
const (
	authBearer    = "bearer"
	authBasic     = "basic"
	authOAuth2    = "oauth2"     // the client shows its secret
	authOAuth2Key = "oauth2-key" // the client signs with its key
	authNone      = "none"
)

// authKeys are the flags of each way.
var authKeys = map[string][]string{
	authBearer:    {"token-file", "token-env", "token-command"},
	authBasic:     {"target-user", "target-password-file", "target-password-env", "target-password-command"},
	authOAuth2:    {"client-secret-file", "client-secret-env", "client-secret-command"},
	authOAuth2Key: {"client-key-file", "client-key-env", "client-key-command", "client-key-id"},
}

// clientKeys are the flags of both ways of OAuth 2.0.
var clientKeys = []string{"token-url", "client-id", "client-scope", "client-audience"}

// authOfFlags is the way of signing in that the flags which are still to be
// used speak of, "" for none.
func (w *wizard) authOfFlags(before string) string {
	if way := w.ask.given["target-auth"]; len(way) > 0 {
		return strings.ToLower(way[0])
	}
	for _, way := range []string{authBearer, authBasic, authOAuth2Key, authOAuth2} {
		if w.ask.holds(authKeys[way]...) {
			return way
		}
	}
	switch {
	case !w.ask.holds(clientKeys...):
		return ""
	case before == authOAuth2Key:
		return before
	}
	return authOAuth2
}

// readAuth takes the answers that would lead to a way of signing in.
func (a *targetAnswers) readAuth(auth config.Auth) {
	a.Auth = authBearer
	a.Token.Place = auth.Bearer
	switch o := auth.OAuth2; {
	case o != nil:
		a.Auth = authOAuth2
		a.TokenURL, a.ClientID, a.Scopes, a.Audience = o.TokenURL, o.ClientID, o.Scopes, o.Audience
		a.ClientSecret.Place, a.ClientKey.Place, a.KeyID = o.ClientSecret, o.PrivateKey, o.KeyID
		if !o.PrivateKey.IsZero() {
			a.Auth = authOAuth2Key
		}
	case auth.Basic != nil:
		a.Auth, a.User, a.Password.Place = authBasic, auth.Basic.Username, auth.Basic.Password
	case auth.None:
		a.Auth = authNone
	}
}

// auth is the way of signing in as the configuration has it.
func (a *targetAnswers) auth() config.Auth {
	switch a.Auth {
	case authBasic:
		return config.Auth{Basic: &config.Basic{Username: a.User, Password: a.Password.Place}}
	case authOAuth2, authOAuth2Key:
		o := &config.OAuth2{TokenURL: a.TokenURL, ClientID: a.ClientID, Scopes: a.Scopes, Audience: a.Audience}
		if a.Auth == authOAuth2 {
			o.ClientSecret = a.ClientSecret.Place
		} else {
			o.PrivateKey, o.KeyID = a.ClientKey.Place, a.KeyID
		}
		return config.Auth{OAuth2: o}
	case authNone:
		return config.Auth{None: true}
	}
	return config.Auth{Bearer: a.Token.Place}
}

// A serviceSecret is what the service is shown.
type serviceSecret struct {
	answer *secretAnswer
	key    string // of the configuration, below target.auth
	kind   string // what people call it, and the end of its file's name
}

// secret is what the service is shown, nil where it is shown nothing.
func (a *targetAnswers) secret() *serviceSecret {
	switch {
	case a.folder() || a.Auth == authNone:
		return nil
	case a.Auth == authBasic:
		return &serviceSecret{&a.Password, "basic.password", "password"}
	case a.Auth == authOAuth2:
		return &serviceSecret{&a.ClientSecret, "oauth2.client_secret", "secret"}
	case a.Auth == authOAuth2Key:
		return &serviceSecret{&a.ClientKey, "oauth2.private_key", "key"}
	}
	return &serviceSecret{&a.Token, "bearer", "token"}
}

// askAuth asks how to sign in at the service, and then for what that takes.
func (w *wizard) askAuth(ctx context.Context, a *targetAnswers) error {
	if way := w.authOfFlags(a.Auth); way != "" {
		a.Auth = way
		w.ask.list("target-auth")
	} else if w.person() {
		if err := w.chooseAuth(ctx, a); err != nil {
			return err
		}
	}
	for key, to := range map[string]*string{"client-key-id": &a.KeyID, "client-audience": &a.Audience} {
		if given, ok := w.ask.take(key); ok {
			*to = given
		}
	}
	return w.askCredentials(ctx, a)
}

func (w *wizard) chooseAuth(ctx context.Context, a *targetAnswers) error {
	standard := a.Auth
	if !w.exists && strings.HasPrefix(scim.GuessProfile(a.URL), "entra") {
		standard = authOAuth2
	}
	options := []ask.Option{
		{Value: authBearer, Label: "A token", Help: "most services show one"},
		{Value: authBasic, Label: "A user name and a password"},
		{Value: authOAuth2, Label: "OAuth 2.0, with a client secret"},
		{Value: authOAuth2Key, Label: "OAuth 2.0, with a private key"},
		{Value: authNone, Label: "Nothing", Help: "it lets everybody in"},
	}
	i, err := w.ask.Choose(ctx, ask.Question{Key: "target-auth", Label: "How to sign in there", Default: standard,
		Help: "How a client signs in stands where the service shows its SCIM URL."}, options)
	if err == nil {
		a.Auth = options[i].Value
	}
	return err
}

// askCredentials asks for what the chosen way of signing in takes.
func (w *wizard) askCredentials(ctx context.Context, a *targetAnswers) error {
	var err error
	switch a.Auth {
	case authBasic:
		if a.User, err = w.ask.Text(ctx, ask.Question{Key: "target-user", Label: "User name at the service", Default: a.User, Validate: basicUser}); err != nil {
			return err
		}
	case authOAuth2, authOAuth2Key:
		if err := w.askClient(ctx, a); err != nil {
			return err
		}
	}
	return w.askServiceSecret(ctx, a)
}

// askServiceSecret asks for what the service is shown.
func (w *wizard) askServiceSecret(ctx context.Context, a *targetAnswers) (err error) {
	const help = "It is not shown, and stands neither in the configuration nor in any log."
	switch a.Auth {
	case authBearer:
		a.Token, err = w.askSecret(ctx, ask.Question{Key: "token", Label: "Its token (paste it)", Help: help, Validate: oneWord}, a.Token)
	case authBasic:
		a.Password, err = w.askSecret(ctx, ask.Question{Key: "target-password", Label: "Password of " + a.User, Help: help}, a.Password)
	case authOAuth2:
		a.ClientSecret, err = w.askSecret(ctx, ask.Question{Key: "client-secret", Label: "Client secret (paste it)", Help: help, Validate: oneWord}, a.ClientSecret)
	case authOAuth2Key:
		err = w.askClientKey(ctx, a)
	}
	return err
}

// graphScope is what Microsoft Graph wants to be asked for.
const graphScope = "https://graph.microsoft.com/.default"

// askClient asks for the client of OAuth 2.0.
func (w *wizard) askClient(ctx context.Context, a *targetAnswers) (err error) {
	for _, q := range []struct {
		ask.Question
		to *string
	}{
		{ask.Question{Key: "token-url", Label: "URL that gives out tokens", Validate: serviceURL,
			Help: "Such as https://login.example.com/oauth2/token."}, &a.TokenURL},
		{ask.Question{Key: "client-id", Label: "Client id", Validate: notEmpty}, &a.ClientID},
	} {
		q.Default = *q.to
		if *q.to, err = w.ask.Text(ctx, q.Question); err != nil {
			return err
		}
		*q.to = strings.TrimSpace(*q.to)
	}
	if given := w.ask.list("client-scope"); len(given) > 0 {
		a.Scopes = given
	} else if w.person() {
		standard := strings.Join(a.Scopes, " ")
		if standard == "" && strings.HasPrefix(scim.GuessProfile(a.URL), "entra") {
			standard = graphScope
		}
		text, err := w.ask.Text(ctx, ask.Question{Key: "client-scope", Label: "Scopes, if it wants any", Default: standard,
			Help: "What the token is to be good for, as the service names it; several with spaces between."})
		if err != nil {
			return err
		}
		if a.Scopes = nil; strings.TrimSpace(text) != "" {
			a.Scopes = strings.Fields(text)
		}
	}
	return nil
}

// askClientKey asks for the file of the client's private key.
func (w *wizard) askClientKey(ctx context.Context, a *targetAnswers) error {
	if place, ok := w.secretFlag("client-key"); ok {
		a.ClientKey = secretAnswer{Place: place}
		return nil
	}
	if !w.person() {
		return nil
	}
	place := a.ClientKey.Place
	if place.File == "" && !place.IsZero() {
		return nil // in a place that only the file can name
	}
	q := ask.Question{Key: "client-key-file", Label: "Its private key (PEM file)", Default: place.File, Validate: w.existing(place.File),
		Help: "RSA, or elliptic on P-256. It stays where it is; the account that runs adsync must be able to read it."}
	path, err := w.ask.Text(ctx, q)
	if err != nil {
		return err
	}
	if path != place.File {
		a.ClientKey = secretAnswer{Place: config.Secret{File: w.beside(path)}}
	}
	return nil
}
