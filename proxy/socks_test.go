package proxy_test

import (
	"context"
	"testing"

	"adsync/proxy"
)

func TestSOCKSCarriesEverythingAndResolvesNames(t *testing.T) {
	addr, carried := startSOCKS(t, 0)
	p := mustNew(t, proxy.Setting{URL: "socks5://" + addr, Username: "svc", Password: secret, LDAP: true})
	sendEverything(t, p, func(secure, plain *target, directory *lineServer) {
		securePeers, _, _, _ := secure.seen()
		plainPeers, _, _, _ := plain.seen()
		if got, want := len(carried()), len(securePeers)+len(plainPeers)+len(directory.connections()); got != want {
			t.Errorf("the proxy carried %d connections, the targets saw %d", got, want)
		}
	})
}

func TestSOCKSReplies(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply byte
		host  string
		kind  proxy.Kind
		text  string
	}{
		{"general failure", 1, "ldap.example.com:636", proxy.TargetRefused, "no connection to ldap.example.com:636 from the proxy: general SOCKS server failure"},
		{"ruleset", 2, "ldap.example.com:636", proxy.Forbidden, "connecting to ldap.example.com:636 is forbidden: connection not allowed by ruleset"},
		{"host unreachable, by name", 4, "ldap.example.com:636", proxy.TargetNameNotFound, "the name of ldap.example.com:636 cannot be resolved from the proxy: host unreachable"},
		{"host unreachable, by address", 4, "[2001:db8::1]:636", proxy.TargetRefused, "no connection to [2001:db8::1]:636 from the proxy: host unreachable"},
		{"connection refused", 5, "192.0.2.1:636", proxy.TargetRefused, "no connection to 192.0.2.1:636 from the proxy: connection refused"},
		{"an unknown code", 77, "192.0.2.1:636", proxy.ProxyProtocol, "unexpected answer: unknown error unknown code: 77"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr, carried := startSOCKS(t, tt.reply)
			p := mustNew(t, proxy.Setting{URL: "socks5h://" + addr, Username: "svc", Password: secret, LDAP: true})
			_, err := p.Dialer().DialContext(context.Background(), "tcp", tt.host)
			e := wantKind(t, err, tt.kind)
			if want := "proxy socks5h://" + addr + ": " + tt.text; e.Error() != want {
				t.Errorf("got  %s\nwant %s", e, want)
			}
			if got := carried(); len(got) != 1 || got[0] != tt.host {
				t.Errorf("the proxy was asked for %v", got)
			}
		})
	}
	addr, _ := startSOCKS(t, 0)
	p := mustNew(t, proxy.Setting{URL: "socks5h://" + addr, Username: "svc", Password: secret + "2"})
	_, err := p.Check(context.Background(), mustURL(t, "https://scim.example.com/"), nil)
	wantKind(t, err, proxy.ProxyAuth)
}
