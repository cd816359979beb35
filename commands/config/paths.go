package config

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Place is where the program runs, as far as the default places of files
// depend on it.
type Place struct {
	Flag    string              // --config
	Getenv  func(string) string // os.Getenv when nil
	System  string              // runtime.GOOS when empty
	Root    bool                // the super-user runs it
	WorkDir string              // the working directory
}

// Here is the place of this process, with the value of --config.
func Here(flag string) Place {
	return Place{Flag: flag, Root: os.Geteuid() == 0, WorkDir: "."}
}

func (p Place) getenv(name string) string {
	if p.Getenv != nil {
		return p.Getenv(name)
	}
	return os.Getenv(name)
}

func (p Place) system() string {
	if p.System != "" {
		return p.System
	}
	return runtime.GOOS
}

// DefaultPath is the configuration to use: --config, else ADSYNC_CONFIG, else
// adsync.yaml in the working directory if it is there, else the one in the
// system's configuration folder.
func DefaultPath(p Place) string {
	if p.Flag != "" {
		return p.Flag
	}
	if path := p.getenv("ADSYNC_CONFIG"); path != "" {
		return path
	}
	if _, err := os.Stat(filepath.Join(p.WorkDir, "adsync.yaml")); err == nil {
		return filepath.Join(p.WorkDir, "adsync.yaml")
	}
	return filepath.Join(p.configFolder(), "adsync.yaml")
}

// configFolder is the system's folder for configurations.
func (p Place) configFolder() string { return p.folder("/etc", "XDG_CONFIG_HOME", ".config") }

// ReportDir is where last-run.json and the undo file are written: report.dir,
// else the folder that systemd made for the service ($STATE_DIRECTORY), else,
// for the configuration in the system's folder, the system's folder for such
// files, under the name that systemd has for it, and for any other the folder
// that it is in.
func (f *File) ReportDir(p Place) string {
	if f.Report.Dir != "" {
		return f.Abs(f.Report.Dir)
	}
	if dir := filepath.SplitList(p.getenv("STATE_DIRECTORY")); len(dir) > 0 && dir[0] != "" {
		return dir[0]
	}
	if system := p.configFolder(); absolute(".", filepath.Dir(f.Path)) == absolute(".", system) {
		state := p.folder("/var/lib", "XDG_STATE_HOME", ".local/state")
		if state == system {
			return state
		}
		return filepath.Join(filepath.Dir(state), ServiceName(f.Path))
	}
	return absolute(".", filepath.Dir(f.Path))
}

// ServiceName is the name of a configuration's unit or job: adsync, or
// adsync-NAME for NAME.yaml. Characters that not every scheduler takes are left
// out, and then a number keeps two configurations apart.
func ServiceName(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if base == "adsync" {
		return base
	}
	name := "adsync-" + takenByAll(base)
	if name != "adsync-"+base {
		name = numbered(name, base)
	}
	return name
}

// TaskName is the name of a configuration's task on Windows, where the tasks of
// all folders are in one: outside the system's folder it is that of the service
// with the folder's own name and a number that keeps two such folders apart.
func (p Place) TaskName(path string) string {
	name, folder := ServiceName(path), filepath.Dir(path)
	if strings.EqualFold(folder, p.configFolder()) {
		return name
	}
	return numbered(name+"-"+takenByAll(filepath.Base(folder)), strings.ToLower(folder))
}

// takenByAll is a text without the characters that not every scheduler takes.
func takenByAll(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return -1
	}, text)
}

// numbered is a name with a number that stands for a text.
func numbered(name, text string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return fmt.Sprintf("%s-%08x", strings.TrimSuffix(name, "-"), h.Sum32())
}

// folder is the program's own folder: below %ProgramData% on Windows, below
// the given one for root, below the user's elsewhere.
func (p Place) folder(system, variable, home string) string {
	switch {
	case p.system() == "windows":
		if data := p.getenv("ProgramData"); data != "" {
			return filepath.Join(data, "adsync")
		}
		return filepath.Join(`C:\ProgramData`, "adsync")
	case p.Root:
		return filepath.Join(system, "adsync")
	case filepath.IsAbs(p.getenv(variable)):
		return filepath.Join(p.getenv(variable), "adsync")
	case p.system() == "darwin":
		return filepath.Join(p.getenv("HOME"), "Library", "Application Support", "adsync")
	}
	return filepath.Join(p.getenv("HOME"), filepath.FromSlash(home), "adsync")
}

// Abs makes a path of the configuration absolute: a relative one starts at the
// configuration's own folder, wherever the program is started. Empty stays
// empty.
func (f *File) Abs(path string) string {
	if path == "" {
		return ""
	}
	return absolute(filepath.Dir(f.Path), path)
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	joined := filepath.Join(dir, path)
	if abs, err := filepath.Abs(joined); err == nil {
		return abs
	}
	return joined
}
