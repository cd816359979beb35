package config

import (
	"net/url"
	"reflect"
)

// Shareable is the configuration as text that can be shown to others: without
// comments, in which people write what they like, without the arguments of
// commands, which may hold keys, and without the paths of monitors' addresses,
// which often are keys.
func (f *File) Shareable() []byte {
	shown := *f
	shown.text, shown.tree, shown.lines = nil, nil, nil
	shown.Sources = append([]Source{}, f.Sources...)
	hide(reflect.ValueOf(&shown).Elem())
	return shown.Render()
}

// hide shortens, in a copy, what may be secret in the places that name one.
func hide(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.CanSet() {
			copied := reflect.New(v.Type().Elem())
			copied.Elem().Set(v.Elem())
			v.Set(copied)
			hide(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			for i := range v.Len() {
				hide(v.Index(i))
			}
		}
	case reflect.Struct:
		switch held := v.Addr().Interface().(type) {
		case *Secret:
			if len(held.Command) > 1 {
				held.Command = []string{held.Command[0], "..."}
			}
			return
		case *Endpoint:
			hide(reflect.ValueOf(&held.Secret).Elem())
			if u, err := url.Parse(held.URL); err == nil && held.URL != "" {
				held.URL = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/..."}).String()
			}
			return
		}
		for _, f := range fieldsOf(v.Type()) {
			hide(v.Field(f.index))
		}
	}
}
