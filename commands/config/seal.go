package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// sealMark is what the file of a secret begins with when Windows has encrypted
// the rest for this machine (the Data Protection API, machine scope): a copy of
// the file, from a backup or a share, is of no use elsewhere. Who may read it
// on this machine is the access list's affair.
const sealMark = "adsync-dpapi-1:"

// sealed is the content of the file for a secret. Where the system cannot seal
// it is the secret itself.
func sealed(text string) (string, error) {
	data, err := seal([]byte(text))
	if err != nil || data == nil {
		return text, err
	}
	content := sealMark + base64.StdEncoding.EncodeToString(data)
	// What cannot be opened again must not be all that is left of a secret.
	switch back, err := unsealed(content); {
	case err != nil:
		return "", err
	case back != text:
		return "", errors.New("windows does not give back what it encrypted")
	}
	return content, nil
}

// unsealed is the secret of a file's content. A file that was written by hand
// holds the secret itself.
func unsealed(content string) (string, error) {
	encoded, found := strings.CutPrefix(content, sealMark)
	if !found {
		return content, nil
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", errors.New("what windows encrypted is damaged: write the secret anew")
	}
	text, err := unseal(data)
	if err != nil {
		return "", fmt.Errorf("it was encrypted by windows on another machine (%w): write the secret anew, or run \"adsync init\" here", err)
	}
	return string(text), nil
}
