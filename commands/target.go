package commands

import (
	"fmt"
	"time"

	"adsync/commands/config"
	"adsync/upload/scim"
)

// openTarget makes the target that the configuration names.
func (r *run) openTarget() error {
	t := r.file.Target
	wrong := func(err error) error {
		return usage(fmt.Errorf("%s: target: %w", r.file.Path, err), hintOf(err))
	}
	trust, err := r.file.TargetTLS()
	if err != nil {
		return wrong(err)
	}
	r.target, err = scim.New(scimConfig(t, r.secrets), scim.Env{
		Transport: r.proxy.Transport(trust), Log: r.log, Now: r.env.Now,
	})
	if err != nil {
		return wrong(err)
	}
	return nil
}

// scimConfig is the target as the SCIM client takes it, with its secrets.
func scimConfig(t *config.Target, secrets config.Secrets) scim.Config {
	secret := func(key string) scim.Secret { return scim.Secret(secrets["target.auth."+key].Reveal()) }
	c := scim.Config{
		URL: t.URL, Profile: t.Profile, DevicesResource: t.Devices, UserAgent: "adsync/" + version(),
		Overrides: scim.ProfileOverrides{
			PageSize: t.PageSize, AddMembers: t.MembersPerRequest, RemoveMembers: t.MembersPerRequest,
			Width: t.Width, Timeout: time.Duration(t.Timeout),
		},
	}
	if t.Bulk != nil {
		c.Overrides.Bulk = scim.Off
		if *t.Bulk {
			c.Overrides.Bulk = scim.On
		}
	}
	switch a := t.Auth; {
	case !a.Bearer.IsZero():
		c.Auth.Bearer = secret("bearer")
	case a.Basic != nil:
		c.Auth.Basic = &scim.Basic{Username: a.Basic.Username, Password: secret("basic.password")}
	case a.OAuth2 != nil:
		c.Auth.OAuth2 = &scim.OAuth2{
			TokenURL: a.OAuth2.TokenURL, ClientID: a.OAuth2.ClientID, ClientSecret: secret("oauth2.client_secret"),
			PrivateKey: secret("oauth2.private_key"), KeyID: a.OAuth2.KeyID, Scopes: a.OAuth2.Scopes, Audience: a.OAuth2.Audience,
		}
	}
	return c
}
