package ldapsrc

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"adsync/ldapsrc/ldaptest/servers"
)

// records is a Resolver that knows some SRV records, by full name.
type records map[string][]*net.SRV

func (r records) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	full := "_" + service + "._" + proto + "." + name
	if list, ok := r[full]; ok {
		return full, list, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: full, IsNotFound: true}
}

func TestServersOfASource(t *testing.T) {
	srv := func(host string, port uint16) *net.SRV { return &net.SRV{Target: host + ".", Port: port} }
	dns := records{
		"_ldap._tcp.dc._msdcs.corp.example.com": {srv("dc1.corp.example.com", 389), srv("dc2.corp.example.com", 389)},
		"_ldap._tcp.corp.example.com":           {srv("any.corp.example.com", 389)},
		"_ldap._tcp.example.org":                {srv("ldap.example.org", 1389)},
		"_ldap._tcp.empty.example.org":          {{Target: "."}},
	}
	tests := map[string]struct {
		cfg  Config
		want string
	}{
		"URLs in their order":               {Config{URLs: []string{"ldaps://b.example.com", "ldap://a.example.com:1389", "ldap://[::1]"}}, "ldaps://b.example.com:636=b.example.com:636 ldap://a.example.com:1389=a.example.com:1389 ldap://[::1]:389=[::1]:389"},
		"a host with an address":            {Config{URLs: []string{"ldaps://DC1.example.com"}, Hosts: map[string]string{"dc1.example.com": "192.0.2.1"}}, "ldaps://DC1.example.com:636=192.0.2.1:636"},
		"a host with an address and a port": {Config{URLs: []string{"ldaps://dc1.example.com"}, Hosts: map[string]string{"dc1.example.com.": "192.0.2.1:3636"}}, "ldaps://dc1.example.com:636=192.0.2.1:3636"},
		"a host with an IPv6 address":       {Config{URLs: []string{"ldaps://dc1.example.com"}, Hosts: map[string]string{"dc1.example.com": "2001:db8::1"}}, "ldaps://dc1.example.com:636=[2001:db8::1]:636"},
		"the controllers of a domain":       {Config{Type: AD, Domain: "corp.example.com"}, "ldaps://dc1.corp.example.com:636=dc1.corp.example.com:636 ldaps://dc2.corp.example.com:636=dc2.corp.example.com:636"},
		"with StartTLS":                     {Config{Type: AD, Domain: "corp.example.com", TLS: TLS{StartTLS: true}}, "ldap://dc1.corp.example.com:389=dc1.corp.example.com:389 ldap://dc2.corp.example.com:389=dc2.corp.example.com:389"},
		"sealed by Kerberos":                {Config{Type: AD, Domain: "corp.example.com", Bind: Bind{Method: Kerberos, Keytab: "svc.keytab"}}, "ldap://dc1.corp.example.com:389=dc1.corp.example.com:389 ldap://dc2.corp.example.com:389=dc2.corp.example.com:389"},
		"of another kind of directory":      {Config{Type: LDAP, Domain: "corp.example.com", TLS: TLS{StartTLS: true}}, "ldap://any.corp.example.com:389=any.corp.example.com:389"},
		"a port in DNS":                     {Config{Type: LDAP, Domain: "example.org", TLS: TLS{StartTLS: true}}, "ldap://ldap.example.org:1389=ldap.example.org:1389"},
		"a domain in the table":             {Config{Type: AD, Domain: "other.example.com", Hosts: map[string]string{"other.example.com": "192.0.2.9"}}, "ldaps://other.example.com:636=192.0.2.9:636"},
		"a domain's server in the table":    {Config{Type: AD, Domain: "other.example.com", Hosts: map[string]string{"other.example.com": "dc9.other.example.com", "dc9.other.example.com": "192.0.2.9"}}, "ldaps://dc9.other.example.com:636=192.0.2.9:636"},
		"a controller's address":            {Config{Type: AD, Domain: "corp.example.com", Hosts: map[string]string{"dc1.corp.example.com": "192.0.2.1", "dc2.corp.example.com": "192.0.2.2"}}, "ldaps://dc1.corp.example.com:636=192.0.2.1:636 ldaps://dc2.corp.example.com:636=192.0.2.2:636"},
		"a domain that is not known":        {Config{Type: AD, ID: "corp", Domain: "nowhere.example.com"}, "sources[corp].domain: connect to nowhere.example.com: look up _ldap._tcp.nowhere.example.com in DNS: lookup _ldap._tcp.dc._msdcs.nowhere.example.com: no such host"},
		"a service that is not offered":     {Config{Type: LDAP, ID: "corp", Domain: "empty.example.org"}, "sources[corp].domain: connect to empty.example.org: look up _ldap._tcp.empty.example.org in DNS: no server is named there"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			list, err := locateServers(t.Context(), &test.cfg, &Env{Resolver: dns})
			var parts []string
			for _, a := range list {
				parts = append(parts, a.String()+"="+a.dial)
			}
			got := strings.Join(parts, " ")
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSambaIsFoundInItsDNS(t *testing.T) {
	s := servers.SharedSamba(t)
	cfg := sambaConfig(s, "ldaps")
	cfg.URLs, cfg.Domain = nil, s.Domain()
	cfg.Hosts = map[string]string{s.Host(): s.Addr()}
	list, err := locateServers(t.Context(), cfg, &Env{Resolver: s.Resolver()})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || !strings.EqualFold(list[0].host, s.Host()) {
		t.Fatalf("got %v", list)
	}
	l, err := dial(t.Context(), cfg, nil, list[0])
	if err != nil {
		t.Fatal(err)
	}
	l.close()
}

func TestLookupsAreHinted(t *testing.T) {
	_, err := locateServers(t.Context(), &Config{ID: "corp", Domain: "nowhere.example.com"}, &Env{Resolver: records{}})
	var failed *ConnectError
	if !errors.As(err, &failed) || !strings.Contains(failed.Hint(), "hosts") {
		t.Errorf("got %v", err)
	}
}
