package ldapsrc

import (
	"fmt"
	"log/slog"
)

// A Secret is a password that is never printed: every way of formatting,
// logging or encoding it gives a placeholder. Reveal gives the text.
type Secret string

const redacted = "(secret)"

// Reveal returns the secret's text, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String returns a placeholder, empty for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns the placeholder (%#v).
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format writes the placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, verb rune) { fmt.Fprint(f, s.String()) }

// LogValue is the placeholder in a log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is the placeholder in JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML is the placeholder in YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
