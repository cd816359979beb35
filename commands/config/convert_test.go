package config

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"adsync/ldapsrc"
	"adsync/proxy"
	"adsync/upload"
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
