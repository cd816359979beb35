package proxy

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/alexbrainman/sspi"
	"github.com/alexbrainman/sspi/negotiate"
)

// windowsNegotiate is SPNEGO by Windows itself (RFC 4559): Kerberos where the
// proxy has a service principal, NTLM otherwise. Without a user it signs in as
// the account that runs the program.
type windowsNegotiate struct {
	host        string
	credentials *sspi.Credentials
	context     *negotiate.ClientContext
	done        bool
}

func newNegotiate(h *hop) (authenticator, error) {
	n := &windowsNegotiate{host: h.host()}
	var err error
	if h.username == "" {
		n.credentials, err = negotiate.AcquireCurrentUserCredentials()
	} else {
		domain, user, found := strings.Cut(h.username, `\`)
		if !found {
			domain, user = "", h.username
		}
		n.credentials, err = negotiate.AcquireUserCredentials(domain, user, h.password)
	}
	if err != nil {
		return nil, fmt.Errorf("credentials for the proxy: %w", err)
	}
	return n, nil
}

func (n *windowsNegotiate) next(challenge string) (string, error) {
	var out []byte
	if n.context == nil {
		context, token, err := negotiate.NewClientContext(n.credentials, "HTTP/"+n.host)
		if err != nil {
			return "", fmt.Errorf("negotiate with HTTP/%s: %w", n.host, err)
		}
		n.context, out = context, token
	} else {
		in, err := base64.StdEncoding.DecodeString(challenge)
		if err != nil {
			return "", fmt.Errorf("the proxy's negotiate token is not base64")
		}
		if n.done, out, err = n.context.Update(in); err != nil {
			return "", fmt.Errorf("negotiate with HTTP/%s: %w", n.host, err)
		}
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(out), nil
}

func (n *windowsNegotiate) challenge(resp *http.Response) (string, bool) {
	token := tokenOf(resp.Header, "Negotiate")
	return token, token != "" && !n.done
}

func (n *windowsNegotiate) close() {
	if n.context != nil {
		_ = n.context.Release()
	}
	_ = n.credentials.Release()
}
