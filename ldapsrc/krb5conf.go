package ldapsrc

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/config"
)

// principal splits the user's name in any of its usual forms into name and
// realm: name@REALM, DOMAIN\name, name.
func (c *Config) principal(server serverAddr) (user, realm string) {
	user, realm = c.Bind.Username, c.Bind.Realm
	if _, name, ok := strings.Cut(user, `\`); ok {
		user = name
	}
	if name, of, ok := strings.Cut(user, "@"); ok {
		user = name
		if realm == "" {
			realm = of
		}
	}
	if realm == "" {
		realm = c.Domain
	}
	if realm == "" && (c.Type == AD || c.krb5ConfPath() == "") && net.ParseIP(server.host) == nil {
		realm = afterDot(server.host)
	}
	return user, strings.ToUpper(realm)
}

// krb5ConfPath is the krb5.conf to use, "" when one is to be made.
func (c *Config) krb5ConfPath() string {
	if c.Bind.Krb5Conf != "" {
		return c.Bind.Krb5Conf
	}
	if c.Bind.Realm != "" || c.Bind.KDC != "" {
		return ""
	}
	for _, path := range []string{os.Getenv("KRB5_CONFIG"), "/etc/krb5.conf"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			return path
		}
	}
	return ""
}

// krb5Conf loads krb5.conf, or makes one where there is none that knows the
// realm: the KDC is the configured one, else what DNS names; a domain
// controller is one itself.
func (c *Config) krb5Conf(server serverAddr, realm string) (*config.Config, error) {
	if path := c.krb5ConfPath(); path != "" {
		conf, err := c.loadKrb5Conf(path)
		if err != nil {
			return nil, err
		}
		knows := func(r config.Realm) bool { return r.Realm == realm && len(r.KDC) > 0 }
		if path == c.Bind.Krb5Conf || realm == "" || conf.LibDefaults.DNSLookupKDC || slices.ContainsFunc(conf.Realms, knows) {
			return conf, nil
		}
	}
	if realm == "" {
		return nil, &ConfigError{Key: c.key("bind.realm"), Problem: "is not known",
			Advice: "set it: the domain's name in capitals, CORP.EXAMPLE.COM"}
	}
	conf, err := config.NewFromString(c.krb5ConfText(server, realm))
	if err != nil {
		return nil, &ConfigError{Key: c.key("bind.kdc"), Problem: "cannot be used", Err: err, Advice: "write it as dc1.corp.example.com or 192.0.2.10:88"}
	}
	return conf, nil
}

// loadKrb5Conf reads a file. On some malformed ones gokrb5 panics.
func (c *Config) loadKrb5Conf(path string) (conf *config.Config, err error) {
	unusable := func(why error) error {
		return &ConfigError{Key: c.key("bind.krb5_conf"), Problem: fmt.Sprintf("%s cannot be used", path), Err: why,
			Advice: "correct the file, or set bind.realm and bind.kdc instead"}
	}
	defer func() {
		if r := recover(); r != nil {
			conf, err = nil, unusable(fmt.Errorf("malformed: %v", r))
		}
	}()
	conf, err = config.Load(path)
	// Directives that gokrb5 passes over, such as include, are no reason to give
	// up: the KDC is found through DNS then.
	if _, passedOver := err.(config.UnsupportedDirective); err != nil && (!passedOver || conf == nil) {
		return nil, unusable(err)
	}
	return conf, nil
}

func (c *Config) krb5ConfText(server serverAddr, realm string) string {
	kdcs := map[string]string{}
	for name, to := range c.Hosts {
		host, _ := splitPort(to, "")
		kdcs[strings.ToUpper(name)] = host
	}
	switch {
	case c.Bind.KDC != "":
		kdcs[realm] = c.Bind.KDC
	case kdcs[realm] == "" && c.Type == AD && strings.EqualFold(afterDot(server.host), realm):
		kdcs[realm], _ = splitPort(server.dial, "")
	}
	var b strings.Builder
	// Tickets of AD do not fit a datagram: TCP from the start.
	fmt.Fprintf(&b, "[libdefaults]\n default_realm = %s\n dns_lookup_kdc = true\n udp_preference_limit = 1\n", realm)
	for _, setting := range []string{"default_tkt_enctypes", "default_tgs_enctypes", "permitted_enctypes"} {
		fmt.Fprintf(&b, " %s = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96\n", setting)
	}
	b.WriteString("[realms]\n")
	names := make([]string, 0, len(kdcs))
	for name := range kdcs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, " %s = {\n  kdc = %s\n }\n", name, kdcs[name])
	}
	return b.String()
}

func afterDot(host string) string {
	_, rest, _ := strings.Cut(host, ".")
	return rest
}
