package config

import (
	"crypto/x509"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"adsync/ldapsrc"
	"adsync/proxy"
	"adsync/upload"
)

// SourceConfig is the source at an index as ldapsrc reads it, with its secret
// and with absolute paths. An LDIF file is the URL ldif:PATH.
func (f *File) SourceConfig(i int, secrets Secrets) ldapsrc.Config {
	s := &f.Sources[i]
	c := ldapsrc.Config{
		ID:       s.ID,
		Type:     ldapsrc.Type(s.Type),
		URLs:     s.URLs,
		Domain:   s.Domain,
		Forest:   s.Forest,
		Hosts:    s.Hosts,
		TLS:      f.sourceTLS(s.TLS),
		Insecure: s.Insecure,
		Users: ldapsrc.UserScope{Base: s.Users.Base, Filter: s.Users.Filter, MemberOf: s.Users.MemberOf,
			Include: s.Users.Include, Exclude: s.Users.Exclude, BuiltIn: s.Users.BuiltIn},
		Groups:      ldapsrc.GroupScope{Base: s.Groups.Base, Filter: s.Groups.Filter, Nested: s.Groups.Nested, Sync: s.Groups.Sync},
		Computers:   ldapsrc.ComputerScope{Sync: s.Computers.Sync, Base: s.Computers.Base, Filter: s.Computers.Filter},
		Timeout:     time.Duration(s.Timeout),
		AllowEmpty:  s.AllowEmpty,
		Expect:      ldapsrc.Expect{UsersAtLeast: s.Expect.UsersAtLeast, MustInclude: s.Expect.MustInclude},
		Attributes:  ldapsrc.Attributes(s.Attributes),
		Connections: s.Connections,
	}
	switch {
	case s.LDIF():
		c.URLs = []string{"ldif:" + f.Abs(strings.TrimPrefix(s.URL, "ldif:"))}
		return c
	case s.URL != "":
		c.URLs = []string{s.URL}
	}
	c.Bind = ldapsrc.Bind{
		Method:   s.Bind.Method,
		Username: s.Bind.Username,
		Password: ldapsrc.Secret(secrets[fmt.Sprintf("sources[%d].bind.password", i)].Reveal()),
		Keytab:   f.Abs(s.Bind.Keytab),
		CCache:   f.ccache(s.Bind.CCache),
		Realm:    s.Bind.Realm,
		KDC:      s.Bind.KDC,
		Krb5Conf: f.Abs(s.Bind.Krb5Conf),
		SPN:      s.Bind.SPN,
	}
	return c
}

func (f *File) sourceTLS(t TLS) ldapsrc.TLS {
	return ldapsrc.TLS{
		StartTLS:           t.StartTLS,
		CAFile:             f.Abs(t.CAFile),
		ServerName:         t.ServerName,
		CertFile:           f.Abs(t.CertFile),
		KeyFile:            f.Abs(t.KeyFile),
		PinSHA256:          t.pins(),
		InsecureSkipVerify: t.InsecureSkipVerify,
	}
}

// ccache is the path of a credential cache, which may be written with the
// type that Kerberos gives it.
func (f *File) ccache(name string) string {
	return f.Abs(strings.TrimPrefix(name, "FILE:"))
}

// Rules is the mapping for the sources of a type: what the file says, and the
// type's default for each kind that the file does not.
func (f *File) Rules(sourceType string) (upload.Mapping, error) {
	user, group, computer := plain(f.Mapping.User), plain(f.Mapping.Group), plain(f.Mapping.Computer)
	if user == nil {
		user = upload.DefaultUsers(sourceType)
		if f.Target.profile() == "entra-scim" {
			maps.Copy(user, upload.EntraUsers(sourceType))
		}
	}
	if group == nil {
		group = upload.DefaultGroups(sourceType)
	}
	if computer == nil {
		computer = upload.DefaultComputers()
	}
	var m upload.Mapping
	for _, part := range []struct {
		key   string
		kind  upload.Kind
		from  map[string][]string
		rules *[]upload.Rule
	}{
		{"mapping.user", upload.User, user, &m.User},
		{"mapping.group", upload.Group, group, &m.Group},
		{"mapping.computer", upload.Device, computer, &m.Device},
	} {
		rules, err := upload.CompileRules(part.kind, part.from)
		if err != nil {
			return upload.Mapping{}, fmt.Errorf("%s: %w", part.key, err)
		}
		*part.rules = rules
	}
	return m, nil
}

// UploadLimits are the limits as a plan takes them.
func (f *File) UploadLimits() upload.Limits {
	return upload.Limits{
		UserRemovals:        f.Limits.UserRemovals.Limit,
		GroupRemovals:       f.Limits.GroupRemovals.Limit,
		MemberRemovals:      f.Limits.MemberRemovals.Limit,
		GroupMemberRemovals: f.Limits.GroupMemberRemovals.Limit,
		AttributeRemovals:   upload.DefaultLimits().AttributeRemovals,
	}
}

// ProxySetting is the way out of the network, with its secret; the direct way
// where the file has no proxy. A ca_file that cannot be read is an error.
func (f *File) ProxySetting(secrets Secrets) (proxy.Setting, error) {
	if f.Proxy == nil {
		return proxy.Setting{}, nil
	}
	s := f.Proxy.setting()
	s.Password = secrets["proxy.password"].Reveal()
	if f.Proxy.CAFile != "" {
		pool, err := authorities(f.Abs(f.Proxy.CAFile))
		if err != nil {
			return proxy.Setting{}, fmt.Errorf("proxy.ca_file: %w", err)
		}
		s.RootCAs = pool
	}
	return s, nil
}

// setting is the proxy without its secret.
func (p *Proxy) setting() proxy.Setting {
	return proxy.Setting{URL: p.URL, Username: p.Username, NoProxy: p.NoProxy, LDAP: p.LDAP, Auth: p.Auth}
}

// authorities are the certificates of a PEM file.
func authorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}
