package config

import (
	"cmp"
	"time"

	"adsync/upload/scim"
)

// TargetConfig is the service as upload/scim takes it, with its secrets. It is
// not for a file target (see Target.File) or a configuration without target.
func (f *File) TargetConfig(secrets Secrets) scim.Config {
	t := f.Target
	secret := func(key string) scim.Secret { return scim.Secret(secrets["target.auth."+key].Reveal()) }
	c := scim.Config{
		URL:             t.URL,
		Profile:         t.Profile,
		Auth:            scim.Auth{Bearer: secret("bearer")},
		DevicesResource: cmp.Or(f.Mapping.ComputerType, t.Devices),
		Overrides: scim.ProfileOverrides{
			PageSize:      t.PageSize,
			AddMembers:    t.MembersPerRequest,
			RemoveMembers: t.MembersPerRequest,
			Width:         t.Width,
			Timeout:       time.Duration(t.Timeout),
		},
		OutcomeWait: time.Duration(t.OutcomeWait),
	}
	if t.Bulk != nil {
		c.Overrides.Bulk = scim.Off
		if *t.Bulk {
			c.Overrides.Bulk = scim.On
		}
	}
	if basic := t.Auth.Basic; basic != nil {
		c.Auth.Basic = &scim.Basic{Username: basic.Username, Password: secret("basic.password")}
	}
	if o := t.Auth.OAuth2; o != nil {
		c.Auth.OAuth2 = &scim.OAuth2{
			TokenURL:     o.TokenURL,
			ClientID:     o.ClientID,
			ClientSecret: secret("oauth2.client_secret"),
			PrivateKey:   secret("oauth2.private_key"),
			KeyID:        o.KeyID,
			Scopes:       o.Scopes,
			Audience:     o.Audience,
		}
	}
	return c
}
