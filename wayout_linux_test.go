package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"adsync/ldapsrc/ldaptest"
	"adsync/proxy/proxytest"
	"adsync/upload/scimtest"
)

// outside is a directory, two services and whoever watches over the runs.
// Their names are known to the proxy alone.
type outside struct {
	*pair
	entra *scimtest.EntraBulk
	watch *watcher
}

var outsideHosts = map[string]string{
	"dc.example.test": "127.0.0.1", "scim.example.test": "127.0.0.1", "login.example.test": "127.0.0.1", "watch.example.test": "127.0.0.1",
	"graph.microsoft.com": "127.0.0.1",
}

// watcher remembers what it is told.
type watcher struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

func (w *watcher) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paths = append(w.paths, r.URL.Path)
}

func (w *watcher) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.paths)
}

// named is an address under the name that only the proxy knows.
func named(t *testing.T, name, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	check(t, err)
	u.Host = name + ":" + u.Port()
	return u.String()
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{pair: newPair(t, ""), watch: &watcher{}}
	var err error
	o.ldap.Close()
	o.ldap, err = ldaptest.Start(o.directory, ldaptest.Options{Host: "dc.example.test", RequireTLS: true})
	check(t, err)
	t.Cleanup(func() { o.ldap.Close() })
	o.service, err = scimtest.Start(scimtest.Options{Seed: 1, TLS: true, Auth: scimtest.Auth{OAuth2: &scimtest.OAuth2{ClientID: "adsync", ClientSecret: "client-secret"}}})
	check(t, err)
	t.Cleanup(o.service.Close)
	o.entra, err = scimtest.StartEntraBulk(scimtest.EntraBulkOptions{TLS: true})
	check(t, err)
	t.Cleanup(o.entra.Close)
	o.watch.Server = httptest.NewServer(o.watch)
	t.Cleanup(o.watch.Close)

	id, secret := o.entra.Client()
	for name, text := range map[string]string{
		"adsync.yaml": o.text(t, fmt.Sprintf("url: %s\n  tls: {ca_file: service.pem, server_name: localhost}\n"+
			"  auth: {oauth2: {token_url: %q, client_id: adsync, client_secret: {file: client}}}",
			named(t, "scim.example.test", o.service.URL()), named(t, "login.example.test", o.service.TokenURL()))),
		"entra.yaml": "mapping: {user: {userName: '{{.uid}}@example.org', displayName: cn}}\n" + o.text(t, fmt.Sprintf("url: %s\n  profile: entra-bulk\n  outcome_wait: 30s\n  tls: {ca_file: entra.pem, server_name: localhost}\n"+
			"  auth: {oauth2: {token_url: %q, client_id: %s, client_secret: {file: entra}, scopes: [https://graph.microsoft.com/.default]}}",
			named(t, "graph.microsoft.com", o.entra.URL()), named(t, "login.example.test", o.entra.TokenURL()), id)),
		"client": "client-secret", "entra": secret,
		"proxy.password": proxytest.Password,
		"directory.pem":  string(o.ldap.CACertPEM()), "service.pem": string(o.service.CACertPEM()), "entra.pem": string(o.entra.CACertPEM()),
	} {
		check(t, os.WriteFile(filepath.Join(o.dir, name), []byte(text), 0o600))
	}
	return o
}

// text is a configuration for a target.
func (o *outside) text(t *testing.T, target string) string {
	return fmt.Sprintf(`version: 1
sources:
  - id: corp
    type: ldap
    url: %s
    tls: {ca_file: directory.pem}
    bind: {username: "cn=reader,dc=example,dc=org", password: {command: [echo, secret-of-reader]}}
    groups: {sync: true}
target:
  %s
report: {dir: state}
monitor: {ping: "%s", webhook: "%s"}
`, named(t, "dc.example.test", o.ldap.LDAPSURL()), target,
		named(t, "watch.example.test", o.watch.URL)+"/ping", named(t, "watch.example.test", o.watch.URL)+"/hook")
}

// run runs the program inside a network.
func (o *outside) run(t *testing.T, n *proxytest.Network, args ...string) (code int, output string) {
	t.Helper()
	command := exec.Command("adsync", args...)
	command.Dir = o.dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + o.dir, "TERM=dumb"}
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	check(t, n.Start(command))
	_ = command.Wait() // the exit code says it
	return command.ProcessState.ExitCode(), out.String()
}

// Everything that the program asks of anybody goes through the proxy: where
// there is nothing else to reach all of it works, and the kernel has seen no
// connection, no packet and no question to a name server that went elsewhere.
func TestNothingGoesAroundTheProxy(t *testing.T) {
	for _, tt := range []struct {
		name  string
		start func(t *testing.T) (scheme, addr string)
	}{
		{"squid with basic authentication", func(t *testing.T) (string, string) {
			return "http://", proxytest.StartSquid(t, proxytest.SquidOptions{Hosts: outsideHosts}).Addr
		}},
		{"microsocks with user and password", func(t *testing.T) (string, string) {
			return "socks5://", proxytest.StartMicrosocks(t, proxytest.MicrosocksOptions{Hosts: outsideHosts})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scheme, addr := tt.start(t)
			n := proxytest.Confine(t, addr)
			o := newOutside(t)
			way := "--yes --ldap --url " + scheme + n.Addr + " --username svc --password-file proxy.password"
			for _, step := range []struct {
				before func()
				args   string
				code   int
				says   string
			}{
				{nil, "proxy " + way, 0, "saved adsync.yaml\n"},
				{nil, "init --yes --groups=false", 0, "wrote "},
				{nil, "init --yes --groups", 0, "wrote "},
				{nil, "status", 0, "corp"},
				{nil, "check", 0, "corp: 5 users"},
				{nil, "sync --dry-run", 0, "dry run: 7 created"},
				{nil, "sync --verbose --log-level debug", 0, "7 created"},
				{nil, "sync", 0, "0 created, 0 updated"},
				{nil, "explain ada", 0, "ada"},
				{nil, "purge corp --dry-run", 5, "to permit exactly these 7 removals"},
				{nil, "proxy --config entra.yaml " + way, 0, "saved entra.yaml\n"},
				{nil, "sync --config entra.yaml", 0, "5 updated"},
				{func() { o.ldap.Close() }, "sync", 10, "stays as it is"},
			} {
				if step.before != nil {
					step.before()
				}
				code, output := o.run(t, n, strings.Fields(step.args)...)
				if code != step.code || !strings.Contains(output, step.says) {
					t.Errorf("adsync %s: exit code %d\n%s", step.args, code, output)
				}
				if strings.Contains(output, proxytest.Password) {
					t.Errorf("adsync %s shows the proxy's password", step.args)
				}
				if got := n.Traffic(t); got.Connects == 0 || got != (proxytest.Traffic{Carried: got.Connects, Connects: got.Connects}) {
					t.Errorf("adsync %s went around the proxy: %+v", step.args, got)
				}
			}
			o.allAsked(t)
		})
	}
}

// The proof above sees what it must: a run that asks a name server, or an
// address, itself.
func TestWhatGoesAroundIsSeen(t *testing.T) {
	for _, name := range []string{"dc.example.test", "127.0.0.1"} {
		o := newOutside(t)
		n := proxytest.Confine(t, proxytest.ClosedAddr(t))
		text, err := os.ReadFile(filepath.Join(o.dir, "adsync.yaml"))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(o.dir, "adsync.yaml"), bytes.ReplaceAll(text, []byte("dc.example.test"), []byte(name)), 0o600))
		if code, output := o.run(t, n, "check"); code != 10 {
			t.Errorf("exit code %d\n%s", code, output)
		}
		if got := n.Traffic(t); got.Connects+got.Unroutable+got.Datagrams == 0 {
			t.Errorf("going straight to %s was not seen: %+v", name, got)
		}
	}
}

// allAsked makes sure that the runs asked all that there is to ask: the
// services, their token endpoints, the provisioning log, the monitors.
func (o *outside) allAsked(t *testing.T) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range slices.Concat(o.service.Requests(), o.entra.Requests()) {
		seen[r.Method+" "+r.Path] = true
	}
	for _, path := range o.watch.told() {
		seen["told "+path] = true
	}
	for _, want := range []string{
		"POST /oauth2/v2.0/token", "GET /Users", "GET /Groups", "POST /Bulk",
		"POST /example-tenant/oauth2/v2.0/token", "GET /v1.0/auditLogs/provisioning",
		"told /ping/start", "told /ping", "told /hook",
	} {
		if !seen[want] {
			t.Errorf("nobody saw %s, but %v", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}
