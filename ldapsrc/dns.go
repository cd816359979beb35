package ldapsrc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// A serverAddr is one server of a source.
type serverAddr struct {
	scheme string // ldap or ldaps
	host   string // its name: for the certificate and for Kerberos
	port   string
	dial   string // host:port to connect to, after the override table
}

// String is the server's URL.
func (a serverAddr) String() string { return a.scheme + "://" + net.JoinHostPort(a.host, a.port) }

// locateServers returns the servers of a source in the order in which they
// should be tried: the URLs as configured, or those that DNS names for the
// domain.
func locateServers(ctx context.Context, cfg *Config, env *Env) ([]serverAddr, error) {
	if len(cfg.URLs) == 0 {
		if cfg.Domain == "" {
			return nil, &ConfigError{Key: cfg.key("url"), Problem: "no address", Advice: "set url, urls or domain"}
		}
		return locateDomain(ctx, cfg, env, cfg.Domain)
	}
	list := make([]serverAddr, 0, len(cfg.URLs))
	for _, text := range cfg.URLs {
		a, err := parseURL(cfg, text)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// locateDomain returns the servers of one domain: the entry of the override
// table, or the domain controllers in DNS (MS-ADTS 6.3.2.3), or any LDAP server
// of the domain (RFC 2782), in the order of priority and weight.
func locateDomain(ctx context.Context, cfg *Config, env *Env, domain string) ([]serverAddr, error) {
	scheme := cfg.domainScheme()
	if to, ok := cfg.override(domain); ok {
		host, port := splitPort(to, defaultPort(scheme))
		if net.ParseIP(host) != nil {
			return []serverAddr{{scheme: scheme, host: domain, port: port, dial: net.JoinHostPort(host, port)}}, nil
		}
		return []serverAddr{cfg.address(scheme, host, port)}, nil
	}
	var problem error
	for _, name := range []string{"dc._msdcs." + domain, domain} {
		if name != domain && cfg.Type != AD {
			continue
		}
		// The resolver sorts by priority and shuffles by weight.
		_, records, err := env.resolver().LookupSRV(ctx, "ldap", "tcp", name)
		if err != nil && problem == nil {
			problem = err
		}
		var list []serverAddr
		for _, r := range records {
			if host := strings.TrimSuffix(r.Target, "."); host != "" {
				list = append(list, cfg.address(scheme, host, cfg.srvPort(scheme, r.Port)))
			}
		}
		if len(list) > 0 {
			return list, nil
		}
	}
	if problem == nil {
		problem = errors.New("no server is named there")
	}
	return nil, &ConnectError{
		Key: cfg.key("domain"), Server: domain,
		Problem: fmt.Sprintf("look up _ldap._tcp.%s in DNS: %v", domain, problem),
		Advice:  "check that this machine uses the domain's DNS servers, or set url, or name the domain's server in hosts",
		Err:     problem,
	}
}

func parseURL(cfg *Config, text string) (serverAddr, error) {
	bad := func(problem string) (serverAddr, error) {
		return serverAddr{}, &ConfigError{Key: cfg.key("url"), Problem: fmt.Sprintf("%q: %s", text, problem),
			Advice: "write it as ldaps://dc1.example.com or ldap://dc1.example.com:389"}
	}
	u, err := url.Parse(text)
	if err != nil {
		return bad("is not a URL")
	}
	if u.Scheme != "ldap" && u.Scheme != "ldaps" {
		return bad("the scheme must be ldap or ldaps")
	}
	if u.Hostname() == "" {
		return bad("names no host")
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return bad("only scheme, host and port are used; the base is a setting of its own")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return cfg.address(u.Scheme, u.Hostname(), port), nil
}

// address is a server by name, with the override table applied.
func (c *Config) address(scheme, host, port string) serverAddr {
	a := serverAddr{scheme: scheme, host: host, port: port, dial: net.JoinHostPort(host, port)}
	if to, ok := c.override(host); ok {
		a.dial = net.JoinHostPort(splitPort(to, port))
	}
	return a
}

func (c *Config) override(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	for from, to := range c.Hosts {
		if strings.EqualFold(strings.TrimSuffix(from, "."), name) {
			return to, true
		}
	}
	return "", false
}

// domainScheme is how the servers of a domain are spoken to: as the configured
// URLs are; else LDAPS, or plain LDAP where StartTLS or Kerberos protects it.
func (c *Config) domainScheme() string {
	if len(c.URLs) > 0 {
		if strings.HasPrefix(c.URLs[0], "ldaps:") {
			return "ldaps"
		}
		return "ldap"
	}
	sealed := c.bindMethod() == Kerberos && !(c.Bind.runningAccount() && runningAccountNeedsTLS)
	if c.TLS.StartTLS || sealed && c.TLS.CAFile == "" && len(c.TLS.PinSHA256) == 0 {
		return "ldap"
	}
	return "ldaps"
}

// srvPort is the port of a server found in DNS. SRV records name the plain
// port only (MS-ADTS 6.3.2.3); LDAPS is on its own well-known one.
func (c *Config) srvPort(scheme string, port uint16) string {
	if scheme == "ldaps" && (port == 389 || port == 0) {
		return defaultPort(scheme)
	}
	return fmt.Sprint(port)
}

func defaultPort(scheme string) string {
	if scheme == "ldaps" {
		return "636"
	}
	return "389"
}

// splitPort splits "host", "host:port", "::1" or "[::1]:port".
func splitPort(address, port string) (string, string) {
	if h, p, err := net.SplitHostPort(address); err == nil {
		return h, p
	}
	return strings.Trim(address, "[]"), port
}
