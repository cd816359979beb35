package config

import "adsync/proxy"

// setting is the proxy without its secret.
func (p *Proxy) setting() proxy.Setting {
	return proxy.Setting{URL: p.URL, Username: p.Username, NoProxy: p.NoProxy, LDAP: p.LDAP, Auth: p.Auth}
}
