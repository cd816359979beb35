package proxy

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Found is a proxy setting that this machine already has, as a suggestion.
type Found struct {
	From    string  // such as "environment variable HTTPS_PROXY"
	Setting Setting // ready for New, credentials taken out of the URL
	// Script is the address of an automatic configuration script (PAC). It is
	// not run: the Setting is empty and a person has to name the proxy.
	Script string
}

// System lists what the environment says about proxies and, on Windows, what
// its settings say (the user's, the machine's and WinHTTP's). Values that are
// no proxy are left out; the same proxy is listed once.
func System() []Found { return system(os.Getenv) }

func system(getenv func(string) string) []Found {
	var found []Found
	noProxy := splitNoProxy(either(getenv, "NO_PROXY"))
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"} {
		if s, ok := suggestion(either(getenv, name), noProxy); ok {
			found = append(found, Found{From: "environment variable " + name, Setting: s})
		}
	}
	for _, w := range windowsSettings() {
		if w.script != "" {
			found = append(found, Found{From: w.from, Script: w.script})
		}
		if s, ok := suggestion(w.forScheme("https"), w.bypass); ok {
			found = append(found, Found{From: w.from, Setting: s})
		}
	}
	var unique []Found
	for _, f := range found {
		same := func(other Found) bool {
			return other.Script == f.Script && other.Setting.URL == f.Setting.URL && other.Setting.Username == f.Setting.Username
		}
		if !slices.ContainsFunc(unique, same) {
			unique = append(unique, f)
		}
	}
	return unique
}

// suggestion is a setting as the wizard would write it.
func suggestion(text string, noProxy []string) (Setting, bool) {
	if text == "" {
		return Setting{}, false
	}
	u, err := parseURL(text)
	if err != nil {
		return Setting{}, false
	}
	s := Setting{URL: u.Scheme + "://" + u.Host, NoProxy: usable(noProxy)}
	if u.User != nil {
		s.Username = u.User.Username()
		s.Password, _ = u.User.Password()
	}
	return s, true
}

// useSystem reads the ways out of the environment, and where it names none, out
// of the Windows settings. Loopback targets are reached directly, as everything
// else on the machine does it.
func (p *Proxy) useSystem(getenv func(string) string) error {
	noProxy := splitNoProxy(either(getenv, "NO_PROXY"))
	all := either(getenv, "ALL_PROXY")
	https, http := first(either(getenv, "HTTPS_PROXY"), all), first(either(getenv, "HTTP_PROXY"), all)
	from := "environment"
	if https == "" && http == "" {
		if found := windowsSettings(); len(found) > 0 {
			https, http, all = found[0].forScheme("https"), found[0].forScheme("http"), found[0].forScheme("socks")
			noProxy = append(noProxy, found[0].bypass...)
			from = found[0].from
			if found[0].script != "" && https == "" && http == "" {
				p.warnings = append(p.warnings, from+" names an automatic configuration script, which is not run: set proxy.url to the proxy it chooses")
			}
		}
	}
	var err error
	if p.ways.https, err = p.systemHop(https, from); err != nil {
		return err
	}
	if p.ways.http, err = p.systemHop(http, from); err != nil {
		return err
	}
	if p.setting.LDAP {
		if p.ways.ldap, err = p.systemHop(first(all, https), from); err != nil {
			return err
		}
	}
	exceptions, _ := parseExceptions(usable(noProxy))
	p.noProxy = append(p.noProxy, exceptions...)
	return nil
}

func (p *Proxy) systemHop(text, from string) (*hop, error) {
	if text == "" {
		return nil, nil
	}
	s := p.setting
	s.URL = text
	if u, err := parseURL(text); err == nil && u.User != nil && s.Username != "" {
		u.User = nil // the configuration's credentials go first
		s.URL = u.String()
	}
	h, _, err := s.hop()
	if err != nil {
		return nil, fmt.Errorf("proxy setting of the %s: %w", from, err)
	}
	return h, nil
}

// either looks a variable up in both cases; lower case is the older custom.
func either(getenv func(string) string, name string) string {
	return first(getenv(name), getenv(strings.ToLower(name)))
}

func first(values ...string) string {
	for _, value := range values {
		if value = strings.TrimSpace(value); value != "" {
			return value
		}
	}
	return ""
}

func splitNoProxy(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' })
}

// usable drops the entries that are no exceptions: a system's list is not ours
// to complain about.
func usable(list []string) []string {
	var good []string
	for _, text := range list {
		text = strings.ToLower(strings.TrimSpace(text))
		// Windows writes <-loopback> for "not even loopback directly".
		if text == "" || strings.HasPrefix(text, "<-") {
			continue
		}
		if _, err := parseException(text); err == nil {
			good = append(good, text)
		}
	}
	return good
}
