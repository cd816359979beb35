package commands

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"adsync/commands/ask"
	"adsync/commands/config"
)

// askSecret asks for one secret, which flags may say the place of. What is
// already known is kept on an empty line.
func (w *wizard) askSecret(ctx context.Context, q ask.Question, before secretAnswer) (secretAnswer, error) {
	if place, ok := w.secretFlag(q.Key); ok {
		return secretAnswer{Place: place}, nil
	}
	if !w.person() {
		return before, nil
	}
	if !before.isZero() {
		q.Label += " (Enter keeps the present one)"
	}
	also := q.Validate
	q.Validate = func(text string) error {
		switch {
		case text == "" && before.isZero():
			return errors.New("it is empty")
		case text == "" || also == nil:
			return nil
		}
		return also(text)
	}
	text, err := w.ask.Secret(ctx, q)
	if err != nil || text == "" {
		return before, err
	}
	if also != nil {
		text = strings.TrimSpace(text) // what a paste brings along
	}
	return secretAnswer{Typed: config.NewValue(text)}, nil
}

// secretFlag is the place of a secret as --KEY-file, --KEY-env or
// --KEY-command say.
func (w *wizard) secretFlag(key string) (config.Secret, bool) {
	if path, ok := w.ask.take(key + "-file"); ok {
		return config.Secret{File: w.beside(path)}, true
	}
	if name, ok := w.ask.take(key + "-env"); ok {
		return config.Secret{Env: name}, true
	}
	if list := w.ask.list(key + "-command"); len(list) > 0 {
		return config.Secret{Command: words(list)}, true
	}
	return config.Secret{}, false
}

// beside writes a path that somebody gave, which starts at the working
// directory, as a configuration file reads it: a file in its own folder by its
// name alone, any other one whole.
func beside(configFile, path string) string {
	if isCredential(path) {
		return path
	}
	path = atHome(path)
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	folder, err := filepath.Abs(filepath.Dir(configFile))
	if err == nil && filepath.Dir(abs) == folder {
		return filepath.Base(abs)
	}
	return abs
}

func (w *wizard) beside(path string) string { return beside(w.path, path) }

// atHome is a path with the ~ that a shell would have replaced.
func atHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// typed lists the secrets of the answers that have yet to be stored.
func (a *answers) typed() []typedSecret {
	var list []typedSecret
	add := func(owner, kind string, s *secretAnswer) {
		if !s.Typed.IsZero() {
			list = append(list, typedSecret{owner: owner, kind: kind, value: s.Typed, place: &s.Place})
		}
	}
	for i := range a.Sources {
		if s := &a.Sources[i]; s.needsPassword() {
			owner := s.ID
			if owner == "target" || owner == "proxy" {
				owner = "source-" + owner // their files are named so already
			}
			add(owner, "password", &s.Password)
		}
	}
	if s := a.Target.secret(); s != nil {
		add("target", s.kind, s.answer)
	}
	if a.Target.Proxy != "" && a.Target.ProxyUser != "" {
		add("proxy", "password", &a.Target.ProxyPassword)
	}
	return list
}

// free is a name with a number behind it where it is taken.
func free(name string, taken []string) string {
	id := name
	for n := 2; slices.Contains(taken, id); n++ {
		id = name + "-" + strconv.Itoa(n)
	}
	return id
}

// secrets are the secrets of the configuration that the answers lead to, those
// that were only typed included. Those that cannot be had are an error.
func (w *wizard) secrets(ctx context.Context, f *config.File) (config.Secrets, error) {
	typed := map[string]config.Value{}
	for _, t := range w.answers.typed() {
		typed[t.place.String()] = t.value
	}
	all := config.Secrets{}
	for _, at := range f.SecretKeys() {
		if v, ok := typed[at.Secret.String()]; ok {
			all[at.Key] = v
			continue
		}
		v, err := at.Secret.Resolve(ctx, w.resolver())
		if err == nil && at.Key == "target.auth.bearer" {
			v, err = v.Token()
			w.redactor.Add(v)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at.Key, err)
		}
		all[at.Key] = v
	}
	return all, nil
}

func (w *wizard) resolver() config.Resolver {
	return config.Resolver{Dir: filepath.Dir(w.path), Getenv: w.env.Getenv, Redactor: w.redactor}
}
