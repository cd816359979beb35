package ldapsrc

import (
	"fmt"
	"os"
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
func (l *link) bindKerberos() (err error) {
	// gokrb5 panics on some malformed input, and what comes over the network
	// must not be able to end the program.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed keytab, ticket or answer: %v", r)
		}
	}()
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
	switch {
	case c.Bind.Keytab != "":
		return c.keytabClient(server)
	case c.Bind.Password != "":
		user, realm := c.principal(server)
		if user == "" {
			return nil, &ConfigError{Key: c.key("bind.username"), Problem: "is empty", Advice: "name the account whose password it is"}
		}
		conf, err := c.krb5Conf(server, realm)
		if err != nil {
			return nil, err
		}
		return client.NewWithPassword(user, realmOr(realm, conf), c.Bind.Password.Reveal(), conf, withoutFAST), nil
	}
	return c.ccacheClient(server)
}

// withoutFAST keeps gokrb5 from a probe that AD does not know (RFC 6806 11).
func withoutFAST(s *client.Settings) { client.DisablePAFXFAST(true)(s) }

func realmOr(realm string, conf *config.Config) string {
	if realm == "" {
		return conf.LibDefaults.DefaultRealm
	}
	return realm
}

// keytab reads the keytab, which gokrb5 may panic over where it is malformed.
func (c *Config) keytab() (kt *keytab.Keytab, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed keytab: %v", r)
		}
		if err != nil {
			err = &ConfigError{Key: c.key("bind.keytab"), Problem: "cannot be read", Err: err,
				Advice: "make one with: ktpass /princ user@REALM /crypto AES256-SHA1 /out adsync.keytab, or samba-tool domain exportkeytab"}
		}
	}()
	return keytab.Load(c.Bind.Keytab)
}

// keytabClient uses the keytab's first account unless one is named.
func (c *Config) keytabClient(server serverAddr) (*client.Client, error) {
	kt, err := c.keytab()
	if err != nil {
		return nil, err
	}
	user, realm := c.principal(server)
	if user == "" && len(kt.Entries) > 0 {
		user, realm = strings.Join(kt.Entries[0].Principal.Components, "/"), kt.Entries[0].Principal.Realm
	}
	conf, err := c.krb5Conf(server, realm)
	if err != nil {
		return nil, err
	}
	return client.NewWithKeytab(user, realmOr(realm, conf), kt, conf, withoutFAST), nil
}

// ccacheClient uses the tickets of kinit.
func (c *Config) ccacheClient(server serverAddr) (*client.Client, error) {
	path := c.ccache()
	if kind, _, ok := strings.Cut(path, ":"); ok && len(kind) > 1 && !strings.ContainsAny(kind, `/\\`) {
		return nil, &ConfigError{Key: c.key("bind.ccache"), Problem: fmt.Sprintf("a cache of the kind %s cannot be read", kind),
			Advice: "use a file: kinit -c FILE:/run/adsync.cc, or better a keytab"}
	}
	cache, err := credentials.LoadCCache(path)
	if err != nil {
		return nil, &ConfigError{Key: c.key("bind.ccache"), Problem: fmt.Sprintf("%s cannot be read", path), Err: err,
			Advice: "run kinit, or set bind.password or bind.keytab"}
	}
	conf, err := c.krb5Conf(server, cache.DefaultPrincipal.Realm)
	if err != nil {
		return nil, err
	}
	krb, err := client.NewFromCCache(cache, conf, withoutFAST)
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
