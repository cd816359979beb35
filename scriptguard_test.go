package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"adsync/proxy/proxytest"
)

// planted are the secrets of the tests that start the program: passwords,
// tokens, and what every other secret in a test begins with.
var planted = []string{"planted-", "secret-of-reader", "scimtest-token", "client-secret-", proxytest.Password}

// exitLeaked is how the program ends in a test when it has shown a secret.
const exitLeaked = 99

// guarded is the program in tests, watched: whatever it prints, in any script
// and with any command, is searched for the planted secrets. A panic ends in
// the test's output and fails the test by itself.
func guarded() {
	var closers []func() bool
	for name, stream := range map[string]**os.File{"standard output": &os.Stdout, "standard error": &os.Stderr} {
		closers = append(closers, watched(name, stream))
	}
	code := run()
	for _, closed := range closers {
		if closed() {
			code = exitLeaked
		}
	}
	os.Exit(code)
}

// watched puts a pipe in the place of a stream. The function that it returns
// ends that and reports whether a secret came along. A terminal stays one.
func watched(name string, stream **os.File) func() bool {
	to := *stream
	if info, err := to.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return func() bool { return false }
	}
	out, in, err := os.Pipe()
	if err != nil {
		return func() bool { return false }
	}
	*stream = in
	var seen bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.MultiWriter(&seen, to), out)
	}()
	return func() bool {
		_ = in.Close()
		<-done
		secret, leaked := leak(seen.String())
		if leaked {
			fmt.Fprintf(to, "%s holds %s\n", name, secret)
		}
		return leaked
	}
}

// leak finds a planted secret in a text: as it is, in a URL, or in base64 with
// whatever stands before it.
func leak(text string) (secret string, found bool) {
	for _, secret := range planted {
		forms := []string{secret, url.QueryEscape(secret)}
		for before := range 3 {
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", before) + secret))
			first := (before*8 + 5) / 6            // characters that hold something of what is before
			last := (before + len(secret)) * 8 / 6 // and of what comes behind
			forms = append(forms, encoded[first:last])
		}
		for _, form := range forms {
			if strings.Contains(text, form) {
				return secret, true
			}
		}
	}
	return "", false
}

func TestTheGuardEndsAProgramThatShowsASecret(t *testing.T) {
	command := exec.Command("adsync", "sync", "--source", "planted-by-hand", "--config", filepath.Join(t.TempDir(), "planted-by-hand.yaml"))
	if output, _ := command.CombinedOutput(); command.ProcessState.ExitCode() != exitLeaked {
		t.Errorf("exit code %d\n%s", command.ProcessState.ExitCode(), output)
	}
}

func TestTheGuardSeesASecretInEveryForm(t *testing.T) {
	for _, before := range []string{"", "a", "ad", "ada:", "client:id:"} {
		for _, behind := range []string{"", "x", "xy", "xyz"} {
			text := before + proxytest.Password + behind
			for _, form := range []string{text, base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text))} {
				if _, found := leak("... " + form + " ..."); !found {
					t.Errorf("%q is not seen in %q", text, form)
				}
			}
		}
	}
	if secret, found := leak("adsync: proxy http://proxy.example.test:3128: the proxy does not accept the user and password"); found {
		t.Errorf("%q is seen where it is not", secret)
	}
}
