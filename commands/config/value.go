package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// A Value is a secret that was fetched. Whatever prints, logs or encodes it
// writes a placeholder; Reveal gives the text.
type Value struct{ text string }

const placeholder = "(secret)"

// NewValue makes a Value of a secret that a person has just typed.
func NewValue(text string) Value { return Value{text} }

// Reveal returns the secret itself, for the one call that needs it.
func (v Value) Reveal() string { return v.text }

// Token is the secret as an HTTP header carries it (RFC 6750 2.1): without the
// space that a paste may have left around it. One with space within is an
// error, which does not repeat it.
func (v Value) Token() (Value, error) {
	text := strings.TrimSpace(v.text)
	if strings.ContainsFunc(text, unicode.IsSpace) {
		return Value{}, errors.New("the token holds a space or a line break: it was not copied whole, or something else with it")
	}
	return Value{text}, nil
}

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.text == "" }

// String is the placeholder; empty where there is no secret.
func (v Value) String() string {
	if v.text == "" {
		return ""
	}
	return placeholder
}

// GoString is the placeholder, for %#v.
func (v Value) GoString() string { return v.String() }

// Format writes the placeholder, whatever the verb.
func (v Value) Format(f fmt.State, verb rune) { _, _ = io.WriteString(f, v.String()) }

// LogValue is the placeholder, for log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText is the placeholder, for JSON and the like.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// MarshalYAML is the placeholder, for YAML.
func (v Value) MarshalYAML() (any, error) { return v.String(), nil }
