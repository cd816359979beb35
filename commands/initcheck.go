package commands

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
	"unicode"
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

// oneWord refuses what a paste has broken: tokens hold no space.
func oneWord(text string) error {
	if strings.ContainsFunc(strings.TrimSpace(text), unicode.IsSpace) {
		return errors.New("there is a space or a line break in it: paste it once more")
	}
	return notEmpty(text)
}

// basicUser refuses names that HTTP's Basic cannot carry (RFC 7617 2).
func basicUser(text string) error {
	if strings.Contains(text, ":") {
		return errors.New("it must not contain a colon")
	}
	return notEmpty(text)
}

func existingFile(path string) error {
	info, err := os.Stat(atHome(path))
	switch {
	case path == "":
		return errors.New("it is empty")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("that is a folder")
	}
	return nil
}

// existing refuses a path that leads to no file. The present answer is
// written as the configuration reads it, whatever the working directory.
func (w *wizard) existing(present string) func(string) error {
	return func(path string) error {
		if path == present && path != "" {
			path = w.before.Abs(present)
		}
		return existingFile(path)
	}
}

var sourceIDs = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func sourceID(id string) error {
	if !sourceIDs.MatchString(id) {
		return errors.New("use 1 to 32 lower-case letters, digits and hyphens")
	}
	return nil
}

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
