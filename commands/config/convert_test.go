package config

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"adsync/ldapsrc"
	"adsync/proxy"
	"adsync/upload"
	"adsync/upload/scim"
)

func sample(t *testing.T, name string) *File {
	t.Helper()
	f, err := Load(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestASourceIsHandedOverWithItsSecretAndAbsolutePaths(t *testing.T) {
	dir, err := filepath.Abs(samples)
	if err != nil {
		t.Fatal(err)
	}
	f := sample(t, "ad-forest-kerberos.yaml")
	got := f.SourceConfig(0, nil)
	want := ldapsrc.Config{
		ID:     "forest",
		Type:   ldapsrc.AD,
		Domain: "corp.example.com",
		Forest: true,
		Hosts:  map[string]string{"dc1.branch.corp.example.com": "192.0.2.10"},
		Bind: ldapsrc.Bind{Method: "kerberos", Username: "svc-adsync@CORP.EXAMPLE.COM", Keytab: filepath.Join(dir, "svc-adsync.keytab"),
			Realm: "CORP.EXAMPLE.COM", KDC: "dc1.corp.example.com"},
		Users: ldapsrc.UserScope{MemberOf: []string{"CN=Cloud Users,OU=Groups,DC=corp,DC=example,DC=com"}, Exclude: []string{"svc-*", "adm-*"}},
		Groups: ldapsrc.GroupScope{Sync: true, Nested: "flatten", Filter: "(cn=app-*)",
			Base: []string{"OU=Groups,DC=corp,DC=example,DC=com", "OU=Groups,DC=branch,DC=corp,DC=example,DC=com"}},
		Timeout:     30 * time.Second,
		Connections: 2,
		Expect:      ldapsrc.Expect{UsersAtLeast: 500, MustInclude: []string{"ada@corp.example.com"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}

	several := sample(t, "several-sources.yaml")
	secrets := Secrets{"sources[1].bind.password": NewValue("hunter2")}
	south := several.SourceConfig(1, secrets)
	if south.Bind.Password.Reveal() != "hunter2" || !reflect.DeepEqual(south.URLs, []string{"ldaps://dc1.south.example.org"}) {
		t.Errorf("got %+v", south)
	}
	if pins := []string{"1f2e3d4c5b6a798897a6b5c4d3e2f1000f1e2d3c4b5a69788796a5b4c3d2e1f0"}; !reflect.DeepEqual(south.TLS.PinSHA256, pins) {
		t.Errorf("pins %q", south.TLS.PinSHA256)
	}
	lab := several.SourceConfig(2, nil)
	if lab.TLS.KeyFile != filepath.Join(dir, "lab.key") || lab.Attributes.Anchor != "nsUniqueId" || lab.Timeout != 2*time.Minute || !lab.AllowEmpty {
		t.Errorf("got %+v", lab)
	}
	export := sample(t, "ldif-to-files.yaml").SourceConfig(0, nil)
	if want := []string{"ldif:" + filepath.Join(dir, "export.ldf")}; !reflect.DeepEqual(export.URLs, want) || export.Bind.Method != "" {
		t.Errorf("got %+v", export)
	}
}

func TestTheMappingIsTheFilesOrTheTypes(t *testing.T) {
	f := sample(t, "openldap.yaml")
	m, err := f.Rules("ldap")
	if err != nil {
		t.Fatal(err)
	}
	if len(m.User) != 7 || len(m.Group) != len(upload.DefaultGroups("ldap")) || len(m.Device) != len(upload.DefaultComputers()) {
		t.Errorf("%d user, %d group, %d computer rules", len(m.User), len(m.Group), len(m.Device))
	}
	m, err = New().Rules("ad")
	if err != nil || len(m.User) != len(upload.DefaultUsers("ad")) {
		t.Errorf("%d user rules, %v", len(m.User), err)
	}
}

func TestLimitsAreThoseOfThePlan(t *testing.T) {
	if got := New().UploadLimits(); got != upload.DefaultLimits() {
		t.Errorf("got %+v", got)
	}
	got := sample(t, "ad-forest-kerberos.yaml").UploadLimits()
	want := upload.Limits{
		UserRemovals:        upload.Limit{Value: 25},
		GroupRemovals:       upload.Limit{Value: 2},
		MemberRemovals:      upload.Limit{Percent: true, Value: 5},
		GroupMemberRemovals: upload.Limit{Percent: true, Value: 30},
		AttributeRemovals:   upload.Limit{Percent: true, Value: 50},
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheProxyIsHandedOverWithItsSecret(t *testing.T) {
	f := sample(t, "proxy.yaml")
	got, err := f.ProxySetting(Secrets{"proxy.password": NewValue("hunter2")})
	want := proxy.Setting{URL: "http://proxy.example.com:3128", Username: "svc-adsync", Password: "hunter2", Auth: "basic", NoProxy: []string{".example.com", "192.0.2.0/24"}}
	if err != nil || got.Password != want.Password || got.String() != want.String() || got.Auth != want.Auth {
		t.Errorf("got %v, %v", got, err)
	}
	f.Proxy.CAFile = "proxy.yaml"
	if _, err := f.ProxySetting(nil); err == nil || err.Error() != "proxy.ca_file: "+f.Abs("proxy.yaml")+" holds no certificate in PEM form" {
		t.Errorf("a file without certificates: %v", err)
	}
	if direct, err := New().ProxySetting(nil); err != nil || direct.URL != "" {
		t.Errorf("no proxy: %v, %v", direct, err)
	}
}

func TestTheServiceIsBelievedAsTheFileSays(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of refused handshakes
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	secretFile(t, filepath.Join(dir, "ca.pem"), string(block), 0o644)
	secretFile(t, filepath.Join(dir, "none.pem"), "nothing", 0o644)
	right := fmt.Sprintf("%x", sha256.Sum256(server.Certificate().Raw))
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	for _, c := range []struct {
		name string
		tls  TLS
		want string // a part of the error; empty: it works
	}{
		{"unknown authorities are refused", TLS{}, "certificate"},
		{"the authorities of ca_file", TLS{CAFile: "ca.pem"}, ""},
		{"another name than the certificate's", TLS{CAFile: "ca.pem", ServerName: "scim.example.org"}, "not scim.example.org"},
		{"the name in the certificate", TLS{CAFile: "ca.pem", ServerName: "example.com"}, ""},
		{"the pinned certificate", TLS{PinSHA256: Strings{"sha256:" + strings.ToUpper(right)}}, ""},
		{"the pinned key", TLS{PinSHA256: Strings{"sha256//" + base64.StdEncoding.EncodeToString(key[:])}}, ""},
		{"another certificate than the pinned one", TLS{PinSHA256: Strings{strings.Repeat("0", 64)}}, "the certificate is not the pinned one; this one has sha256 " + right},
		{"no check at all", TLS{InsecureSkipVerify: true}, ""},
		{"a file without certificates", TLS{CAFile: "none.pem"}, "target.tls.ca_file: " + filepath.Join(dir, "none.pem") + " holds no certificate in PEM form"},
		{"a file that is not there", TLS{CAFile: "absent.pem"}, "target.tls.ca_file: open "},
		{"a client certificate that is not there", TLS{CertFile: "a.pem", KeyFile: "a.key"}, "target.tls.cert_file: open "},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := New()
			f.Path, f.Target = filepath.Join(dir, "adsync.yaml"), NewTarget()
			f.Target.TLS = c.tls
			config, err := f.TargetTLS()
			if err == nil {
				client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
				defer client.CloseIdleConnections()
				var answer *http.Response
				if answer, err = client.Get(server.URL); err == nil {
					answer.Body.Close()
				}
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTheServiceIsHandedOverWithItsSecrets(t *testing.T) {
	aws := sample(t, "aws.yaml").TargetConfig(Secrets{"target.auth.bearer": NewValue("hunter2")})
	want := scim.Config{
		URL:     "https://scim.eu-central-1.amazonaws.com/11111111-2222-3333-4444-555555555555/scim/v2",
		Profile: "aws",
		Auth:    scim.Auth{Bearer: "hunter2"},
		Overrides: scim.ProfileOverrides{
			AddMembers:    100,
			RemoveMembers: 100,
			Timeout:       90 * time.Second,
		},
		OutcomeWait: 15 * time.Minute,
	}
	if !reflect.DeepEqual(aws, want) {
		t.Errorf("got\n%+v\nwant\n%+v", aws, want)
	}
	oauth2 := large()
	oauth2.Target.Auth.OAuth2.Audience = "aud"
	got := oauth2.TargetConfig(Secrets{"target.auth.oauth2.client_secret": NewValue("hunter2")})
	auth := scim.Auth{OAuth2: &scim.OAuth2{TokenURL: "https://login.example.com/token", ClientID: "0123", ClientSecret: "hunter2",
		Scopes: []string{"a", "b"}, Audience: "aud"}}
	if !reflect.DeepEqual(got.Auth, auth) || got.Overrides.Bulk != scim.Off {
		t.Errorf("got %+v", got)
	}
	basic := sample(t, "openldap.yaml").TargetConfig(Secrets{"target.auth.basic.password": NewValue("hunter2")})
	if b := basic.Auth.Basic; b == nil || b.Username != "adsync" || b.Password != "hunter2" {
		t.Errorf("got %+v", basic)
	}
	if got, want := sample(t, "ldif-to-files.yaml").Folder(), filepath.Join(samplesDir(t), "out"); got != want {
		t.Errorf("folder %s, want %s", got, want)
	}
}

func samplesDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(samples)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
