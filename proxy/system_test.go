package proxy

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if key, value, _ := strings.Cut(pair, "="); key == name {
				return value
			}
		}
		return ""
	}
}

func TestTheEnvironmentDecidesASystemSetting(t *testing.T) {
	for _, tt := range []struct {
		name   string
		env    []string
		target string
		want   string
	}{
		{"nothing set", nil, "https://scim.example.org", "direct"},
		{"https", []string{"HTTPS_PROXY=proxy:3128"}, "https://scim.example.org", "http://proxy:3128"},
		{"https in lower case", []string{"https_proxy=proxy:3128"}, "https://scim.example.org", "http://proxy:3128"},
		{"https says nothing about http", []string{"HTTPS_PROXY=proxy:3128"}, "http://scim.example.org", "direct"},
		{"http", []string{"HTTP_PROXY=proxy:3128"}, "http://scim.example.org", "http://proxy:3128"},
		{"all", []string{"ALL_PROXY=socks5://proxy"}, "https://scim.example.org", "socks5://proxy:1080"},
		{"the special one goes before all", []string{"ALL_PROXY=socks5://socks", "https_proxy=proxy:3128"}, "https://scim.example.org", "http://proxy:3128"},
		{"directories take all first", []string{"ALL_PROXY=socks5://socks", "https_proxy=proxy:3128"}, "ldap://dc1.example.org", "socks5://socks:1080"},
		{"exceptions", []string{"HTTPS_PROXY=proxy:3128", "no_proxy=example.com, .example.org"}, "https://scim.example.org", "direct"},
		{"loopback is direct", []string{"HTTPS_PROXY=proxy:3128"}, "https://127.0.0.1:8443", "direct"},
		{"localhost is direct", []string{"HTTPS_PROXY=proxy:3128"}, "https://localhost:8443", "direct"},
		{"a bad exception is passed over", []string{"HTTPS_PROXY=proxy:3128", "NO_PROXY=http://x,scim.example.org"}, "https://scim.example.org", "direct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := New(Setting{URL: "system", LDAP: true, Getenv: environment(tt.env...)})
			if err != nil {
				t.Fatal(err)
			}
			target, _ := url.Parse(tt.target)
			if got := p.Route(target); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestABadVariableIsAnErrorWithoutItsValue(t *testing.T) {
	_, err := New(Setting{URL: "system", Getenv: environment("HTTPS_PROXY=http://svc:s3cret#@proxy")})
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "environment") {
		t.Error(err)
	}
}

func TestTheConfigurationsCredentialsGoBeforeTheEnvironments(t *testing.T) {
	p, err := New(Setting{URL: "system", Username: "mine", Password: "x", Getenv: environment("HTTPS_PROXY=http://theirs:y@proxy:3128")})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.ways.https.userPassword(); got != "mine:x" {
		t.Error(got)
	}
}

func TestSystemSuggestsEachProxyOnce(t *testing.T) {
	found := system(environment("HTTPS_PROXY=http://svc:s3cret@proxy:3128", "http_proxy=http://svc:s3cret@proxy:3128/",
		"ALL_PROXY=socks5h://socks", "NO_PROXY=localhost,.example.org http://x"))
	var got []string
	for _, f := range found {
		got = append(got, f.From+": "+f.Setting.String())
	}
	want := `environment variable HTTPS_PROXY: http://proxy:3128 as "svc", not for localhost .example.org
environment variable ALL_PROXY: socks5h://socks:1080, not for localhost .example.org`
	if strings.Join(got, "\n") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), want)
	}
	if found[0].Setting.Password != "s3cret" {
		t.Error("the password is lost")
	}
}

func TestWindowsProxyServerTexts(t *testing.T) {
	for _, tt := range []struct {
		server, https, http, socks string
	}{
		{"proxy:8080", "proxy:8080", "proxy:8080", ""},
		{"http=a:80;https=b:81;ftp=c:82", "b:81", "a:80", ""},
		{"http=a:80;socks=d:1080", "socks5://d:1080", "a:80", "socks5://d:1080"},
		{"", "", "", ""},
	} {
		w := windowsSetting{server: tt.server}
		if https, http, socks := w.forScheme("https"), w.forScheme("http"), w.forScheme("socks"); https != tt.https || http != tt.http || socks != tt.socks {
			t.Errorf("%s: https %q, http %q, socks %q", tt.server, https, http, socks)
		}
	}
}

func TestWinHTTPValue(t *testing.T) {
	value := func(flags uint32, server, bypass string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, 0x28)
		b = binary.LittleEndian.AppendUint32(b, 7)
		b = binary.LittleEndian.AppendUint32(b, flags)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(server))), server...)
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(bypass))), bypass...)
	}
	for name, tt := range map[string]struct {
		value []byte
		want  string
	}{
		"set":     {value(3, "proxy:8080", "*.example.com;<local>"), "proxy:8080 [*.example.com <local>]"},
		"direct":  {value(1, "", ""), " []"},
		"cut off": {value(3, "proxy:8080", "")[:20], " []"},
		"empty":   {nil, " []"},
	} {
		server, bypass := winHTTP(tt.value)
		if got := fmt.Sprint(server, " ", bypass); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
