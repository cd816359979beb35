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

// A Redactor knows the secrets of a run and takes them out of whatever is
// written: as they are, in base64, in a URL and in JSON. It is safe for use by
// several goroutines, and a nil Redactor knows none.
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
	for _, form := range formsOf(v.text) {
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
	return []string{
		secret,
		string(quoted[1 : len(quoted)-1]),
		base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.URLEncoding.EncodeToString([]byte(secret)),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	}
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
