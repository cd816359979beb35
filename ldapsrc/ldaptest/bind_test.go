package ldaptest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

func clientTLS(t testing.TB, srv *Server) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(srv.CACertPEM()) {
		t.Fatal("no CA certificate")
	}
	return &tls.Config{RootCAs: pool, ServerName: srv.Host()}
}

func TestBindOfAD(t *testing.T) {
	srv := serveCompany(t, Options{})
	d := srv.Directory()
	for sam, change := range map[string]Mod{
		"disabled": Replace("userAccountControl", "514"), "expired": Replace("accountExpires", "1"), "locked": Replace("lockoutTime", "133000000000000000"),
		"stale": Replace("userAccountControl", "8389120"), "fresh": Replace("pwdLastSet", "0"), "good": Replace("title", "x"),
	} {
		dn := "CN=" + sam + ",OU=People," + suffix
		if err := d.Add(dn, map[string][]string{"objectClass": {"user"}, "sAMAccountName": {sam}}); err != nil {
			t.Fatal(err)
		}
		if err := d.Modify(dn, change); err != nil {
			t.Fatal(err)
		}
		if err := d.SetPassword(dn, "pass"); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ name, user, password, want string }{
		{"by DN", "cn=good, ou=People," + suffix, "pass", ""},
		{"by principal name", "reader@EXAMPLE.com", password, ""},
		{"by name and DNS domain", "good@example.com", "pass", ""},
		{"by name and NETBIOS domain", `example\GOOD`, "pass", ""},
		{"by a bare name it is refused", "good", "pass", "data 525"},
		{"by another domain it is refused", `OTHER\good`, "pass", "data 525"},
		{"a wrong password", `EXAMPLE\good`, "Pass", "data 52e"},
		{"an unknown user", "nobody@example.com", "pass", "data 525"},
		{"a disabled account", `EXAMPLE\disabled`, "pass", "data 533"},
		{"a disabled account is not told to others", `EXAMPLE\disabled`, "x", "data 52e"},
		{"an expired account", `EXAMPLE\expired`, "pass", "data 701"},
		{"a locked account", `EXAMPLE\locked`, "pass", "data 775"},
		{"an expired password", `EXAMPLE\stale`, "pass", "data 532"},
		{"a password to be changed", `EXAMPLE\fresh`, "pass", "data 773"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := dial(t, srv.URL()).Bind(test.user, test.password)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want+",")) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	t.Run("AD shows an unbound client the rootDSE only", func(t *testing.T) {
		c := dial(t, serveCompany(t, Options{}).URL())
		if _, err := c.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", nil, nil)); err != nil {
			t.Error(err)
		}
		if _, err := c.Search(subtree("(cn=*)")); !ldap.IsErrorWithCode(err, ldap.LDAPResultOperationsError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a failed bind takes the earlier one away", func(t *testing.T) {
		c := bound(t, serveCompany(t, Options{}))
		_ = c.Bind(reader, "wrong")
		if _, err := c.Search(subtree("(cn=*)")); !ldap.IsErrorWithCode(err, ldap.LDAPResultOperationsError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("where TLS is required, a password in the clear is refused", func(t *testing.T) {
		srv := serveCompany(t, Options{RequireTLS: true})
		c := dial(t, srv.URL())
		if err := c.Bind(reader, password); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
			t.Errorf("got %v", err)
		}
		if err := c.StartTLS(clientTLS(t, srv)); err != nil {
			t.Fatal(err)
		}
		if err := c.Bind(reader, password); err != nil {
			t.Error(err)
		}
		if err := c.StartTLS(clientTLS(t, srv)); err == nil {
			t.Error("a second StartTLS was taken")
		}
	})
	t.Run("LDAPS names the server in its certificate", func(t *testing.T) {
		srv := serveCompany(t, Options{})
		for _, name := range []string{"dc1.example.com", "example.com", "localhost", "127.0.0.1", "::1"} {
			config := clientTLS(t, srv)
			config.ServerName = name
			c, err := ldap.DialURL(srv.LDAPSURL(), ldap.DialWithTLSConfig(config))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_ = c.Close()
		}
	})
	t.Run("EXTERNAL takes the name from the client certificate", func(t *testing.T) {
		srv := serve(t, NewDirectory(OpenLDAP, suffix), "", Options{})
		certPEM, keyPEM, err := srv.Authority().ClientCertificate(pkix.Name{CommonName: "sync", Organization: []string{"Example"}})
		if err != nil {
			t.Fatal(err)
		}
		config := clientTLS(t, srv)
		pair, err := tls.X509KeyPair(certPEM, keyPEM)
		if err != nil {
			t.Fatal(err)
		}
		if err := dial(t, srv.URL()).ExternalBind(); !ldap.IsErrorWithCode(err, ldap.LDAPResultInappropriateAuthentication) {
			t.Errorf("without a certificate: %v", err)
		}
		config.Certificates = []tls.Certificate{pair}
		c, err := ldap.DialURL(srv.LDAPSURL(), ldap.DialWithTLSConfig(config))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.ExternalBind(); err != nil {
			t.Fatal(err)
		}
		who, err := c.WhoAmI(nil)
		if err != nil || who.AuthzID != "dn:CN=sync,O=Example" {
			t.Errorf("got %+v, %v", who, err)
		}
	})
	t.Run("NTLM proves the password without sending it", func(t *testing.T) {
		srv := serveCompany(t, Options{})
		c := dial(t, srv.URL())
		if err := c.NTLMBind("EXAMPLE", "reader", password); err != nil {
			t.Fatal(err)
		}
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:EXAMPLE\reader` {
			t.Errorf("got %+v, %v", who, err)
		}
		if err := c.NTLMBind("EXAMPLE", "reader", "wrong"); err == nil || !strings.Contains(err.Error(), "data 52e") {
			t.Errorf("a wrong password: %v", err)
		}
		if err := c.NTLMBind("EXAMPLE", "nobody", "wrong"); err == nil || !strings.Contains(err.Error(), "data 525") {
			t.Errorf("an unknown user: %v", err)
		}
	})
	t.Run("OpenLDAP", func(t *testing.T) {
		d := NewDirectory(OpenLDAP, suffix)
		must(t, d.SetPassword("cn=admin,"+suffix, "pass"))
		srv := serve(t, d, "", Options{RequireTLS: true})
		plain := dial(t, srv.URL())
		secured, err := ldap.DialURL(srv.LDAPSURL(), ldap.DialWithTLSConfig(clientTLS(t, srv)))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = secured.Close() }()
		for _, test := range []struct {
			name string
			err  error
			want uint16
		}{
			{"a password in the clear", plain.Bind("cn=admin,"+suffix, "pass"), ldap.LDAPResultConfidentialityRequired},
			{"a name without password", secured.UnauthenticatedBind("cn=admin," + suffix), ldap.LDAPResultUnwillingToPerform},
			{"a wrong password", secured.Bind("cn=admin,"+suffix, "x"), ldap.LDAPResultInvalidCredentials},
			{"an unknown name", secured.Bind("cn=other,"+suffix, "pass"), ldap.LDAPResultInvalidCredentials},
			{"no name", secured.Bind("admin", "pass"), ldap.LDAPResultInvalidDNSyntax},
			{"NTLM", secured.NTLMBind("EXAMPLE", "admin", "pass"), ldap.LDAPResultAuthMethodNotSupported},
		} {
			if !ldap.IsErrorWithCode(test.err, test.want) {
				t.Errorf("%s: got %v", test.name, test.err)
			}
		}
		if err := secured.UnauthenticatedBind(""); err != nil {
			t.Errorf("anonymous: %v", err)
		}
		if _, err := secured.Search(subtree("(objectClass=*)")); !ldap.IsErrorWithCode(err, ldap.LDAPResultStrongAuthRequired) {
			t.Errorf("an anonymous search: %v", err)
		}
		if err := secured.Bind("CN=Admin, "+suffix, "pass"); err != nil {
			t.Error(err)
		}
		if who, err := secured.WhoAmI(nil); err != nil || who.AuthzID != "dn:CN=Admin, "+suffix {
			t.Errorf("got %+v, %v", who, err)
		}
	})
	t.Run("other mechanisms are refused", func(t *testing.T) {
		if err := dial(t, serveCompany(t, Options{}).URL()).MD5Bind("localhost", "reader", "x"); err == nil {
			t.Error("got no error")
		}
	})
}
