package scim

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// scrubbed is the body of an error answer without the credentials of the
// request: some services name the token that they refuse, and what they say
// ends in logs and reports.
func scrubbed(body []byte, authorization string) []byte {
	scheme, credentials, _ := strings.Cut(authorization, " ")
	secrets := []string{credentials}
	if strings.EqualFold(scheme, "Basic") {
		if pair, err := base64.StdEncoding.DecodeString(credentials); err == nil {
			_, password, _ := strings.Cut(string(pair), ":")
			secrets = append(secrets, password)
		}
	}
	return without(body, secrets...)
}

// shortestSecret is below what would be found in ordinary words.
const shortestSecret = 4

func without(body []byte, secrets ...string) []byte {
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte(redacted))
		}
	}
	return body
}
