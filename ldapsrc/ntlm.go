package ldapsrc

import "strings"

// bindNTLM binds with NTLM (MS-ADTS 5.1.1.1.3). There is no channel binding
// and no signing: a domain controller that demands either refuses, and
// bindError says so.
func (l *link) bindNTLM() error {
	domain, user := l.cfg.ntlmName()
	return l.ldap.NTLMBind(domain, user, l.cfg.Bind.Password.Reveal())
}

// ntlmName splits DOMAIN\user. A userPrincipalName goes whole, without domain.
func (c *Config) ntlmName() (domain, user string) {
	if domain, user, ok := strings.Cut(c.Bind.Username, `\`); ok {
		return domain, user
	}
	return "", c.Bind.Username
}
