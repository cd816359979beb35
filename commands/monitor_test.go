package commands

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// watcher is a service that is pinged, and a chat that is written to.
type watcher struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	fails bool
}

func newWatcher(t *testing.T) *watcher {
	w := &watcher{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		text := string(body)
		if m := regexp.MustCompile(`"text":"([^"]*)"`).FindStringSubmatch(text); m != nil {
			text = m[1]
		}
		w.calls = append(w.calls, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+text))
		if w.fails {
			out.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

// told are the calls since the last look, without the time that runs took.
func (w *watcher) told() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := strings.Join(w.calls, "\n")
	w.calls = nil
	return out
}

func watchedCompany(t *testing.T, w *watcher) *company {
	t.Helper()
	c, err := openCompany(os.DirFS(filepath.Join("..", "testdata", "demo")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	for name, text := range map[string]string{"hook": w.URL + "/hook/hidden-1f2e3d", "ping": w.URL + "/ping/hidden-9c8b7a"} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config, err := os.ReadFile(c.configPath())
	if err != nil {
		t.Fatal(err)
	}
	config = append(config, "monitor: {ping: {file: ping}, webhook: {file: hook}, metrics_file: adsync.prom}\n"...)
	if err := os.WriteFile(c.configPath(), config, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMonitorsAreTold(t *testing.T) {
	w := newWatcher(t)
	c := watchedCompany(t, w)

	// Entries that cannot be right are named by the exit code and alarm nobody.
	c.run(t, ExitPartial, "sync")
	want := "POST /ping/hidden-9c8b7a/start\n" +
		"POST /ping/hidden-9c8b7a/3 adsync: corp: 303 users, 26 groups read; 312 created, 0 updated, 0 deactivated, 1,100 members added, 0 withheld, 0 failed, 3 quarantined in 0.0s (exit 3)"
	if got := w.told(); got != want {
		t.Errorf("the first run:\n%s\nwant:\n%s", got, want)
	}

	// A dry run is nobody's business.
	c.run(t, ExitPartial, "sync", "--dry-run")
	if got := w.told(); got != "" {
		t.Errorf("a dry run told:\n%s", got)
	}

	// Withheld removals are for a person.
	if err := c.salesVanishes(); err != nil {
		t.Fatal(err)
	}
	c.run(t, ExitWithheld, "sync")
	got := w.told()
	for _, want := range []string{"/ping/hidden-9c8b7a/5 adsync: ", "POST /hook/hidden-1f2e3d adsync: corp: "} {
		if !strings.Contains(got, want) {
			t.Errorf("withheld removals told:\n%s\nwhich lacks %s", got, want)
		}
	}

	// A run that breaks off says so, with the reason.
	if err := os.WriteFile(filepath.Join(c.dir, "token"), []byte("not-the-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run(t, ExitTarget, "sync")
	got = w.told()
	for _, want := range []string{"/ping/hidden-9c8b7a/fail adsync: ", "POST /hook/hidden-1f2e3d adsync: ", "(exit 11)"} {
		if !strings.Contains(got, want) {
			t.Errorf("a broken run told:\n%s\nwhich lacks %s", got, want)
		}
	}
	metrics, err := os.ReadFile(filepath.Join(c.dir, "adsync.prom"))
	if err != nil || !regexp.MustCompile(`(?m)^adsync_last_run_exit_code\{.*\} 11$`).Match(metrics) {
		t.Errorf("metrics: %v\n%s", err, metrics)
	}
}

// A monitor that is down must not keep anybody from being deactivated.
func TestAMonitorThatIsDownIsARemark(t *testing.T) {
	w := newWatcher(t)
	w.fails = true
	c := watchedCompany(t, w)
	out := c.run(t, ExitPartial, "sync")
	if n := strings.Count(out, "adsync: ping: status 500\n"); n != 2 {
		t.Errorf("%d remarks about the ping, want one for each call:\n%s", n, out)
	}
	if strings.Contains(out, "hidden-") {
		t.Errorf("the address is a secret and was printed:\n%s", out)
	}
	w.told()
	w.Close()
	out = c.run(t, ExitPartial, "sync", "--ping", fmt.Sprintf("http://127.0.0.1:1/%s", "x"))
	if !strings.Contains(out, "adsync: ping: ") || !strings.Contains(out, "refused") {
		t.Errorf("no remark about the refused connection:\n%s", out)
	}
}
