package scim

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"adsync/upload"
)

// tokens are the access tokens of one run: one at a time, fetched anew when
// it is about to end or was refused.
type tokens struct {
	OAuth2
	client *client
	key    crypto.Signer

	mu     sync.Mutex
	value  string // of the Authorization header
	until  time.Time
	inBody bool
}

func newTokens(o OAuth2, c *client) (*tokens, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t := &tokens{OAuth2: o, client: c, inBody: o.SecretInBody}
	if o.PrivateKey != "" {
		var err error
		if t.key, err = parseKey(o.PrivateKey); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// early is how long before its end a token is replaced.
const early = time.Minute

func (t *tokens) header(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value != "" && (t.until.IsZero() || t.client.env.Now().Before(t.until)) {
		return t.value, nil
	}
	var err error
	for try := range tries {
		var again bool
		if again, err = t.fetch(ctx); err == nil {
			return t.value, nil
		}
		if !again {
			break
		}
		if wait := t.client.env.Sleep(ctx, backoff(try)); wait != nil {
			return "", wait
		}
	}
	return "", &upload.Unavailable{Doing: "get an access token", Err: err, Hint: "check client_id, the secret or key, and scopes of the target's oauth2"}
}

func (t *tokens) refresh(refused string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == refused {
		t.value = ""
	}
	return true
}

// fetch asks the token endpoint once; again says whether asking again may
// help.
func (t *tokens) fetch(ctx context.Context) (again bool, err error) {
	form, err := t.form()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.client.timeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, t.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return false, err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set("Accept", "application/json")
	q.Header.Set("User-Agent", t.client.userAgent)
	if t.key == nil && !t.inBody {
		q.SetBasicAuth(url.QueryEscape(t.ClientID), url.QueryEscape(string(t.ClientSecret)))
	}
	asked := t.client.env.Now()
	r, err := t.client.http.Do(q)
	if err != nil {
		return true, hideURL(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return true, err
	}
	if r.StatusCode != http.StatusOK {
		body = without(body, string(t.ClientSecret), form.Get("client_assertion"))
	}
	if (r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusBadRequest) && t.key == nil && !t.inBody {
		// RFC 6749 2.3.1: Basic is the rule, and many endpoints know only
		// the form.
		t.inBody = true
		return true, tokenRefusal(r.StatusCode, body)
	}
	if r.StatusCode != http.StatusOK {
		return r.StatusCode == http.StatusTooManyRequests || r.StatusCode >= 500, tokenRefusal(r.StatusCode, body)
	}
	return false, t.keep(body, asked)
}

func (t *tokens) form() (url.Values, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(t.Scopes) > 0 {
		form.Set("scope", strings.Join(t.Scopes, " "))
	}
	if t.Audience != "" {
		form.Set("audience", t.Audience)
	}
	switch {
	case t.key != nil:
		assertion, err := t.assertion(t.client.env.Now())
		if err != nil {
			return nil, err
		}
		form.Set("client_id", t.ClientID)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	case t.inBody:
		form.Set("client_id", t.ClientID)
		form.Set("client_secret", string(t.ClientSecret))
	}
	return form, nil
}

// keep reads the answer of RFC 6749 5.1.
func (t *tokens) keep(body []byte, asked time.Time) error {
	var answer struct {
		AccessToken string      `json:"access_token"`
		TokenType   string      `json:"token_type"`
		ExpiresIn   json.Number `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return errors.New("token endpoint: the answer is not JSON")
	}
	if answer.AccessToken == "" {
		return errors.New("token endpoint: the answer has no access_token")
	}
	t.value = "Bearer " + answer.AccessToken
	t.until = time.Time{}
	if seconds, err := answer.ExpiresIn.Int64(); err == nil && seconds > 0 {
		life := time.Duration(seconds) * time.Second
		t.until = asked.Add(life - min(early, life/4))
	}
	return nil
}

// tokenRefusal is the error of RFC 6749 5.2, without what else the body
// holds.
func tokenRefusal(status int, body []byte) error {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(body, &answer) // what is not JSON says nothing
	text := fmt.Sprintf("token endpoint answered %d", status)
	if answer.Error != "" {
		text += " " + shortened(answer.Error, 80)
	}
	if answer.Description != "" {
		text += ": " + shortened(answer.Description, 200)
	}
	return errors.New(text)
}
