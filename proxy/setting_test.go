package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"adsync/proxy"
)

func TestSettingsAreRefusedInWords(t *testing.T) {
	for _, tt := range []struct {
		name    string
		setting proxy.Setting
		want    string
	}{
		{"an unknown scheme", proxy.Setting{URL: "socks4://proxy.example.com"}, `proxy.url: "socks4" is not a kind of proxy, use http, https, socks5 or socks5h`},
		{"no host", proxy.Setting{URL: "http://:3128"}, "proxy.url names no host"},
		{"a path", proxy.Setting{URL: "http://proxy.example.com/proxy.pac"}, "proxy.url has something after the host and port (an automatic configuration script is not a proxy: name the proxy it chooses)"},
		{"a port out of range", proxy.Setting{URL: "proxy.example.com:99999"}, "proxy.url has a port outside 1 to 65535"},
		{"a password with a # in the URL", proxy.Setting{URL: "http://svc:" + secret + "#1@proxy.example.com"}, "proxy.url is not a URL such as http://proxy.example.com:3128 (special characters of a password belong into proxy.password)"},
		{"credentials twice", proxy.Setting{URL: "http://svc:" + secret + "@proxy.example.com", Username: "svc"}, "proxy.url holds credentials and proxy.username or proxy.password is set: keep one of them"},
		{"a user without a proxy", proxy.Setting{Username: "svc", Password: secret}, "proxy.username and proxy.password need a proxy.url"},
		{"ldap without a proxy", proxy.Setting{LDAP: true}, "proxy.ldap needs a proxy.url"},
		{"a password without a user", proxy.Setting{URL: "http://proxy.example.com", Password: secret}, "proxy.password is set and proxy.username is not"},
		{"an unknown way to sign in", proxy.Setting{URL: "http://proxy.example.com", Auth: "digest"}, `proxy.auth: "digest" is none of basic, ntlm and negotiate`},
		{"ntlm at a SOCKS proxy", proxy.Setting{URL: "socks5://proxy.example.com", Auth: "ntlm", Username: "svc", Password: secret}, "proxy.auth: a SOCKS5 proxy knows no ntlm, only user and password"},
		{"ntlm without a password", proxy.Setting{URL: "http://proxy.example.com", Auth: "ntlm", Username: "svc"}, "proxy.auth ntlm needs proxy.username and proxy.password"},
		{"a colon in a basic user", proxy.Setting{URL: "http://proxy.example.com", Username: "a:b", Password: secret}, "proxy.username holds a colon, which basic authentication cannot carry (RFC 7617 section 2)"},
		{"a user without a password at a SOCKS proxy", proxy.Setting{URL: "socks5://proxy.example.com", Username: "svc"}, "proxy.username is set and proxy.password is not, which SOCKS5 cannot carry (RFC 1929 section 2)"},
		{"an exception that is a URL", proxy.Setting{NoProxy: []string{"http://intranet"}}, `proxy.no_proxy: "http://intranet" is not one host, .suffix, address or range`},
		{"an exception that is a list", proxy.Setting{NoProxy: []string{"a.example.com,b.example.com"}}, `proxy.no_proxy: "a.example.com,b.example.com" is not one host, .suffix, address or range`},
		{"a range that is none", proxy.Setting{NoProxy: []string{"10.0.0.0/40"}}, `proxy.no_proxy: "10.0.0.0/40" is not a range such as 10.0.0.0/8`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := proxy.New(tt.setting)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestURLsAreCompleted(t *testing.T) {
	for text, want := range map[string]string{
		"proxy.example.com":                       "http://proxy.example.com:80",
		"proxy.example.com:3128":                  "http://proxy.example.com:3128",
		"https://proxy.example.com":               "https://proxy.example.com:443",
		"SOCKS5://proxy.example.com/":             "socks5://proxy.example.com:1080",
		"socks5h://[2001:db8::1]":                 "socks5h://[2001:db8::1]:1080",
		"http://svc:" + secret + "@10.0.0.1:8080": "http://10.0.0.1:8080",
	} {
		p := mustNew(t, proxy.Setting{URL: text})
		if got := p.Route(mustURL(t, "https://scim.example.org/v2")); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestAPasswordInTheURLIsUsedAndWarnedOf(t *testing.T) {
	service := startTarget(t, false)
	via := startHTTPProxy(t, &httpProxy{user: "svc", password: secret})
	p := mustNew(t, proxy.Setting{URL: strings.Replace(via.URL, "//", "//svc:"+secret+"@", 1)})
	if got := fmt.Sprint(p.Warnings()); got != "[proxy.url holds a password that everyone who reads the configuration sees: move it to proxy.password]" {
		t.Error(got)
	}
	if _, err := p.Check(t.Context(), mustURL(t, service.URL), nil); err != nil {
		t.Error(err)
	}
}

func TestNothingPrintsTheSecret(t *testing.T) {
	s := proxy.Setting{URL: "http://svc:" + secret + "@proxy.example.com:3128", NoProxy: []string{".example.com"}, LDAP: true}
	split := proxy.Setting{URL: "proxy.example.com:3128", Username: "svc", Password: secret}
	p := mustNew(t, split)
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "setting", split, "address", &split, "proxy", p)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "setting", split, "address", &split, "proxy", p)
	encoded, err := json.Marshal(map[string]any{"setting": split, "proxy": p, "found": proxy.Found{Setting: split}})
	if err != nil {
		t.Fatal(err)
	}
	wrapped := struct {
		S proxy.Setting
		p *proxy.Proxy
		v proxy.Proxy
	}{split, p, *p}
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d|%v %+v %#v|%v %+v %#v|%v %+v %#v|%+v %#v|%s|%s", s, s, s, s, s, s, s,
		&split, &split, &split, *p, *p, *p, p, p, p, wrapped, wrapped, logged.String(), encoded)
	if strings.Contains(all, secret) {
		t.Error(all)
	}
	if got, want := s.String(), "http://proxy.example.com:3128, not for .example.com, ldap too"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(p), `http://proxy.example.com:3128 as "svc"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
