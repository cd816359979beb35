package scim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// parseKey reads a private key in PEM: PKCS #8, PKCS #1 or SEC 1.
func parseKey(text Secret) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("oauth2 private key: not PEM")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("oauth2 private key: a %s block that cannot be read", strings.ToLower(block.Type))
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		if key.Curve == elliptic.P256() {
			return key, nil
		}
	}
	return nil, errors.New("oauth2 private key: want RSA, or ECDSA on P-256")
}

// assertionLife is how long a client assertion is good for.
const assertionLife = 5 * time.Minute

// assertion signs the JWT by which the client is authenticated
// (RFC 7523 3): issued by and about the client, for the token endpoint.
func (t *tokens) assertion(now time.Time) (string, error) {
	header := map[string]string{"typ": "JWT", "alg": "RS256"}
	if _, ok := t.key.(*ecdsa.PrivateKey); ok {
		header["alg"] = "ES256"
	}
	if t.KeyID != "" {
		header["kid"] = t.KeyID
	}
	claims := map[string]any{
		"iss": t.ClientID, "sub": t.ClientID, "aud": t.TokenURL, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	}
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	signature, err := sign(t.key, []byte(signed))
	if err != nil {
		return "", fmt.Errorf("sign the client assertion: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// sign makes the signature of RFC 7518 3.3 or 3.4.
func sign(key crypto.Signer, text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return key.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	r, s, err := ecdsa.Sign(rand.Reader, ec, digest[:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, 64)
	r.FillBytes(out[:32])
	s.FillBytes(out[32:])
	return out, nil
}

// expiry is when a bearer token ends, if it is a JWT that says so. It is not
// verified: that is the service's business.
func expiry(token string) (time.Time, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(body, &claims) != nil || claims.Exp <= 0 {
		return time.Time{}, false
	}
	return time.Unix(int64(claims.Exp), 0), true
}
