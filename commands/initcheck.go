package commands

import (
	"errors"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// What follows refuses answers, with a reason that a person can act on.

func notEmpty(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty")
	}
	return nil
}

// accountName refuses names that Active Directory does not take in a bind.
func accountName(text string) error {
	if err := notEmpty(text); err != nil {
		return err
	}
	if !strings.ContainsAny(text, `@\=`) {
		return errors.New("write it with its domain: " + text + "@corp.example.com")
	}
	return nil
}

func existingFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return errors.New("it is empty")
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("that is a folder")
	}
	return nil
}

func optionalFile(path string) error {
	if path == "" {
		return nil
	}
	return existingFile(path)
}

var sourceIDs = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func validID(id string) bool { return sourceIDs.MatchString(id) }

// serviceURL refuses what can be no SCIM base URL.
func serviceURL(text string) error {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil || u.Scheme == "" || u.Host == "" && u.Scheme != "file":
		return errors.New("give the whole URL, such as https://scim.example.com/v2")
	case u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "file":
		return errors.New("it begins with https://")
	}
	return nil
}
