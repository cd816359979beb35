package ldapsrc

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// bindKerberos binds with SASL GSSAPI (RFC 4752). Over TLS there is no second
// layer, but the context is bound to the TLS channel; on a plain connection
// everything after the bind is sealed.
func (l *link) bindKerberos(ctx context.Context) error {
	if l.cfg.Bind.runningAccount() {
		if done, err := l.bindRunningAccount(); done {
			return err
		}
	}
	krb, err := l.cfg.kerberosClient(l.server)
	if err != nil {
		return err
	}
	defer krb.Destroy()
	l.as = krb.Credentials.UserName() + "@" + krb.Credentials.Domain()
	g := &gssContext{client: krb, wanted: layerSeal}
	if l.tls != nil {
		g.wanted = layerNone
		g.binding = endpointBinding(l.tls.ConnectionState().PeerCertificates[0])
	}
	if err := krb.AffirmLogin(); err != nil {
		return err
	}
	err = l.ldap.GSSAPIBindRequest(g, &ldap.GSSAPIBindRequest{ServicePrincipalName: l.spn()})
	if err != nil {
		return err
	}
	if g.layer != layerNone {
		l.seal.protect(g)
	}
	return nil
}

// spn is the service's principal name (MS-ADTS 5.1.1.1.5). It goes by the
// server's name; no ticket is made out to an address.
func (l *link) spn() string {
	if l.cfg.Bind.SPN != "" {
		return l.cfg.Bind.SPN
	}
	return "ldap/" + strings.TrimSuffix(l.server.host, ".")
}

// runningAccount reports whether no credentials are configured.
func (b *Bind) runningAccount() bool {
	return b.Password == "" && b.Keytab == "" && b.CCache == ""
}

// kerberosClient makes the client of the configured credentials: a password,
// a keytab, or a credentials cache.
func (c *Config) kerberosClient(server serverAddr) (*client.Client, error) {
	user, realm := c.principal(server)
	conf, err := c.krb5Conf(server, realm)
	if err != nil {
		return nil, err
	}
	// AD does not know the FAST pre-authentication probe (RFC 6806 11).
	quiet := client.DisablePAFXFAST(true)
	if realm == "" {
		realm = conf.LibDefaults.DefaultRealm
	}
	switch {
	case c.Bind.Keytab != "":
		kt, err := keytab.Load(c.Bind.Keytab)
		if err != nil {
			return nil, &ConfigError{Key: c.key("bind.keytab"), Problem: "cannot be read", Err: err,
				Advice: "make one with: ktpass /princ user@REALM /crypto AES256-SHA1 /out adsync.keytab, or samba-tool domain exportkeytab"}
		}
		if user == "" && len(kt.Entries) > 0 {
			user, realm = strings.Join(kt.Entries[0].Principal.Components, "/"), kt.Entries[0].Principal.Realm
		}
		return client.NewWithKeytab(user, realm, kt, conf, quiet), nil
	case c.Bind.Password != "":
		if user == "" {
			return nil, &ConfigError{Key: c.key("bind.username"), Problem: "is empty", Advice: "name the account whose password it is"}
		}
		return client.NewWithPassword(user, realm, c.Bind.Password.Reveal(), conf, quiet), nil
	}
	path := c.ccache()
	cache, err := credentials.LoadCCache(path)
	if err != nil {
		return nil, &ConfigError{Key: c.key("bind.ccache"), Problem: fmt.Sprintf("%s cannot be read", path), Err: err,
			Advice: "run kinit, or set bind.password or bind.keytab"}
	}
	krb, err := client.NewFromCCache(cache, conf, quiet)
	if err != nil {
		return nil, &ConfigError{Key: c.key("bind.ccache"), Problem: fmt.Sprintf("%s cannot be used", path), Err: err, Advice: "run kinit again"}
	}
	return krb, nil
}

// ccache is the path of the credentials cache.
func (c *Config) ccache() string {
	path := c.Bind.CCache
	if path == "" {
		path = os.Getenv("KRB5CCNAME")
	}
	if path == "" {
		path = fmt.Sprintf("/tmp/krb5cc_%d", os.Getuid())
	}
	return strings.TrimPrefix(path, "FILE:")
}

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
	if realm == "" && c.krb5ConfPath() == "" && net.ParseIP(server.host) == nil {
		_, realm, _ = strings.Cut(server.host, ".")
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

// krb5Conf loads krb5.conf, or makes one: the realm's KDC is the configured
// one, else what DNS names; a domain controller is one itself.
func (c *Config) krb5Conf(server serverAddr, realm string) (*config.Config, error) {
	if path := c.krb5ConfPath(); path != "" {
		conf, err := config.Load(path)
		if err != nil {
			return nil, &ConfigError{Key: c.key("bind.krb5_conf"), Problem: fmt.Sprintf("%s cannot be used", path), Err: err,
				Advice: "correct the file, or set bind.realm and bind.kdc instead"}
		}
		return conf, nil
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
