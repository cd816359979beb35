package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"adsync/proxy"
	"adsync/upload"
)

func (f *File) checkMapping(r *reader) {
	f.checkKind(r, "mapping.user", upload.User, f.Mapping.User)
	f.checkKind(r, "mapping.group", upload.Group, f.Mapping.Group)
	f.checkKind(r, "mapping.computer", upload.Device, f.Mapping.Computer)
	if f.Target == nil || f.Target.Devices == "" {
		return
	}
	if a, b := f.Mapping.ComputerType, f.Target.Devices; a != "" && a != b {
		r.report("mapping.computer_type", fmt.Sprintf("%q is another type than target.devices names, %q", a, b), "say it in one place")
	}
}

func (f *File) checkKind(r *reader, key string, kind upload.Kind, mapping map[string]Strings) {
	if mapping == nil {
		return
	}
	for _, path := range slices.Sorted(maps.Keys(mapping)) {
		at := join(key, path)
		if _, err := upload.ParsePath(path); err != nil {
			r.report(at, err.Error(), "")
		} else if len(mapping[path]) == 0 {
			r.missing(at, "an attribute, a list of attributes or a template")
		} else if _, err := upload.ParseExpression(mapping[path]); err != nil {
			r.report(at, err.Error(), "")
		}
	}
	if r.failed(key) {
		return
	}
	if _, err := upload.CompileRules(kind, plain(mapping)); err != nil {
		r.report(key, err.Error(), "a mapping that is given is complete: leave it out for the default")
	}
}

// plain is a mapping in the form that upload compiles.
func plain(mapping map[string]Strings) map[string][]string {
	if mapping == nil {
		return nil
	}
	m := make(map[string][]string, len(mapping))
	for path, from := range mapping {
		m[path] = from
	}
	return m
}

func (p *Policy) check(r *reader) {
	r.oneOf("policy.user_disabled", p.UserDisabled, "a policy", "keep", "deactivate", "delete")
	r.oneOf("policy.user_gone", p.UserGone, "a policy", "keep", "deactivate", "delete")
	r.oneOf("policy.group_gone", p.GroupGone, "a policy", "keep", "delete")
}

func (p *Proxy) check(r *reader) {
	const key = "proxy"
	if r.failed(key) {
		return
	}
	if p.URL == "" {
		if p.Username != "" || !p.Password.IsZero() || p.LDAP || p.Auth != "" {
			r.missing(key+".url", "without it the network is left directly")
		}
		return
	}
	if strings.Contains(p.URL, "@") {
		r.report(key+".url", "holds a user name or a password", "write them as proxy.username and proxy.password")
		return
	}
	r.oneOf(key+".auth", p.Auth, "a way to sign in", proxy.AuthBasic, proxy.AuthNTLM, proxy.AuthNegotiate)
	if r.failed(key) {
		return
	}
	setting := p.setting()
	if !p.Password.IsZero() {
		setting.Password = "x" // there is one; what it is does not matter here
	}
	// A look at the system's settings belongs to the run, not to the file.
	if p.URL == "system" {
		setting.URL, setting.Username, setting.Password, setting.LDAP, setting.Auth = "", "", "", false, ""
	}
	if _, err := proxy.New(setting); err != nil {
		at, text, found := strings.Cut(err.Error(), ": ")
		if !found || !r.given(at) {
			at, text = key, strings.TrimPrefix(err.Error(), key+": ")
		}
		r.report(at, text, "")
	}
}

func (l *Log) check(r *reader) {
	r.oneOf("log.level", l.Level, "a level", "debug", "info", "warn", "error")
	r.oneOf("log.format", l.Format, "a format", "text", "json")
	r.atLeast("log.keep", l.Keep, 0)
}

func (p *Report) check(r *reader) {
	r.atLeast("report.keep_undo", p.KeepUndo, 0)
}

func (m *Monitor) check(r *reader) {
	for name, endpoint := range map[string]Endpoint{"ping": m.Ping, "webhook": m.Webhook} {
		r.url("monitor."+name, endpoint.URL, "https", "http")
	}
}
