package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"adsync/upload"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}

// small is what the wizard makes of the fewest answers.
func small() *File {
	f := New()
	s := NewSource()
	s.ID, s.Type, s.URL = "corp", "ad", "ldaps://dc1.corp.example.com"
	s.Bind.Username = "svc-adsync@corp.example.com"
	s.Bind.Password = Secret{File: "corp.password"}
	f.Sources = []Source{s}
	f.Target = NewTarget()
	f.Target.URL = "https://scim.example.com/v2"
	f.Target.Profile = "generic"
	f.Target.Auth.Bearer = Secret{Keyring: "token"}
	return f
}

// large uses every kind of value.
func large() *File {
	f := small()
	s := &f.Sources[0]
	s.Forest, s.Timeout, s.Connections = true, Duration(90*time.Second), 4
	s.Hosts = map[string]string{"dc2.corp.example.com": "192.0.2.2", "dc1.corp.example.com": "192.0.2.1"}
	s.TLS = TLS{CAFile: `C:\Zertifikate\Straße.pem`, ServerName: "dc1"}
	s.Users = Users{Base: Strings{"OU=Łódź,DC=corp,DC=example,DC=com", "OU=B,DC=corp,DC=example,DC=com"}, Filter: "(mail=*)", Exclude: Strings{"*-test", "svc-*"}}
	s.Groups = Groups{Sync: true, Nested: "keep"}
	s.Expect = Expect{UsersAtLeast: 10, MustInclude: Strings{"ada@corp.example.com"}}
	lab := NewSource()
	lab.ID, lab.Type, lab.Domain = "lab", "ldap", "lab.example.org"
	lab.Bind = Bind{Method: "simple", Username: "cn=reader", Password: Secret{Command: []string{"pass", "show", "no: 1"}}}
	f.Sources = append(f.Sources, lab)
	f.Mapping.User = map[string]Strings{"userName": {"mail"}, "title": {"title", "{{.description}}"}}
	bulk := false
	f.Target.Bulk, f.Target.Domains = &bulk, Strings{"example.com"}
	f.Target.Auth = Auth{OAuth2: &OAuth2{TokenURL: "https://login.example.com/token", ClientID: "0123", ClientSecret: Secret{Env: "CLIENT"}, Scopes: Strings{"a", "b"}}}
	f.Policy.GroupGone = "keep"
	f.Limits.UserRemovals = Limit{upload.Limit{Off: true}}
	f.Proxy = &Proxy{URL: "http://proxy.example.com:3128", Username: `CORP\svc`, Password: Secret{File: "proxy.password"}, NoProxy: Strings{"*"}}
	f.Log.File = "adsync.log"
	f.Monitor.Webhook.Secret = Secret{File: "hook"}
	f.Monitor.Ping.URL = "https://checks.example.com/1"
	return f
}

func TestANewConfigurationIsRenderedWithComments(t *testing.T) {
	for name, f := range map[string]*File{"small.yaml": small(), "large.yaml": large()} {
		t.Run(name, func(t *testing.T) {
			text := f.Render()
			golden(t, name, string(text))
			read, err := parse("adsync.yaml", text)
			if err != nil {
				t.Fatal(err)
			}
			read.Path, read.text, read.tree, read.lines = "", nil, nil, nil
			if !reflect.DeepEqual(read, f) {
				t.Errorf("it reads as\n%+v\nnot as\n%+v", read, f)
			}
		})
	}
}

func TestAnEditKeepsWhatAPersonWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "adsync.yaml")
	text, err := os.ReadFile(filepath.Join("testdata", "edited-before.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	north := f.Source("north")
	north.Bind.Password = Secret{Keyring: "north"}
	north.Users.MemberOf = Strings{"CN=Cloud,DC=north,DC=example,DC=com"}
	north.Users.Filter = ""
	north.Groups.Sync = false
	north.Timeout = Duration(time.Minute)
	south := NewSource()
	south.ID, south.Type, south.Domain = "south", "ad", "south.example.com"
	south.Bind.Username, south.Bind.Password = "svc@south.example.com", Secret{Env: "SOUTH"}
	f.Sources = append([]Source{*north}, south) // east goes
	delete(f.Mapping.User, "title")
	f.Mapping.User["nickName"] = Strings{"givenName", "cn"}
	f.Limits.UserRemovals.Value = 25
	f.Proxy = &Proxy{URL: "system"}
	f.Log.File = ""
	if err := f.Save(path); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "edited-after.yaml", string(saved))
	if kept, err := os.ReadFile(path + ".bak"); err != nil || string(kept) != string(text) {
		t.Errorf("the old file is kept as %q, %v", kept, err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	again.text, again.tree, again.lines = f.text, f.tree, f.lines
	if !reflect.DeepEqual(again, f) {
		t.Errorf("it reads as\n%+v\nnot as\n%+v", again, f)
	}
}

func TestWhatIsNotChangedIsSavedByteForByte(t *testing.T) {
	for _, name := range []string{"design.yaml", "edited-before.yaml"} {
		f, err := Load(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, string(f.Render()))
	}
}

func TestSaveWritesWholeFilesForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "Überwachung", "日本")
	path := filepath.Join(dir, "adsync.yaml")
	if err := small().Save(path); err != nil {
		t.Fatal(err)
	}
	wrong := small()
	wrong.Target.URL = "http://scim.example.com"
	err := wrong.Save(path)
	want := path + ":18: target.url: would send the token unencrypted; use https://"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("a configuration that is refused overwrote the file: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: want the file alone", entries, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestSaveFollowsALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "link.yaml")
	if err := small().Save(real); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Skip("no links here:", err)
	}
	if err := large().Save(link); err != nil {
		t.Fatal(err)
	}
	if f, err := Load(real); err != nil || len(f.Sources) != 2 {
		t.Errorf("the file behind the link was not written: %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
}

func TestWhatIsUnsafeIsWarnedOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such mode")
	}
	path := filepath.Join(t.TempDir(), "adsync.yaml")
	secretFile(t, path, source+"target: {url: 'https://scim.example.com', auth: {none: true}, tls: {insecure_skip_verify: true}}\n", 0o666)
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{path + " can be changed by every user of this machine: chmod 600 " + path,
		"target.tls.insecure_skip_verify: the service's certificate is not checked, anyone can pose as the service"}
	if !reflect.DeepEqual(f.Warnings, want) {
		t.Errorf("got %q, want %q", f.Warnings, want)
	}
}

// TestAnyConfigurationCanBeEditedIntoAnyOther gives the values of each sample
// to the text of each other.
func TestAnyConfigurationCanBeEditedIntoAnyOther(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(samples, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"design.yaml", "edited-before.yaml", "large.yaml", "small.yaml"} {
		paths = append(paths, filepath.Join("testdata", name))
	}
	for _, from := range paths {
		for _, to := range paths {
			old, err := Load(from)
			if err != nil {
				t.Fatal(err)
			}
			edited, err := Load(to)
			if err != nil {
				t.Fatal(err)
			}
			edited.text, edited.tree, edited.lines = old.text, old.tree, nil
			text := edited.Render()
			got, err := parse(edited.Path, text)
			if err != nil {
				t.Errorf("%s edited into %s: %v\n%s", from, to, err, text)
				continue
			}
			edited.text, edited.tree = nil, nil
			got.text, got.tree, got.lines = nil, nil, nil
			if !reflect.DeepEqual(got, edited) {
				t.Errorf("%s edited into %s reads as\n%+v\nnot as\n%+v\n%s", from, to, got, edited, text)
			}
		}
	}
}
