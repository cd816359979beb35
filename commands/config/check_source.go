package config

import (
	"net"
	"regexp"
	"strings"

	"adsync/ldapsrc"
)

var (
	sourceID  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	dnsName   = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)
	attribute = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)(;[A-Za-z0-9-]+)*$`)
)

func (s *Source) check(r *reader, key string) {
	switch {
	case s.ID == "":
		r.missing(key+".id", "a short name that never changes: it is the prefix of every externalId")
	case !sourceID.MatchString(s.ID):
		r.reportf(key+".id", "%q is not an id (1 to 32 lower-case letters, digits and hyphens)", s.ID)
	}
	if s.Type == "" {
		r.missing(key+".type", "ad or ldap")
	}
	r.oneOf(key+".type", s.Type, "a type", "ad", "ldap")
	s.checkAddress(r, key)
	s.checkScope(r, key)
	s.TLS.check(r, key+".tls")
	if s.Forest && s.Type == "ldap" {
		r.report(key+".forest", "an LDAP server has no forest", "it is for type: ad")
	}
	for name, address := range s.Hosts {
		at := join(key+".hosts", name)
		host := address
		if h, _, err := net.SplitHostPort(address); err == nil {
			host = h
		}
		if net.ParseIP(strings.Trim(host, "[]")) == nil && !r.failed(at) {
			r.reportf(at, "%q is not an IP address", address)
		}
	}
	r.atLeast(key+".connections", s.Connections, 1)
	r.atLeast(key+".expect.users_at_least", s.Expect.UsersAtLeast, 0)
	for name, value := range map[string]string{"anchor": s.Attributes.Anchor, "login": s.Attributes.Login, "group": s.Attributes.Group,
		"member": s.Attributes.Member, "manager": s.Attributes.Manager} {
		if at := key + ".attributes." + name; value != "" && !attribute.MatchString(value) && !r.failed(at) {
			r.reportf(at, "%q is not the name of an attribute", value)
		}
	}
}

// checkAddress looks at where the directory is, and what may be said to it.
func (s *Source) checkAddress(r *reader, key string) {
	ways, broken := 0, false
	for name, given := range map[string]bool{"url": s.URL != "", "urls": len(s.URLs) > 0, "domain": s.Domain != ""} {
		broken = broken || r.failed(key+"."+name)
		if given {
			ways++
		}
	}
	switch {
	case broken:
	case ways == 0:
		r.missing(key+".url", "write url, urls or domain")
	case ways > 1:
		r.report(key, "names the directory several times", "keep one of url, urls and domain")
	}
	if s.Domain != "" && !dnsName.MatchString(s.Domain) && !r.failed(key+".domain") {
		r.reportf(key+".domain", "%q is not a DNS domain", s.Domain)
	}
	if s.LDIF() {
		s.checkLDIF(r, key)
		return
	}
	if s.URL != "" {
		s.checkURL(r, key, key+".url", s.URL)
	}
	for i, text := range s.URLs {
		s.checkURL(r, key, r.part(key+".urls", i), text)
	}
	s.Bind.check(r, key+".bind", &s.TLS)
}

// LDIF reports whether the source is a file and not a server.
func (s *Source) LDIF() bool { return strings.HasPrefix(s.URL, "ldif:") }

func (s *Source) checkLDIF(r *reader, key string) {
	if strings.TrimPrefix(s.URL, "ldif:") == "" {
		r.report(key+".url", "names no file", "write ldif:PATH")
	}
	for _, name := range []string{"bind", "tls", "forest", "hosts"} {
		if at := key + "." + name; r.given(at) && !r.failed(at) {
			r.report(at, "has no meaning for an LDIF file", "take it out")
		}
	}
}

func (s *Source) checkURL(r *reader, key, at, text string) {
	if strings.HasPrefix(text, "ldif:") {
		r.report(at, "an LDIF file stands alone", "write it as url")
		return
	}
	u := r.url(at, text, "ldaps", "ldap")
	switch {
	case u == nil:
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		r.report(at, "holds more than a host and a port", "bases and filters are written below users and groups")
	case u.Scheme == "ldaps" && s.TLS.StartTLS:
		r.report(key+".tls.starttls", "is for ldap://, and the URL is ldaps://", "take one of them out")
	case u.Scheme == "ldap" && !s.TLS.StartTLS:
		s.checkPlain(r, at, u.Hostname())
	}
}

// checkPlain looks at what would be said over a connection without TLS.
func (s *Source) checkPlain(r *reader, at, host string) {
	switch s.Bind.Method {
	case "simple", "ntlm":
		if !s.Insecure && !loopback(host) {
			r.report(at, "would send the password unencrypted", "use ldaps://, tls.starttls: true or, where nothing else works, insecure: true")
		}
	case "external":
		r.report(at, "has no TLS, in which method external shows its certificate", "use ldaps:// or tls.starttls: true")
	}
}

func (s *Source) checkScope(r *reader, key string) {
	r.distinguishedNames(key+".users.base", s.Users.Base)
	r.filter(key+".users.filter", s.Users.Filter)
	for i, name := range s.Users.MemberOf {
		// A group may be given by its name; what looks like a DN must be one.
		if strings.Contains(name, "=") {
			r.distinguishedNames(r.part(key+".users.member_of", i), Strings{name})
		}
	}
	r.globs(key+".users.include", s.Users.Include)
	r.globs(key+".users.exclude", s.Users.Exclude)
	r.distinguishedNames(key+".groups.base", s.Groups.Base)
	r.filter(key+".groups.filter", s.Groups.Filter)
	r.oneOf(key+".groups.nested", s.Groups.Nested, "a way to treat nested groups", "flatten", "keep")
	r.distinguishedNames(key+".computers.base", s.Computers.Base)
	r.filter(key+".computers.filter", s.Computers.Filter)
}

func (b *Bind) check(r *reader, key string, tls *TLS) {
	r.oneOf(key+".method", b.Method, "a method", "simple", "kerberos", "ntlm", "external", "anonymous")
	password := !b.Password.IsZero() || r.failed(key+".password")
	switch b.Method {
	case "simple", "ntlm":
		if b.Username == "" {
			r.missing(key+".username", "an empty name would be an anonymous bind")
		}
		if !password {
			r.missing(key+".password", "write "+secretForms)
		}
	case "external":
		if tls.CertFile == "" {
			r.missing(parent(key)+".tls.cert_file", "method external signs in with a certificate")
		}
	case "kerberos":
		b.checkKerberos(r, key, password)
	}
	if (b.Method == "external" || b.Method == "anonymous") && password {
		r.reportf(key+".password", "method %s takes no password", b.Method)
	}
	if b.Method == "anonymous" && b.Username != "" {
		r.report(key+".username", "method anonymous takes no name", "")
	}
	for name, value := range map[string]string{"keytab": b.Keytab, "ccache": b.CCache, "realm": b.Realm, "kdc": b.KDC, "krb5_conf": b.Krb5Conf, "spn": b.SPN} {
		if value != "" && b.Method != "kerberos" && !r.failed(key+".method") {
			r.reportf(key+"."+name, "is for method kerberos, and the method is %s", b.Method)
		}
	}
}

func (b *Bind) checkKerberos(r *reader, key string, password bool) {
	secrets := 0
	for _, given := range []bool{password, b.Keytab != "", b.CCache != ""} {
		if given {
			secrets++
		}
	}
	if secrets > 1 {
		r.report(key, "names several of password, keytab and ccache", "keep one of them")
	}
	if (password || b.Keytab != "") && b.Username == "" {
		r.missing(key+".username", "the principal that the password or keytab belongs to")
	}
	if b.KDC != "" && b.Realm == "" {
		r.missing(key+".realm", "kdc wants it")
	}
	if b.Krb5Conf != "" && (b.Realm != "" || b.KDC != "") {
		r.report(key+".krb5_conf", "stands beside realm or kdc", "the file says both: keep one of the ways")
	}
}

func (t *TLS) check(r *reader, key string) {
	if (t.CertFile == "") != (t.KeyFile == "") {
		if t.KeyFile == "" {
			r.missing(key+".key_file", "cert_file wants it")
		} else {
			r.missing(key+".cert_file", "key_file wants it")
		}
	}
	for i, text := range t.PinSHA256 {
		if at := r.part(key+".pin_sha256", i); !r.failed(at) {
			if _, ok := ldapsrc.ParsePin(text); !ok {
				r.reportf(at, "%q is not a SHA-256 (64 hexadecimal digits, or base64)", text)
			}
		}
	}
	if t.InsecureSkipVerify && (t.CAFile != "" || len(t.PinSHA256) > 0) {
		r.report(key+".insecure_skip_verify", "would pass over ca_file and pin_sha256", "take it out")
	}
}
