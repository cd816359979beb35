package ldapsrc

import (
	"context"
	"log/slog"
	"net"
	"time"
)

// Type says what kind of directory a source is.
type Type string

// The types of a source.
const (
	AD   Type = "ad"   // Active Directory (MS-ADTS): forests, objectGUID, userAccountControl
	LDAP Type = "ldap" // any other LDAPv3 server (RFC 4510): entryUUID and the like
)

// Config says how to reach and read one source. Its fields follow the keys
// below "sources" in the configuration file; the zero value of every field but
// ID, Type, the address and the bind is a usable default.
type Config struct {
	ID   string // prefix of externalId; permanent
	Type Type

	// URLs are tried in order: ldap://, ldaps://, with or without a port.
	// Without any, Domain is looked up in DNS (SRV records).
	URLs   []string
	Domain string
	Forest bool // AD: also every other domain of the same forest

	// Hosts gives addresses for domain or host names, in any case, on machines
	// without DNS: "dc1.corp.example.com" -> "192.0.2.10" or "192.0.2.10:636".
	// Certificates and Kerberos go by the name all the same.
	Hosts map[string]string

	TLS  TLS
	Bind Bind
	// Insecure permits a password over a connection without encryption, and is
	// said on every run.
	Insecure bool

	Users     UserScope
	Groups    GroupScope
	Computers ComputerScope

	Timeout     time.Duration // for each answer of the server; 30 s when zero
	AllowEmpty  bool          // a source without users is complete
	Expect      Expect
	Attributes  Attributes
	Connections int // at a time, with the server of each domain; 3 when zero: users, groups and computers
}

// TLS says how a server proves who it is, and we to it.
type TLS struct {
	StartTLS           bool     // encrypt an ldap:// connection before anything else is said
	CAFile             string   // PEM; instead of the system's roots
	ServerName         string   // the name the certificate must have, instead of the URL's
	CertFile, KeyFile  string   // PEM client certificate, for EXTERNAL
	PinSHA256          []string // of the certificate or its public key, as ParsePin reads it; instead of an authority
	InsecureSkipVerify bool     // any certificate will do, unless PinSHA256 is set; said on every run
}

// Methods of a bind.
const (
	Simple    = "simple"    // a name and a password (RFC 4513 5.1)
	Kerberos  = "kerberos"  // SASL GSSAPI (RFC 4752)
	NTLM      = "ntlm"      // MS-ADTS 5.1.1.1.3
	External  = "external"  // SASL EXTERNAL with the client certificate (RFC 4422 A)
	Anonymous = "anonymous" // RFC 4513 5.1.1
)

// Bind says as whom to read. An empty Method is Simple.
type Bind struct {
	Method   string
	Username string
	Password Secret

	// Kerberos only. With neither password, Keytab nor CCache the running
	// account is used on Windows (SSPI), the default cache (KRB5CCNAME)
	// elsewhere.
	Keytab, CCache string
	Realm, KDC     string // instead of a krb5.conf
	Krb5Conf       string // default: KRB5_CONFIG, /etc/krb5.conf, or made from Realm and KDC
	SPN            string // default: ldap/<host of the URL>
}

// UserScope says which users are in scope.
type UserScope struct {
	Base     []string // DNs; default: the whole domain
	Filter   string   // added to the type's own filter (RFC 4515)
	MemberOf []string // group DNs or names: only their members, nested ones too
	Include  []string // globs on the login: only these
	Exclude  []string // globs on the login: not these
	BuiltIn  bool     // also built-in accounts (isCriticalSystemObject)
}

// How member groups of a group are shown.
const (
	Flatten = "flatten" // the members of member groups become members; the default
	Keep    = "keep"    // member groups stay members
)

// GroupScope says which groups are in scope.
type GroupScope struct {
	Base   []string // DNs; default: the whole domain
	Filter string   // added to the type's own filter (RFC 4515)
	Nested string   // Flatten or Keep
	Sync   bool     // read groups at all
}

// ComputerScope says which computers are in scope.
type ComputerScope struct {
	Sync   bool     // read computers at all
	Base   []string // DNs; default: the whole domain
	Filter string   // added to the type's own filter (RFC 4515)
}

// Expect are canaries: a reading that does not meet them is incomplete.
type Expect struct {
	UsersAtLeast int
	MustInclude  []string // logins, userPrincipalNames or mail addresses
}

// Attributes names the attributes that the reader itself relies on, where they
// differ from the type's own. An empty one is the type's default.
type Attributes struct {
	Anchor  string // objectGUID; entryUUID, nsUniqueId, ipaUniqueID
	Login   string // sAMAccountName; uid
	Group   string // the login of a group: sAMAccountName; cn
	Member  string // member; member, uniqueMember, memberUid
	Manager string // manager
}

// A ContextDialer opens connections; *net.Dialer is one.
type ContextDialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// A Resolver finds servers in DNS; *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Env is what a source takes from the world around it. The zero value of each
// field has a default: direct connections, the system's resolver, no log.
type Env struct {
	Dialer   ContextDialer
	Resolver Resolver
	Log      *slog.Logger
	Now      func() time.Time
	// Progress is told how many entries of a kind ("users", "groups") have been
	// read so far. It must be quick, and safe to call from several goroutines.
	Progress func(what string, read int)
}

const defaultTimeout = 30 * time.Second

func (c *Config) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return defaultTimeout
}

func (e *Env) dialer() ContextDialer {
	if e == nil || e.Dialer == nil {
		return new(net.Dialer)
	}
	return e.Dialer
}

func (e *Env) resolver() Resolver {
	if e == nil || e.Resolver == nil {
		return net.DefaultResolver
	}
	return e.Resolver
}

func (e *Env) log() *slog.Logger {
	if e == nil || e.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return e.Log
}

func (e *Env) now() time.Time {
	if e == nil || e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e *Env) progress(what string, read int) {
	if e != nil && e.Progress != nil {
		e.Progress(what, read)
	}
}
