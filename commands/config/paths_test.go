package config

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestDefaultPath(t *testing.T) {
	here, elsewhere := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(here, "adsync.yaml"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	xdg := t.TempDir()
	for _, c := range []struct {
		name  string
		place Place
		env   map[string]string
		want  string
	}{
		{"the flag wins", Place{Flag: "a.yaml", WorkDir: here}, map[string]string{"ADSYNC_CONFIG": "b.yaml"}, "a.yaml"},
		{"then the variable", Place{WorkDir: here}, map[string]string{"ADSYNC_CONFIG": "b.yaml"}, "b.yaml"},
		{"then the working directory", Place{WorkDir: here, Root: true}, nil, filepath.Join(here, "adsync.yaml")},
		{"then the system's folder, for root", Place{WorkDir: elsewhere, Root: true, System: "linux"}, map[string]string{"HOME": "/root"}, "/etc/adsync/adsync.yaml"},
		{"a user's folder", Place{WorkDir: elsewhere, System: "linux"}, map[string]string{"HOME": "/home/ada"}, "/home/ada/.config/adsync/adsync.yaml"},
		{"a user's folder that is elsewhere", Place{WorkDir: elsewhere, System: "linux"}, map[string]string{"HOME": "/home/ada", "XDG_CONFIG_HOME": xdg}, filepath.ToSlash(xdg) + "/adsync/adsync.yaml"},
		{"a Mac user's folder", Place{WorkDir: elsewhere, System: "darwin"}, map[string]string{"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support/adsync/adsync.yaml"},
		{"Windows", Place{WorkDir: elsewhere, System: "windows"}, map[string]string{"ProgramData": `D:/Data`}, "D:/Data/adsync/adsync.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.place.Getenv = func(name string) string { return c.env[name] }
			if got := DefaultPath(c.place); filepath.ToSlash(got) != filepath.ToSlash(c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestReportDir(t *testing.T) {
	dir := t.TempDir()
	f := New()
	f.Path = filepath.Join(dir, "adsync.yaml")
	env := map[string]string{"HOME": "/home/ada"}
	place := Place{System: "linux", Getenv: func(name string) string { return env[name] }}
	check := func(name, want string) {
		t.Helper()
		if got := f.ReportDir(place); filepath.ToSlash(got) != filepath.ToSlash(want) {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	check("any other configuration's own folder", dir)
	f.Path = "/home/ada/.config/adsync/adsync.yaml"
	check("a user's folder", "/home/ada/.local/state/adsync")
	env["XDG_CONFIG_HOME"], env["XDG_STATE_HOME"] = dir, filepath.Join(dir, "state")
	if err := os.Mkdir(filepath.Join(dir, "adsync"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "adsync"))
	f.Path = "adsync.yaml"
	check("a user's folder that is also the working directory", filepath.Join(dir, "state", "adsync"))
	place.Root = true
	f.Path = "/etc/adsync/adsync.yaml"
	check("root's folder", "/var/lib/adsync")
	f.Path = "/etc/adsync/other.yaml"
	check("the folder of the service of another one in root's folder", "/var/lib/adsync-other")
	f.Path = "/etc/adsync/adsync.yaml"
	env["STATE_DIRECTORY"] = "/var/lib/private/sync"
	check("the folder that systemd made", "/var/lib/private/sync")
	f.Report.Dir = "reports"
	f.Path = filepath.Join(dir, "adsync.yaml")
	check("a folder beside the configuration", filepath.Join(dir, "reports"))
}

func TestTwoConfigurationsNeverShareAService(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/adsync/adsync.yaml":   "adsync",
		"/etc/adsync/other_2-b.yml": "adsync-other_2-b",
		"/etc/adsync/Jürgens.yaml":  "adsync-Jrgens-0318021b",
		"/etc/adsync/Jörgens.yaml":  "adsync-Jrgens-a50aa069",
		"/etc/adsync/日本.yaml":       "adsync-9f26ee51",
	} {
		if got := ServiceName(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestTasksOfTwoFoldersHaveTwoNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this test are of another system")
	}
	place := Place{System: "linux", Root: true}
	for path, want := range map[string]string{
		"/etc/adsync/adsync.yaml":   "adsync",
		"/ETC/Adsync/other.yaml":    "adsync-other",
		"/srv/one/prod/adsync.yaml": "adsync-prod-04033dcc",
		"/srv/two/prod/adsync.yaml": "adsync-prod-34aef262",
		"/srv/Two/Prod/adsync.yaml": "adsync-Prod-34aef262",
		"/srv/日本/other.yaml":        "adsync-other-391af7ac",
	} {
		if got := place.TaskName(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestHereIsThisProcess(t *testing.T) {
	t.Setenv("ADSYNC_CONFIG", "x.yaml")
	if got := DefaultPath(Here("")); got != "x.yaml" {
		t.Errorf("got %s", got)
	}
}
