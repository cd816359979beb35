package config

import (
	"strings"
	"time"

	"adsync/upload"
	"adsync/upload/scim"
)

const defaultRequestTimeout = 60 * time.Second

// profiles are the names of the providers whose ways are known.
func profiles() []string {
	var names []string
	for _, p := range scim.Profiles() {
		names = append(names, p.Name)
	}
	return names
}

func (t *Target) check(r *reader, sources []string) {
	const key = "target"
	switch {
	case t.URL == "":
		r.missing(key+".url", "the SCIM base URL that the service shows, or file:DIR")
	case t.File():
		t.checkFile(r, key)
	default:
		u := r.url(key+".url", t.URL, "https", "http")
		if u != nil && u.Scheme == "http" && !loopback(u.Hostname()) {
			r.report(key+".url", "would send the token unencrypted", "use https://")
		}
		if u != nil && u.RawQuery != "" {
			r.report(key+".url", "holds a query (?), which a SCIM base URL has not", "")
		}
		t.Auth.check(r, key+".auth")
	}
	r.oneOf(key+".profile", t.Profile, "a profile", profiles()...)
	r.oneOf(key+".adopt", t.Adopt, "a rule", "userName", "never")
	if _, err := upload.NewMark(t.ExternalID, sources); err != nil && len(sources) > 0 && !r.failed(key+".external_id") {
		r.report(key+".external_id", err.Error(), "")
	}
	t.TLS.check(r, key+".tls")
	if t.TLS.StartTLS {
		r.report(key+".tls.starttls", "is for directories", "take it out")
	}
	r.atLeast(key+".page_size", t.PageSize, 0)
	r.atLeast(key+".width", t.Width, 0)
	r.atLeast(key+".members_per_request", t.MembersPerRequest, 0)
	for i, domain := range t.Domains {
		if !dnsName.MatchString(domain) {
			r.reportf(r.part(key+".domains", i), "%q is not a DNS domain", domain)
		}
	}
}

// File reports whether the target is a folder and not a service.
func (t *Target) File() bool { return strings.HasPrefix(t.URL, "file:") }

func (t *Target) checkFile(r *reader, key string) {
	if strings.TrimPrefix(strings.TrimPrefix(t.URL, "file:"), "//") == "" {
		r.report(key+".url", "names no folder", "write file:PATH")
	}
	for _, name := range []string{"auth", "tls"} {
		if at := key + "." + name; r.given(at) && !r.failed(at) {
			r.report(at, "has no meaning for a file target", "take it out")
		}
	}
}

func (a *Auth) check(r *reader, key string) {
	ways := 0
	for name, given := range map[string]bool{"bearer": !a.Bearer.IsZero(), "basic": a.Basic != nil, "oauth2": a.OAuth2 != nil, "none": a.None} {
		if given || r.failed(key+"."+name) {
			ways++
		}
	}
	switch {
	case ways == 0:
		r.missing(key, "write bearer, basic, oauth2 or none: true")
	case ways > 1:
		r.report(key, "names several ways to sign in", "keep one of bearer, basic, oauth2 and none")
	}
	if a.Basic != nil {
		if a.Basic.Username == "" {
			r.missing(key+".basic.username", "")
		} else if strings.Contains(a.Basic.Username, ":") {
			r.report(key+".basic.username", "holds a colon, which basic authentication cannot carry (RFC 7617)", "")
		}
		if a.Basic.Password.IsZero() {
			r.missing(key+".basic.password", "write "+secretForms)
		}
	}
	if a.OAuth2 != nil {
		a.OAuth2.check(r, key+".oauth2")
	}
}

func (o *OAuth2) check(r *reader, key string) {
	if o.TokenURL == "" {
		r.missing(key+".token_url", "")
	}
	if u := r.url(key+".token_url", o.TokenURL, "https", "http"); u != nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		r.report(key+".token_url", "would send the secret unencrypted", "use https://")
	}
	if o.ClientID == "" {
		r.missing(key+".client_id", "")
	}
	secret := !o.ClientSecret.IsZero() || r.failed(key+".client_secret")
	private := !o.PrivateKey.IsZero() || r.failed(key+".private_key")
	switch {
	case !secret && !private:
		r.missing(key+".client_secret", "or private_key; write "+secretForms)
	case secret && private:
		r.report(key, "names client_secret and private_key", "keep one of them")
	}
	if o.KeyID != "" && !private {
		r.report(key+".key_id", "is for private_key", "take it out")
	}
}
