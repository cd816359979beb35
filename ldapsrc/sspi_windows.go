package ldapsrc

import (
	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"
)

const runningAccountNeedsTLS = true

// bindRunningAccount binds as the account the program runs under, which may be
// a group managed service account without any password to configure. The
// SSPI client knows no security layer, so the connection must be TLS.
func (l *link) bindRunningAccount() (done bool, err error) {
	if l.tls == nil {
		return true, &ConfigError{Key: l.cfg.key("url"), Problem: l.server.String() + " has no TLS, which the running account needs",
			Advice: "use ldaps:// or set tls.starttls; with bind.keytab or bind.password the connection is sealed by Kerberos instead"}
	}
	l.as = "the running account"
	sspi, err := gssapi.NewSSPIClientWithChannelBinding(l.tls.ConnectionState().PeerCertificates[0])
	if err != nil {
		return true, err
	}
	defer sspi.Close()
	return true, l.ldap.GSSAPIBindRequest(sspi, &ldap.GSSAPIBindRequest{ServicePrincipalName: l.spn()})
}
