//go:build !windows

package proxy

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// kerberos is SPNEGO with a Kerberos ticket (RFC 4559), which takes one message.
type kerberos struct {
	client *client.Client
	host   string
}

// newNegotiate signs in with user@REALM and the password, or with the tickets
// that kinit left for this account.
func newNegotiate(h *hop) (authenticator, error) {
	settings, err := guarded(func() (*config.Config, error) { return config.Load(first(os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf")) })
	if err != nil && !errors.As(err, new(config.UnsupportedDirective)) { // which is passed over
		return nil, fmt.Errorf("read the kerberos configuration: %w", err)
	}
	if h.username != "" {
		user, realm, found := strings.Cut(h.username, "@")
		if !found {
			realm = settings.LibDefaults.DefaultRealm
		}
		cl := client.NewWithPassword(user, strings.ToUpper(realm), h.password, settings, client.DisablePAFXFAST(true))
		return &kerberos{client: cl, host: h.host()}, nil
	}
	name := strings.TrimPrefix(first(os.Getenv("KRB5CCNAME"), fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid())), "FILE:")
	tickets, err := guarded(func() (*credentials.CCache, error) { return credentials.LoadCCache(name) })
	if err != nil {
		return nil, fmt.Errorf("no kerberos tickets in %s: %w", name, err)
	}
	cl, err := guarded(func() (*client.Client, error) {
		return client.NewFromCCache(tickets, settings, client.DisablePAFXFAST(true))
	})
	if err != nil {
		return nil, fmt.Errorf("kerberos tickets in %s: %w", name, err)
	}
	return &kerberos{client: cl, host: h.host()}, nil
}

// guarded does what gokrb5 panics over where a file, or an answer of the KDC,
// is malformed.
func guarded[T any](do func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed: %v", r)
		}
	}()
	return do()
}

func (k *kerberos) next(string) (string, error) { return guarded(k.message) }

// message is the header's value, with a ticket for the proxy.
func (k *kerberos) message() (string, error) {
	service := spnego.SPNEGOClient(k.client, "HTTP/"+k.host)
	if err := service.AcquireCred(); err != nil {
		return "", fmt.Errorf("kerberos sign-in: %w", err)
	}
	token, err := service.InitSecContext()
	if err != nil {
		return "", fmt.Errorf("kerberos ticket for HTTP/%s: %w", k.host, err)
	}
	message, err := token.Marshal()
	if err != nil {
		return "", errors.New("kerberos token cannot be encoded")
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(message), nil
}

// A Kerberos token that the proxy refuses once is refused for good.
func (*kerberos) challenge(*http.Response) (string, bool) { return "", false }

func (k *kerberos) close() { k.client.Destroy() }
