package config

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// shortest is the length below which a text is not looked for in the output:
// it would be found in ordinary words.
const shortest = 4

// shortestLine is the same for a line of a secret that has several.
const shortestLine = 16

// A Redactor knows the secrets of a run and takes them out of whatever is
// written: as they are, each line of a key by itself, in base64 with or without
// something around them, in a URL and in JSON. It is safe for use by several
// goroutines, and a nil Redactor knows none.
type Redactor struct {
	mu    sync.RWMutex
	known []string // the longest first
}

// Add makes a secret known.
func (r *Redactor) Add(v Value) {
	if r == nil || len(v.text) < shortest {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	forms := formsOf(v.text)
	for line := range strings.Lines(v.text) {
		if line = strings.TrimSpace(line); len(line) >= shortestLine && line != v.text && !strings.HasPrefix(line, "-----") {
			forms = append(forms, line)
		}
	}
	for _, form := range forms {
		if !slices.Contains(r.known, form) {
			r.known = append(r.known, form)
		}
	}
	slices.SortFunc(r.known, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

func formsOf(secret string) []string {
	quoted, _ := json.Marshal(secret)
	forms := []string{
		secret,
		string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.URLEncoding.EncodeToString([]byte(secret)),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	}
	for before := range 3 {
		forms = append(forms, insideBase64(base64.StdEncoding, secret, before), insideBase64(base64.URLEncoding, secret, before))
	}
	return slices.DeleteFunc(forms, func(form string) bool { return form == "" })
}

// shortestInside is the length below which what is left of a secret inside of
// base64 would be found by chance.
const shortestInside = 8

// insideBase64 is what every base64 text shows of a secret that stands in it
// behind a number of bytes, as in user:password (RFC 7617): the characters that
// hold no bit of what is before and behind. It is "" where those are few.
func insideBase64(encoding *base64.Encoding, secret string, before int) string {
	text := encoding.EncodeToString(append(make([]byte, before), secret...))
	first, end := (before*8+5)/6, (before+len(secret))*8/6
	if end-first < shortestInside {
		return ""
	}
	return text[first:end]
}

// Redact returns the text with a placeholder for every known secret.
func (r *Redactor) Redact(text string) string {
	if r == nil {
		return text
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, secret := range r.known {
		text = strings.ReplaceAll(text, secret, placeholder)
	}
	return text
}

// Writer passes on to w what is written to it, redacted write by write: each
// write should be whole lines, as a logger's are.
func (r *Redactor) Writer(w io.Writer) io.Writer { return redacting{r, w} }

type redacting struct {
	redactor *Redactor
	to       io.Writer
}

func (w redacting) Write(p []byte) (int, error) {
	clean := []byte(w.redactor.Redact(string(p)))
	if bytes.Equal(clean, p) {
		clean = p
	}
	if n, err := w.to.Write(clean); err != nil {
		return min(n, len(p)), err
	}
	return len(p), nil
}
