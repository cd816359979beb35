package ldapsrc

import (
	"fmt"
	"net"
	"strings"
)

// permitted refuses, before anything is sent, a bind that cannot be what was
// meant: a secret over an open connection, an empty name or password (which
// servers take for anonymous, RFC 4513 5.1.2), a method without its means.
func (c *Config) permitted(server serverAddr) error {
	encrypted := server.scheme == "ldaps" || c.TLS.StartTLS
	method := c.bindMethod()
	switch method {
	case Simple, NTLM:
		if c.Bind.Username == "" {
			return &ConfigError{Key: c.key("bind.username"), Problem: "is empty",
				Advice: "name the account to read with, or set bind.method to anonymous if the directory is really open to all"}
		}
		if c.Bind.Password == "" {
			return &ConfigError{Key: c.key("bind.password"), Problem: "is empty",
				Advice: "a server takes an empty password for an anonymous bind; give the account's password"}
		}
		if !encrypted && !c.Insecure && !loopback(server.dial) {
			return &ConfigError{Key: c.key("url"), Problem: fmt.Sprintf("%s would send the password unencrypted", server),
				Advice: "use ldaps://, or set tls.starttls, or bind.method kerberos; insecure: true permits it"}
		}
	case External:
		if c.TLS.CertFile == "" {
			return &ConfigError{Key: c.key("tls.cert_file"), Problem: "is empty, but bind.method is external",
				Advice: "give the client certificate in cert_file and its key in key_file"}
		}
		if !encrypted {
			return &ConfigError{Key: c.key("url"), Problem: fmt.Sprintf("%s has no TLS, which bind.method external needs", server),
				Advice: "use ldaps:// or set tls.starttls"}
		}
	case Kerberos, Anonymous:
	default:
		return &ConfigError{Key: c.key("bind.method"), Problem: fmt.Sprintf("%q is not a method", method),
			Advice: "it is one of simple, kerberos, ntlm, external, anonymous"}
	}
	if c.TLS.StartTLS && server.scheme == "ldaps" {
		return &ConfigError{Key: c.key("tls.starttls"), Problem: "is set for " + server.String() + ", which is encrypted from the start",
			Advice: "use starttls with ldap:// only"}
	}
	return nil
}

// exposures are the protections that the configuration gives up, one sentence
// each, to be said on every run.
func (c *Config) exposures(server serverAddr) []string {
	var list []string
	encrypted := server.scheme == "ldaps" || c.TLS.StartTLS
	if encrypted && c.TLS.InsecureSkipVerify && len(c.TLS.PinSHA256) == 0 {
		list = append(list, "insecure_skip_verify: the server's certificate is not checked, anyone can pose as the server")
	}
	if m := c.bindMethod(); !encrypted && !loopback(server.dial) && (m == Simple || m == NTLM) {
		list = append(list, "insecure: the password and all that is read go over the network unencrypted")
	}
	return list
}

func (c *Config) bindMethod() string {
	if c.Bind.Method == "" {
		return Simple
	}
	return strings.ToLower(c.Bind.Method)
}

// loopback reports whether an address cannot leave the machine.
func loopback(address string) bool {
	host, _ := splitPort(address, "")
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// bind proves who we are, by the configured method.
func (l *link) bind() error {
	var err error
	switch l.cfg.bindMethod() {
	case Simple:
		l.as = l.cfg.Bind.Username
		err = l.ldap.Bind(l.cfg.Bind.Username, l.cfg.Bind.Password.Reveal())
	case Anonymous:
		l.as = "anonymous"
		err = l.ldap.UnauthenticatedBind("")
	case Kerberos:
		l.as = l.cfg.Bind.Username
		err = l.bindKerberos()
	case NTLM:
		l.as = l.cfg.Bind.Username
		err = l.bindNTLM()
	case External:
		l.as = "the client certificate"
		err = l.ldap.ExternalBind()
	}
	if err != nil {
		return l.bindError(err)
	}
	return nil
}
