package ldapsrc

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"adsync/ldapsrc/ldaptest"
	"adsync/ldapsrc/ldaptest/servers"
)

// caFile writes the server's authority to a file.
func caFile(t *testing.T, s *ldaptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, s.CACertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serverCertificate is the certificate that the server shows.
func serverCertificate(t *testing.T, s *ldaptest.Server) *x509.Certificate {
	t.Helper()
	cfg := testConfig(s.LDAPSURL())
	cfg.TLS.CAFile = caFile(t, s)
	return connect(t, cfg).peer().Certificates[0]
}

func colons(digest string) string {
	var pairs []string
	for i := 0; i < len(digest); i += 2 {
		pairs = append(pairs, digest[i:i+2])
	}
	return strings.ToUpper(strings.Join(pairs, ":"))
}

func TestServersThatAreTrusted(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{RequireTLS: true})
	leaf := serverCertificate(t, s)
	key := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	tests := map[string]func(*Config){
		"LDAPS with the authority's file":        func(c *Config) { c.TLS.CAFile = caFile(t, s) },
		"StartTLS with the authority's file":     func(c *Config) { c.TLS.CAFile, c.TLS.StartTLS, c.URLs = caFile(t, s), true, []string{s.URL()} },
		"a certificate for another name of ours": func(c *Config) { c.TLS.CAFile, c.TLS.ServerName = caFile(t, s), s.Host() },
		"a pinned certificate":                   func(c *Config) { c.TLS.PinSHA256 = []string{fingerprint(leaf.Raw)} },
		"a pin with colons":                      func(c *Config) { c.TLS.PinSHA256 = []string{colons(fingerprint(leaf.Raw))} },
		"a pinned public key in base64":          func(c *Config) { c.TLS.PinSHA256 = []string{"sha256/" + base64.StdEncoding.EncodeToString(key[:])} },
		"a pinned public key as curl writes it":  func(c *Config) { c.TLS.PinSHA256 = []string{"sha256//" + base64.StdEncoding.EncodeToString(key[:])} },
		"one of two pins":                        func(c *Config) { c.TLS.PinSHA256 = []string{strings.Repeat("00", 32), hex.EncodeToString(key[:])} },
		"a pin over StartTLS": func(c *Config) {
			c.TLS.PinSHA256, c.TLS.StartTLS, c.URLs = []string{fingerprint(leaf.Raw)}, true, []string{s.URL()}
		},
		"anything, when told not to look": func(c *Config) { c.TLS.InsecureSkipVerify = true },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(s.LDAPSURL())
			change(cfg)
			if p := connect(t, cfg).peer(); p.Encryption != "TLS 1.3" || !p.Certificates[0].Equal(leaf) {
				t.Errorf("peer is %+v", p)
			}
		})
	}
}

func TestConnectionsThatFailAreExplained(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	other, err := ldaptest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	otherCA := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(otherCA, other.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	der := filepath.Join(t.TempDir(), "ca.der")
	if err := os.WriteFile(der, serverCertificate(t, s).Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	leaf := serverCertificate(t, s)
	seen := "it is for " + strings.Join(certificateNames(leaf), ", ") + ", issued by \"" + leaf.Issuer.String() + "\", sha256 " + fingerprint(leaf.Raw)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	free.Close()
	tests := map[string]struct {
		url    string
		change func(*Config)
		want   string
		hint   string
	}{
		"nothing listens":                     {"ldap://" + closed, func(*Config) {}, "sources[corp].url: connect to ldap://" + closed + ": nothing listens there (connection refused)", "check host and port"},
		"nothing listens at the first of two": {"ldap://" + closed, func(c *Config) { c.URLs = append(c.URLs, "ldap://dc2.example.com") }, "sources[corp].urls: connect to ldap://" + closed, "check host and port"},
		"nothing listens at the domain's":     {"ldap://" + closed, func(c *Config) { c.Domain = "corp.example.com" }, "sources[corp].domain: connect to ldap://" + closed, "check host and port"},
		"an unknown authority":                {s.LDAPSURL(), func(c *Config) { c.TLS.CAFile = otherCA }, "sources[corp].tls.ca_file: connect to " + s.LDAPSURL() + ": the server's certificate is signed by an unknown authority: " + seen, "tls.pin_sha256"},
		"an unknown authority over StartTLS":  {s.URL(), func(c *Config) { c.TLS.CAFile, c.TLS.StartTLS = otherCA, true }, "sources[corp].tls.ca_file: connect to " + s.URL() + ": the server's certificate is signed by an unknown authority: " + seen, "tls.pin_sha256"},
		"another name":                        {s.LDAPSURL(), func(c *Config) { c.TLS.CAFile, c.TLS.ServerName = caFile(t, s), "dc9.example.com" }, `sources[corp].tls.server_name: connect to ` + s.LDAPSURL() + `: the server's certificate is not for "dc9.example.com": ` + seen, "tls.server_name"},
		"another pin":                         {s.LDAPSURL(), func(c *Config) { c.TLS.PinSHA256 = []string{strings.Repeat("ab", 32)} }, "sources[corp].tls.pin_sha256: connect to " + s.LDAPSURL() + ": the certificate is not the pinned one; this one has sha256 " + fingerprint(leaf.Raw) + " (public key: " + fingerprint(leaf.RawSubjectPublicKeyInfo) + ")", "renewed"},
		"a pin that is none":                  {s.LDAPSURL(), func(c *Config) { c.TLS.PinSHA256 = []string{"abc"} }, `sources[corp].tls.pin_sha256: "abc" is no SHA-256 fingerprint`, "64 hexadecimal digits"},
		"the authority's file is missing":     {s.LDAPSURL(), func(c *Config) { c.TLS.CAFile = otherCA + "x" }, "sources[corp].tls.ca_file: cannot be read: open ", "PEM"},
		"the authority's file is not PEM":     {s.LDAPSURL(), func(c *Config) { c.TLS.CAFile = der }, "sources[corp].tls.ca_file: " + der + " holds no PEM certificate", "openssl"},
		"a client certificate that is missing": {s.LDAPSURL(), func(c *Config) {
			c.TLS.InsecureSkipVerify, c.TLS.CertFile, c.TLS.KeyFile = true, "/nowhere", "/nowhere"
		}, "sources[corp].tls.cert_file: the client certificate cannot be used: ", "PEM"},
		"ldaps to the plain port":        {strings.Replace(s.URL(), "ldap:", "ldaps:", 1), func(*Config) {}, "", ""},
		"StartTLS to the TLS port":       {strings.Replace(s.LDAPSURL(), "ldaps:", "ldap:", 1), func(c *Config) { c.TLS.StartTLS = true; c.Timeout = time.Second }, "", ""},
		"StartTLS with ldaps":            {s.LDAPSURL(), func(c *Config) { c.TLS.StartTLS = true }, "sources[corp].tls.starttls: is set for " + s.LDAPSURL() + ", which is encrypted from the start", "ldap://"},
		"a password in the open":         {"ldap://dc1.example.com", func(*Config) {}, "sources[corp].url: ldap://dc1.example.com:389 would send the password unencrypted", "insecure: true"},
		"no user":                        {s.URL(), func(c *Config) { c.Bind.Username = "" }, "sources[corp].bind.username: is empty", "anonymous"},
		"no password":                    {s.URL(), func(c *Config) { c.Bind.Password = "" }, "sources[corp].bind.password: is empty", "anonymous"},
		"a method that does not exist":   {s.URL(), func(c *Config) { c.Bind.Method = "digest" }, `sources[corp].bind.method: "digest" is not a method`, "kerberos"},
		"EXTERNAL without a certificate": {s.LDAPSURL(), func(c *Config) { c.Bind.Method = External }, "sources[corp].tls.cert_file: is empty, but bind.method is external", "key_file"},
		"another scheme":                 {"http://dc1.example.com", func(*Config) {}, `sources[corp].url: "http://dc1.example.com": the scheme must be ldap or ldaps`, "ldaps://"},
		"a base in the URL":              {"ldap://dc1.example.com/dc=example", func(*Config) {}, `sources[corp].url: "ldap://dc1.example.com/dc=example": only scheme, host and port are used; the base is a setting of its own`, "ldaps://"},
		"no address at all":              {"", func(c *Config) { c.URLs = nil }, "sources[corp].url: no address", "domain"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(test.url)
			test.change(cfg)
			l, err := tryConnect(t.Context(), cfg)
			if err == nil {
				l.close()
				t.Fatal("no error")
			}
			var hinted interface{ Hint() string }
			if !strings.HasPrefix(err.Error(), test.want) || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), test.hint) || hinted.Hint() == "" {
				t.Errorf("got  %v\nhint %s\nwant %s", err, hinted.Hint(), test.want)
			}
			if strings.Contains(err.Error(), testPassword) {
				t.Error("the password is in the error")
			}
		})
	}
}

// withoutDNS is a dialer on a machine that knows no names.
type withoutDNS struct{}

func (withoutDNS) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
}

func TestANameThatIsNotKnownIsExplained(t *testing.T) {
	cfg := testConfig("ldaps://dc1.example.com")
	_, err := dial(t.Context(), cfg, &Env{Dialer: withoutDNS{}}, cfg.address("ldaps", "dc1.example.com", "636"))
	want := "sources[corp].url: connect to ldaps://dc1.example.com:636: look up dc1.example.com: no such host"
	var failed *ConnectError
	if !errors.As(err, &failed) || err.Error() != want || !strings.Contains(failed.Hint(), "hosts") {
		t.Errorf("got %v", err)
	}
}

func TestPortMixUpsAreExplained(t *testing.T) {
	tests := map[string]struct {
		server serverAddr
		start  bool
		want   string
	}{
		"ldaps on 389":    {serverAddr{scheme: "ldaps", host: "dc1", port: "389"}, false, "port 389 is for plain LDAP: use ldaps:// with port 636, or ldap:// with tls.starttls"},
		"StartTLS on 636": {serverAddr{scheme: "ldap", host: "dc1", port: "636"}, true, "port 636 is for TLS from the start: use ldaps:// without tls.starttls"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := &link{cfg: &Config{ID: "corp", TLS: TLS{StartTLS: test.start}}, server: test.server}
			for _, err := range []error{&handshakeError{err: errEOF}, &handshakeError{startTLS: test.start, err: os.ErrDeadlineExceeded}} {
				if e := l.explainConnect(err); e.advice != test.want {
					t.Errorf("%v: %s", err, e.advice)
				}
			}
		})
	}
	l := &link{cfg: &Config{ID: "corp"}, server: serverAddr{scheme: "ldap", host: "dc1", port: "636"}}
	if e := l.explainBind(errEOF); e.advice != "port 636 is for TLS from the start: use ldaps://dc1" {
		t.Errorf("plain LDAP on 636: %s", e.advice)
	}
}

var errEOF = errors.New("unable to read LDAP response packet: EOF")

// Windows says it in its own language, so that only the numbers tell.
func TestABrokenConnectionIsKnownOnWindows(t *testing.T) {
	l := &link{cfg: &Config{ID: "corp"}, server: serverAddr{scheme: "ldap", host: "dc1", port: "389"}, wire: &wire{}}
	said := func(call string, number syscall.Errno) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError(call, number)}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{said("wsarecv", 10054), "the server ended the connection"},
		{said("wsarecv", 10053), "the server ended the connection"},
		{said("connectex", 10061), "nothing listens there (connection refused)"},
	} {
		if e := l.explainConnect(test.err); e.problem != test.want {
			t.Errorf("%v: %s", test.err, e.problem)
		}
	}
	var other *ConnectError
	if err := l.bindError(said("wsarecv", 10054)); !errors.As(err, &other) {
		t.Errorf("another server would not be tried: %v", err)
	}
}

func TestServersThatDoNotAnswer(t *testing.T) {
	for _, on := range []ldaptest.Op{ldaptest.OpConnect, ldaptest.OpStartTLS, ldaptest.OpBind} {
		for name, do := range map[string]ldaptest.Effect{"hang": ldaptest.Hang(), "close": ldaptest.Close(), "reset": ldaptest.Reset()} {
			t.Run(string(on)+" "+name, func(t *testing.T) {
				s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
				s.Inject(ldaptest.Fault{On: on, Do: do})
				cfg := testConfig(s.URL())
				cfg.Timeout = 100 * time.Millisecond
				cfg.TLS = TLS{StartTLS: true, InsecureSkipVerify: true}
				l, err := tryConnect(t.Context(), cfg)
				if err == nil {
					l.close()
					t.Fatal("no error")
				}
				want := map[string]string{"hang": "no answer for 100ms", "close": "the server ended the connection", "reset": "the server ended the connection"}[name]
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			})
		}
	}
}

func TestARefusedStartTLSIsExplainedAndNothingIsSent(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	s.Inject(ldaptest.Fault{On: ldaptest.OpStartTLS, Do: ldaptest.Refuse(52, "no certificate")})
	cfg := testConfig(s.URL())
	cfg.TLS.StartTLS = true
	_, err := tryConnect(t.Context(), cfg)
	want := "sources[corp].tls.starttls: connect to " + s.URL() + ": StartTLS: the server refuses StartTLS: result 52 (Unavailable): no certificate"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if n := len(s.Requests(ldaptest.OpBind)); n != 0 {
		t.Errorf("%d binds on a connection that is not encrypted", n)
	}
}

func TestConnectingEndsWithItsContext(t *testing.T) {
	s := serveUsers(t, ldaptest.OpenLDAP, 1, ldaptest.Options{})
	for _, on := range []ldaptest.Op{ldaptest.OpStartTLS, ldaptest.OpBind} {
		s.ClearFaults()
		s.Inject(ldaptest.Fault{On: on, Do: ldaptest.Hang()})
		cfg := testConfig(s.URL())
		cfg.Timeout = time.Minute
		cfg.TLS = TLS{StartTLS: true, InsecureSkipVerify: true}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := tryConnect(ctx, cfg)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", on, err)
		}
	}
}

func TestAnExpiredCertificateIsExplained(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig("ldaps://" + listener.Addr().String())
	cfg.TLS.CAFile = ca
	_, err = tryConnect(t.Context(), cfg)
	if want := "the server's certificate is valid from 2020-01-01 00:00 to 2021-01-01 00:00: it is for 127.0.0.1, "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestExternalBindOnSlapd(t *testing.T) {
	s := servers.StartSlapd(t, servers.SlapdOptions{})
	cert, key := s.ClientCertificate("reader")
	cfg := &Config{ID: "corp", Type: LDAP, URLs: []string{s.LDAPSURL()}, TLS: TLS{CAFile: s.CAFile(), CertFile: cert, KeyFile: key}, Bind: Bind{Method: External}}
	l := connect(t, cfg)
	if who, err := l.ldap.WhoAmI(nil); err != nil || who.AuthzID != "dn:"+servers.SlapdReaderDN {
		t.Errorf("bound as %+v, %v", who, err)
	}
	if p := l.peer(); p.Kind != "OpenLDAP" {
		t.Errorf("peer is %+v", p)
	}
}

func TestPinsAreReadAsPeopleHaveThem(t *testing.T) {
	digest := bytes.Repeat([]byte{0xfc}, sha256.Size) // base64 begins with a slash
	in64 := base64.StdEncoding.EncodeToString(digest)
	for _, text := range []string{
		hex.EncodeToString(digest), " " + strings.ToUpper(hex.EncodeToString(digest)) + "\n", colons(hex.EncodeToString(digest)), "SHA256:" + colons(hex.EncodeToString(digest)),
		in64, strings.TrimRight(in64, "="), "sha256/" + in64, "sha256//" + in64, "sha256:" + in64,
	} {
		if pin, ok := ParsePin(text); !ok || !bytes.Equal(pin, digest) {
			t.Errorf("%q is read as %x", text, pin)
		}
	}
	for _, text := range []string{"", "sha256/", "abc", in64[4:], hex.EncodeToString(digest[1:]), "sha1:" + in64} {
		if pin, ok := ParsePin(text); ok {
			t.Errorf("%q is read as %x", text, pin)
		}
	}
}
