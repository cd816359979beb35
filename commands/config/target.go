package config

import (
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"adsync/upload/scim"
)

// A Target is the SCIM service provider.
type Target struct {
	URL        string `yaml:"url"`     // https://, http:// on loopback, or file:DIR
	Profile    string `yaml:"profile"` // what the provider does differently; guessed from the URL when empty
	Auth       Auth   `yaml:"auth"`
	TLS        TLS    `yaml:"tls"`
	ExternalID string `yaml:"external_id"` // template of the ownership mark
	Adopt      string `yaml:"adopt"`       // userName or never

	// What the profile says, overridden; zero leaves it to the profile.
	PageSize          int     `yaml:"page_size"`
	Width             int     `yaml:"width"` // requests at once
	MembersPerRequest int     `yaml:"members_per_request"`
	Bulk              *bool   `yaml:"bulk"`
	Domains           Strings `yaml:"domains"` // verified domains of userName
	Devices           string  `yaml:"devices"` // the resource type that takes computers

	Timeout Duration `yaml:"timeout"` // for each request
	// OutcomeWait is how long entra-bulk waits for the provisioning log.
	OutcomeWait Duration `yaml:"outcome_wait"`
}

// NewTarget is a target with every default and no address.
func NewTarget() *Target {
	t := new(Target)
	t.setDefaults()
	return t
}

// Auth says how to sign in at the target. Exactly one of the fields is set.
type Auth struct {
	Bearer Secret  `yaml:"bearer"`
	Basic  *Basic  `yaml:"basic"`
	OAuth2 *OAuth2 `yaml:"oauth2"`
	None   bool    `yaml:"none"`
}

// Basic is a user name and a password (RFC 7617).
type Basic struct {
	Username string `yaml:"username"`
	Password Secret `yaml:"password"`
}

// OAuth2 is the client credentials grant (RFC 6749 4.4), the client proved by
// a secret or by a signed assertion (RFC 7523).
type OAuth2 struct {
	TokenURL     string  `yaml:"token_url"`
	ClientID     string  `yaml:"client_id"`
	ClientSecret Secret  `yaml:"client_secret"`
	PrivateKey   Secret  `yaml:"private_key"` // PEM
	KeyID        string  `yaml:"key_id"`      // kid of the private key
	Scopes       Strings `yaml:"scopes"`
	Audience     string  `yaml:"audience"`
}

// An Endpoint is a URL that is called; where the URL itself is the secret, as
// with chat webhooks, it is kept like one.
type Endpoint struct {
	URL    string
	Secret Secret
}

// IsZero reports whether there is nothing to call.
func (e Endpoint) IsZero() bool { return e.URL == "" && e.Secret.IsZero() }

func (e *Endpoint) readNode(r *reader, n *yaml.Node, key string) {
	if n.Kind == yaml.MappingNode {
		e.Secret.readNode(r, n, key)
		return
	}
	if text, ok := r.text(n, key); ok {
		e.URL = text
	}
}

func (e Endpoint) node() *yaml.Node {
	if e.URL != "" {
		return textNode(e.URL)
	}
	return e.Secret.node()
}

func (t *Target) setDefaults() {
	t.ExternalID = "{source}:{anchor}"
	t.Adopt = "userName"
	t.Timeout = Duration(defaultRequestTimeout)
	t.OutcomeWait = Duration(15 * time.Minute)
}

// Folder is the absolute path of a file target.
func (f *File) Folder() string {
	return f.Abs(strings.TrimPrefix(strings.TrimPrefix(f.Target.URL, "file:"), "//"))
}

// profile is the name of the profile that is used: as configured, or as the
// URL tells it.
func (t *Target) profile() string {
	if t == nil {
		return ""
	}
	if t.Profile != "" {
		return t.Profile
	}
	return scim.GuessProfile(t.URL)
}
