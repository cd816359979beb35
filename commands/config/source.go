package config

import "time"

// A Source is one directory: an Active Directory domain or forest, or an LDAP
// server. Exactly one of URL, URLs and Domain is set.
type Source struct {
	ID     string            `yaml:"id,always"`   // prefix of externalId; permanent
	Type   string            `yaml:"type,always"` // ad or ldap
	URL    string            `yaml:"url"`         // ldaps://, ldap:// or ldif:FILE
	URLs   Strings           `yaml:"urls"`        // tried in order
	Domain string            `yaml:"domain"`      // found through DNS SRV
	Forest bool              `yaml:"forest"`      // also every other domain of the forest
	Hosts  map[string]string `yaml:"hosts"`       // name to address, for machines without DNS
	TLS    TLS               `yaml:"tls"`
	Bind   Bind              `yaml:"bind"`
	// Insecure permits a password over a connection without encryption.
	Insecure bool `yaml:"insecure"`

	Users       Users            `yaml:"users"`
	Groups      Groups           `yaml:"groups"`
	Computers   Computers        `yaml:"computers"`
	Attributes  SourceAttributes `yaml:"attributes"`
	Timeout     Duration         `yaml:"timeout"`     // for each answer
	Connections int              `yaml:"connections"` // at a time, for each domain
	AllowEmpty  bool             `yaml:"allow_empty"` // a source without users is no error
	Expect      Expect           `yaml:"expect"`
}

// NewSource is a source with every default and no address.
func NewSource() Source {
	var s Source
	s.setDefaults()
	return s
}

func (s *Source) setDefaults() {
	s.Bind.Method = "simple"
	s.Groups.Nested = "flatten"
	s.Timeout = Duration(30 * time.Second)
	s.Connections = 3
}

// TLS says how a server proves who it is, and we to it.
type TLS struct {
	StartTLS           bool    `yaml:"starttls"`    // sources only: encrypt an ldap:// connection
	CAFile             string  `yaml:"ca_file"`     // PEM, instead of the system's authorities
	ServerName         string  `yaml:"server_name"` // the name in the certificate, instead of the URL's
	CertFile           string  `yaml:"cert_file"`   // our certificate, PEM
	KeyFile            string  `yaml:"key_file"`    // and its key, PEM
	PinSHA256          Strings `yaml:"pin_sha256"`  // SHA-256 of the certificate, hexadecimal
	InsecureSkipVerify bool    `yaml:"insecure_skip_verify"`
}

// Bind says as whom a directory is read.
type Bind struct {
	Method   string `yaml:"method,always"` // simple, kerberos, ntlm, external or anonymous
	Username string `yaml:"username"`
	Password Secret `yaml:"password"`
	Keytab   string `yaml:"keytab"` // the rest is for kerberos
	CCache   string `yaml:"ccache"`
	Realm    string `yaml:"realm"`
	KDC      string `yaml:"kdc"`
	Krb5Conf string `yaml:"krb5_conf"`
	SPN      string `yaml:"spn"`
}

// Users says which users are in scope.
type Users struct {
	Base     Strings `yaml:"base"`      // DNs; the whole domain when empty
	Filter   string  `yaml:"filter"`    // RFC 4515; added to the type's own
	MemberOf Strings `yaml:"member_of"` // only members of these groups, nested ones too
	Include  Strings `yaml:"include"`   // globs on the login: only these
	Exclude  Strings `yaml:"exclude"`   // globs on the login: not these
	BuiltIn  bool    `yaml:"built_in"`  // also built-in accounts
}

// Groups says which groups are in scope.
type Groups struct {
	Sync   bool    `yaml:"sync"`
	Base   Strings `yaml:"base"`
	Filter string  `yaml:"filter"`
	Nested string  `yaml:"nested"` // flatten or keep
}

// Computers says which computers are in scope.
type Computers struct {
	Sync   bool    `yaml:"sync"`
	Base   Strings `yaml:"base"`
	Filter string  `yaml:"filter"`
}

// SourceAttributes are the attributes the reader itself relies on, where they
// are not the type's own.
type SourceAttributes struct {
	Anchor  string `yaml:"anchor"`
	Login   string `yaml:"login"`
	Group   string `yaml:"group"`
	Member  string `yaml:"member"`
	Manager string `yaml:"manager"`
}

// Expect are canaries: a reading that does not meet them is incomplete.
type Expect struct {
	UsersAtLeast int     `yaml:"users_at_least"`
	MustInclude  Strings `yaml:"must_include"` // logins or mail addresses
}
