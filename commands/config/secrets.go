package config

import (
	"context"
	"path/filepath"
	"reflect"
	"strconv"
)

// Secrets are the fetched secrets of a configuration, by their key.
type Secrets map[string]Value

// Secrets fetches the secrets of the configuration, or those whose key the
// function keep wants. All that cannot be had are named at once: the error is
// then *Problems. Relative paths start at the configuration's folder.
func (f *File) Secrets(ctx context.Context, r Resolver, keep func(key string) bool) (Secrets, error) {
	if r.Dir == "" && f.Path != "" {
		r.Dir = filepath.Dir(f.Path)
	}
	lines := &reader{lines: f.lines}
	secrets := Secrets{}
	var problems Problems
	for _, place := range f.SecretKeys() {
		if keep != nil && !keep(place.Key) {
			continue
		}
		v, err := place.Secret.Resolve(ctx, r)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && place.Key == "target.auth.bearer" {
			v, err = v.Token()
			r.Redactor.Add(v)
		}
		if err != nil {
			problems = append(problems, Problem{File: f.Path, Line: lines.line(place.Key), Key: place.Key, Text: err.Error()})
			continue
		}
		secrets[place.Key] = v
	}
	return secrets, problems.err()
}

// A SecretKey is a place of the configuration that wants a secret.
type SecretKey struct {
	Key    string // sources[0].bind.password
	Secret Secret
}

// SecretKeys lists the secrets that the configuration names, in its order.
func (f *File) SecretKeys() []SecretKey {
	return secretsIn(reflect.ValueOf(f).Elem(), "")
}

func secretsIn(v reflect.Value, key string) []SecretKey {
	var found []SecretKey
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return secretsIn(v.Elem(), key)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				found = append(found, secretsIn(v.Index(i), key+"["+strconv.Itoa(i)+"]")...)
			}
		}
	case reflect.Struct:
		switch held := v.Interface().(type) {
		case Secret:
			if !held.IsZero() {
				found = append(found, SecretKey{key, held})
			}
			return found
		case Endpoint:
			return secretsIn(reflect.ValueOf(held.Secret), key)
		}
		for _, f := range fieldsOf(v.Type()) {
			found = append(found, secretsIn(v.Field(f.index), join(key, f.name))...)
		}
	}
	return found
}
