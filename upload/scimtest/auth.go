package scimtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenPath is where the OAuth 2.0 token endpoint is, outside the SCIM base path.
const tokenPath = "/oauth2/v2.0/token"

// Auth says who is let in: whoever has the token, the user name and password, or an access token of the token
// endpoint. Parts left empty are not offered.
type Auth struct {
	Token              string // bearer token; default "scimtest-token" if nothing else is set
	Username, Password string // Basic
	OAuth2             *OAuth2
	Anyone             bool // no authentication at all
}

// OAuth2 is a client of the token endpoint, with the client credentials grant (RFC 6749, section 4.4). The client
// shows its secret, in the body or by Basic, or a JWT signed with its key (RFC 7523, section 2.2).
type OAuth2 struct {
	ClientID     string
	ClientSecret string           // empty: no client secret is accepted
	PublicKey    crypto.PublicKey // *rsa.PublicKey (RS256, PS256) or *ecdsa.PublicKey on P-256 (ES256)
	Scope        string           // if set, the only scope that is granted
	Lifetime     time.Duration    // of an access token; default one hour
}

// authenticator checks requests and issues access tokens.
type authenticator struct {
	opts     Auth
	endpoint string
	now      func() time.Time

	mu     sync.Mutex
	issued map[string]time.Time // access token to its end
	seen   map[string]bool      // jti of used assertions
	count  int
}

func newAuthenticator(opts Auth, endpoint string, now func() time.Time) *authenticator {
	if opts.Token == "" && opts.Username == "" && opts.OAuth2 == nil {
		opts.Token = "scimtest-token"
	}
	return &authenticator{opts: opts, endpoint: endpoint, now: now, issued: map[string]time.Time{}, seen: map[string]bool{}}
}

// RevokeTokens ends every access token issued so far: the next request with one is 401.
func (s *Server) RevokeTokens() {
	s.auth.mu.Lock()
	defer s.auth.mu.Unlock()
	clear(s.auth.issued)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func (a *authenticator) check(h http.Header) error {
	value := h.Get("Authorization")
	if a.opts.Anyone {
		return nil
	}
	scheme, credentials, _ := strings.Cut(value, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		if a.opts.Token != "" && equal(credentials, a.opts.Token) {
			return nil
		}
		a.mu.Lock()
		end, ok := a.issued[credentials]
		a.mu.Unlock()
		if ok && a.now().Before(end) {
			return nil
		}
	case strings.EqualFold(scheme, "Basic") && a.opts.Username != "":
		want := base64.StdEncoding.EncodeToString([]byte(a.opts.Username + ":" + a.opts.Password))
		if equal(credentials, want) {
			return nil
		}
	}
	return fail(http.StatusUnauthorized, "authentication failed")
}

// issue answers the token endpoint.
func (a *authenticator) issue(h http.Header, body []byte) answer {
	form, err := url.ParseQuery(string(body))
	o := a.opts.OAuth2
	switch {
	case err != nil || o == nil:
		return oauthError(http.StatusBadRequest, "invalid_request", "no token endpoint is configured, or the form cannot be read")
	case form.Get("grant_type") != "client_credentials":
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "only client_credentials")
	case o.Scope != "" && form.Get("scope") != o.Scope:
		return oauthError(http.StatusBadRequest, "invalid_scope", "the scope must be "+o.Scope)
	}
	if err := a.authenticateClient(h, form); err != nil {
		return oauthError(http.StatusUnauthorized, "invalid_client", err.Error())
	}
	life := o.Lifetime
	if life == 0 {
		life = time.Hour
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	token := fmt.Sprintf("access-token-%d", a.count)
	a.issued[token] = a.now().Add(life)
	out := jsonAnswer(http.StatusOK, map[string]any{"token_type": "Bearer", "access_token": token, "expires_in": int(life.Seconds())})
	out.set("Cache-Control", "no-store")
	return out
}

func oauthError(status int, code, detail string) answer {
	return jsonAnswer(status, map[string]string{"error": code, "error_description": detail})
}

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func (a *authenticator) authenticateClient(h http.Header, form url.Values) error {
	o := a.opts.OAuth2
	if form.Get("client_assertion_type") == jwtBearer {
		if o.PublicKey == nil {
			return fmt.Errorf("client assertions are not accepted")
		}
		return a.verifyAssertion(form.Get("client_assertion"))
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if basic, ok := strings.CutPrefix(h.Get("Authorization"), "Basic "); ok {
		if raw, err := base64.StdEncoding.DecodeString(basic); err == nil {
			user, pass, _ := strings.Cut(string(raw), ":")
			id, _ = url.QueryUnescape(user) // RFC 6749, section 2.3.1: form-encoded inside Basic
			secret, _ = url.QueryUnescape(pass)
		}
	}
	if o.ClientSecret == "" || !equal(id, o.ClientID) || !equal(secret, o.ClientSecret) {
		return fmt.Errorf("wrong client id or secret")
	}
	return nil
}

// claims are those of a client assertion (RFC 7523, section 3).
type claims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  any    `json:"aud"`
	Expires   int64  `json:"exp"`
	NotBefore int64  `json:"nbf"`
	ID        string `json:"jti"`
}

func (a *authenticator) verifyAssertion(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("the assertion is no JWT")
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	var c claims
	if err := decodePart(parts[0], &head); err != nil {
		return err
	}
	if err := decodePart(parts[1], &c); err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return fmt.Errorf("the assertion's signature is not base64url")
	}
	if err := verifySignature(a.opts.OAuth2.PublicKey, head.Algorithm, parts[0]+"."+parts[1], signature); err != nil {
		return err
	}
	return a.checkClaims(c)
}

func (a *authenticator) checkClaims(c claims) error {
	now := a.now().Unix()
	var audience []string
	for _, v := range listOf(c.Audience) {
		text, _ := v.(string)
		audience = append(audience, text)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch id := a.opts.OAuth2.ClientID; {
	case c.Issuer != id || c.Subject != id:
		return fmt.Errorf("iss and sub must be the client id")
	case !slices.Contains(audience, a.endpoint):
		return fmt.Errorf("aud must be %s", a.endpoint)
	case c.Expires <= now:
		return fmt.Errorf("the assertion has expired")
	case c.NotBefore > now+60:
		return fmt.Errorf("the assertion is not valid yet")
	case c.ID == "" || a.seen[c.ID]:
		return fmt.Errorf("jti is missing or was used before")
	}
	a.seen[c.ID] = true
	return nil
}

func decodePart(part string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("the assertion cannot be decoded: %w", err)
	}
	return nil
}

func verifySignature(key crypto.PublicKey, alg, signed string, signature []byte) error {
	sum := sha256.Sum256([]byte(signed))
	ok := false
	switch key := key.(type) {
	case *rsa.PublicKey:
		switch alg {
		case "RS256":
			ok = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
		case "PS256":
			ok = rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil) == nil
		}
	case *ecdsa.PublicKey:
		if alg == "ES256" && len(signature) == 64 {
			ok = ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
		}
	}
	if !ok {
		return fmt.Errorf("the assertion's signature (alg %q) does not fit the client's key", alg)
	}
	return nil
}
