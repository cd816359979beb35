package commands

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"adsync/commands/ask"
	"adsync/commands/config"
	"adsync/upload/scimtest"

	"github.com/zalando/go-keyring"
)

// forwarder is an HTTP proxy that wants ada and hunter2-pass, for plain http.
func forwarder(t *testing.T) (string, *atomic.Int32) {
	t.Helper()
	var served atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("ada:hunter2-pass")) {
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		served.Add(1)
		out := r.Clone(r.Context())
		out.RequestURI = ""
		out.Header.Del("Proxy-Authorization")
		answer, err := http.DefaultTransport.RoundTrip(out)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body)
	}))
	t.Cleanup(s.Close)
	return s.URL, &served
}

const proxyConfig = `version: 1
# our directory
sources:
  - id: corp
    type: ldap
    url: ldif:people.ldif
target:
  url: SERVICE
  auth: {bearer: {file: token}} # never in this file
`

const proxyPeople = "dn: uid=ada,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: L\nentryUUID: 11111111-1111-4111-8111-111111111111\n"

// proxyWorld is a folder with a configuration, its service, and a proxy.
func proxyWorld(t *testing.T) (env Env, config, proxy string, served *atomic.Int32, printed *bytes.Buffer) {
	t.Helper()
	service, err := scimtest.Start(scimtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	dir := t.TempDir()
	config = filepath.Join(dir, "adsync.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("adsync.yaml", strings.ReplaceAll(proxyConfig, "SERVICE", service.URL()))
	write("token", service.Token())
	write("people.ldif", proxyPeople)
	proxy, served = forwarder(t)
	printed = new(bytes.Buffer)
	return Env{Stdout: printed, Stderr: printed, Getenv: func(string) string { return "" }, Now: time.Now}, config, proxy, served, printed
}

// stored is the secret that a file keeps, which Windows may have encrypted.
func stored(t *testing.T, path string) string {
	t.Helper()
	v, err := config.Secret{File: path}.Resolve(t.Context(), config.Resolver{})
	if err != nil {
		t.Fatal(err)
	}
	return v.Reveal()
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestProxyIsAskedTriedAndSaved(t *testing.T) {
	env, config, proxy, served, printed := proxyWorld(t)
	var said bytes.Buffer
	answers := ask.NewKeyed(map[string]string{
		"proxy": "other", "url": "http://127.0.0.1:1", "username": "", "no-proxy": "", "again": "yes",
		"proxy#2": "other", "url#2": proxy, "username#2": "ada", "password": "wrong-pass-1", "no-proxy#2": "", "again#2": "yes",
		"proxy#3": "other", "url#3": proxy, "username#3": "ada", "password#2": "hunter2-pass", "no-proxy#3": ".example.com, 192.0.2.0/24",
		"save": "yes",
	}, &said)
	before := contents(t, config)
	if err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: answers}); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	after := contents(t, config)
	want := "\nproxy:\n  url: " + proxy + "\n  username: ada\n  password: {file: proxy.password}\n"
	if !strings.Contains(after, want) || !strings.Contains(after, "# our directory") || !strings.Contains(after, ".example.com") {
		t.Errorf("saved:\n%s", after)
	}
	if contents(t, config+".bak") != before {
		t.Errorf("the file that was there is not kept")
	}
	if got := stored(t, filepath.Join(filepath.Dir(config), "proxy.password")); got != "hunter2-pass" {
		t.Errorf("the password is not kept beside the configuration")
	}
	for _, words := range []string{"no connection", "407"} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("%q is not said:\n%s", words, said.String())
		}
	}
	if text := said.String() + printed.String() + after; strings.Contains(text, "hunter2-pass") || strings.Contains(text, "wrong-pass-1") {
		t.Errorf("a password was printed:\n%s", text)
	}
	if unused := answers.Unused(); len(unused) > 0 {
		t.Errorf("never asked: %q", unused)
	}

	// What was saved works: a sync goes through the proxy and not around it.
	served.Store(0)
	if code := execute(context.Background(), []string{"adsync", "sync", "--config", config}, env); code != ExitOK {
		t.Errorf("sync exits %d:\n%s", code, printed.String())
	}
	if served.Load() == 0 {
		t.Errorf("the sync went around the proxy")
	}
}

func TestProxyByFlags(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nobody to ask", nil, ExitUsage, "--none, --system or --url URL"},
		{"two ways", []string{"--none", "--system"}, ExitUsage, "exclude each other"},
		{"not a proxy", []string{"--url", "ftp://proxy.example.com"}, ExitUsage, "ftp"},
		{"a password in the URL", []string{"--url", "http://ada:hunter2-pass@127.0.0.1:1"}, ExitUsage, "--url: leave name and password out of the URL\n"},
		{"a dead proxy", []string{"--url", "http://127.0.0.1:1"}, ExitTarget, "nothing was written"},
		{"no password", []string{"--url", "PROXY"}, ExitTarget, "407"},
		{"an unset password", []string{"--url", "PROXY", "--username", "ada", "--password-env", "NOT_SET"}, ExitUsage, "NOT_SET"},
		{"ntlm without a user", []string{"--url", "PROXY", "--auth", "ntlm"}, ExitUsage, "proxy.auth ntlm needs proxy.username and proxy.password"},
		{"a way of signing in that is none", []string{"--url", "PROXY", "--auth", "digest"}, ExitUsage, `"digest" is none of basic, ntlm and negotiate`},
		{"an authority that is not there", []string{"--url", "PROXY", "--ca-file", "none.pem"}, ExitUsage, "proxy.ca_file"},
		{"a stray word", []string{"now"}, ExitUsage, `unexpected argument "now"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			env, config, proxy, _, printed := proxyWorld(t)
			before := contents(t, config)
			args := []string{"adsync", "-p", "--config", config}
			for _, a := range test.args {
				args = append(args, strings.ReplaceAll(a, "PROXY", proxy))
			}
			if code := execute(context.Background(), args, env); code != test.code || !strings.Contains(printed.String(), test.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", code, test.code, test.says, printed.String())
			}
			if contents(t, config) != before {
				t.Errorf("the configuration was changed")
			}
		})
	}
}

func TestProxyNoneTakesItAway(t *testing.T) {
	env, config, proxy, _, printed := proxyWorld(t)
	password := filepath.Join(filepath.Dir(config), "secret")
	if err := os.WriteFile(password, []byte("hunter2-pass\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(context.Background(), []string{"adsync", "proxy", "--config", config, "--url", proxy, "--username", "ada", "--password-file", password}, env); code != ExitOK {
		t.Fatalf("exit %d:\n%s", code, printed.String())
	}
	if text := contents(t, config); !strings.Contains(text, "{file: secret}") {
		t.Errorf("saved:\n%s", text)
	}
	if code := execute(context.Background(), []string{"adsync", "proxy", "--config", config, "--none"}, env); code != ExitOK {
		t.Fatalf("exit %d:\n%s", code, printed.String())
	}
	if text := contents(t, config); strings.Contains(text, "proxy:") {
		t.Errorf("saved:\n%s", text)
	}
}

func TestProxyInterruptedLeavesEverything(t *testing.T) {
	env, config, _, _, _ := proxyWorld(t)
	before := contents(t, config)
	for _, key := range []string{"proxy", "url", "username", "no-proxy"} {
		answers := map[string]string{"proxy": "other", "url": "http://127.0.0.1:1", "username": "", "no-proxy": ""}
		answers[key] = ask.Interrupt
		err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: ask.NewKeyed(answers, io.Discard)})
		if f := failureOf(err); err == nil || f.Code != ExitInterrupted {
			t.Errorf("Ctrl-C at %s: %v", key, err)
		}
	}
	if contents(t, config) != before {
		t.Errorf("the configuration was changed")
	}
}

func TestCtrlCAtAnyQuestionOfProxyLeavesThingsAsTheyWere(t *testing.T) {
	env, config, proxy, _, _ := proxyWorld(t)
	before := folderOf(t, config)
	for n := 0; ; n++ {
		asker := &interrupting{left: n, Asker: ask.NewKeyed(map[string]string{
			"proxy": "other", "url": proxy, "username": "ada", "password": "wrong-pass-1", "no-proxy": "", "again": "yes",
			"proxy#2": "other", "url#2": proxy, "username#2": "ada", "password#2": "hunter2-pass", "no-proxy#2": "", "save": "yes",
		}, io.Discard)}
		err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: asker})
		if err == nil {
			const want = "proxy url username password no-proxy again proxy url username password no-proxy run-as save"
			if got := strings.Join(asker.asked, " "); got != want {
				t.Errorf("asked\n%s\nwant\n%s", got, want)
			}
			return
		}
		if f := failureOf(err); f.Code != ExitInterrupted {
			t.Fatalf("Ctrl-C at %s: exit %d: %v", asker.asked[n], f.Code, err)
		}
		if got := folderOf(t, config); got != before {
			t.Fatalf("Ctrl-C at %s leaves\n%s\nwant\n%s", asker.asked[n], got, before)
		}
	}
}

func TestProxySavesTheSettingAndItsPasswordOrNeither(t *testing.T) {
	env, config, proxy, _, _ := proxyWorld(t)
	dir := filepath.Dir(config)
	if err := os.MkdirAll(filepath.Join(config+".bak", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"", "the password of before\n"} {
		if old != "" {
			if err := os.WriteFile(filepath.Join(dir, "proxy.password"), []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := folderOf(t, config)
		err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: ask.NewKeyed(map[string]string{
			"proxy": "other", "url": proxy, "username": "ada", "password": "hunter2-pass", "no-proxy": "", "save": "yes"}, io.Discard)})
		if err == nil || !strings.HasPrefix(err.Error(), "save ") {
			t.Fatalf("saved over a folder: %v", err)
		}
		if got := folderOf(t, config); got != before {
			t.Errorf("left\n%s\nwant\n%s", got, before)
		}
	}
}

// The password goes where init would put it: where the account that runs the
// sync can read it.
func TestProxyKeepsThePasswordForTheAccountOfTheSchedule(t *testing.T) {
	answers := func(proxy, account, save string) map[string]string {
		return map[string]string{"proxy": "other", "url": proxy, "username": "ada", "password": "hunter2-pass", "no-proxy": "", "run-as": account, "save": save}
	}
	run := func(t *testing.T, env Env, config string, answers map[string]string, s scheduleOptions) string {
		t.Helper()
		var said bytes.Buffer
		o := proxyOptions{globalOptions: globalOptions{Config: config}, Schedule: s, Asker: ask.NewKeyed(answers, &said)}
		if err := runProxy(context.Background(), env, o); err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
		return said.String()
	}
	t.Run("in the keyring of who starts it by hand", func(t *testing.T) {
		keyring.MockInit()
		t.Cleanup(func() { keyring.MockInitWithError(errors.New("no keyring")) })
		env, config, proxy, _, _ := proxyWorld(t)
		before := folderOf(t, config)
		run(t, env, config, answers(proxy, "hand", "no"), scheduleOptions{})
		if _, err := keyring.Get("adsync", "proxy.password"); !errors.Is(err, keyring.ErrNotFound) || folderOf(t, config) != before {
			t.Errorf("what was not to be saved was: %v", err)
		}
		said := run(t, env, config, answers(proxy, "hand", "yes"), scheduleOptions{})
		if got, err := keyring.Get("adsync", "proxy.password"); err != nil || got != "hunter2-pass" {
			t.Errorf("the keyring holds %q, %v", got, err)
		}
		if !strings.Contains(contents(t, config), "  password: {keyring: proxy.password}\n") || exists(filepath.Join(filepath.Dir(config), "proxy.password")) {
			t.Errorf("saved\n%s", contents(t, config))
		}
		if !strings.Contains(said, "The password of the proxy goes into this account's keyring.") {
			t.Error(said)
		}
	})
	t.Run("in a file where nobody's keyring is open", func(t *testing.T) {
		keyring.MockInit()
		t.Cleanup(func() { keyring.MockInitWithError(errors.New("no keyring")) })
		env, config, proxy, _, _ := proxyWorld(t)
		run(t, env, config, answers(proxy, "me", "yes"), scheduleOptions{Kind: crontab})
		if !strings.Contains(contents(t, config), "  password: {file: proxy.password}\n") {
			t.Errorf("saved\n%s", contents(t, config))
		}
		if got := stored(t, filepath.Join(filepath.Dir(config), "proxy.password")); got != "hunter2-pass" {
			t.Errorf("kept %q", got)
		}
	})
	t.Run("a service that does not hand the file over has to be written anew", func(t *testing.T) {
		env, config, proxy, _, _ := proxyWorld(t)
		units := filepath.Join(t.TempDir(), "units")
		env.program = "/bin/sh"
		s := scheduleOptions{Kind: systemdTimer, UnitDir: units}
		schedule := initOptions{globalOptions: globalOptions{Config: config}, scheduleOptions: s, Schedule: true, Yes: true}
		if err := runInit(context.Background(), env, schedule); err != nil {
			t.Fatal(err)
		}
		said := run(t, env, config, answers(proxy, "dynamic", "yes"), s)
		if !strings.Contains(said, "which only root and the service can read") || !strings.Contains(said, `run "adsync init --schedule --config `+config+`" once more`) {
			t.Error(said)
		}
		if err := runInit(context.Background(), env, schedule); err != nil {
			t.Fatal(err)
		}
		if said := run(t, env, config, answers(proxy, "dynamic", "yes"), s); strings.Contains(said, "once more") {
			t.Error(said)
		}
	})
}

func TestAProxyOfTheEnvironmentIsSuggested(t *testing.T) {
	env, config, proxy, served, _ := proxyWorld(t)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTP_PROXY", strings.Replace(proxy, "//", "//ada:hunter2-pass@", 1))
	t.Setenv("NO_PROXY", ".example.com")
	var said bytes.Buffer
	answers := ask.NewKeyed(map[string]string{"proxy": proxy, "username": "ada", "password": "hunter2-pass", "no-proxy": ".example.com", "save": "yes"}, &said)
	if err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: answers}); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	want := "\nproxy:\n  url: " + proxy + "\n  username: ada\n  password: {file: proxy.password}\n"
	if text := contents(t, config); !strings.Contains(text, want) || strings.Contains(said.String()+text, "hunter2-pass") {
		t.Errorf("saved:\n%s\nsaid:\n%s", text, said.String())
	}
	if served.Load() == 0 {
		t.Error("it was saved untried")
	}
}

// folderOf is all that the files beside a configuration hold.
func folderOf(t *testing.T, config string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(config), "*"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		text.WriteString(filepath.Base(path) + ": " + contents(t, path) + "\n")
	}
	return text.String()
}

func TestProxyTrustsTheServiceAsASyncDoes(t *testing.T) {
	service, err := scimtest.Start(scimtest.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	env, config, _, _, printed := proxyWorld(t)
	dir := filepath.Dir(config)
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), service.CACertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	strange := strings.ReplaceAll(proxyConfig, "SERVICE", service.URL())
	for _, tt := range []struct {
		name, text string
		exit       int
		says       string
	}{
		{"an authority that nobody knows is refused, with the key to set", strange, ExitTarget, "or name it as tls.ca_file"},
		{"one that target.tls.ca_file names is taken", strange + "  tls: {ca_file: ca.pem}\n", ExitOK, "saved "},
		{"a file that cannot be read is a mistake in the configuration", strange + "  tls: {ca_file: none.pem}\n", ExitUsage, "target.tls.ca_file: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := os.WriteFile(config, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			printed.Reset()
			code := execute(context.Background(), []string{"adsync", "proxy", "--none", "--yes", "--config", config}, env)
			if code != tt.exit || !strings.Contains(printed.String(), tt.says) {
				t.Errorf("exits %d:\n%s", code, printed.String())
			}
			if trusted := !strings.Contains(printed.String(), "not from an authority"); code == ExitOK && !trusted {
				t.Errorf("calls a certificate untrusted that is trusted:\n%s", printed.String())
			}
		})
	}
}

// A proxy that takes no password in the clear says what it takes, and that is
// asked then.
func TestProxyAsksHowToSignInWhereTheProxySaysSo(t *testing.T) {
	env, path, _, _, _ := proxyWorld(t)
	var schemes []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, _, _ := strings.Cut(r.Header.Get("Proxy-Authorization"), " ")
		schemes = append(schemes, scheme)
		w.Header().Add("Proxy-Authenticate", "Negotiate")
		w.Header().Add("Proxy-Authenticate", "NTLM")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(s.Close)
	text := strings.Replace(contents(t, path), "http://127.0.0.1", "https://127.0.0.1", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	answers := ask.NewKeyed(map[string]string{
		"proxy": "other", "url": s.URL, "username": "ada", "password": "hunter2-pass", "no-proxy": "", "again": "yes",
		"proxy#2": "other", "url#2": s.URL, "auth": "ntlm", "username#2": `EXAMPLE\ada`, "password#2": "hunter2-pass", "no-proxy#2": "", "again#2": "no",
	}, &said)
	err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: path}, Asker: answers})
	if f := failureOf(err); f.Code != ExitTarget || len(answers.Unused()) > 0 {
		t.Errorf("%v, never asked: %q\n%s", err, answers.Unused(), said.String())
	}
	if len(schemes) != 2 || schemes[0] != "Basic" || schemes[1] != "NTLM" {
		t.Errorf("signed in by %q", schemes)
	}
	if !strings.Contains(said.String(), "it offers Negotiate, NTLM") || strings.Contains(said.String(), "hunter2-pass") {
		t.Errorf("said\n%s", said.String())
	}
}

// A proxy that opens TLS is believed once its authority is named, and the
// issuer is shown before.
func TestProxyAsksForTheAuthorityOfAProxyThatOpensTLS(t *testing.T) {
	env, config, _, _, _ := proxyWorld(t)
	dir := filepath.Dir(config)
	service := strings.Replace(contents(t, config), "http://127.0.0.1", "https://127.0.0.1", 1)
	if err := os.WriteFile(config, []byte(service), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
	t.Setenv("USERPROFILE", dir)
	opening, authority := opener(t)
	if err := os.WriteFile(filepath.Join(dir, "inspection.pem"), authority, 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	keyed := ask.NewKeyed(map[string]string{"proxy": "other", "url": opening, "username": "none", "no-proxy": "none", "again": "yes", "again#2": "no",
		"ca-file": "~/inspection.pem", "save": "yes"}, &said)
	if err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: keyed}); err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if want := "\nproxy:\n  url: " + opening + "\n  ca_file: inspection.pem\n"; !strings.Contains(contents(t, config), want) {
		t.Errorf("saved\n%s", contents(t, config))
	}
	for _, words := range []string{`it was issued by ldaptest authority`, `if "ldaptest authority" is your organisation's, add its certificate to this machine's trusted authorities or name its file`} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("%q is not said:\n%s", words, said.String())
		}
	}
}

// What was answered before a setting failed need not be answered again.
func TestProxyRemembersWhatWasAnsweredBeforeItFailed(t *testing.T) {
	env, config, proxy, served, _ := proxyWorld(t)
	keyed := ask.NewKeyed(map[string]string{"proxy#1": "other", "url#1": proxy, "username#1": "ada", "password#1": "wrong-pass-1",
		"no-proxy#1": ".example.com", "again": "yes", "password#2": "hunter2-pass", "save": "yes"}, io.Discard)
	if err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: keyed}); err != nil {
		t.Fatal(err)
	}
	if text := contents(t, config); !strings.Contains(text, "  username: ada\n") || !strings.Contains(text, "  no_proxy: .example.com\n") || served.Load() == 0 {
		t.Errorf("saved\n%s", text)
	}
}

// What a proxy carries by flag is not taken from it by an edit that asks.
func TestProxyAsksAboutLDAPWhereItGoesThroughAlready(t *testing.T) {
	env, config, proxy, _, _ := proxyWorld(t)
	for _, row := range []struct{ ldap, saved string }{{"", "\n  ldap: true\n"}, {"no", ""}} {
		text := strings.Split(contents(t, config), "\nproxy:")[0] + "\nproxy:\n  url: " + proxy + "\n  username: ada\n  password: {env: PROXY}\n  ldap: true\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		env.Getenv = func(name string) string { return map[string]string{"PROXY": "hunter2-pass"}[name] }
		answers := map[string]string{"url": " " + proxy + " ", "password": "", "save": "yes"}
		if row.ldap != "" {
			answers["ldap"] = row.ldap
		}
		if err := runProxy(context.Background(), env, proxyOptions{globalOptions: globalOptions{Config: config}, Asker: ask.NewKeyed(answers, io.Discard)}); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, config); strings.Contains(got, "ldap: true") != (row.saved != "") || !strings.Contains(got, "  url: "+proxy+"\n") {
			t.Errorf("saved\n%s", got)
		}
	}
}
