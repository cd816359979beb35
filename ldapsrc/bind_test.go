package ldapsrc

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

func TestRefusedBindsAreExplained(t *testing.T) {
	s := serveUsers(t, ldaptest.ActiveDirectory, 1, ldaptest.Options{})
	as := fmt.Sprintf(": bind to %s as %q: ", s.URL(), testReader)
	tests := map[string]struct {
		do   ldaptest.Effect
		want string
		hint string
	}{
		"an unknown account":       {ldaptest.RefuseBind("525"), "sources[corp].bind.username" + as + "there is no such account (49, data 525)", `write the name as account@domain or DOMAIN\account`},
		"a wrong password":         {ldaptest.RefuseBind("52e"), "sources[corp].bind.password" + as + "the name or the password is wrong (49, data 52e)", "try them with: kinit NAME, or runas /user:NAME cmd on Windows; further attempts may lock the account"},
		"outside the logon hours":  {ldaptest.RefuseBind("530"), "sources[corp].bind.username" + as + "the account may not log on at this time of day (49, data 530)", "change the logon hours of the account"},
		"from a wrong machine":     {ldaptest.RefuseBind("531"), "sources[corp].bind.username" + as + "the account may not log on from this machine (49, data 531)", `add the domain controller to the account's "Log On To" list, or remove the list`},
		"an expired password":      {ldaptest.RefuseBind("532"), "sources[corp].bind.password" + as + "the password has expired (49, data 532)", "set a new one, and let the password of a service account never expire"},
		"a disabled account":       {ldaptest.RefuseBind("533"), "sources[corp].bind.username" + as + "the account is disabled (49, data 533)", "enable it in Active Directory"},
		"too many groups":          {ldaptest.RefuseBind("568"), "sources[corp].bind.username" + as + "the account is in too many groups (49, data 568)", "use an account of its own, with few groups"},
		"an expired account":       {ldaptest.RefuseBind("701"), "sources[corp].bind.username" + as + "the account has expired (49, data 701)", "change its expiry date in Active Directory"},
		"a password to be changed": {ldaptest.RefuseBind("773"), "sources[corp].bind.password" + as + "the password must be changed before it can be used (49, data 773)", `log on once with the account, or clear "User must change password at next logon"`},
		"a locked account":         {ldaptest.RefuseBind("775"), "sources[corp].bind.username" + as + "the account is locked out (49, data 775)", "unlock it, and look for whoever tries wrong passwords before the next run locks it again"},
		"channel binding":          {ldaptest.RefuseBind("80090346"), "sources[corp].bind.method" + as + "the server demands channel binding, which this method cannot give (49, data 80090346)", "use bind.method simple over ldaps://, or kerberos; ntlm has no channel binding here"},
		"signing":                  {ldaptest.Refuse(8, "00002028: LdapErr: DSID-0C090343\x00"), "sources[corp].url" + as + "the server demands encryption or signing (8: 00002028: LdapErr: DSID-0C090343)", "use ldaps://, or set tls.starttls; or bind.method kerberos, which seals a plain connection"},
		"49 without a reason":      {ldaptest.Refuse(49, ""), "sources[corp].bind.password" + as + "the name or the password is wrong (49)", "try them with: ldapwhoami -x -W -H URL -D NAME"},
		"48":                       {ldaptest.Refuse(48, ""), "sources[corp].bind.username" + as + "the entry cannot be bound to in this way: it has no password, or anonymous binds are off (48)", "set a password for the entry, or use another account"},
		"a name that is no DN":     {ldaptest.Refuse(34, "invalid DN"), "sources[corp].bind.username" + as + "the name is not a DN, which this server wants (34: invalid DN)", "give the full DN, for example uid=adsync,ou=services,dc=example,dc=com"},
		"confidentiality":          {ldaptest.Refuse(13, ""), "sources[corp].url" + as + "the server demands encryption (13)", "use ldaps:// or set tls.starttls"},
		"a code of its own":        {ldaptest.Refuse(80, "so"), "sources[corp].bind.method" + as + "the server could not do the bind (80: so)", "look into the server's log"},
		"a code that is not known": {ldaptest.Refuse(123, ""), "sources[corp].bind" + as + "the server refuses (123)", "look the result code up in the server's manual"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s.ClearFaults()
			s.Inject(ldaptest.Fault{On: ldaptest.OpBind, Do: test.do})
			_, err := tryConnect(t.Context(), testConfig(s.URL()))
			var bind *BindError
			if !errors.As(err, &bind) || err.Error() != test.want || bind.Hint() != test.hint {
				t.Errorf("got  %v\nhint %s\nwant %s\nhint %s", err, bind.Hint(), test.want, test.hint)
			}
		})
	}
	if n := len(s.Requests(ldaptest.OpBind)); n != len(tests) {
		t.Errorf("%d binds for %d attempts: a second one may lock the account", n, len(tests))
	}
}

func TestALogonNameAloneIsExplained(t *testing.T) {
	s := serveUsers(t, ldaptest.ActiveDirectory, 1, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Type, cfg.Bind.Username = AD, "reader"
	_, err := tryConnect(t.Context(), cfg)
	var bind *BindError
	if !errors.As(err, &bind) || bind.Key != "sources[corp].bind.username" || bind.Hint() != `write the name as account@domain or DOMAIN\account` {
		t.Errorf("got %v", err)
	}
}

func TestAClientCertificateThatIsNotKnownIsExplained(t *testing.T) {
	l := &link{cfg: &Config{ID: "corp", Bind: Bind{Method: External}}}
	// What slapd says of one by an authority that it does not trust.
	e := l.explainBind(&ldap.Error{ResultCode: ldap.LDAPResultAuthMethodNotSupported, Err: errors.New("SASL(-4): no mechanism available: ")})
	if e.setting != "tls.cert_file" || !strings.Contains(e.advice, "whose authority the server trusts") {
		t.Errorf("got %+v", e)
	}
}

func TestAnonymousBindOnlyWhenNamed(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{AllowAnonymous: true})
	cfg := testConfig(s.URL())
	cfg.Bind = Bind{Method: Anonymous}
	l := connect(t, cfg)
	if got, err := l.search(t.Context(), usersRequest, count); err != nil || got.entries != 1 || l.peer().As != "anonymous" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestKerberosFailuresAreExplained(t *testing.T) {
	l := &link{cfg: &Config{ID: "corp"}, server: serverAddr{scheme: "ldap", host: "dc1.corp.example.com", port: "389"}}
	tests := map[string]explanation{
		"[Root cause: Networking_Error] Networking_Error: AS Exchange Error: failed sending AS_REQ to KDC: communication error with KDC via TCP: lookup _kerberos._tcp.EXAMPLE.COM: no such host": {
			"bind.kdc", "no KDC is known for the realm: lookup _kerberos._tcp.EXAMPLE.COM: no such host", "set bind.realm if the account's suffix is not its domain, bind.kdc, or use the domain's DNS servers"},
		"[Root cause: KDC_Error] KDC_Error: AS Exchange Error: kerberos error response from KDC: KRB Error: (37) KRB_AP_ERR_SKEW Clock skew too great": {
			"bind.method", "the clocks of this machine and of the KDC differ by more than five minutes", "set this machine's clock by NTP"},
		"[Root cause: KDC_Error] KRB Error: (12) KDC_ERR_POLICY KDC policy rejects request": {
			"bind.username", "a policy of the KDC forbids the ticket", "look at the account's authentication policy and logon restrictions"},
		"KRB Error: (99) KDC_ERR_NEW_ONE so": {"bind", "KRB Error: (99) KDC_ERR_NEW_ONE so", "look the error up in RFC 4120 7.5.9"},
	}
	for text, want := range tests {
		if got := l.explainBind(errors.New(text)); got != want {
			t.Errorf("%s\ngot  %+v\nwant %+v", text, got, want)
		}
	}
}

func TestNTLMBind(t *testing.T) {
	s := serveUsers(t, ldaptest.ActiveDirectory, 1, ldaptest.Options{})
	tests := map[string]struct{ user, password, want string }{
		"a NetBIOS name":   {`EXAMPLE\reader`, testPassword, ""},
		"a wrong password": {`EXAMPLE\reader`, "wrong", "the name or the password is wrong (49, data 52e)"},
		"an unknown name":  {`EXAMPLE\nobody`, testPassword, "there is no such account (49, data 525)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(s.URL())
			cfg.Bind = Bind{Method: NTLM, Username: test.user, Password: Secret(test.password)}
			l, err := tryConnect(t.Context(), cfg)
			if err == nil {
				l.close()
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestBindsThatSambaRefuses(t *testing.T) {
	s := servers.SharedSamba(t)
	tests := map[string]struct {
		scheme string
		change func(*Config)
		want   string
	}{
		"a wrong password":                {"ldaps", func(c *Config) { c.Bind.Password = "wrong" }, "sources[corp].bind.password: bind to ldaps://HOST:636 as \"USER\": the name or the password is wrong (49, data 52e)"},
		"a password without TLS":          {"ldap", func(c *Config) { c.TLS.CAFile = "" }, "sources[corp].url: bind to ldap://HOST:389 as \"USER\": the server demands encryption or signing (8: BindSimple: Transport encryption required.)"},
		"NTLM, which Samba does not know": {"ldaps", func(c *Config) { c.Bind.Method = NTLM }, "sources[corp].url: connect to ldaps://HOST:636: the server ended the connection"},
		"anonymous":                       {"ldaps", func(c *Config) { c.Bind = Bind{Method: Anonymous} }, ""},
		"a wrong Kerberos password": {"ldap", func(c *Config) { c.Bind.Method, c.Bind.Realm, c.Bind.Password = Kerberos, s.Realm(), "wrong" },
			"sources[corp].bind.password: bind to ldap://HOST:389 as \"svc-adsync@CORP.EXAMPLE.COM\": the password, or the key of the keytab, is wrong"},
		"an account that the KDC does not know": {"ldap", func(c *Config) { c.Bind.Method, c.Bind.Realm, c.Bind.Username = Kerberos, s.Realm(), "nobody" },
			"sources[corp].bind.username: bind to ldap://HOST:389 as \"nobody@CORP.EXAMPLE.COM\": the KDC does not know the account"},
		"a service that the KDC does not know": {"ldap", func(c *Config) {
			c.Bind.Method, c.Bind.Realm, c.Bind.SPN = Kerberos, s.Realm(), "ldap/other.example.com"
		},
			"sources[corp].bind.spn: bind to ldap://HOST:389 as \"svc-adsync@CORP.EXAMPLE.COM\": the KDC does not know the service"},
		"a KDC that cannot be reached": {"ldap", func(c *Config) { c.Bind.Method, c.Bind.Realm, c.Bind.KDC = Kerberos, s.Realm(), "127.0.0.1:1" },
			"sources[corp].bind.kdc: bind to ldap://HOST:389 as \"svc-adsync@CORP.EXAMPLE.COM\": the KDC cannot be reached: error setting dial timeout on connection to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"},
		"a keytab that is missing": {"ldap", func(c *Config) { c.Bind.Method, c.Bind.Realm, c.Bind.Keytab = Kerberos, s.Realm(), "/nowhere/x.keytab" },
			"sources[corp].bind.keytab: cannot be read: "},
		"a ticket cache that is missing": {"ldap", func(c *Config) { c.Bind = Bind{Method: Kerberos, Realm: s.Realm(), CCache: "/nowhere/cc"} },
			"sources[corp].bind.ccache: /nowhere/cc cannot be read: "},
	}
	if testing.Short() {
		t.Skip("starts a domain controller")
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := sambaConfig(s, test.scheme)
			test.change(cfg)
			_, err := readSamba(t, cfg, s.BaseDN())
			want := strings.NewReplacer("HOST", s.Host(), "USER", cfg.Bind.Username).Replace(test.want)
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if err != nil && strings.Contains(err.Error(), servers.SambaServicePassword) {
				t.Error("the password is in the error")
			}
		})
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2"
	bind := Bind{Username: "svc", Password: text}
	data, err := json.Marshal(bind)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("bind", "password", bind.Password, "bind", bind)
	printed := []string{string(data), log.String(), fmt.Sprint(bind.Password), fmt.Sprintf("%v %+v %#v %s %q %x %d", bind, bind, bind, bind.Password, bind.Password, bind.Password, bind.Password), fmt.Sprint(&bind)}
	for _, p := range printed {
		if strings.Contains(p, text) || strings.Contains(p, fmt.Sprintf("%x", text)) {
			t.Errorf("printed: %s", p)
		}
	}
	if bind.Password.Reveal() != text || Secret("").String() != "" {
		t.Error("Reveal or String is wrong")
	}
}

func TestErrorsKeepTheServersAnswer(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	cfg := testConfig(s.URL())
	cfg.Bind.Password = "wrong"
	if _, err := tryConnect(t.Context(), cfg); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Errorf("got %v", err)
	}
}
