package proxy

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/go-ntlmssp"
)

// authenticator makes the Proxy-Authorization headers of one connection.
type authenticator interface {
	// next is the header's value after a challenge, empty for none. The first
	// challenge is empty.
	next(challenge string) (string, error)
	// challenge finds what to answer in a 407; more says whether to go on.
	challenge(*http.Response) (token string, more bool)
	close()
}

func (h *hop) authenticator() (authenticator, error) {
	switch h.auth {
	case AuthNTLM:
		return &ntlm{username: h.username, password: h.password}, nil
	case AuthNegotiate:
		return newNegotiate(h)
	}
	return basic(h.userPassword()), nil
}

// basic sends user and password at once (RFC 7617), as curl does: a 407 in
// front of each connection would only cost time.
type basic string

func (b basic) next(string) (string, error) {
	if b == "" {
		return "", nil
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(b)), nil
}

func (basic) challenge(*http.Response) (string, bool) { return "", false }
func (basic) close()                                  {}

// ntlm is the three messages of MS-NLMP in the headers of MS-NTHT.
type ntlm struct {
	username, password string
	answered           bool
}

func (n *ntlm) next(challenge string) (string, error) {
	if challenge == "" {
		message, err := ntlmssp.NewNegotiateMessage("", "")
		return "NTLM " + base64.StdEncoding.EncodeToString(message), err
	}
	token, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return "", errors.New("the proxy's ntlm challenge is not base64")
	}
	n.answered = true
	message, err := ntlmssp.NewAuthenticateMessage(token, n.username, n.password, nil)
	return "NTLM " + base64.StdEncoding.EncodeToString(message), err
}

func (n *ntlm) challenge(resp *http.Response) (string, bool) {
	token := tokenOf(resp.Header, "NTLM")
	return token, token != "" && !n.answered
}

func (*ntlm) close() {}

// tokenOf is what follows a scheme in the Proxy-Authenticate headers.
func tokenOf(header http.Header, scheme string) string {
	for _, value := range header.Values("Proxy-Authenticate") {
		name, token, _ := strings.Cut(strings.TrimSpace(value), " ")
		if strings.EqualFold(name, scheme) {
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// offered are the schemes of a 407, each once, in the proxy's order.
func offered(header http.Header) []string {
	var schemes []string
	seen := map[string]bool{}
	for _, value := range header.Values("Proxy-Authenticate") {
		name, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		name = strings.TrimSuffix(name, ",")
		if name != "" && !seen[strings.ToLower(name)] {
			seen[strings.ToLower(name)] = true
			schemes = append(schemes, name)
		}
	}
	return schemes
}
