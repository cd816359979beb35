package proxy_test

import (
	"testing"

	"adsync/proxy"
)

func TestExceptionsAreReadAsInNoProxy(t *testing.T) {
	const through, direct = "http://proxy.example.com:3128", "direct"
	for _, tt := range []struct {
		name    string
		noProxy string
		target  string
		want    string
	}{
		{"a name covers itself", "example.org", "https://example.org/", direct},
		{"a name covers what is below", "example.org", "https://scim.example.org/", direct},
		{"a name covers no other that ends alike", "example.org", "https://badexample.org/", through},
		{"a suffix covers what is below", ".example.org", "https://scim.example.org/", direct},
		{"a suffix does not cover itself", ".example.org", "https://example.org/", through},
		{"a star suffix is a suffix", "*.example.org", "https://a.scim.example.org/", direct},
		{"case does not count", "Example.ORG", "https://SCIM.example.org/", direct},
		{"a final dot does not count", "example.org.", "https://scim.example.org./", direct},
		{"names beyond ASCII are compared as DNS does", "bücher.example", "https://xn--bcher-kva.example/", direct},
		{"an address", "10.1.2.3", "https://10.1.2.3/", direct},
		{"an address is not a prefix", "10.1.2.3", "https://10.1.2.30/", through},
		{"a range", "10.0.0.0/8", "https://10.1.2.3/", direct},
		{"a range with host bits", "10.9.9.9/8", "https://10.1.2.3/", direct},
		{"a range of IPv6", "2001:db8::/32", "https://[2001:db8::1]/", direct},
		{"an IPv6 address", "2001:db8::1", "https://[2001:db8::1]:8443/", direct},
		{"an IPv6 address with a port", "[2001:db8::1]:8443", "https://[2001:db8::1]/", through},
		{"names are not resolved for a range", "0.0.0.0/0", "https://scim.example.org/", through},
		{"a port that is the target's", "scim.example.org:443", "https://scim.example.org/", direct},
		{"a port that is another", "scim.example.org:8443", "https://scim.example.org/", through},
		{"a star is all", "*", "https://scim.example.org/", direct},
		{"local names have no dot", "<local>", "https://intranet/", direct},
		{"local names with a dot", "<local>", "https://scim.example.org/", through},
		{"a local address", "<local>", "https://[2001:db8::1]/", through},
		{"a pattern of Windows", "10.*", "https://10.1.2.3/", direct},
		{"loopback is no exception", "", "https://127.0.0.1/", through},
		{"localhost is no exception", "", "http://localhost:8080/", through},
		{"ldap is direct without the setting", "", "ldaps://dc1.example.org", direct},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := mustNew(t, proxy.Setting{URL: through, NoProxy: []string{tt.noProxy}})
			if got := p.Route(mustURL(t, tt.target)); got != tt.want {
				t.Errorf("%s is reached %s, want %s", tt.target, got, tt.want)
			}
		})
	}
}
