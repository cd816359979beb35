package scim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
)

// Auth says who we are to the service. At most one part is set; none sends
// no credentials.
type Auth struct {
	Bearer Secret
	Basic  *Basic
	OAuth2 *OAuth2
}

// Basic is a user name and a password (RFC 7617).
type Basic struct {
	Username string
	Password Secret
}

// OAuth2 gets access tokens by the client credentials grant (RFC 6749 4.4).
// The client shows its secret, or signs a JWT with its key (RFC 7523 2.2).
type OAuth2 struct {
	TokenURL     string
	ClientID     string
	ClientSecret Secret
	PrivateKey   Secret // PEM: RSA (RS256) or ECDSA on P-256 (ES256)
	KeyID        string // "kid" of the JWT; "" leaves it out
	Scopes       []string
	Audience     string // the "audience" that some token endpoints want
	// SecretInBody sends id and secret as form fields instead of by Basic;
	// when Basic is refused it is tried of itself.
	SecretInBody bool
}

// credentials give the Authorization header of a request.
type credentials interface {
	// header returns the value, "" for none.
	header(ctx context.Context) (string, error)
	// refresh forgets the value that was refused. It returns false when no
	// other can be had.
	refresh(refused string) bool
}

func (a Auth) credentials(c *client) (credentials, error) {
	parts := 0
	for _, set := range []bool{a.Bearer != "", a.Basic != nil, a.OAuth2 != nil} {
		if set {
			parts++
		}
	}
	switch {
	case parts > 1:
		return nil, errors.New("service authentication: more than one of bearer, basic and oauth2 is set")
	case a.Bearer != "":
		return static("Bearer " + string(a.Bearer)), nil
	case a.Basic != nil:
		if a.Basic.Username == "" {
			return nil, errors.New("service authentication: basic wants a user name")
		}
		pair := a.Basic.Username + ":" + string(a.Basic.Password)
		return static("Basic " + base64.StdEncoding.EncodeToString([]byte(pair))), nil
	case a.OAuth2 != nil:
		return newTokens(*a.OAuth2, c)
	}
	return static(""), nil
}

// static is a header that never changes.
type static Secret

func (s static) header(context.Context) (string, error) { return string(s), nil }
func (static) refresh(string) bool                      { return false }

func (o *OAuth2) check() error {
	u, err := url.Parse(o.TokenURL)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("token URL %q: want https://host/path", o.TokenURL)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return fmt.Errorf("token URL %q: want https", o.TokenURL)
	case o.ClientID == "":
		return errors.New("oauth2: client_id is missing")
	case o.ClientSecret == "" && o.PrivateKey == "":
		return errors.New("oauth2: client_secret or a private key is missing")
	}
	return nil
}
