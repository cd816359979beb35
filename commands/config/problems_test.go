package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// head and source are the first lines of configurations that are right but
// for what a test adds.
const (
	head   = "version: 1\n"
	bound  = "    bind: {username: u, password: {env: P}}\n"
	source = head + "sources:\n  - id: corp\n    type: ad\n    url: ldaps://dc1.example.com\n" + bound
)

// problemsOf loads a text and returns the problems, without the file's name.
func problemsOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "adsync.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	if err == nil {
		return ""
	}
	var problems *Problems
	if !errors.As(err, &problems) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	return strings.ReplaceAll(err.Error(), path, "adsync.yaml")
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		// what a file is
		{"an empty file", " \n\n", `adsync.yaml: the file is empty; "adsync init" writes one`},
		{"only comments", "# nothing\n", `adsync.yaml: the file holds only comments; "adsync init" writes one`},
		{"UTF-16 of an editor", "\xff\xfev\x00", `adsync.yaml: the file is UTF-16 or binary; save it as UTF-8`},
		{"Latin-1", head + "# M\xfcller\n", `adsync.yaml:2: byte 0xFC is not UTF-8; save the file as UTF-8`},
		{"a list", "- a\n", `adsync.yaml:1: this is not a configuration: it wants keys such as version: and sources:`},
		{"two documents", source + "---\nversion: 1\n", `adsync.yaml:7: a second document begins here (---); keep one`},

		// YAML
		{"a tab indents", "version: 1\nsources:\n\t- id: corp\n", `adsync.yaml:3: a tab indents this line; YAML is indented with spaces`},
		{"a colon in a value", head + "log: {file: x}\nreport:\n  dir: a: b\n", `adsync.yaml:4: a colon stands where no key can be; put a value that holds ": " in quotes, and check the indentation`},
		{"a password that begins with a star", head + "proxy:\n  password: *hunter2\n", `adsync.yaml:3: a value that begins with * is read as an alias; put it in quotes`},
		{"a value that begins with an at sign", head + "report: {dir: @x}\n", `adsync.yaml:2: a value begins with a character that YAML keeps for itself; put it in quotes`},
		{"a brace that does not close", source + "log: {file: x\n", `adsync.yaml:7: a { or [ is not closed, or a comma is missing; put a value that holds , { } [ or ] in quotes`},
		{"a quote that does not close", head + "report:\n  dir: \"x\nlog: {}\n", `adsync.yaml:3: a quote opens here and does not close`},
		{"a key that is indented too far", source + "     forest: true\n", `adsync.yaml:7: this line does not fit to those above it; check the indentation and quotes`},
		{"a key that is indented too little", source + "   forest: true\n", `adsync.yaml:7: this line does not fit to those above it; check the indentation and quotes`},
		{"anchors and aliases", source + "report: &r {dir: x}\nlog: *r\n", lines(
			`adsync.yaml:7: report: anchors and aliases (& and *) are not read here; write the value out, in quotes if it begins with one of these signs`,
			`adsync.yaml:8: log: anchors and aliases (& and *) are not read here; write the value out, in quotes if it begins with one of these signs`)},
		{"a tag", source + "report: {dir: !x y}\n", `adsync.yaml:7: report.dir: a value may not begin with ! unless it is in quotes`},
		{"a key twice", source + "log: {level: info, level: debug}\nlog: {}\n", lines(
			`adsync.yaml:7: log.level: stands here a second time`,
			`adsync.yaml:8: log: stands here a second time`)},

		// keys and types
		{"an unknown key with a likely meaning", source + "limit: {}\nlog: {levle: info}\n", lines(
			`adsync.yaml:7: limit: unknown key; did you mean limits?`,
			`adsync.yaml:8: log.levle: unknown key; did you mean level?`)},
		{"two types for computers", source + "mapping: {computer_type: Workstation}\ntarget: {url: \"https://scim.example.com\", auth: {none: true}, devices: Machine}\n",
			`adsync.yaml:7: mapping.computer_type: "Workstation" is another type than target.devices names, "Machine"; say it in one place`},
		{"an unknown key without one", source + "report: {where: x}\n", `adsync.yaml:7: report.where: unknown key; known here: dir, keep_undo`},
		{"an unknown key that is no plain word", source + "policy: {\"user gone!\": keep}\n", `adsync.yaml:7: policy.'user gone!': unknown key; did you mean user_gone?`},
		{"wrong types", source + "log: [a]\nlimits: x\nmapping: {user: 5}\n", lines(
			`adsync.yaml:7: log: wants keys below it, not a list`,
			`adsync.yaml:8: limits: wants keys below it, not text`,
			`adsync.yaml:9: mapping.user: wants keys below it, not a number`)},
		{"a number for text", source + "    domain: 5\n", `adsync.yaml:7: sources[0].domain: wants text, not a number; put it in quotes`},
		{"text for a number", source + "    connections: many\n", `adsync.yaml:7: sources[0].connections: wants a whole number, not text`},
		{"yes for true", source + "    forest: yes\n", `adsync.yaml:7: sources[0].forest: wants true or false, not text`},
		{"a source that is no list", head + "sources: {id: corp}\n", `adsync.yaml:2: sources: wants a list (each part begins with "- "), not keys below it`},
		{"nothing where text is wanted", source + "    domain:\n", `adsync.yaml:7: sources[0].domain: has no value; leave the key out or give it one`},
		{"a backslash in double quotes", head + strings.Replace(source[len(head):], "{username: u,", `{username: "CORP\adsync",`, 1), `adsync.yaml:6: sources[0].bind.username: holds a control character; in double quotes a backslash is written twice`},
		{"durations", source + "    timeout: 30\n", `adsync.yaml:7: sources[0].timeout: 30 has no unit; write 500ms, 30s or 2m`},
		{"durations that are none", source + "    timeout: soon\n", `adsync.yaml:7: sources[0].timeout: "soon" is not a duration; write 500ms, 30s or 2m`},
		{"durations of nothing", source + "    timeout: 0s\n", `adsync.yaml:7: sources[0].timeout: "0s" is not more than nothing`},
		{"limits", source + "limits: {user_removals: 101%, group_removals: -1, member_removals: few, group_member_removals: [1]}\n", lines(
			`adsync.yaml:7: limits.group_member_removals: wants a limit (10%, 10 or off), not a list`,
			`adsync.yaml:7: limits.group_removals: "-1" is neither a number, a percentage, nor off`,
			`adsync.yaml:7: limits.member_removals: "few" is neither a number, a percentage, nor off`,
			`adsync.yaml:7: limits.user_removals: "101%" is not a percentage from 0% to 100%`)},

		// the whole
		{"no version and no sources", "log: {keep: 1}\n", lines(
			`adsync.yaml: sources: at least one source is wanted; "adsync init" asks for it`,
			`adsync.yaml: version: is missing; the first line is version: 1`)},
		{"a later version", "version: 2\n" + source[len(head):], `adsync.yaml:1: version: 2 is not a version this program reads (1)`},

		// sources
		{"a source without anything", head + "sources:\n  - {}\n", lines(
			`adsync.yaml:3: sources[0].bind.password: is missing; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`,
			`adsync.yaml:3: sources[0].bind.username: is missing; an empty name would be an anonymous bind`,
			`adsync.yaml:3: sources[0].id: is missing; a short name that never changes: it is the prefix of every externalId`,
			`adsync.yaml:3: sources[0].type: is missing; ad or ldap`,
			`adsync.yaml:3: sources[0].url: is missing; write url, urls or domain`)},
		{"two sources of one id", source + strings.TrimPrefix(source, head+"sources:\n"), `adsync.yaml:7: sources[1].id: "corp" is the id of sources[0] too`},
		{"an id of other letters", strings.Replace(source, "corp", "Corp_1", 1), `adsync.yaml:3: sources[0].id: "Corp_1" is not an id (1 to 32 lower-case letters, digits and hyphens)`},
		{"an unknown type", strings.Replace(source, "type: ad", "type: adlds", 1), `adsync.yaml:4: sources[0].type: "adlds" is not a type (ad, ldap)`},
		{"an unknown method", strings.Replace(source, "{username", "{method: kerbros, username", 1), `adsync.yaml:6: sources[0].bind.method: "kerbros" is not a method (simple, kerberos, ntlm, external, anonymous)`},
		{"several addresses", source + "    domain: example.com\n", `adsync.yaml:3: sources[0]: names the directory several times; keep one of url, urls and domain`},
		{"a domain that is none", strings.Replace(source, "url: ldaps://dc1.example.com", "domain: DC=example", 1), `adsync.yaml:5: sources[0].domain: "DC=example" is not a DNS domain`},
		{"another scheme", strings.Replace(source, "ldaps:", "https:", 1), `adsync.yaml:5: sources[0].url: wants a URL that begins with ldaps:// or ldap://`},
		{"a host without a scheme", strings.Replace(source, "ldaps://", "", 1), `adsync.yaml:5: sources[0].url: wants a URL that begins with ldaps:// or ldap://`},
		{"no host", strings.Replace(source, "dc1.example.com", ":636", 1), `adsync.yaml:5: sources[0].url: names no host`},
		{"a port out of range", strings.Replace(source, "dc1.example.com", "dc1.example.com:65536", 1), `adsync.yaml:5: sources[0].url: has a port outside 1 to 65535`},
		{"a base in the URL", strings.Replace(source, "dc1.example.com", "dc1.example.com/DC=example", 1), `adsync.yaml:5: sources[0].url: holds more than a host and a port; bases and filters are written below users and groups`},
		{"a password in the URL", strings.Replace(source, "dc1", "u:hunter2@dc1", 1), `adsync.yaml:5: sources[0].url: holds a user name or a password; take it out of the URL: what is secret has a key of its own`},
		{"a password that breaks the URL", strings.Replace(source, "dc1", "u:hun%ter2@dc1", 1), `adsync.yaml:5: sources[0].url: is not a URL`},
		{"a password without encryption", strings.Replace(source, "ldaps", "ldap", 1), `adsync.yaml:5: sources[0].url: would send the password unencrypted; use ldaps://, tls.starttls: true or, where nothing else works, insecure: true`},
		{"StartTLS over TLS", source + "    tls: {starttls: true}\n", `adsync.yaml:7: sources[0].tls.starttls: is for ldap://, and the URL is ldaps://; take one of them out`},
		{"a forest of LDAP", strings.Replace(source, "type: ad", "type: ldap", 1) + "    forest: true\n", `adsync.yaml:7: sources[0].forest: an LDAP server has no forest; it is for type: ad`},
		{"an LDIF file with a bind", strings.Replace(source, "ldaps://dc1.example.com", "ldif:x.ldf", 1), `adsync.yaml:6: sources[0].bind: has no meaning for an LDIF file; take it out`},
		{"an LDIF file without a name", head + "sources:\n  - {id: a, type: ad, url: 'ldif:'}\n", `adsync.yaml:3: sources[0].url: names no file; write ldif:PATH`},
		{"an LDIF file among servers", strings.Replace(source, "url: ldaps://dc1.example.com", "urls: ['ldif:x']", 1), `adsync.yaml:5: sources[0].urls[0]: an LDIF file stands alone; write it as url`},
		{"scopes", source + "    users: {base: People, filter: mail=*, member_of: [CN=, apps], exclude: ['[']}\n    groups: {nested: deep, base: ['']}\n", lines(
			`adsync.yaml:7: sources[0].users.base: "People" is not a distinguished name; such as OU=People,DC=example,DC=com`,
			`adsync.yaml:7: sources[0].users.exclude[0]: "[" is not a pattern; * stands for any text, ? for one character, [ wants its ]`,
			`adsync.yaml:7: sources[0].users.filter: "mail=*" is not an LDAP filter; such as (mail=*)`,
			`adsync.yaml:8: sources[0].groups.base[0]: is empty`,
			`adsync.yaml:8: sources[0].groups.nested: "deep" is not a way to treat nested groups (flatten, keep)`)},
		{"addresses and numbers", source + "    hosts: {dc1.example.com: dc1}\n    connections: 0\n    expect: {users_at_least: -1}\n    attributes: {anchor: object guid}\n", lines(
			`adsync.yaml:7: sources[0].hosts.'dc1.example.com': "dc1" is not an IP address`,
			`adsync.yaml:8: sources[0].connections: 0 is less than 1`,
			`adsync.yaml:9: sources[0].expect.users_at_least: -1 is less than 0`,
			`adsync.yaml:10: sources[0].attributes.anchor: "object guid" is not the name of an attribute`)},
		{"half a client certificate and a pin that is none", source + "    tls: {cert_file: a.pem, pin_sha256: abc}\n", lines(
			`adsync.yaml:7: sources[0].tls.key_file: is missing; cert_file wants it`,
			`adsync.yaml:7: sources[0].tls.pin_sha256: "abc" is not a SHA-256 (64 hexadecimal digits, or base64)`)},
		{"trust that is skipped and asked for", source + "    tls: {ca_file: a.pem, insecure_skip_verify: true}\n", `adsync.yaml:7: sources[0].tls.insecure_skip_verify: would pass over ca_file and pin_sha256; take it out`},
		{"anonymous with a name", strings.Replace(source, "{username", "{method: anonymous, username", 1), lines(
			`adsync.yaml:6: sources[0].bind.password: method anonymous takes no password`,
			`adsync.yaml:6: sources[0].bind.username: method anonymous takes no name`)},
		{"external without a certificate", strings.Replace(source, bound, "    bind: {method: external}\n", 1), `adsync.yaml:3: sources[0].tls.cert_file: is missing; method external signs in with a certificate`},
		{"external without TLS", strings.Replace(strings.Replace(source, "ldaps", "ldap", 1), bound, "    bind: {method: external}\n    tls: {cert_file: a.pem, key_file: a.key}\n", 1), `adsync.yaml:5: sources[0].url: has no TLS, in which method external shows its certificate; use ldaps:// or tls.starttls: true`},
		{"NTLM without encryption", strings.Replace(strings.Replace(source, "ldaps", "ldap", 1), "{username", "{method: ntlm, username", 1), `adsync.yaml:5: sources[0].url: would send the password unencrypted; use ldaps://, tls.starttls: true or, where nothing else works, insecure: true`},
		{"Kerberos keys for a simple bind", strings.Replace(source, "{username", "{keytab: k, username", 1), `adsync.yaml:6: sources[0].bind.keytab: is for method kerberos, and the method is simple`},
		{"several Kerberos secrets", strings.Replace(source, "{username: u", "{method: kerberos, keytab: k, kdc: dc1", 1), lines(
			`adsync.yaml:6: sources[0].bind: names several of password, keytab and ccache; keep one of them`,
			`adsync.yaml:6: sources[0].bind.realm: is missing; kdc wants it`,
			`adsync.yaml:6: sources[0].bind.username: is missing; the principal that the password or keytab belongs to`)},

		// secrets
		{"a secret in the file", strings.Replace(source, "{env: P}", "hunter2", 1), `adsync.yaml:6: sources[0].bind.password: a secret does not stand in this file; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`},
		{"a secret for the variable's name", strings.Replace(source, "{env: P}", "{env: hunter-2}", 1), `adsync.yaml:6: sources[0].bind.password.env: wants the name of an environment variable (letters, digits and _), not its value`},
		{"a command that is one text", strings.Replace(source, "{env: P}", "{command: pass show x}", 1), `adsync.yaml:6: sources[0].bind.password.command: wants a list: the program and its arguments, each by itself; no shell reads it`},
		{"two places for a secret", strings.Replace(source, "{env: P}", "{env: P, file: p}", 1), `adsync.yaml:6: sources[0].bind.password: names several places for one secret; keep one of them`},
		{"an unknown place for a secret", strings.Replace(source, "{env: P}", "{hunter2: P}", 1), `adsync.yaml:6: sources[0].bind.password: unknown kind of secret; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`},

		// mapping
		{"paths and expressions that are none", source + "mapping:\n  user:\n    userName: uid\n    'emails[type': mail\n    title: '{{.title'\n", lines(
			`adsync.yaml:10: mapping.user.'emails[type': path "emails[type": [ without ]`,
			`adsync.yaml:11: mapping.user.title: template "{{.title": template: :1: unclosed action`)},
		{"a mapping without userName", source + "mapping: {user: {title: title}}\n", `adsync.yaml:7: mapping.user: path "userName" must be mapped; a mapping that is given is complete: leave it out for the default`},

		// target
		{"a target without anything", source + "target: {}\n", lines(
			`adsync.yaml:7: target.url: is missing; the SCIM base URL that the service shows, or file:DIR`)},
		{"a target without encryption and sign-in", source + "target: {url: 'http://scim.example.com'}\n", lines(
			`adsync.yaml:7: target.auth: is missing; write bearer, basic, oauth2 or none: true`,
			`adsync.yaml:7: target.url: would send the token unencrypted; use https://`)},
		{"a token in the file", source + "target: {url: 'https://scim.example.com', auth: {bearer: hunter2}}\n", `adsync.yaml:7: target.auth.bearer: a secret does not stand in this file; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`},
		{"a token as auth", source + "target: {url: 'https://scim.example.com', auth: hunter2}\n", `adsync.yaml:7: target.auth: wants keys below it, not text`},
		{"several ways to sign in", source + "target: {url: 'https://scim.example.com', auth: {none: true, bearer: {env: T}}}\n", `adsync.yaml:7: target.auth: names several ways to sign in; keep one of bearer, basic, oauth2 and none`},
		{"words of the target", source + "target: {url: 'https://scim.example.com', auth: {none: true}, profile: azure, adopt: mail, external_id: x, page_size: -1, domains: ['@x'], tls: {starttls: true}}\n", lines(
			`adsync.yaml:7: target.adopt: "mail" is not a rule (userName, never)`,
			`adsync.yaml:7: target.domains[0]: "@x" is not a DNS domain`,
			`adsync.yaml:7: target.external_id: "x" wants {anchor} once and {source} at most once`,
			`adsync.yaml:7: target.page_size: -1 is less than 0`,
			`adsync.yaml:7: target.profile: "azure" is not a profile (generic, aws, entra-scim, entra-bulk, github, slack, atlassian, gitlab, databricks, snowflake, zoom, 1password, okta, keycloak, authentik, zitadel, google)`,
			`adsync.yaml:7: target.tls.starttls: is for directories; take it out`)},
		{"basic and OAuth2 half filled", source + "target: {url: 'https://scim.example.com', auth: {basic: {username: 'a:b'}, oauth2: {token_url: 'http://x.example.com', key_id: k}}}\n", lines(
			`adsync.yaml:7: target.auth: names several ways to sign in; keep one of bearer, basic, oauth2 and none`,
			`adsync.yaml:7: target.auth.basic.password: is missing; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`,
			`adsync.yaml:7: target.auth.basic.username: holds a colon, which basic authentication cannot carry (RFC 7617)`,
			`adsync.yaml:7: target.auth.oauth2.client_id: is missing`,
			`adsync.yaml:7: target.auth.oauth2.client_secret: is missing; or private_key; write {env: NAME}, {file: PATH}, {command: [PROGRAM, ARGUMENT]} or {keyring: NAME}`,
			`adsync.yaml:7: target.auth.oauth2.key_id: is for private_key; take it out`,
			`adsync.yaml:7: target.auth.oauth2.token_url: would send the secret unencrypted; use https://`)},
		{"a folder with a sign-in", source + "target: {url: 'file:out', auth: {none: true}}\n", `adsync.yaml:7: target.auth: has no meaning for a file target; take it out`},

		// the rest
		{"policies", source + "policy: {user_disabled: remove, user_gone: drop, group_gone: deactivate}\n", lines(
			`adsync.yaml:7: policy.group_gone: "deactivate" is not a policy (keep, delete)`,
			`adsync.yaml:7: policy.user_disabled: "remove" is not a policy (keep, deactivate, delete)`,
			`adsync.yaml:7: policy.user_gone: "drop" is not a policy (keep, deactivate, delete)`)},
		{"a proxy with a password in its URL", source + "proxy: {url: 'http://u:hunter2@proxy.example.com:3128'}\n", `adsync.yaml:7: proxy.url: holds a user name or a password; write them as proxy.username and proxy.password`},
		{"a proxy that is none", source + "proxy: {url: 'ftp://proxy.example.com'}\n", `adsync.yaml:7: proxy.url: "ftp" is not a kind of proxy, use http, https, socks5 or socks5h`},
		{"a user without a proxy", source + "proxy: {username: u}\n", `adsync.yaml:7: proxy.url: is missing; without it the network is left directly`},
		{"a way to sign in at the proxy", source + "proxy: {url: 'http://proxy.example.com', auth: digest}\n", `adsync.yaml:7: proxy.auth: "digest" is not a way to sign in (basic, ntlm, negotiate)`},
		{"log words", source + "log: {level: loud, format: xml, keep: -1}\n", lines(
			`adsync.yaml:7: log.format: "xml" is not a format (text, json)`,
			`adsync.yaml:7: log.keep: -1 is less than 0`,
			`adsync.yaml:7: log.level: "loud" is not a level (debug, info, warn, error)`)},
		{"monitors", source + "monitor: {ping: ftp://x, webhook: {}}\n", `adsync.yaml:7: monitor.ping: wants a URL that begins with https:// or http://`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := problemsOf(t, c.text)
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if strings.Contains(got, "hunter") {
				t.Errorf("the text repeats the secret:\n%s", got)
			}
		})
	}
}

func lines(text ...string) string { return strings.Join(text, "\n") }

func TestWhatIsAccepted(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"the least", source},
		{"a byte order mark", "\xef\xbb\xbf" + source},
		{"Windows line ends", strings.ReplaceAll(source, "\n", "\r\n")},
		{"sections whose keys are all comments", source + "log:\n#  level: debug\ntarget:\nlimits:\n"},
		{"a password to this machine without encryption", strings.Replace(source, "ldaps://dc1.example.com", "ldap://127.0.0.1:3890", 1)},
		{"a password without encryption, asked for", strings.Replace(source, "ldaps:", "ldap:", 1) + "    insecure: true\n"},
		{"StartTLS", strings.Replace(source, "ldaps:", "ldap:", 1) + "    tls: {starttls: true}\n"},
		{"a target on this machine", source + "target: {url: 'http://localhost:8080/scim', auth: {none: true}}\n"},
		{"names of people in other scripts", source + "    users: {base: 'OU=Łódź,DC=example,DC=com', exclude: ['müller*']}\nreport: {dir: /srv/Berichte/日本}\n"},
		{"no limits", source + "limits: {user_removals: off, group_removals: 'off', member_removals: 0, group_member_removals: 2.5%}\n"},
		{"the running account's Kerberos ticket", strings.Replace(source, bound, "    bind: {method: kerberos}\n", 1)},
		{"empty texts, which are as good as none", source + "target: {url: 'https://scim.example.com', auth: {none: true}, profile: '', adopt: '', external_id: ''}\nlog: {level: '', file: ''}\n"},
		{"the system's proxy", source + "proxy: {url: system, ldap: true, username: u, password: {env: P}}\n"},
		{"a webhook that is a secret", source + "monitor: {webhook: {env: HOOK}}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := problemsOf(t, c.text); got != "" {
				t.Error(got)
			}
		})
	}
}

func TestLoadNamesAFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "absent.yaml")
	_, err := Load(path)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
